"""The database layer: `frappe.db` is made here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from frappe.database.transaction import savepoint

if TYPE_CHECKING:
    from frappe.database.database import Database

__all__ = ["database_path", "get_db", "savepoint"]


def database_path(site_path: str | Path, conf: dict) -> Path:
    """Where the site's SQLite file is: `db_path` of site_config.json, else db/site.sqlite3 in the site's folder."""
    return Path(site_path, conf.get("db_path") or Path("db", "site.sqlite3"))


def get_db(**kwargs: Any) -> Database:
    """The database of the current site, by its configuration."""
    import frappe
    from frappe.database.sqlite.database import SQLiteDatabase

    conf = frappe.local.conf
    return SQLiteDatabase(
        database_path(frappe.local.site_path, conf),
        lock_timeout=float(conf.get("db_lock_timeout") or 15),
        synchronous=str(conf.get("db_synchronous") or "FULL"),
    )
