"""`bench backup` and `bench restore`: nothing is lost, nothing damaged gets in, nothing half-done stays."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import tarfile
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from bench import archive, backups, dumps

Run = Callable[..., Any]


@pytest.fixture
def one(in_its_sites: Path, bench_command: Run) -> Path:
    """A site with a file; the test is in the bench's `sites` folder."""
    bench_command("new-site", "one.test", "--admin-password", "admin")
    path = Path("one.test")
    (path / "private" / "files" / "a.txt").write_text("kept")
    return path


def database(site: Path) -> sqlite3.Connection:
    return sqlite3.connect(site / "db" / "site.sqlite3")


def languages(site: Path) -> int:
    """A number that tells whether the database is the old one or the backup."""
    with database(site) as connection:
        return connection.execute("select count(*) from tabLanguage").fetchone()[0]


def spoil(site: Path) -> None:
    """After this the site differs from its backup."""
    with database(site) as connection:
        connection.execute("delete from tabLanguage")
    (site / "private" / "files" / "a.txt").write_text("spoiled")


def state(site: Path) -> tuple[int, str, dict]:
    text = (site / "private" / "files" / "a.txt").read_text()
    return languages(site), text, state_of_config(site)


def test_a_backup_removes_those_older_than_a_month(one: Path, bench_command: Run) -> None:
    folder = one / "private" / "backups"
    young = datetime.now().astimezone() - timedelta(days=backups.KEEP_DAYS - 1)
    names = [
        "20200101_020000-one_test-backup.tar.gz",
        f"{young:%Y%m%d_%H%M%S}-one_test-backup.tar.gz",
        "notes.txt",
    ]
    for name in names:
        (folder / name).write_text("")
    written = [Path(line.split()[0]).name for line in bench_command("backup").stdout.splitlines()]

    assert sorted(path.name for path in folder.iterdir()) == sorted([*names[1:], *written])


def test_a_backup_can_be_restored(one: Path, bench_command: Run) -> None:
    before = state(one)
    packed, config = [line.split()[0] for line in bench_command("backup").stdout.splitlines()]
    assert json.loads(Path(config).read_text())["encryption_key"], "the keys are in a file of their own"
    assert {os.stat(path).st_mode & 0o777 for path in (packed, config)} == {0o600}
    spoil(one)
    assert "Abort" in bench_command("restore", str(Path(packed).absolute()), status=1).stderr
    assert languages(one) == 0, "an existing site is replaced only when told so"
    bench_command("restore", str(Path(packed).absolute()), "--force")
    assert state(one) == before
    assert not list(one.glob(".restoring*"))


def test_a_lost_site_is_made_anew(one: Path, bench_command: Run, tmp_path: Path) -> None:
    before = state(one)
    bench_command("backup", "--backup-path", str(tmp_path / "elsewhere"))
    packed = next((tmp_path / "elsewhere").glob("*.tar.gz"))
    bench_command("drop-site", "one.test", "--yes")
    bench_command("--site", "two.test", "restore", str(packed))
    assert state(Path("two.test"))[:2] == before[:2]
    assert state(Path("two.test"))[2]["encryption_key"] == before[2]["encryption_key"]
    assert "frappe" in bench_command("--site", "two.test", "list-apps").stdout


def test_the_keys_belong_to_the_data(one: Path, bench_command: Run) -> None:
    """Into another site: its own keys would not open the data."""
    packed, config = backups.backup_site(one)
    bench_command("new-site", "two.test", "--admin-password", "x")
    two = Path("two.test")
    before = state_of_config(two)
    config.rename("moved.json")
    with pytest.raises(click.ClickException, match="--site-config"):
        backups.restore_site(two, packed)
    with pytest.raises(click.ClickException, match="不属于"):
        backups.restore_site(two, packed, config=two / "site_config.json")
    assert state_of_config(two) == before
    backups.restore_site(two, packed, config=Path("moved.json"))
    after = state_of_config(two)
    assert after["encryption_key"] == state_of_config(one)["encryption_key"] != before["encryption_key"]
    assert after["db_name"] == before["db_name"]


def state_of_config(site: Path) -> dict[str, Any]:
    return json.loads((site / "site_config.json").read_text())


def test_what_was_set_since_stays(one: Path) -> None:
    """A site that is set back keeps, for instance, the key version that was added after the backup."""
    packed, _config = backups.backup_site(one)
    config = {**state_of_config(one), "sm4_keys": {"current": "2"}}
    (one / "site_config.json").write_text(json.dumps(config))
    backups.restore_site(one, packed)
    assert state_of_config(one) == config


def test_a_backup_is_consistent_while_the_site_is_written_to(one: Path) -> None:
    """Every transaction writes two rows: no backup has an odd number of them."""
    with database(one) as connection:
        connection.execute("create table pairs (number integer)")
    stop = threading.Event()
    written = threading.Event()

    def write() -> None:
        connection = database(one)
        while not stop.is_set():
            with connection:
                connection.execute("insert into pairs values (1)")
                connection.execute("insert into pairs values (2)")
            written.set()
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(10)
        taken = [backups.backup_site(one, one.parent / f"b{number}")[0] for number in range(3)]
    finally:
        stop.set()
        writer.join()
    for number, packed in enumerate(taken):
        folder = one.parent / f"content{number}"
        folder.mkdir()
        archive.unpack(packed, folder, backups.KIND)
        with sqlite3.connect(folder / "database") as connection:
            rows = connection.execute("select count(*) from pairs").fetchone()[0]
        assert rows > 0 and rows % 2 == 0


# -- what is refused ---------------------------------------------------------------------------------------------


def test_a_damaged_backup_is_refused_and_changes_nothing(one: Path) -> None:
    packed, _config = backups.backup_site(one)
    content = packed.read_bytes()
    spoil(one)
    before = state(one)
    for size in (0, 20, len(content) // 2, len(content) - 9):
        packed.write_bytes(content[:size])
        with pytest.raises(archive.DamagedArchive):
            backups.restore_site(one, packed)
    for place in range(100, len(content) - 100, len(content) // 7):
        packed.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        with pytest.raises(archive.DamagedArchive):
            backups.restore_site(one, packed)
    assert state(one) == before
    assert not list(one.glob(".restoring*"))


def test_another_kind_of_archive_is_refused(one: Path) -> None:
    before = state(one)
    other = archive.pack(Path("other.tar.gz"), [("database", one / "site_config.json")], {"kind": "photos"})
    no_database = archive.pack(
        Path("no-database.tar.gz"),
        [("database", one / "site_config.json")],
        {"kind": backups.KIND, "db_type": "sqlite", "key": "", "with_files": False},
    )
    server = archive.pack(Path("server.tar.gz"), [], {"kind": backups.KIND, "db_type": "mariadb"})
    for path in (other, no_database, server):
        with pytest.raises(click.ClickException):
            backups.restore_site(one, path, config=one / "site_config.json")
        with pytest.raises(click.ClickException):
            backups.restore_site(Path("new.test"), path, config=one / "site_config.json")
    assert state(one) == before
    assert not Path("new.test").exists(), "nor is anything made"


@pytest.mark.parametrize("name", ["../outside.txt", "/tmp/outside-of-all.txt"])
def test_the_files_of_a_backup_stay_in_their_folder(tmp_path: Path, name: str) -> None:
    packed = tmp_path / "files.tar.gz"
    with tarfile.open(packed, "w:gz") as content:
        content.addfile(tarfile.TarInfo("inside.txt"))
        content.addfile(tarfile.TarInfo(name), io.BytesIO())
    folder = tmp_path / "files"
    folder.mkdir()
    with pytest.raises(click.ClickException, match=r"outside"):
        archive.unpack(packed, folder, "any")
    assert not (tmp_path / "outside.txt").exists() and not Path("/tmp/outside-of-all.txt").exists()


@pytest.mark.parametrize("fails_at", range(9))
def test_half_a_restore_is_undone(one: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
    packed, _config = backups.backup_site(one)
    spoil(one)
    before = state(one)
    renames, rename = [], os.rename

    def failing(source: Any, target: Any) -> None:
        renames.append(source)
        if len(renames) == fails_at + 1:
            raise OSError("disk gone")
        rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(backups.os, "rename", failing)
        with pytest.raises(OSError, match="disk gone"):
            backups.restore_site(one, packed)
    assert state(one) == before
    assert dumps.quick_check(one / "db" / "site.sqlite3") == "ok"


def test_a_running_bench_is_not_restored(one: Path, bench_command: Run, empty_bench: Path) -> None:
    from frappe.utils.synchronization import try_lock

    packed, _config = backups.backup_site(one)
    (empty_bench / ".run").mkdir(exist_ok=True)
    lock = try_lock(str(empty_bench / ".run" / "bench.lock"))
    assert lock is not None
    assert "已经在运行" in bench_command("restore", str(Path(packed).absolute()), "--force", status=1).stderr
    os.close(lock)


# -- encryption --------------------------------------------------------------------------------------------------


def test_an_encrypted_backup(one: Path, bench_command: Run) -> None:
    first = bench_command("backup", "--encrypt").stdout
    key = state_of_config(one)["backup_encryption_key"]
    assert re.search(rf"只显示这一次.*{re.escape(key)}", first)
    paths = [Path(line.split()[0]).absolute() for line in first.splitlines()[-2:]]
    assert [path.suffix for path in paths] == [".enc", ".enc"]
    assert key not in bench_command("backup", "--encrypt", "--backup-path", "again").stdout
    assert b"encryption_key" not in paths[1].read_bytes()
    for leftover in (".tar.gz", ".json"):
        assert not list((one / "private" / "backups").glob(f"*{leftover}")), "no plain copy stays"
    before = state(one)
    spoil(one)
    wrong = bench_command("restore", str(paths[0]), "--force", "--encryption-key", "guess", status=1)
    assert "密钥不对" in wrong.stderr
    bench_command("restore", str(paths[0]), "--force")
    assert state(one) == before
    assert (
        "--encryption-key" in bench_command("--site", "new.test", "restore", str(paths[0]), status=1).stderr
    )
    bench_command("--site", "new.test", "restore", str(paths[0]), "--encryption-key", key)
    assert state(Path("new.test"))[:2] == before[:2]


def test_a_sealed_file_is_all_or_nothing(tmp_path: Path) -> None:
    """Chunks cannot be changed, cut off, left out or put in another order."""
    plain = os.urandom(2 * (1 << 20) + 5)
    (tmp_path / "plain").write_bytes(plain)
    sealed = archive.seal(tmp_path / "plain", "key")
    whole = sealed.read_bytes()
    head, chunk = len(archive._MAGIC) + 16, (1 << 20) + 16
    parts = [whole[head : head + chunk], whole[head + chunk : head + 2 * chunk], whole[head + 2 * chunk :]]
    assert archive.unseal(sealed, tmp_path / "again", "key").read_bytes() == plain

    flipped = bytes([parts[2][0] ^ 1]) + parts[2][1:]
    for bad in (
        parts[:2],
        parts[:1],
        [],
        [parts[1], parts[0], parts[2]],
        parts[1:],
        [*parts[:2], flipped],
        [*parts, b"x"],
    ):
        sealed.write_bytes(whole[:head] + b"".join(bad))
        with pytest.raises(archive.DamagedArchive):
            archive.unseal(sealed, tmp_path / "again", "key")
    sealed.write_bytes(whole[: head - 1] + b"?" + whole[head:])
    with pytest.raises(archive.DamagedArchive):
        archive.unseal(sealed, tmp_path / "again", "key")


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_any_size_can_be_sealed(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "plain").write_bytes(content)
    sealed = archive.seal(tmp_path / "plain", "key")
    assert archive.is_sealed(sealed)
    assert archive.unseal(sealed, tmp_path / "again", "key").read_bytes() == content
