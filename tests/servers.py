"""Run a command with a MariaDB and a Redis of its own: `python -m tests.servers pytest …`.

Both listen on sockets in a temporary directory only, keep nothing, and end with the command; the user's own servers
are never touched. The command finds them by the environment (TEST_DB, TEST_DB_SOCKET, TEST_REDIS).
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

START_SECONDS = 60
PACKAGES = {
    "mariadbd": "mariadb-server-core",
    "mariadb-install-db": "mariadb-server-core",
    "redis-server": "redis-server",
}


def program(name: str) -> str:
    """Where a server program is; SystemExit that says what to install."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        raise SystemExit(f"✗ 缺少 {name}。请管理员执行：apt-get install {PACKAGES[name]}")
    return found


def in_real_time() -> dict[str, str]:
    """The environment without a faked date: Redis does not start with one, and neither server's clock is what we test."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("FAKETIME", "LD_PRELOAD"))}


@contextmanager
def running(command: list[str], socket: Path, log: Path) -> Iterator[None]:
    """A server process, from when its socket is there until it is told to end."""
    environment = in_real_time()
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=environment) as server,
    ):
        try:
            deadline = time.monotonic() + START_SECONDS
            while not socket.exists():
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"✗ {command[0]} 没有启动：\n{log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.05)
            yield
        finally:
            server.terminate()


@contextmanager
def mariadb(directory: Path, *options: str) -> Iterator[Path]:
    """A MariaDB whose root has no password; gives its socket. What it holds need not survive a power cut."""
    data, socket = directory / "data", directory / "mariadb.sock"
    user = f"--user={getpass.getuser()}"
    install = [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", user, "--skip-test-db"]
    done = subprocess.run(
        [*install, "--auth-root-authentication-method=normal"],
        capture_output=True,
        text=True,
        check=False,
        env=in_real_time(),
    )
    if done.returncode:
        raise SystemExit(f"✗ mariadb-install-db 失败：\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    command = [
        *(program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--socket={socket}", user),
        *("--skip-networking", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci"),
        *(
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            f"--pid-file={directory}/mariadb.pid",
        ),
        *options,
    ]
    with running(command, socket, directory / "mariadb.log"):
        yield socket


@contextmanager
def redis(directory: Path) -> Iterator[Path]:
    """A Redis that writes nothing to disk; gives its socket."""
    socket = directory / "redis.sock"
    command = [
        *(program("redis-server"), "--port", "0", "--unixsocket", str(socket)),
        *("--save", "", "--dir", str(directory), "--databases", "64"),
    ]
    with running(command, socket, directory / "redis.log"):
        yield socket


def main(command: list[str]) -> int:
    """The exit status of the command."""
    with ExitStack() as stack:
        # short: a socket's path may have 107 characters
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="srv-", dir="/tmp")))
        environment = {
            **os.environ,
            "TEST_DB": "mariadb",
            "TEST_DB_SOCKET": str(stack.enter_context(mariadb(directory))),
            "TEST_REDIS": f"unix://{stack.enter_context(redis(directory))}",
        }
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
