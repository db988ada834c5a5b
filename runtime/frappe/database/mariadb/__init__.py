"""MariaDB as the backend. Configuration: db_host, db_port, db_socket, db_name, db_user (default db_name), db_password.

mysqlclient is imported from here on only, so that the embedded profile does without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import MySQLdb

import frappe
from frappe.database import pool
from frappe.database.mariadb.database import MariaDBDatabase, address

_COLLATION = "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"


def open_database() -> MariaDBDatabase:
    return MariaDBDatabase(frappe.local.conf)


def setup_database() -> None:
    """Create the database and a user who may do everything in it, and only there."""
    conf = frappe.local.conf
    with _administrator() as run:
        if run("SHOW DATABASES LIKE %s", conf.db_name):
            raise frappe.ValidationError(f"Database {conf.db_name} already exists")
        run(f"CREATE DATABASE `{conf.db_name}` {_COLLATION}")
        user = (conf.db_user or conf.db_name, _client_host(run))
        run("CREATE USER %s@%s IDENTIFIED BY %s", *user, conf.db_password)
        run(f"GRANT ALL PRIVILEGES ON `{conf.db_name}`.* TO %s@%s", *user)


def drop_database() -> None:
    """Delete the database and its user."""
    conf = frappe.local.conf
    pool.forget(("mariadb", conf.db_name))
    with _administrator() as run:
        _drop(run)


def _drop(run: Any) -> None:
    conf = frappe.local.conf
    run(f"DROP DATABASE IF EXISTS `{conf.db_name}`")
    run("DROP USER IF EXISTS %s@%s", conf.db_user or conf.db_name, _client_host(run))


def _client_host(run: Any) -> str:
    """Where the server sees us come from: the user is to be let in from there."""
    return run("SELECT USER()")[0][0].rsplit("@", 1)[1]


@contextmanager
def _administrator() -> Iterator[Callable[..., Any]]:
    """A function that runs a statement as the server's administrator. Raises ValidationError when that one can't log in."""
    flags, conf = frappe.local.flags, frappe.local.conf
    user = flags.root_login or conf.root_login or "root"
    try:
        connection = MySQLdb.connect(
            **address(conf),
            user=user,
            password=flags.root_password or conf.root_password or "",
            init_command="SET lock_wait_timeout = 60",
        )
    except MySQLdb.OperationalError as error:
        raise frappe.ValidationError(
            f"不能以 {user} 登录 MariaDB（{error.args[-1]}）。"
            "请用 --db-root-username、--db-root-password 给出可以新建数据库的账号。"
        ) from error

    def run(query: str, *values: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall()

    try:
        yield run
    finally:
        connection.close()
