"""`bench backup` and `bench restore`: database, configuration and files of a site."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import tarfile
import time
from datetime import datetime
from pathlib import Path

import click

from bench.context import one_site, sites_of
from bench.doctor import quick_check

KEEP_DAYS = 30
_DATABASE = "db/site.sqlite3"


@click.command("backup", help="Write a backup of the site to sites/<site>/private/backups (kept 30 days).")
@click.option("--with-files", is_flag=True, help="Also the uploaded files.")
@click.option("--backup-path", type=click.Path(file_okay=False), help="Another folder.")
@click.pass_context
def backup(context: click.Context, with_files: bool, backup_path: str | None) -> None:
    for site in sites_of(context):
        for path in backup_site(Path(site), Path(backup_path) if backup_path else None, with_files):
            click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


def backup_site(site: Path, target: Path | None = None, with_files: bool = False) -> list[Path]:
    """A consistent copy although the site is in use; returns the files written, the database first."""
    folder = target or site / "private" / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / f"{datetime.now().astimezone():%Y%m%d_%H%M%S}-{site.name.replace('.', '_')}"
    written = [_dump(site / _DATABASE, Path(f"{prefix}-database.sqlite3.gz"))]
    config = Path(f"{prefix}-site_config_backup.json")
    shutil.copyfile(site / "site_config.json", config)
    config.chmod(0o600)  # holds the keys of the encrypted fields
    written.append(config)
    if with_files:
        written += [
            _pack(site / kind / "files", Path(f"{prefix}-{kind}-files.tar")) for kind in ("public", "private")
        ]
    if target is None:
        _forget_old(folder)
    return written


def _dump(database: Path, target: Path) -> Path:
    """SQLite's online backup, checked and packed; a partial file never bears the final name."""
    plain = target.with_suffix(".partial")
    source, copy = sqlite3.connect(f"file:{database}?mode=ro", uri=True), sqlite3.connect(plain)
    try:
        source.backup(copy)
        copy.execute("pragma journal_mode = delete")  # one file, without -wal and -shm beside it
    finally:
        source.close()
        copy.close()
    found = quick_check(plain)
    if found != "ok":
        plain.unlink()
        raise click.ClickException(f"数据库检查失败：{found}")
    packed = Path(f"{target}.partial")
    with open(plain, "rb") as reader, gzip.open(packed, "wb", compresslevel=6) as writer:
        shutil.copyfileobj(reader, writer)
    plain.unlink()
    packed.chmod(0o600)
    os.replace(packed, target)
    return target


def _pack(folder: Path, target: Path) -> Path:
    with tarfile.open(target, "w") as archive:
        if folder.is_dir():
            archive.add(folder, arcname="files")
    target.chmod(0o600)
    return target


def _forget_old(folder: Path) -> None:
    limit = time.time() - KEEP_DAYS * 86400
    for path in folder.iterdir():
        if path.is_file() and path.stat().st_mtime < limit:
            path.unlink()


@click.command("restore", help="Replace the site's database (and files) by a backup. Stop the bench before.")
@click.argument("database", type=click.Path(exists=True, dir_okay=False))
@click.option("--with-public-files", type=click.Path(exists=True, dir_okay=False))
@click.option("--with-private-files", type=click.Path(exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def restore(
    context: click.Context,
    database: str,
    with_public_files: str | None,
    with_private_files: str | None,
    yes: bool,
) -> None:
    site = Path(one_site(context))
    if not (yes or context.obj["force"]):
        click.confirm(f"站点 {site.name} 的现有数据将被 {database} 替换，继续吗？", abort=True)
    if (site / ".runtime.json").exists():
        raise click.ClickException("bench 正在运行，请先停止。")
    restore_site(site, Path(database), public=with_public_files, private=with_private_files)
    click.echo(f"已恢复 {site.name}。接着执行 bench --site {site.name} migrate。")


def restore_site(site: Path, dump: Path, public: str | None = None, private: str | None = None) -> None:
    """The new database is checked before it takes the old one's place; caches and waiting jobs are forgotten."""
    target = site / _DATABASE
    partial = target.with_suffix(".restoring")
    with (
        gzip.open(dump, "rb") if dump.suffix == ".gz" else open(dump, "rb") as reader,
        open(partial, "wb") as writer,
    ):
        try:
            shutil.copyfileobj(reader, writer)
        except (OSError, EOFError) as error:
            partial.unlink()
            raise click.ClickException(f"{dump} 不是完整的备份：{error}") from None
    found = quick_check(partial)
    if found != "ok":
        partial.unlink()
        raise click.ClickException(f"{dump} 不是完好的数据库备份：{found}")
    for leftover in target.parent.glob("*.sqlite3-*"):
        leftover.unlink()
    os.replace(partial, target)
    for name in ("cache.sqlite3", "jobs.sqlite3"):
        (target.parent / name).unlink(missing_ok=True)
    for kind, archive in (("public", public), ("private", private)):
        if archive:
            with tarfile.open(archive) as content:
                extract(content, site / kind)


def extract(archive: tarfile.TarFile, folder: Path) -> None:
    """Files and folders, none of them outside `folder` (extractall's own filter came only with Python 3.11.4)."""
    inside = folder.resolve()
    for member in archive.getmembers():
        where = (inside / member.name).resolve()
        if not (member.isfile() or member.isdir()) or not where.is_relative_to(inside):
            raise click.ClickException(f"备份中的 {member.name} 不是普通文件，或在目标文件夹之外，未恢复。")
    archive.extractall(inside)
