"""`bench`: what operators type, and what they are told when something is wrong."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def new_site(bench_command: Callable, name: str = "one.test") -> None:
    bench_command("new-site", name, "--admin-password", "admin")


def config(empty_bench: Path, site: str = "one.test") -> dict:
    return json.loads((empty_bench / "sites" / site / "site_config.json").read_text())


def test_a_site_is_made_listed_configured_and_deleted(empty_bench: Path, bench_command: Callable) -> None:
    new_site(bench_command)
    assert bench_command("list-apps").stdout.startswith("frappe")
    bench_command("set-config", "allow_tests", "true", "--parse")
    bench_command("set-config", "greeting", "你好")
    assert config(empty_bench)["allow_tests"] is True
    assert config(empty_bench)["greeting"] == "你好"
    executed = bench_command("execute", "frappe.db.count", "--args", '["Role"]')
    assert int(executed.stdout) > 5
    bench_command("drop-site", "one.test", "--force", "--no-backup")
    assert not (empty_bench / "sites" / "one.test").exists()


def test_what_is_wrong_is_said_in_one_line(empty_bench: Path, bench_command: Callable) -> None:
    assert "站点 one.test 不存在" in bench_command("list-apps", status=1).stderr
    new_site(bench_command)
    assert "已存在" in bench_command("new-site", "one.test", "--admin-password", "x", status=1).stderr
    (empty_bench / "bench-config.json").write_text("{broken")
    assert "不是有效的 JSON" in bench_command("list-apps", status=1).stderr


def test_arguments_are_json_or_python(bench_command: Callable) -> None:
    new_site(bench_command)
    for given in ('["Role", {"name": "Guest"}]', "('Role', {'name': 'Guest'})"):
        assert bench_command("execute", "frappe.db.count", "--args", given).stdout == "1\n"
    assert "既不是 JSON" in bench_command("execute", "frappe.db.count", "--args", "[", status=2).stderr
    assert "既不是 JSON" in bench_command("set-config", "-p", "key", "{", status=2).stderr


def test_a_failed_creation_leaves_nothing(empty_bench: Path, bench_command: Callable) -> None:
    bench_command("new-site", "bad.test", "--admin-password", "x", "--install-app", "nosuchapp", status=1)
    assert not (empty_bench / "sites" / "bad.test").exists()


def test_serve_replaces_a_busy_port_and_says_so(empty_bench: Path, bench_command: Callable) -> None:
    new_site(bench_command)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-m", "bench", "serve", "--port", str(port)],
            cwd=empty_bench,
            env={**os.environ, "FRAPPE_BENCH_ROOT": str(empty_bench)},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            said = [server.stdout.readline(), server.stdout.readline()]
        finally:
            server.terminate()
            server.communicate(timeout=30)
    assert f"端口 {port} 已被占用" in said[0]
    other = re.search(r"http://127\.0\.0\.1:(\d+)", said[1])
    assert other and other[1] != str(port)


def test_doctor_tells_what_is_well_and_what_is_not(empty_bench: Path, bench_command: Callable) -> None:
    new_site(bench_command)
    assert "one.test 数据库: ok" in bench_command("doctor").stdout
    (empty_bench / "sites" / "one.test" / "db" / "site.sqlite3").write_bytes(b"rubbish")
    assert "✗ one.test 数据库" in bench_command("doctor", status=1).stdout


def test_migrate_and_scheduler_and_worker(bench_command: Callable) -> None:
    new_site(bench_command)
    assert "已更新" in bench_command("migrate").stdout
    assert "inactive" in bench_command("scheduler", "disable").stdout
    assert ": active" in bench_command("scheduler", "enable").stdout
    assert "0 jobs done" in bench_command("worker", "--burst").stdout


def test_commands_are_listed(bench_command: Callable) -> None:
    listed = bench_command("--help").stdout
    for name in ("new-site", "migrate", "start", "backup", "doctor", "run-tests"):
        assert name in listed
