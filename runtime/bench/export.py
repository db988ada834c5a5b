"""`bench export-site`: a site as an archive that `bench import-site` (of cn_connect) reads, here or on stock Frappe."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

import frappe
from bench.archive import pack
from bench.backups import site_files
from bench.context import opened, read_config, sites_of
from frappe.installer import app_version

FORMAT = "site export 1"
# Where this installation is and how it runs: another one has its own.
_OWN_CONFIG = (
    *("host_name", "maintenance_mode", "maintenance_for", "allow_tests", "test_clock"),
    *("developer_mode", "demo_accounts"),
)


@click.command("export-site", help="Write all data of the site to one archive, for `bench import-site`.")
@click.option(
    "--to", "target", type=click.Path(dir_okay=False), help="Default: <site>-<date>.export.tar.gz here."
)
@click.pass_context
def export_site(context: click.Context, target: str | None) -> None:
    site = sites_of(context)[0]
    path = Path(target or f"{site}-{datetime.now().astimezone():%Y%m%d_%H%M%S}.export.tar.gz").absolute()
    counts = export(site, path)
    click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB，{len(counts)} 张表，{sum(counts.values())} 行")
    click.echo("档案里有密钥和密码摘要，请妥善保管，用完删除。")


def export(site: str, path: Path) -> dict[str, int]:
    """Write the archive; answers the number of rows by table. One transaction: all tables of the same moment.

    Members: `tables/<table>.jsonl` (a line per row: all columns, dates as text), `site_config.json` (without what
    belongs to this installation), `public/files/…`, `private/files/…`, `manifest.json`.
    """
    counts: dict[str, int] = {}
    with opened(site), tempfile.TemporaryDirectory() as scratch:
        apps = {app: app_version(app) for app in frappe.get_installed_apps()}
        manifest = {
            "kind": FORMAT,
            "site": site,
            "created": frappe.utils.now(),
            "apps": apps,
            "counts": counts,
        }

        def members() -> Iterator[tuple[str, Path]]:
            file = Path(scratch, "member")
            for table in tables():
                counts[table] = write_table(table, file)
                yield f"tables/{table}.jsonl", file
            config = {key: value for key, value in read_config(site).items() if not is_own(key)}
            file.write_text(json.dumps(config, ensure_ascii=False, indent=1), encoding="utf-8")
            yield "site_config.json", file
            yield from site_files(Path(site))

        pack(path, members(), manifest)
    return counts


def is_own(key: str) -> bool:
    return key in _OWN_CONFIG or key.startswith("db_")


def tables() -> list[str]:
    """Every DocType that has a table, and the three tables that are none: series, singles, passwords."""
    doctypes = frappe.get_all("DocType", {"issingle": 0}, pluck="name", order_by="name")
    return [*(name for name in doctypes if frappe.db.table_exists(name)), "Series", "Singles", "__Auth"]


def write_table(table: str, path: Path) -> int:
    """One JSON object per line; the number of rows."""
    name = table if table.startswith("__") else f"tab{table}"
    rows = frappe.db.sql(f"select * from `{name}`", as_dict=True)
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, default=str, ensure_ascii=False) + "\n")
    return len(rows)
