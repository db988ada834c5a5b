"""`bench backup` and `bench restore` of a site on MariaDB and Redis, as an operator calls them. TEST_DB=mariadb."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.sites import Bench, new_bench, servers

Run = Callable[..., "CompletedProcess[str]"]
pytestmark = pytest.mark.xdist_group("operators")
MAKE = ["--admin-password", "admin", "--db-root-password", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A bench with the site one.test and, in it, a file."""
    bench = new_bench(tmp_path_factory.mktemp("operators") / "bench", servers())
    bench.command("new-site", "one.test", *MAKE)
    (bench.sites / "one.test" / "private" / "files" / "a.txt").write_text("kept")
    yield bench.directory
    for site in ("one.test", "two.test"):
        bench.command("drop-site", site, "--yes", "--db-root-password", "", check=False)


@pytest.fixture
def run(folder: Path) -> Run:
    """Run `bench …` for a site; the exit status is `status`."""

    def command(site: str, *arguments: str, status: int = 0) -> CompletedProcess[str]:
        done = Bench(folder, site, stock=False).command("--site", site, *arguments, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return command


def language(run: Run, site: str) -> str:
    """What the database, and what the cache says."""
    arguments = ("--args", json.dumps(["Language", "zh", "language_name"]))
    return "".join(
        run(site, "execute", f"frappe.{name}", *arguments).stdout
        for name in ("db.get_value", "get_cached_value")
    )


def test_a_wrong_administrator_is_told_in_one_line_and_nothing_is_left(folder: Path) -> None:
    bench = Bench(folder, "three.test", stock=False)
    done = bench.command(
        *("new-site", "three.test", "--admin-password", "admin"),
        *("--db-root-username", "nobody", "--db-root-password", "wrong"),
        check=False,
    )
    assert done.returncode == 1
    assert "不能以 nobody 登录 MariaDB" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "sites" / "three.test").exists()


def test_restore_puts_back_data_files_and_cache(folder: Path, run: Run) -> None:
    # Given a backup, after which the site was spoiled
    before = language(run, "one.test")
    packed = folder / "sites" / run("one.test", "backup").stdout.split()[0]
    run(
        "one.test",
        "execute",
        "frappe.db.set_value",
        "--args",
        '["Language", "zh", "language_name", "spoiled"]',
    )
    file = folder / "sites" / "one.test" / "private" / "files" / "a.txt"
    file.write_text("spoiled")
    assert language(run, "one.test") != before

    # When it is restored
    run("one.test", "restore", str(packed), "--force")

    # Then all is as it was
    assert language(run, "one.test") == before
    assert file.read_text() == "kept"


def test_an_encrypted_backup_goes_into_a_new_site(folder: Path, run: Run) -> None:
    # Given an encrypted backup and the key that was shown
    shown = run("one.test", "backup", "--encrypt", "--backup-path", str(folder / "safe")).stdout
    key = json.loads((folder / "sites" / "one.test" / "site_config.json").read_text())[
        "backup_encryption_key"
    ]
    assert key in shown
    sealed = str(next((folder / "safe").glob("*.tar.gz.enc")))

    # When it is restored where no site is, then nothing is made and the operator is told what to do
    assert "new-site two.test" in run("two.test", "restore", sealed, "--encryption-key", key, status=1).stderr
    assert not (folder / "sites" / "two.test").exists()

    # When it is restored into an empty site
    run("two.test", "new-site", "two.test", *MAKE)
    assert (
        "密钥不对" in run("two.test", "restore", sealed, "--force", "--encryption-key", "x", status=1).stderr
    )
    run("two.test", "restore", sealed, "--force", "--encryption-key", key)

    # Then it has the data, the files and the keys of the other, in a database of its own
    assert language(run, "two.test") == language(run, "one.test")
    sites = [folder / "sites" / name for name in ("one.test", "two.test")]
    assert (sites[1] / "private" / "files" / "a.txt").read_text() == "kept"
    one, two = [json.loads((site / "site_config.json").read_text()) for site in sites]
    assert one["encryption_key"] == two["encryption_key"]
    assert one["db_name"] != two["db_name"]
