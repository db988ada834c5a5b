"""Figures of a comparison, as RESULTS.md and as one line of JSON."""

from __future__ import annotations

import os
import platform
import re
import statistics
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.load import CONNECTIONS, Measured, middle
from benchmarks.targets import THREADS, WORKERS, Target

PEER = "stock"


@dataclass
class Figures:
    """What was measured, by target; runs by case and target."""

    seconds: float
    rounds: int
    load: float = 0.0  # of the machine before the run, one-minute average
    runs: dict[str, dict[str, list[Measured]]] = field(default_factory=dict)
    sites: dict[str, float | None] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    def ratio(self, case: str, target: str) -> float | None:
        """How many times the peer's throughput: the median over the rounds."""
        if PEER not in self.runs[case]:
            return None
        pairs = zip(self.runs[case][target], self.runs[case][PEER], strict=True)
        return round(statistics.median(ours.per_second / peer.per_second for ours, peer in pairs), 2)


def summary(figures: Figures) -> dict[str, Any]:
    """Requests per second, and the ratios to the stock bench."""
    targets = list(figures.starts)
    rates = {
        case: {target: round(middle(runs[target]).per_second, 1) for target in targets}
        for case, runs in figures.runs.items()
    }
    ratios = {
        target: {
            **{case: figures.ratio(case, target) for case in figures.runs},
            **{
                name: _part(values, target)
                for name, values in (
                    ("new_site", figures.sites),
                    ("cold_start", figures.starts),
                    ("memory", figures.memory),
                )
            },
        }
        for target in targets
        if target != PEER
    }
    return {
        "requests_per_second": rates,
        "new_site_s": _rounded(figures.sites),
        "cold_start_s": _rounded(figures.starts),
        "memory_mb": _rounded(figures.memory),
        "ratios": ratios,
    }


def _part(values: Any, target: str) -> float | None:
    """The share of the peer's seconds or megabytes."""
    ours, peer = values.get(target), values.get(PEER)
    return round(ours / peer, 3) if ours and peer else None


def _rounded(values: Any) -> dict[str, float | None]:
    return {name: value if value is None else round(value, 2) for name, value in values.items()}


def document(targets: list[Target], labels: dict[str, str], figures: Figures) -> str:
    """RESULTS.md."""
    names = [target.name for target in targets]
    lines = [
        "# 性能对比",
        "",
        "由 `make compare BENCH=原版bench目录` 生成，不要手工修改。同一台机器、同一次运行、同样的应用和数据；",
        f"各方都是 {WORKERS} 个工作进程、每个 {THREADS} 个线程，压测端 {CONNECTIONS} 个连接。逐轮交替施压"
        f"（{figures.rounds} 轮，每项 {figures.seconds:g} 秒），",
        "表中是各轮的中位数，倍数是每轮之比的中位数。压测工具是 wrk（单线程，C 语言），与被测程序在同一台机器上，",
        "分用同样的处理器。",
        "",
        f"- 日期：{datetime.now(timezone.utc):%Y-%m-%d}",
        f"- 机器：{processor()}，{platform.system()} {platform.machine()}",
        *[f"- {target.label}：{target.versions()}" for target in targets],
        f"- {load_note(figures.load)}",
        '- 命令：`make compare BENCH=… ARGS="--rounds '
        f'{figures.rounds} --seconds {figures.seconds:g}"`；原版由 `gunicorn --worker-class gthread --preload` 提供服务，',
        "  内嵌运行时由 `bench serve` 提供（与 `bench start` 的网页进程相同）",
        "",
        "## 吞吐量与延迟",
        "",
        "| 请求 | " + " | ".join(f"{t.label}：次/秒 | p50 ms | p99 ms" for t in targets) + " | 倍数 |",
        "|---|" + "---:|" * (3 * len(targets) + 1),
    ]
    for case, label in labels.items():
        cells = [label]
        for name in names:
            run = middle(figures.runs[case][name])
            cells += [f"{run.per_second:,.0f}", f"{run.p50_ms:.2f}", f"{run.p99_ms:.2f}"]
        ratios = [figures.ratio(case, name) for name in names if name != PEER]
        cells.append(" / ".join("–" if ratio is None else f"{ratio:.1f}" for ratio in ratios))
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## 其它",
        "",
        "| | " + " | ".join(t.label for t in targets) + " |",
        "|---|" + "---:|" * len(targets),
    ]
    for label, values in (
        ("新建站点并安装两个应用（秒）", figures.sites),
        ("网页服务冷启动到第一个回答（秒）", figures.starts),
        ("网页进程内存，PSS 合计，压测之后（MB）", figures.memory),
    ):
        cells = ["–" if values.get(name) is None else f"{values[name]:.1f}" for name in names]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def load_note(load: float) -> str:
    """How far a run can be trusted."""
    return (
        f"开始前的系统负载：{load:.1f}（高于 1 时机器上还有别的程序：数值偏低，倍数只供参考，应在空闲时重测）"
    )


def processor() -> str:
    """The machine's processor, cores and memory."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    size = f"，{int(memory[1]) / 1024**2:.0f} GB 内存" if memory else ""
    return f"{found[1] if found else platform.processor()}，{os.cpu_count()} 核{size}"
