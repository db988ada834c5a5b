"""SQLite as the backend: one file per site, db/site.sqlite3 in the site's folder, or `db_path` of its configuration."""

from __future__ import annotations

import os
from pathlib import Path

import frappe
from frappe.database import pool
from frappe.database.sqlite.database import SQLiteDatabase


def open_database() -> SQLiteDatabase:
    conf = frappe.local.conf
    lock_timeout = float(conf.get("db_lock_timeout") or 15)
    return SQLiteDatabase(_path(), lock_timeout, synchronous=conf.get("db_synchronous") or "FULL")


def setup_database() -> None:
    """The file is made by the first connection."""
    if os.path.exists(_path()):
        raise frappe.ValidationError(f"{_path()} already exists")


def drop_database() -> None:
    pool.forget(("sqlite", _path()))
    for suffix in ("", "-wal", "-shm"):
        Path(_path() + suffix).unlink(missing_ok=True)


def _path() -> str:
    path = frappe.local.conf.get("db_path") or "db/site.sqlite3"
    return os.path.abspath(os.path.join(frappe.local.site_path, path))
