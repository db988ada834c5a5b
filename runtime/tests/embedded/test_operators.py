"""What operators rely on: maintenance while a site changes, `bench doctor`, the server profile, progress."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bench import doctor
from bench.context import maintenance, opened
from bench.root import find_bench

Run = Callable[..., Any]


@pytest.fixture
def one(empty_bench: Path, bench_command: Run) -> Path:
    bench_command("new-site", "one.test", "--admin-password", "admin")
    return empty_bench / "sites" / "one.test"


def config(site: Path) -> dict[str, Any]:
    return json.loads((site / "site_config.json").read_text())


# -- maintenance -------------------------------------------------------------------------------------------------


def test_a_migration_is_a_time_of_maintenance(in_its_sites: Path, one: Path) -> None:
    with maintenance("one.test", "bench migrate"):
        assert config(one)["maintenance_mode"] == 1
    assert "maintenance_mode" not in config(one)


def test_after_a_failed_migration_it_stays_and_the_next_one_ends_it(one: Path, bench_command: Run) -> None:
    """Half a migration must not be served: visitors would write into tables of two versions."""
    bench_command("execute", "frappe.db.sql_ddl", "--args", '["alter table `tabPatch Log` rename to gone"]')
    failed = bench_command("migrate", status=1)
    assert "保持维护状态" in failed.stderr and "bench --site one.test migrate" in failed.stderr
    assert config(one)["maintenance_mode"] == 1
    assert "✗ one.test 维护状态" in bench_command("doctor", status=1).stdout
    bench_command("execute", "frappe.db.sql_ddl", "--args", '["alter table gone rename to `tabPatch Log`"]')
    bench_command("migrate")
    assert "maintenance_mode" not in config(one)
    bench_command("doctor")


def test_maintenance_that_somebody_ordered_outlasts_a_migration(one: Path, bench_command: Run) -> None:
    bench_command("set-config", "--parse", "maintenance_mode", "1")
    bench_command("migrate")
    assert config(one)["maintenance_mode"] == 1


def test_visitors_are_told_503_at_once(
    in_its_sites: Path, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from werkzeug.test import Client

    import frappe.app

    monkeypatch.setattr(frappe.app, "_site", "one.test")
    monkeypatch.setattr(frappe.app, "_sites_path", ".")
    frappe.destroy()
    client = Client(frappe.app.application)
    with maintenance("one.test", "bench migrate"):
        assert client.get("/api/method/ping").status_code == 503
    assert client.get("/api/method/ping").status_code == 200


# -- doctor ------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_put_back_is_noticed(one: Path, bench_command: Run) -> None:
    row = '{"doctype": "Error Log", "method": "from the future", "error": "x"}'
    bench_command("execute", "frappe.client.insert", "--args", f"[{row}]")
    update = "update `tabError Log` set creation = '2999-01-01'"
    bench_command("execute", "frappe.db.sql", "--args", json.dumps([update]))
    assert "✗ one.test 时钟: 比最近的记录慢" in bench_command("doctor", status=1).stdout


def test_an_old_backup_is_noticed(one: Path, bench_command: Run) -> None:
    assert "! one.test 备份: 从未备份：bench --site one.test backup" in bench_command("doctor").stdout
    bench_command("backup")
    assert "✓ one.test 备份: 0 小时前" in bench_command("doctor").stdout
    (one / ".last-backup").write_text("2026-01-01T02:00:00+08:00")
    assert "✗ one.test 备份" in bench_command("doctor", status=1).stdout


def test_a_full_disk_is_noticed(one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAPPE_BENCH_ROOT", str(one.parents[1]))
    monkeypatch.setattr(doctor, "_FREE_BYTES", 10**18)
    found = next(check for check in doctor.checks(find_bench()) if check[1] == "磁盘")
    assert found[0] is False and "请移走旧备份" in found[2]


def test_a_scheduler_without_heartbeat_is_noticed(one: Path, bench_command: Run) -> None:
    bench_command("scheduler", "enable")
    assert "! one.test 计划任务: 没有心跳" in bench_command("doctor").stdout
    state = {"pid": os.getpid(), "urls": {"web": "http://127.0.0.1:1"}}
    (one / ".runtime.json").write_text(json.dumps(state))
    assert "✗ one.test 计划任务: 没有心跳" in bench_command("doctor", status=1).stdout


def test_failed_jobs_are_told(in_its_sites: Path, one: Path, bench_command: Run) -> None:
    with opened("one.test") as frappe:
        frappe.enqueue("frappe.utils.data.getdate", string_date="never")
    assert "✓ one.test 后台任务: 等待 short 0，default 1" in bench_command("doctor").stdout
    bench_command("worker", "--burst")
    assert re.search("! one.test 后台任务: .*失败 1", bench_command("doctor").stdout)


# -- the server profile ------------------------------------------------------------------------------------------


@pytest.fixture
def server_bench(empty_bench: Path) -> Path:
    """A bench of profile `server` whose servers are not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = empty_bench / "bench-config.json"
    url = f"redis://:secret@127.0.0.1:{port}/1"
    server = {"db_host": "127.0.0.1", "db_port": port, "redis_cache": url, "redis_queue": url}
    path.write_text(json.dumps({**json.loads(path.read_text()), "profile": "server", "server": server}))
    return empty_bench


def test_the_server_profile_is_written_for_all_sites(server_bench: Path, bench_command: Run) -> None:
    common = server_bench / "sites" / "common_site_config.json"
    common.parent.mkdir()
    common.write_text('{"kept": 1}')
    bench_command("list-apps", status=1)
    written = json.loads(common.read_text())
    expected = json.loads((server_bench / "bench-config.json").read_text())["server"]
    assert written == {"kept": 1, "db_type": "mariadb", **expected}


@pytest.mark.parametrize("command", ["start", "doctor"])
def test_servers_out_of_reach_are_named(server_bench: Path, bench_command: Run, command: str) -> None:
    done = bench_command(command, status=1)
    said = done.stdout + done.stderr
    assert "MariaDB 127.0.0.1:" in said
    assert "Redis (redis_cache)" in said and "Redis (redis_queue)" in said
    assert "bench-config.json 中 server 一节" in said and "启动" in said
    assert "secret" not in said


# -- progress ----------------------------------------------------------------------------------------------------


def test_progress_is_shown_as_stock_bench_shows_it(one: Path, bench_command: Run) -> None:
    full = "Updating DocTypes for frappe        : [" + "=" * 40 + "] 100%\n"
    assert full in bench_command("new-site", "two.test", "--admin-password", "x").stdout.replace("\r", "\n")
    assert full in bench_command("migrate").stdout.replace("\r", "\n")
