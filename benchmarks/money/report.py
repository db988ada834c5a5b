"""The figures of issue "Money" as one line of JSON and as MONEY.md."""

from __future__ import annotations

import platform
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

from benchmarks.money.billing import Billing
from benchmarks.money.importing import HISTORY_MONTHS, Importing, middle
from benchmarks.money.settling import Settling, percentile
from benchmarks.report import load_note, processor

LABELS = {"embedded": "内嵌（SQLite）", "server": "server（MariaDB、Redis）"}
BILLING_AT_LEAST, IMPORT_AT_MOST = 0.5, 2.0
ONE_AT_MOST_MS, MANY_AT_MOST_MS = 50.0, 500.0


@dataclass
class Figures:
    """What was measured, by profile."""

    load: float
    billing: dict[str, Billing] = field(default_factory=dict)
    importing: dict[str, list[Importing]] = field(default_factory=dict)
    settling: dict[str, Settling] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def summary(figures: Figures) -> dict[str, Any]:
    """The three figures, each by profile, and whether all of them hold."""
    billing = {name: round(found.ratio, 2) for name, found in figures.billing.items()}
    imports = {name: middle(found) for name, found in figures.importing.items()}
    settle = {
        name: {
            "1": round(percentile(found.one, 0.99), 1),
            str(found.payers): round(percentile(found.many, 0.99), 1),
        }
        for name, found in figures.settling.items()
    }
    holds = (
        all(ratio >= BILLING_AT_LEAST for ratio in billing.values())
        and all(one.ratio <= IMPORT_AT_MOST for one in imports.values())
        and all(percentile(found.one, 0.99) <= ONE_AT_MOST_MS for found in figures.settling.values())
        and all(percentile(found.many, 0.99) <= MANY_AT_MOST_MS for found in figures.settling.values())
    )
    return {
        "billing_share_of_executemany": billing,
        "import_times_openpyxl": {name: round(one.ratio, 2) for name, one in imports.items()},
        "import_times_openpyxl_fastest": {name: round(one.fastest_ratio, 2) for name, one in imports.items()},
        "settle_p99_ms": settle,
        "holds": holds,
    }


def versions(database: str = "") -> str:
    """What a profile runs on; `database` is the server's own word."""
    store = (
        f"MariaDB {database}、mysqlclient {version('mysqlclient')}"
        if database
        else f"SQLite {sqlite3.sqlite_version}"
    )
    return f"Python {platform.python_version()}、{store}、openpyxl {version('openpyxl')}、granian {version('granian')}"


def document(figures: Figures) -> str:
    """MONEY.md."""
    lines = [
        "# 钱的性能",
        "",
        "由 `make bench-money` 生成，不要手工修改。每个比值的两边在同一次运行、同一台机器上测得；比什么、怎样比，写在",
        "`benchmarks/money/` 各文件的开头。",
        "",
        f"- 日期：{datetime.now(timezone.utc):%Y-%m-%d}",
        f"- 机器：{processor()}，{platform.system()} {platform.machine()}",
        *[f"- {LABELS[name]}：{text}" for name, text in figures.versions.items()],
        f"- {load_note(figures.load)}",
        "- 命令：`make bench-money`；MariaDB 为测试单独启动，每次提交都写盘"
        "（`innodb_flush_log_at_trx_commit=1`），缓冲池 1 GB",
        "",
        *_billing(figures.billing),
        *_importing(figures.importing),
        *_settling(figures.settling),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _billing(found: dict[str, Billing]) -> list[str]:
    lines = [
        "## 生成账单",
        "",
        "每个摊位三笔费用：租金、水费、电费。“行”是费用与费用明细；对照是同一连接上的 `executemany`，表结构、索引、列和值都相同。",
        f"应不低于对照的 {BILLING_AT_LEAST:.0%}。",
        "",
        "| | 摊位 | 行 | 生成：行/秒 | 对照：行/秒 | 占对照 | 审核并发布：笔/秒 | 占只写账目 |",
        "|---|" + "---:|" * 7,
    ]
    for name, one in found.items():
        lines.append(
            f"| {LABELS[name]} | {one.stalls:,} | {one.rows:,} | {one.rows / one.seconds:,.0f} |"
            f" {one.rows / one.bare:,.0f} | {one.ratio:.0%} | {one.published / one.publish:,.0f} | {one.publish_ratio:.0%} |"
        )
    return [*lines, ""]


def _importing(found: dict[str, list[Importing]]) -> list[str]:
    lines = [
        "## 导入抄表",
        "",
        f"读文件、逐行校验、入库、提交，每块表已有 {HISTORY_MONTHS} 个月的读数；对照是 openpyxl 打开同一文件并读出每一格：照其文档"
        f"（`load_workbook`）、用 `read_only`、用 `read_only` 只取值（最快）。应不超过照文档读法的 {IMPORT_AT_MOST:g} 倍。",
        "",
        "| | 行 | 导入（秒） | openpyxl（秒） | 倍数 | `read_only`：倍数 | 最快（秒） | 最快：倍数（各轮） |",
        "|---|" + "---:|" * 7,
    ]
    for name, rounds in found.items():
        one = middle(rounds)
        each = "、".join(f"{other.fastest_ratio:.2f}" for other in rounds)
        lines.append(
            f"| {LABELS[name]} | {one.rows:,} | {one.seconds:.2f} | {one.read:.2f} | {one.ratio:.2f} |"
            f" {one.seconds / one.read_only:.2f} | {one.fastest:.2f} | {one.fastest_ratio:.2f}（{each}） |"
        )
    return [*lines, ""]


def _settling(found: dict[str, Settling]) -> list[str]:
    lines = [
        "## 结算付款",
        "",
        f"应为：一人付款时 p99 不超过 {ONE_AT_MOST_MS:.0f} 毫秒，五十人同时付款时不超过 {MANY_AT_MOST_MS:.0f} 毫秒。经 HTTP 的包括验签、"
        "解密、结算、提交；两个网页进程。每人的第一笔不计：进程在这时连接数据库、读入所需。",
        "",
        "| | 付款 | p50 ms | p99 ms | 最长 ms | 笔/秒 |",
        "|---|" + "---:|" * 5,
    ]
    for name, one in found.items():
        for label, times, seconds in (
            ("settle，一个进程依次", one.direct, sum(one.direct) / 1000),
            ("通知，一人付款", one.one, sum(one.one) / 1000),
            (f"通知，{one.payers} 人同时付款", one.many, one.many_seconds),
        ):
            lines.append(
                f"| {LABELS[name]}：{label} | {len(times):,} | {percentile(times, 0.5):.1f} | {percentile(times, 0.99):.1f} |"
                f" {max(times):.1f} | {len(times) / seconds:.0f} |"
            )
    return lines
