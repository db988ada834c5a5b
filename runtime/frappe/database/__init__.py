"""The database layer: `frappe.db` is made here.

`db_type` of the site's configuration names the backend: "sqlite" (default) or "mariadb". A backend is the module
`frappe.database.<db_type>` with `open_database`, `setup_database` and `drop_database`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import frappe

if TYPE_CHECKING:
    from frappe.database.database import Database


def _backend() -> Any:
    return import_module(f"frappe.database.{frappe.local.conf.get('db_type') or 'sqlite'}")


def get_db(**_stock: Any) -> Database:
    """The database of the current site, by its configuration; connects at the first statement."""
    return _backend().open_database()


def setup_database(force: bool = False) -> None:
    """Make the current site's empty database; on a server its user, too (needs `flags.root_login`).

    Raises ValidationError when there is one already, unless `force` says to replace it.
    """
    _backend().setup_database(force)


def drop_database() -> None:
    """Delete the current site's database; on a server its user, too. An open connection is closed first."""
    if opened := getattr(frappe.local, "db", None):
        opened.close()
    _backend().drop_database()
