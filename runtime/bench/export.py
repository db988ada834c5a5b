"""`bench export-site`: a site as an archive that `bench import-site` (of cn_connect) reads, here or on stock Frappe."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import frappe
from bench.archive import pack
from bench.backups import site_files
from bench.context import opened
from frappe.installer import app_version, read_json, write_json

FORMAT = "site export 1"
# Where this installation is and how it runs, which another one has of its own: so these keys begin.
_OWN_CONFIG = ("db_", "host_", "maintenance_", "allow_tests", "test_clock", "developer_mode", "demo_accounts")


def export(site: str, path: Path) -> dict[str, int]:
    """Write the archive; answers the number of rows by table. One transaction: all tables of the same moment.

    Members: `tables/<table>.jsonl` (a line per row: all columns, dates as text), `site_config.json` (without what
    belongs to this installation), `public/files/…`, `private/files/…`, `manifest.json`.
    """
    counts: dict[str, int] = {}
    with opened(site), tempfile.TemporaryDirectory() as scratch:
        apps = {app: app_version(app) for app in frappe.get_installed_apps()}
        manifest = {"kind": FORMAT, "site": site, "created": frappe.utils.now(), "apps": apps}
        manifest["counts"] = counts  # filled while the tables are written

        def members() -> Iterator[tuple[str, Path]]:
            file = Path(scratch, "member")
            for table in tables():
                counts[table] = write_table(table, file)
                yield f"tables/{table}.jsonl", file
            config = read_json(f"{site}/site_config.json").items()
            write_json(file, {key: value for key, value in config if not key.startswith(_OWN_CONFIG)})
            yield "site_config.json", file
            yield from site_files(Path(site))

        pack(path, members(), manifest)
    return counts


def tables() -> list[str]:
    """Every DocType that has a table, and the three tables that are none: series, singles, passwords."""
    doctypes = frappe.get_all("DocType", {"issingle": 0}, pluck="name", order_by="name")
    return [*(name for name in doctypes if frappe.db.table_exists(name)), "Series", "Singles", "__Auth"]


def write_table(table: str, path: Path) -> int:
    """One JSON object per line; the number of rows."""
    name = table if table.startswith("__") else f"tab{table}"
    rows = frappe.db.sql(f"select * from `{name}`", as_dict=True)
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, default=str, ensure_ascii=False) + "\n" for row in rows)
    return len(rows)
