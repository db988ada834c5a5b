"""`make compare BENCH=/path/to/stock-bench [SITE=…] [ARGS=…]`: the same apps and data, measured on every target.

The targets are loaded in turn, round after round, so that whatever else the machine does hits all of them alike; a
ratio is the median over the rounds of the figures of one round. Ends with one line of JSON; writes RESULTS.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.load import Client, Measured, wrk_is_there
from benchmarks.targets import Embedded, Server, Stock, Target

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    options = _options()
    if not wrk_is_there():
        print("缺少压测工具 wrk：apt-get install wrk", file=sys.stderr)
        return 2
    targets: list[Target] = [Embedded()]
    if options.bench:
        stock = Stock(options.bench.resolve(), options.site)
        targets += [Server(stock), stock]
    figures = report.Figures(options.seconds, options.rounds, os.getloadavg()[0])
    with contextlib.ExitStack() as stack:
        for target in targets:
            stack.callback(target.drop_site)
            say(f"{target.label}：建站")
            figures.sites[target.name] = target.create_site()
            target.fill()
        for target in targets:
            stack.callback(target.stop)
            figures.starts[target.name] = _cold_start(target, options.rounds)
        clients = [Client(target) for target in targets]
        _check_answers(clients)
        for name in clients[0].cases:
            figures.runs[name] = {client.target.name: [] for client in clients}
        for number in range(options.rounds + 1):
            warming = number == 0
            for name, runs in figures.runs.items():
                for client in clients:
                    run = client.run(name, options.seconds)
                    if not warming:
                        runs[client.target.name].append(run)
                        say(f"{number}/{options.rounds} {name:<11}{client.target.name:<10}{_line(run)}")
        for target in targets:
            figures.memory[target.name] = target.memory_mb()
    labels = {name: case.label for name, case in clients[0].cases.items()}
    if not options.no_report:
        RESULTS.write_text(report.document(targets, labels, figures), encoding="utf-8")
    print(json.dumps(report.summary(figures), ensure_ascii=False))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--bench", type=Path, help="directory of a stock bench with both apps; its servers must run"
    )
    parser.add_argument(
        "--site", help="a site of that bench to use (it is written to); else one is made and dropped"
    )
    parser.add_argument("--seconds", type=float, default=4, help="length of one run of one case")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-report", action="store_true", help="leave RESULTS.md as it is")
    return parser.parse_args()


def _cold_start(target: Target, times: int) -> float:
    """The median of some starts, in seconds; the last one goes on serving."""
    found = []
    for _ in range(times):
        target.stop()
        found.append(target.start())
    return statistics.median(found)


def _check_answers(clients: list[Client]) -> None:
    """Every target answers every case with the same fields; RuntimeError else."""
    for name in clients[0].cases:
        shapes = [_shape(client.answer(name)) for client in clients]
        if any(shape != shapes[0] for shape in shapes):
            raise RuntimeError(f"{name}: the answers differ: {shapes}")


def _shape(value: object) -> object:
    """Names of fields and numbers of rows. Fields without a value may be left out of a document."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in sorted(value.items()) if item is not None}
    if isinstance(value, list):
        return [len(value), _shape(value[0]) if value else None]
    return None


def _line(run: Measured) -> str:
    return f"{run.per_second:9.0f}/s  p50 {run.p50_ms:7.2f} ms  p99 {run.p99_ms:7.2f} ms"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
