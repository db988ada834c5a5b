"""Copies of a site's database that are consistent while it is in use, and putting them back."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from pathlib import Path
from typing import IO, Any

import click

# Triggers belong to whoever restores them; only root may give them to another user.
_DEFINER = re.compile(rb"/\*!\d+ DEFINER=`[^`]*`@`[^`]*`\s*\*/")


def dump(conf: dict[str, Any], site: Path, target: Path) -> None:
    """Write the site's database to the file: SQLite's online backup, or SQL by `mariadb-dump`."""
    if conf.get("db_type") == "mariadb":
        with open(target, "wb") as file:
            options = (
                "--single-transaction",
                "--quick",
                "--skip-lock-tables",
                "--hex-blob",
                "--no-tablespaces",
            )
            _run(conf, "mariadb-dump", *options, conf["db_name"], stdout=file)
        return
    database = sqlite_file(conf, site)
    source, copy = sqlite3.connect(f"file:{database}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        source.backup(copy)
        copy.execute("pragma journal_mode = delete")  # one file, without -wal and -shm beside it
    finally:
        source.close()
        copy.close()
    found = quick_check(target)
    if found != "ok":
        raise click.ClickException(f"数据库检查失败：{found}")


def sqlite_file(conf: dict[str, Any], site: Path) -> Path:
    return site / (conf.get("db_path") or "db/site.sqlite3")


def quick_check(path: Path) -> str:
    """SQLite's own check of the file's structure: "ok", or what is wrong."""
    if not path.is_file():
        return f"缺少 {path}"
    from frappe.database.sqlite.functions import register

    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        register(connection)  # indexes use the runtime's collation
        if not connection.execute("select 1 from sqlite_master where name = '__Auth'").fetchone():
            return "不是站点的数据库"
        return str(connection.execute("pragma quick_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        connection.close()


def load_mariadb(conf: dict[str, Any], source: Path) -> None:
    """Replace everything in the database by the dump."""
    tables = _run(conf, "mariadb", "-N", "-e", "show tables", conf["db_name"]).decode().split("\n")
    drops = "".join(f"drop table if exists `{table}`;" for table in tables if table)
    with subprocess.Popen(
        _command(conf, "mariadb", conf["db_name"]),
        env=_environment(conf),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as client:
        assert client.stdin and client.stderr
        try:
            client.stdin.write(f"set foreign_key_checks = 0;{drops}\n".encode())
            with open(source, "rb") as file:
                for line in file:
                    client.stdin.write(
                        _DEFINER.sub(b"", line) if line.startswith(b"/*!50003 CREATE") else line
                    )
            client.stdin.close()
        except BrokenPipeError:
            pass  # it says why
        said = client.stderr.read().decode(errors="replace")
    if client.returncode:
        raise click.ClickException(f"mariadb: {said.strip()}")


def _run(
    conf: dict[str, Any], program: str, *arguments: str, stdout: IO[bytes] | int = subprocess.PIPE
) -> bytes:
    try:
        done = subprocess.run(
            _command(conf, program, *arguments),
            env=_environment(conf),
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
    except FileNotFoundError:
        raise click.ClickException(f"缺少程序 {program}：apt-get install mariadb-client") from None
    if done.returncode:
        raise click.ClickException(f"{program}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout or b""


def _command(conf: dict[str, Any], program: str, *arguments: str) -> list[str]:
    place = ["--host", conf.get("db_host") or "127.0.0.1", "--port", str(conf.get("db_port") or 3306)]
    if conf.get("db_socket"):
        place = ["--socket", conf["db_socket"]]
    user = conf.get("db_user") or conf["db_name"]
    return [program, "--no-defaults", *place, "--user", user, "--default-character-set=utf8mb4", *arguments]


def _environment(conf: dict[str, Any]) -> dict[str, str]:
    """The password is not for everybody who lists the processes."""
    return {**os.environ, "MYSQL_PWD": conf["db_password"]}
