"""The ledger's triggers where MariaDB keeps a binary log, and in restores. TEST_DB=mariadb."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import mariadb
from tests.sites import APPS, PASSWORD, new_bench, servers

pytestmark = [
    pytest.mark.skipif(os.environ.get("TEST_DB") != "mariadb", reason="SQLite has no binary log"),
    pytest.mark.xdist_group("operators"),
]
TRIGGERS = """
select trigger_name, definer from information_schema.triggers
where trigger_schema = database() and event_object_table = 'tabAccount Entry'
"""


class Logging:
    """A bench on a MariaDB of its own that keeps a binary log, and root's access to that MariaDB."""

    def __init__(self, directory: Path, socket: Path) -> None:
        self.socket = socket
        self.bench = new_bench(directory / "bench", {**servers(), "db_socket": str(socket)})

    def root(self, statement: str, database: str = "") -> list[str]:
        command = ["mariadb", "--no-defaults", "--socket", str(self.socket), "--skip-column-names", database]
        done = subprocess.run([*command, "-e", statement], check=True, text=True, capture_output=True)
        return done.stdout.splitlines()

    def trust(self, yes: bool) -> None:
        self.root(f"set global log_bin_trust_function_creators = {int(yes)}")

    def new_site(self, name: str) -> None:
        """A site in a database named like its first label."""
        made = ("--admin-password", PASSWORD, "--db-name", name.split(".")[0], "--db-root-password", "")
        self.bench.command("new-site", name, *made)

    def run(self, site: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.bench.command("--site", site, *arguments, check=False)


@pytest.fixture(scope="module")
def logging() -> Iterator[Logging]:
    with tempfile.TemporaryDirectory(prefix="log-", dir="/tmp") as place:
        directory = Path(place)
        with mariadb(directory, "--log-bin", "--server-id=1") as socket:
            yield Logging(directory, socket)


def test_without_triggers_no_ledger_is_kept(logging: Logging) -> None:
    # Given a MariaDB that lets no site create triggers, as its defaults are once a binary log is kept
    logging.new_site("one.test")
    assert logging.run("one.test", "install-app", APPS[0]).returncode == 0

    # When the market is installed, then the operator is told what to set
    refused = logging.run("one.test", "install-app", APPS[1])
    assert refused.returncode != 0
    assert "log_bin_trust_function_creators = 1" in refused.stderr

    # When it is set, then installing again makes the triggers
    logging.trust(True)
    assert logging.run("one.test", "install-app", APPS[1]).returncode == 0
    assert len(logging.root(TRIGGERS, "one")) == 2

    # And when the setting is lost, a restore is refused before anything is changed
    logging.trust(False)
    packed = logging.bench.sites / logging.run("one.test", "backup").stdout.split()[0]
    refused = logging.run("one.test", "restore", str(packed), "--force")
    assert refused.returncode != 0
    assert "log_bin_trust_function_creators=1" in refused.stderr
    assert len(logging.root(TRIGGERS, "one")) == 2

    # And a restore into another site makes its user the definer, so that the triggers outlive the first one's
    logging.trust(True)
    logging.new_site("two.test")
    restored = logging.run("two.test", "restore", str(packed), "--force")
    assert restored.returncode == 0, restored.stderr
    assert {row.split("\t")[1].split("@")[0] for row in logging.root(TRIGGERS, "two")} == {"two"}
