"""Copies of a site's database that are consistent while it is in use, and putting them back."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

import click

SQLITE_FILE = "db/site.sqlite3"
_DUMP = "mariadb-dump --single-transaction --quick --skip-lock-tables --hex-blob --no-tablespaces"
# Triggers belong to whoever restores them; only root may give them to another user.
_DEFINER = re.compile(rb"/\*!\d+ DEFINER=`[^`]*`@`[^`]*`\s*\*/")


def dump(conf: dict[str, Any], site: Path, target: Path) -> None:
    """Write the site's database to the file: SQLite's online backup, or SQL by `mariadb-dump`."""
    if conf.get("db_type") == "mariadb":
        with open(target, "wb") as file:
            _run(conf, _DUMP.split(), stdout=file)
        return
    source = sqlite3.connect(f"file:{site / SQLITE_FILE}?mode=ro", uri=True)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
        copy.execute("pragma journal_mode = delete")  # one file, without -wal and -shm beside it
    finally:
        source.close()
        copy.close()
    found = quick_check(target)
    if found != "ok":
        raise click.ClickException(f"数据库检查失败：{found}")


def quick_check(path: Path) -> str:
    """SQLite's own check of the file's structure: "ok", or what is wrong."""
    from frappe.database.sqlite.functions import register

    if not path.is_file():
        return f"缺少 {path}"
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
    client = ["mariadb", "--skip-column-names"]
    asked = "select @@log_bin and not @@log_bin_trust_function_creators"
    if _run(conf, [*client, "--execute", asked]).strip() == b"1":
        raise click.ClickException(
            "MariaDB 开着 binlog，不许站点的用户建触发器。请先设 log_bin_trust_function_creators=1。数据库没有改变。"
        )
    tables = _run(conf, [*client, "--execute", "show tables"]).decode().split("\n")
    drops = "".join(f"drop table if exists `{table}`;" for table in tables if table)
    with tempfile.TemporaryFile(dir=source.parent) as script, open(source, "rb") as file:
        script.write(f"set foreign_key_checks = 0;{drops}\n".encode())
        for line in file:
            script.write(_DEFINER.sub(b"", line) if line.startswith(b"/*!50003 CREATE") else line)
        script.seek(0)
        _run(conf, client, stdin=script)


def _run(
    conf: dict[str, Any],
    command: list[str],
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.PIPE,
) -> bytes:
    """Run a client program of MariaDB on the site's database; what it printed."""
    program, *options = command
    database = conf["db_name"]
    arguments = [f"--user={conf.get('db_user') or database}", "--default-character-set=utf8mb4", database]
    if conf.get("db_socket"):
        place = [f"--socket={conf['db_socket']}"]
    else:
        place = [f"--host={conf.get('db_host') or '127.0.0.1'}", f"--port={conf.get('db_port') or 3306}"]
    # The password is not for everybody who lists the processes.
    environment = {**os.environ, "MYSQL_PWD": conf["db_password"]}
    try:
        done = subprocess.run(
            [program, "--no-defaults", *options, *place, *arguments],
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
    except FileNotFoundError:
        raise click.ClickException(f"缺少程序 {program}：apt-get install mariadb-client") from None
    if done.returncode:
        raise click.ClickException(f"{program}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout or b""
