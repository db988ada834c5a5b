"""The database layer: `frappe.db` is made here.

`db_type` of the site's configuration names the backend: "sqlite" (default) or "mariadb". A backend is the module
`frappe.database.<db_type>` with `open_database`, `setup_database` and `drop_database`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import frappe


def _backend() -> Any:
    return import_module(f"frappe.database.{frappe.local.conf.get('db_type') or 'sqlite'}")


def get_db(**_stock: Any) -> Any:
    """The database of the current site, by its configuration; connects at the first statement."""
    return _backend().open_database()


def setup_database() -> None:
    """Make the current site's empty database; on a server its user, too (needs `flags.root_login`).

    Raises ValidationError when there is one already.
    """
    _backend().setup_database()


def drop_database() -> None:
    """Delete the current site's database; on a server its user, too. An open connection is closed first."""
    if opened := getattr(frappe.local, "db", None):
        opened.close()
    _backend().drop_database()
