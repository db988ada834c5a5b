"""One site for all tests of a worker: a throw-away one of this runtime, or the site of a stock bench.

With BENCH_DIR and FRAPPE_SITE in the environment the same tests run on stock Frappe. With TEST_DB=mariadb the
throw-away site is on the server that TEST_DB_SOCKET, or TEST_DB_HOST and TEST_DB_PORT, and TEST_DB_ROOT_PASSWORD
name, in a database of its own per worker that is dropped at the end.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BENCH_DIR = os.environ.get("BENCH_DIR")
collect_ignore = [] if os.environ.get("TEST_DB") == "mariadb" else ["server"]
ON_STOCK = bool(BENCH_DIR and os.environ.get("FRAPPE_SITE"))
SITE = os.environ["FRAPPE_SITE"] if ON_STOCK else "test.localhost"
RUNTIME = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    if not ON_STOCK and str(RUNTIME) not in sys.path:
        sys.path.insert(0, str(RUNTIME))


@pytest.fixture(scope="session")
def on_stock() -> bool:
    return ON_STOCK


def _database_config() -> dict[str, Any]:
    """The part of site_config.json that names the database under test."""
    if os.environ.get("TEST_DB", "sqlite") == "sqlite":
        return {"db_synchronous": "OFF"}
    name = f"test_{secrets.token_hex(6)}"
    where = {key: os.environ.get(f"TEST_{key.upper()}") for key in ("db_host", "db_port", "db_socket")}
    return {
        "db_type": os.environ["TEST_DB"],
        "db_name": name,
        "db_password": secrets.token_hex(16),
        "root_password": os.environ.get("TEST_DB_ROOT_PASSWORD", ""),
        **{key: value for key, value in where.items() if value},
    }


def redis_config() -> dict[str, str]:
    """With TEST_REDIS (`redis://…` or `unix://…`: a server for tests) jobs and cache are there. Each parallel worker
    has a database for itself, which is emptied first."""
    if not os.environ.get("TEST_REDIS"):
        return {}
    import redis

    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = f"{os.environ['TEST_REDIS']}?db={number}"
    redis.Redis.from_url(url).flushdb()
    return {"redis_cache": url, "redis_queue": url}


@pytest.fixture(scope="session")
def sites_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The `sites` folder of the stock bench, or of a throw-away one with one site."""
    if ON_STOCK:
        yield Path(str(BENCH_DIR)) / "sites"
        return
    import frappe
    from frappe.database import drop_database
    from frappe.installer import new_site

    folder = tmp_path_factory.mktemp("bench") / "sites"
    folder.mkdir()
    (folder / "apps.txt").write_text("frappe\n")
    (folder / "common_site_config.json").write_text(json.dumps(redis_config()))
    before = os.getcwd()
    os.chdir(folder)
    new_site(SITE, sites_path=".", site_config={"allow_tests": True, **_database_config()})
    os.chdir(before)
    yield folder
    os.chdir(folder)
    frappe.init(SITE, sites_path=".", force=True)
    drop_database()
    frappe.destroy()
    os.chdir(before)


@pytest.fixture(scope="session")
def site(sites_folder: Path) -> Iterator[str]:
    """The name of the site that the tests share."""
    _remove_test_doctypes(sites_folder)  # of a run that was broken off
    yield SITE
    _remove_test_doctypes(sites_folder)


def _connect(folder: Path) -> None:
    """Tests of other folders open and close sites of their own in the same process, so each test opens its site."""
    import frappe

    os.chdir(folder)
    frappe.init(SITE, sites_path=".", force=True)
    frappe.connect()
    frappe.flags.in_test = True
    frappe.local.lang = "en"


def _disconnect() -> None:
    import frappe

    frappe.db.rollback()
    frappe.destroy()


def _remove_test_doctypes(folder: Path) -> None:
    import frappe

    if not ON_STOCK:  # there the site is thrown away
        return
    before = os.getcwd()
    _connect(folder)
    for name in frappe.get_all("DocType", {"name": ("like", "RT %")}, pluck="name"):
        frappe.delete_doc("DocType", name, force=True)
        frappe.db.sql_ddl(f"drop table if exists `tab{name}`")
    frappe.db.commit()
    _disconnect()
    os.chdir(before)


@pytest.fixture(autouse=True)
def _fresh_state(site: str, sites_folder: Path) -> Iterator[None]:
    """Every test starts as Administrator with empty caches and leaves no data behind."""
    import frappe

    before = os.getcwd()
    _connect(sites_folder)
    yield
    frappe.db.rollback()
    frappe.clear_cache()
    _disconnect()
    os.chdir(before)


@pytest.fixture
def make_doctype(site: str) -> Callable[..., str]:
    """Make a custom DocType `RT <name>` once; creating a table commits, so it outlives the test."""
    return _make_doctype


def _make_doctype(name: str, fields: list[dict[str, Any]], **properties: Any) -> str:
    import frappe

    name = f"RT {name}"
    if frappe.db.exists("DocType", name):
        return name
    submitting = {"submit": 1, "cancel": 1, "amend": 1} if properties.get("is_submittable") else {}
    values: dict[str, Any] = {
        "doctype": "DocType",
        "name": name,
        "module": "Core",
        "custom": 1,
        "fields": [{"label": df["fieldname"].replace("_", " ").title(), **df} for df in fields],
        "permissions": [
            {
                "role": "System Manager",
                "read": 1,
                "write": 1,
                "create": 1,
                "delete": 1,
                **submitting,
            }
        ],
        **properties,
    }
    if values.get("istable"):
        values["permissions"] = []
    for row in values["permissions"]:
        if not frappe.db.exists("Role", row["role"]):
            frappe.get_doc({"doctype": "Role", "role_name": row["role"]}).insert()
    frappe.get_doc(values).insert()
    frappe.db.commit()
    return name


@pytest.fixture
def make_user(site: str) -> Callable[..., str]:
    """Make a user with roles; undone with the test."""
    return _make_user


def _make_user(email: str, *roles: str) -> str:
    import frappe

    for role in roles:
        if not frappe.db.exists("Role", role):
            frappe.get_doc({"doctype": "Role", "role_name": role}).insert(ignore_permissions=True)
    user = frappe.get_doc(
        {"doctype": "User", "email": email, "first_name": email.split("@")[0], "send_welcome_email": 0}
    )
    for role in roles:  # with the user, as saving one takes long on stock Frappe
        user.append("roles", {"role": role})
    user.flags.no_welcome_mail = True
    user.insert(ignore_permissions=True)
    return user.name
