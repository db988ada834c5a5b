"""`bench backup` and `bench restore`: database, files and configuration of a site."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from cryptography.fernet import Fernet

from bench import archive, dumps
from bench.context import maintenance, opened, read_config, sites_of, update_json
from frappe.installer import SITE_FOLDERS, app_version, write_json

KEEP_DAYS = 30
KIND = "bench backup 1"
LAST_BACKUP = ".last-backup"
_FILES = ("public/files", "private/files")
_CONFIG = "-site_config_backup.json"
_ARCHIVE = "-backup.tar.gz"


@click.command("backup", help="Write a backup of the site to sites/<site>/private/backups (kept 30 days).")
@click.option("--with-files/--without-files", default=True, show_default=True, help="Uploaded files, too.")
@click.option("--backup-path", type=click.Path(file_okay=False), help="Another folder.")
@click.option(
    "--encrypt", is_flag=True, help="With backup_encryption_key of site_config.json; made if missing."
)
@click.pass_context
def backup(context: click.Context, with_files: bool, backup_path: str | None, encrypt: bool) -> None:
    for site in sites_of(context):
        for path in backup_site(Path(site), Path(backup_path) if backup_path else None, with_files, encrypt):
            click.echo(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


def backup_site(
    site: Path, target: Path | None = None, with_files: bool = True, encrypt: bool = False
) -> list[Path]:
    """A consistent copy although the site is in use: the archive and, apart, the configuration with its keys."""
    folder = target or site / "private" / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / f"{datetime.now().astimezone():%Y%m%d_%H%M%S}-{site.name.replace('.', '_')}"
    key = _encryption_key(site) if encrypt else None
    config = Path(f"{prefix}{_CONFIG}")
    write_json(config, read_config(str(site)))
    with opened(str(site)) as frappe:
        conf = dict(frappe.conf)
        manifest = {
            "kind": KIND,
            "site": site.name,
            "created": datetime.now().astimezone().isoformat(timespec="seconds"),
            "db_type": conf.get("db_type", "sqlite"),
            "apps": {app: app_version(app) for app in frappe.get_installed_apps()},
            "key": _fingerprint(conf),
            "with_files": with_files,
        }
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        database = Path(scratch, "database")
        dumps.dump(conf, site, database)  # before the files: those that it knows are there
        members = [("database", database), *(site_files(site) if with_files else ())]
        written = [archive.pack(Path(f"{prefix}{_ARCHIVE}"), members, manifest), config]
    if key:
        written = [archive.seal(path, key) for path in written]
    Path(site, LAST_BACKUP).touch()
    if target is None:
        limit = time.time() - KEEP_DAYS * 86400
        for path in folder.iterdir():
            if path.is_file() and path.stat().st_mtime < limit:
                path.unlink()
    return written


def site_files(site: Path) -> Iterator[tuple[str, Path]]:
    for kind in _FILES:
        for path in sorted((site / kind).rglob("*")):
            if path.is_file():
                yield str(path.relative_to(site)), path


def _fingerprint(config: dict[str, Any]) -> str:
    """Tells whether a configuration belongs to the data, without telling the key."""
    return hashlib.sha256(str(config.get("encryption_key")).encode()).hexdigest()[:16]


def _encryption_key(site: Path) -> str:
    key = read_config(str(site)).get("backup_encryption_key")
    if not key:
        key = Fernet.generate_key().decode()
        update_json(f"{site}/site_config.json", backup_encryption_key=key)
        click.secho(
            f"备份密钥（只显示这一次，请另存到别的机器；没有它，加密的备份无法恢复）：{key}", fg="yellow"
        )
    return key


@click.command("restore", help="Replace a site by a backup (or make it anew). Stop the bench before.")
@click.argument("backup", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--site-config", type=click.Path(exists=True, dir_okay=False), help="Default: beside the backup."
)
@click.option("--encryption-key", help="Default: backup_encryption_key of the site.")
@click.option("--force", "--yes", "force", is_flag=True, help="Do not ask.")
@click.pass_context
def restore(
    context: click.Context, backup: str, site_config: str | None, encryption_key: str | None, force: bool
) -> None:
    from frappe.utils.synchronization import try_lock

    if not context.obj["sites"]:
        sites_of(context)
    site, bench = Path(context.obj["sites"][0]), context.obj["bench"]
    if (site / "site_config.json").exists() and not force:
        click.confirm(f"站点 {site.name} 的现有数据将被 {backup} 替换，继续吗？", abort=True)
    bench.run_path.mkdir(exist_ok=True)
    lock = try_lock(str(bench.run_path / "bench.lock"))
    if lock is None:
        raise click.ClickException("bench 正在运行，请先停止。")
    restore_site(site, Path(backup), Path(site_config) if site_config else None, encryption_key)
    os.close(lock)
    click.echo(f"已恢复 {site.name}。接着执行 bench --site {site.name} migrate。")


def restore_site(site: Path, source: Path, config: Path | None = None, key: str | None = None) -> None:
    """Everything is checked before anything is changed; what fails half-way leaves the site as it was."""
    is_new = not (site / "site_config.json").exists()
    current = {"db_type": "sqlite", "db_name": site.name} if is_new else read_config(str(site))
    key = key or current.get("backup_encryption_key")
    site.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=site, prefix=".restoring-") as scratch:
            new = Path(scratch)
            content = new / "content"
            content.mkdir()
            manifest = archive.unpack(_opened(source, new / "plain", key), content, KIND)
            if is_new and manifest["db_type"] != "sqlite":
                raise click.ClickException(
                    f"请先用 bench new-site {site.name} 创建空站点（连同数据库），再恢复。"
                )
            if manifest["db_type"] != current.get("db_type", "sqlite"):
                raise click.ClickException(
                    f"备份的数据库是 {manifest['db_type']}，站点不是。换数据库请用 export-site 和 import-site。"
                )
            merged = _merge(current, _backed_up_config(source, config, new / "config", key), manifest, is_new)
            write_json(new / "site_config.json", merged)
            for folder in SITE_FOLDERS:
                (site / folder).mkdir(parents=True, exist_ok=True)
            if manifest["db_type"] == "mariadb":
                _replace_mariadb(site, merged, content / "database", source)
            _swap(_pairs(site, new, manifest), new / "old")
    except BaseException:
        if is_new:
            shutil.rmtree(site)
        raise


def _opened(path: Path, target: Path, key: str | None) -> Path:
    """The file itself, or what a sealed one contains."""
    if not archive.is_sealed(path):
        return path
    if not key:
        raise click.ClickException(f"{path} 是加密的，请用 --encryption-key 给出备份密钥。")
    return archive.unseal(path, target, key)


def _backed_up_config(
    source: Path, named: Path | None, scratch: Path, key: str | None
) -> dict[str, Any] | None:
    """The configuration that was named, or lies beside the backup."""
    beside = source.with_name(source.name.replace(_ARCHIVE, _CONFIG))
    path = named or (beside if beside != source and beside.exists() else None)
    return json.loads(_opened(path, scratch, key).read_text(encoding="utf-8")) if path else None


def _merge(
    current: dict[str, Any], backup: dict[str, Any] | None, manifest: dict[str, Any], is_new: bool
) -> dict[str, Any]:
    """The site's configuration afterwards: it must hold the keys that the data were encrypted with.

    A site that is only set back keeps what it has now (keys made since are needed for nothing less than before);
    another or a new site takes the backup's, all but its own database.
    """
    same = not is_new and _fingerprint(current) == manifest["key"]
    if backup is not None and _fingerprint(backup) != manifest["key"]:
        raise click.ClickException("这份 site_config 备份不属于这个备份，什么都没有改变。")
    if backup is None and not same:
        raise click.ClickException(
            "加密的数据需要备份时的密钥：请用 --site-config 给出同时生成的 site_config 备份。什么都没有改变。"
        )
    own = {name: value for name, value in current.items() if name.startswith("db_")}
    taken = {name: value for name, value in (backup or {}).items() if not name.startswith("db_")}
    taken.pop("maintenance_mode", None)
    taken.pop("maintenance_for", None)
    return {**taken, **current} if same else {**current, **taken, **own}


def _replace_mariadb(site: Path, config: dict[str, Any], dump: Path, source: Path) -> None:
    """Load the dump; when that fails, what was there before."""
    conf = {**json.loads(Path("common_site_config.json").read_text(encoding="utf-8")), **config}
    before = site / "private" / "backups" / "before-restore.sql"
    dumps.dump(conf, site, before)
    before.chmod(0o600)
    with maintenance(site.name, f"bench --site {site.name} restore {source}"):
        try:
            dumps.load_mariadb(conf, dump)
            failure = None
        except BaseException as error:
            failure = error
            dumps.load_mariadb(conf, before)
    if failure:
        raise failure
    before.unlink()


def _pairs(site: Path, new: Path, manifest: dict[str, Any]) -> Iterator[tuple[Path | None, Path]]:
    """What takes the place of what. Caches, and jobs waiting in files, are only taken away."""
    content = new / "content"
    if manifest["db_type"] == "sqlite":
        found = dumps.quick_check(content / "database")
        if found != "ok":
            raise archive.DamagedArchive(f"不是完好的数据库备份：{found}。什么都没有改变。")
        database = dumps.sqlite_file(read_config(str(new)), site)
        yield content / "database", database
        for path in {*database.parent.glob("*.sqlite3*"), *(site / "db").glob("*.sqlite3*")} - {database}:
            yield None, path
    if manifest["with_files"]:
        for kind in _FILES:
            (content / kind).mkdir(parents=True, exist_ok=True)
            yield content / kind, site / kind
    yield new / "site_config.json", site / "site_config.json"


def _swap(pairs: Iterator[tuple[Path | None, Path]], old: Path) -> None:
    """Rename all, or none."""
    old.mkdir()
    done: list[tuple[Path, Path]] = []
    try:
        for number, (new, live) in enumerate(list(pairs)):
            aside = old / str(number)
            done.append((aside, live))
            if live.exists():
                os.rename(live, aside)
            if new:
                os.rename(new, live)
    except BaseException:
        for aside, live in reversed(done):
            if aside.exists():
                if live.exists():
                    shutil.rmtree(live) if live.is_dir() else live.unlink()
                os.rename(aside, live)
        raise
