"""Files and folders of sites are the owner's alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bench.modes import close_to_others, open_to_others

Run = Callable[..., Any]


@pytest.fixture
def one(empty_bench: Path, bench_command: Run) -> Path:
    """The folder of a site, made under a umask that lets everybody read."""
    before = os.umask(0o022)
    try:
        bench_command("new-site", "one.test", "--admin-password", "admin")
    finally:
        os.umask(before)
    return empty_bench / "sites" / "one.test"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_site_is_readable_by_nobody_else(one: Path, bench_command: Run) -> None:
    bench_command("execute", "frappe.cache.set_value", "--args", '["a", 1]')
    bench_command("execute", "frappe.enqueue", "--kwargs", '{"method": "frappe.ping"}')
    bench_command("execute", "frappe.client.insert", "--args", FILE)
    assert list(open_to_others(one.parent)) == []
    assert mode(one) == mode(one / "db") == 0o700
    assert {mode(path) for path in (one / "db").iterdir()} == {0o600}
    assert {mode(path) for path in (one / "private" / "files").iterdir()} == {0o600}


FILE = '[{"doctype": "File", "file_name": "a.txt", "content": "secret", "is_private": 1}]'


def test_a_site_of_earlier_is_closed_by_migrate(one: Path, bench_command: Run) -> None:
    leak = one / "private" / "files" / "old.xlsx"
    leak.write_text("secret")
    leak.chmod(0o644)
    one.chmod(0o755)
    assert "! 文件权限: sites/one.test 等 2 项" in bench_command("doctor").stdout
    bench_command("migrate")
    assert (mode(leak), mode(one)) == (0o600, 0o700)
    assert "✓ 文件权限" in bench_command("doctor").stdout


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (outside / "file").write_text("x")
    (outside / "file").chmod(0o644)
    inside = tmp_path / "inside"
    inside.mkdir(mode=0o700)
    (inside / "to-folder").symlink_to(outside)
    (inside / "to-file").symlink_to(outside / "file")
    (inside / "gone").symlink_to(tmp_path / "nothing")
    close_to_others(inside)
    assert (mode(outside), mode(outside / "file")) == (0o755, 0o644)
    assert list(open_to_others(inside)) == []


def test_the_doctor_notices_a_password_that_is_tried_first(one: Path, bench_command: Run) -> None:
    assert "! one.test 管理员密码" in bench_command("doctor").stdout
    assert "too easy to guess" in bench_command("set-admin-password", "password1", status=1).stderr
    bench_command("set-admin-password", "Kx7_veranda")
    assert "✓ one.test 管理员密码" in bench_command("doctor").stdout
