"""What `bench backup` and `bench restore` do with database, files and configuration of a site."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from cryptography.fernet import Fernet

from bench import archive, dumps
from bench.context import maintenance, opened
from frappe.installer import app_version, make_site_folders, read_json, update_json, write_json

KEEP_DAYS = 30
KIND = "bench backup 1"
LAST_BACKUP = ".last-backup"
_FILES = ("public/files", "private/files")
_SITE_CONFIG = "site_config.json"
_STAMP, _STAMP_LENGTH = "%Y%m%d_%H%M%S", 15
_CONFIG = "-site_config_backup.json"
_ARCHIVE = "-backup.tar.gz"


def backup_site(
    site: Path, target: Path | None = None, with_files: bool = True, encrypt: bool = False
) -> list[Path]:
    """A consistent copy although the site is in use: the archive and, apart, the configuration with its keys."""
    folder = target or site / "private" / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now().astimezone()
    prefix = f"{folder}/{now:{_STAMP}}-{site.name.replace('.', '_')}"
    key = _encryption_key(site) if encrypt else None
    with opened(str(site)) as frappe:
        conf = dict(frappe.conf)
        manifest = {
            "kind": KIND,
            "site": site.name,
            "created": now.isoformat(timespec="seconds"),
            "db_type": conf.get("db_type", "sqlite"),
            "apps": {app: app_version(app) for app in frappe.get_installed_apps()},
            "key": _fingerprint(conf),
            "with_files": with_files,
        }
    config = Path(prefix + _CONFIG)
    write_json(config, read_json(site / _SITE_CONFIG))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        database = Path(scratch, "database")
        dumps.dump(conf, site, database)  # before the files: those that it knows are there
        members = [("database", database), *(site_files(site) if with_files else ())]
        written = [archive.pack(Path(prefix + _ARCHIVE), members, manifest), config]
    if key:
        written = [archive.seal(path, key) for path in written]
    Path(site, LAST_BACKUP).write_text(now.isoformat(timespec="seconds"))
    if target is None:
        _forget_old(folder, now - timedelta(days=KEEP_DAYS))
    return written


def _forget_old(folder: Path, before: datetime) -> None:
    """Delete backups made earlier. Their names tell when that was: a copy may have got a later date."""
    for path in folder.iterdir():
        with suppress(ValueError):  # another file than ours
            if datetime.strptime(path.name[:_STAMP_LENGTH], _STAMP).astimezone() < before:
                path.unlink()


def site_files(site: Path) -> Iterator[tuple[str, Path]]:
    for kind in _FILES:
        for path in sorted((site / kind).rglob("*")):
            if path.is_file():
                yield str(path.relative_to(site)), path


def _fingerprint(config: dict[str, Any]) -> str:
    """Tells whether a configuration belongs to the data, without telling the key."""
    return hashlib.sha256(str(config.get("encryption_key")).encode()).hexdigest()[:16]


def _encryption_key(site: Path) -> str:
    key = read_json(site / _SITE_CONFIG).get("backup_encryption_key")
    if not key:
        key = Fernet.generate_key().decode()
        update_json(site / _SITE_CONFIG, backup_encryption_key=key)
        click.secho(
            f"备份密钥（只显示这一次，请另存到别的机器；没有它，加密的备份无法恢复）：{key}", fg="yellow"
        )
    return key


def restore_site(site: Path, source: Path, config: Path | None = None, key: str | None = None) -> None:
    """Everything is checked before anything is changed; what fails half-way leaves the site as it was."""
    is_new = not (site / _SITE_CONFIG).exists()
    current = {"db_type": "sqlite", "db_name": site.name} if is_new else read_json(site / _SITE_CONFIG)
    key = key or current.get("backup_encryption_key")
    site.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=site, prefix=".restoring-") as scratch:
            # `new` gets what takes the place of what the site has; `old` what it had.
            new, old = Path(scratch, "new"), Path(scratch, "old")
            make_site_folders(new)
            manifest = archive.unpack(_opened(source, Path(scratch, "plain"), key), new, KIND)
            if is_new and manifest["db_type"] != "sqlite":
                raise click.ClickException(
                    f"请先用 bench new-site {site.name} 创建空站点（连同数据库），再恢复。"
                )
            if manifest["db_type"] != current.get("db_type", "sqlite"):
                raise click.ClickException(
                    f"备份的数据库是 {manifest['db_type']}，站点不是。换数据库请用 export-site 和 import-site。"
                )
            beside = source.with_name(source.name.replace(_ARCHIVE, _CONFIG))
            config = config or (beside if beside != source and beside.exists() else None)
            backed_up = read_json(_opened(config, Path(scratch, "config"), key)) if config else None
            merged = _merge(current, backed_up, manifest, is_new)
            write_json(new / _SITE_CONFIG, merged)
            make_site_folders(site)
            places = [_SITE_CONFIG, *(_FILES if manifest["with_files"] else ())]
            if manifest["db_type"] == "mariadb":
                _replace_mariadb(site, merged, new / "database", source)
            else:
                found = dumps.quick_check(new / "database")
                if found != "ok":
                    raise archive.DamagedArchive(f"不是完好的数据库备份：{found}。什么都没有改变。")
                os.rename(new / "database", new / dumps.SQLITE_FILE)
                places.append("db")  # with it go the caches, and the jobs that wait
            _swap(site, places, new, old)
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
    passing = ("db_", "maintenance_")
    taken = {name: value for name, value in (backup or {}).items() if not name.startswith(passing)}
    own = {name: value for name, value in current.items() if same or name.startswith("db_")}
    return {**current, **taken, **own}


def _replace_mariadb(site: Path, config: dict[str, Any], dump: Path, source: Path) -> None:
    """Load the dump; when that fails, what was there before."""
    conf = {**read_json("common_site_config.json"), **config}
    before = site / "private" / "backups" / "before-restore.sql"
    dumps.dump(conf, site, before)
    before.chmod(0o600)
    failure: BaseException | None = None
    with maintenance(site.name, f"bench --site {site.name} restore {source}"):
        try:
            dumps.load_mariadb(conf, dump)
        except BaseException as error:
            failure = error
            dumps.load_mariadb(conf, before)
    if failure:
        raise failure
    before.unlink()


def _swap(site: Path, places: list[str], new: Path, old: Path) -> None:
    """Exchange these files and folders of the site for the new ones: all, or none."""
    try:
        for place in places:
            (old / place).parent.mkdir(parents=True, exist_ok=True)
            if (site / place).exists():
                os.rename(site / place, old / place)
            os.rename(new / place, site / place)
    except BaseException:
        for place in places:
            if (old / place).exists():
                if (site / place).exists():
                    os.rename(site / place, new / place)
                os.rename(old / place, site / place)
        raise
