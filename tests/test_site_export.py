"""A site moves: `bench export-site` here, `bench import-site` on a site with the same apps and other keys."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench.archive import pack, unpack
from bench.export import FORMAT, export

import frappe
from cn_connect import site_import
from cn_connect.crypto.fields import plain_value
from market_mgmt.tests import factories
from tests.sites import Bench, connected, copied_bench

_numbers = itertools.count()
KEYS = {
    "encryption_key": "3sT3w2VdGZ0gA5ZC9DTjqB1yX1n1jRnF1dq0eJ8mC2U=",
    "sm4_keys": {"current": "1", "keys": {"1": "00112233445566778899aabbccddeeff"}},
    "lookup_key": "00" * 32,
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Bench]:
    """An office that has worked for a while, on the embedded profile."""
    bench = copied_bench(tmp_path_factory, worker_id, "source", "source.localhost", embedded=True)
    with connected(bench):
        work()
        frappe.db.commit()
    yield bench
    shutil.rmtree(bench.directory)


@pytest.fixture
def target(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Bench]:
    """A new site, on the profile under test."""
    yield from new_target(tmp_path_factory, worker_id)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Bench]:
    """A new site on the embedded profile."""
    yield from new_target(tmp_path_factory, worker_id, embedded=True)


def new_target(factory: pytest.TempPathFactory, worker_id: str, embedded: bool = False) -> Iterator[Bench]:
    """A site with the same apps, an Administrator with another password, and keys of its own.

    Its name is its own, too, as this process remembers tables by the site's name.
    """
    name = f"target{next(_numbers)}"
    bench = copied_bench(factory, worker_id, name, f"{name}.localhost", embedded)
    path = bench.sites / bench.site / "site_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **KEYS}))
    bench.command("--site", bench.site, "set-admin-password", "another_Secret/78")
    yield bench
    shutil.rmtree(bench.directory)


def work() -> None:
    """Bills, people, files, secrets, and what an administrator has added."""
    market = factories.market(code="MOVED")
    shop = factories.shop(market)
    factories.rent_bill(shop)
    frappe.get_doc({"doctype": "File", "file_name": "合同.txt", "is_private": 1, "content": "机密"}).insert()
    user = frappe.get_doc(
        {"doctype": "User", "email": "clerk@example.com", "first_name": "Clerk", "send_welcome_email": 0}
    )
    user.append("roles", {"role": "System Manager"})
    user.new_password = "clerk_Secret/77"
    user.insert()
    fields = [
        {"fieldname": "title", "fieldtype": "Data", "label": "Title"},
        {"fieldname": "secret", "fieldtype": "Password", "label": "Secret"},
    ]
    permission = {"role": "System Manager", "read": 1, "write": 1}
    frappe.get_doc(
        {
            "doctype": "DocType",
            "name": "Moved Thing",
            "module": "Core",
            "custom": 1,
            "autoname": "MOV-.####",
            "fields": fields,
            "permissions": [permission],
        }
    ).insert()
    for number in range(3):
        thing = {"doctype": "Moved Thing", "title": f"第 {number} 件", "secret": f"sesame {number}"}
        frappe.get_doc(thing).insert()
    field = {"dt": "Merchant", "fieldname": "nickname", "fieldtype": "Data", "label": "Nickname"}
    frappe.get_doc({"doctype": "Custom Field", **field}).insert()
    doc = frappe.get_doc("Merchant", shop.merchant)
    doc.update({"merchant_name": "搬家商户", "phone": "13800138000", "nickname": "小李"})
    doc.save()
    doc.add_comment("Comment", "搬家之前")
    frappe.db.set_default("moved_default", "yes")
    frappe.db.set_single_value("System Settings", "session_expiry", "99:00")


def exported(bench: Bench, path: Path) -> Path:
    before = Path.cwd()
    os.chdir(bench.sites)
    export(bench.site, path)
    os.chdir(before)
    return path


def content(path: Path) -> dict[str, Any]:
    """Tables as sorted rows, files as bytes; without what every site has of its own."""
    found: dict[str, Any] = {}
    with tarfile.open(path) as archive:
        for name in archive.getnames():
            file = archive.extractfile(name)
            assert file is not None
            found[name] = file.read()
    tables = {}
    for name in [name for name in found if name.startswith("tables/")]:
        table = name.removeprefix("tables/").removesuffix(".jsonl")
        rows = [json.loads(line) for line in found.pop(name).splitlines()]
        if table not in site_import.NOT_IMPORTED and table not in site_import.DEFINITIONS:
            tables[table] = sorted(
                json.dumps(row, sort_keys=True)
                for row in rows
                if site_import.is_wanted(table, row) and row.get("doctype") != "Installed Applications"
            )
    return {"tables": tables, "files": {name: found[name] for name in found if "/files/" in name}}


def test_everything_arrives(source: Bench, target: Bench, tmp_path: Path) -> None:
    archive = exported(source, tmp_path / "a.tar.gz")
    done = target.command("--site", target.site, "import-site", str(archive))
    assert "Account Entry: 1" in done.stdout and "Moved Thing: 3" in done.stdout
    before, after = content(archive), content(exported(target, tmp_path / "b.tar.gz"))
    assert len(before["tables"]) > 50 and sum(map(len, before["tables"].values())) > 80
    assert_same(before, after)


def test_there_and_back(source: Bench, target: Bench, home: Bench, tmp_path: Path) -> None:
    """With the server profile under test: from SQLite to MariaDB and to SQLite again."""
    there = exported(source, tmp_path / "a.tar.gz")
    target.command("--site", target.site, "import-site", str(there))
    back = exported(target, tmp_path / "b.tar.gz")
    home.command("--site", home.site, "import-site", str(back))
    assert_same(content(there), content(exported(home, tmp_path / "c.tar.gz")))


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Row by row and byte by byte."""
    assert before["files"] and after["files"] == before["files"]
    for table, rows in before["tables"].items():
        assert after["tables"][table] == rows, table


def test_what_arrived_can_be_used(source: Bench, target: Bench, tmp_path: Path) -> None:
    from frappe.utils.password import check_password

    archive = exported(source, tmp_path / "a.tar.gz")
    with connected(target):
        site_import.import_archive(str(archive), say=lambda _line: None)
    with connected(target):
        assert check_password("Administrator", "admin") == "Administrator"
        assert check_password("clerk@example.com", "clerk_Secret/77") == "clerk@example.com"
        assert "System Manager" in frappe.get_roles("clerk@example.com")
        merchant = frappe.get_last_doc("Merchant")
        assert plain_value(merchant, "phone") == "13800138000" and merchant.nickname == "小李"
        assert frappe.get_doc("Moved Thing", "MOV-0002").get_password("secret") == "sesame 1"
        assert frappe.get_doc({"doctype": "Moved Thing", "title": "next"}).insert().name == "MOV-0004"
        file = frappe.get_doc("File", {"file_name": "合同.txt"})
        assert Path(file.get_full_path()).read_text() == "机密"
        assert frappe.db.get_default("moved_default") == "yes"
        assert frappe.db.get_single_value("System Settings", "session_expiry") == "99:00"


def test_a_site_with_data_is_refused_and_left_alone(source: Bench, target: Bench, tmp_path: Path) -> None:
    archive = exported(source, tmp_path / "a.tar.gz")
    with connected(target):
        factories.merchant(factories.market(code="OWN"))
        frappe.db.commit()
    before = content(exported(target, tmp_path / "b.tar.gz"))
    refused = target.command("--site", target.site, "import-site", str(archive), check=False)
    assert refused.returncode == 1 and "--force" in refused.stderr
    assert content(exported(target, tmp_path / "c.tar.gz")) == before
    target.command("--site", target.site, "import-site", str(archive), "--force")
    with connected(target):
        assert frappe.get_all("Market", pluck="name") == ["MOVED"]


def test_a_ledger_is_not_replaced_even_by_force(source: Bench, target: Bench, tmp_path: Path) -> None:
    """The database itself refuses to delete account entries; the rows written before are undone."""
    archive = exported(source, tmp_path / "a.tar.gz")
    with connected(target):
        factories.rent_bill(factories.shop(factories.market(code="OWN")))
        frappe.db.commit()
    before = content(exported(target, tmp_path / "b.tar.gz"))["tables"]
    failed = target.command("--site", target.site, "import-site", str(archive), "--force", check=False)
    assert failed.returncode == 1 and "never changed or deleted" in failed.stderr
    after = content(exported(target, tmp_path / "c.tar.gz"))["tables"]
    changed = {table for table, rows in after.items() if before.get(table) != rows}
    assert changed == {"Custom Field", "Moved Thing", "Merchant"}, "new columns cannot be undone"
    assert "MOVED" not in str(after) and "OWN" in str(after["Merchant"])


@pytest.mark.parametrize("harm", ["cut", "changed", "kind", "version", "outside"])
def test_a_wrong_archive_is_refused(source: Bench, target: Bench, tmp_path: Path, harm: str) -> None:
    archive = exported(source, tmp_path / "a.tar.gz")
    if harm == "cut":
        archive.write_bytes(archive.read_bytes()[:-2000])
    else:
        folder = tmp_path / "content"
        folder.mkdir()
        manifest = unpack(archive, folder, FORMAT)
        manifest.pop("sha256")
        if harm == "version":
            manifest["apps"]["market_mgmt"] = "99.0"
        if harm == "kind":
            manifest["kind"] = "bench backup 1"
        members = [(str(path.relative_to(folder)), path) for path in folder.rglob("*") if path.is_file()]
        members = [member for member in members if member[0] != "manifest.json"]
        if harm == "outside":
            members.append(("public/files/../../site_config.json", folder / "site_config.json"))
        pack(archive, members, manifest)
    if harm == "changed":
        change_a_member(archive, tmp_path / "changed.tar.gz")
        archive = tmp_path / "changed.tar.gz"
    with connected(target), pytest.raises(frappe.ValidationError):
        site_import.import_archive(str(archive))
    with connected(target):
        assert not frappe.db.exists("Market", "MOVED")
        assert frappe.conf.lookup_key == KEYS["lookup_key"]


def change_a_member(archive: Path, changed: Path) -> None:
    """The same archive with one file that says something else, of the same length."""
    import io

    with tarfile.open(archive) as old, tarfile.open(changed, "w:gz") as new:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            text = file.read()
            if member.name == "tables/Merchant.jsonl":
                text = text.replace("搬家".encode(), "搬走".encode())
            new.addfile(member, io.BytesIO(text))
