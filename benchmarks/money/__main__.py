"""`make bench-money`: billing, imports and payments at size, each as a ratio to a named peer in the same run.

Each profile gets a throw-away site, the server profile a MariaDB and a Redis of its own, which write to disk at every
commit as an office's server does. Every measurement runs in a process of its own. Ends with one line of JSON; writes
MONEY.md unless the sizes were changed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.money import billing, importing, report, settling, world
from tests.servers import mariadb, redis
from tests.sites import Bench, new_bench, new_site

RESULTS = Path(__file__).parent.parent / "MONEY.md"
PROFILES = ("embedded", "server")
DURABLE = (
    *("--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=1"),
    *("--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"),
)
SIZES = {"stalls": 100_000, "per_market": 10_000, "rows": 10_000, "rounds": 3, "payers": 50, "payments": 20}


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    changed = {name for name, size in SIZES.items() if getattr(options, name) != size}
    figures = report.Figures(os.getloadavg()[0])
    for profile in options.profiles.split(","):
        with throw_away(profile) as bench:
            figures.versions[profile] = report.versions(apart(world.database, bench))
            say(f"{profile}: 导入 {options.rows:,} 行抄表")
            figures.importing[profile] = apart(importing.measure, bench, options.rows, options.rounds)
            say_so_far(figures)
            if profile == "server":
                say(f"{profile}: {options.payers} 人付款")
                figures.settling[profile] = apart(settling.measure, bench, options.payers, options.payments)
            say(f"{profile}: 生成 {options.stalls:,} 个摊位的账单")
            figures.billing[profile] = apart(billing.measure, bench, options.stalls, options.per_market)
            say_so_far(figures)
    text = report.document(figures)
    if changed or options.profiles != ",".join(PROFILES):
        say(text)
    else:
        RESULTS.write_text(text, encoding="utf-8")
    print(json.dumps(report.summary(figures), ensure_ascii=False))
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-money", description=__doc__)
    parser.add_argument("--stalls", type=int, default=SIZES["stalls"], help="stalls to be billed")
    parser.add_argument("--per-market", type=int, default=SIZES["per_market"], help="of them in one market")
    parser.add_argument("--rows", type=int, default=SIZES["rows"], help="rows of the readings workbook")
    parser.add_argument("--rounds", type=int, default=SIZES["rounds"], help="imports; the middle one counts")
    parser.add_argument("--payers", type=int, default=SIZES["payers"], help="who pay in parallel")
    parser.add_argument("--payments", type=int, default=SIZES["payments"], help="payments of each of them")
    parser.add_argument("--profiles", default=",".join(PROFILES))
    return parser.parse_args(arguments)


@contextmanager
def throw_away(profile: str) -> Iterator[Bench]:
    """A bench with a fresh site on this profile; nothing of it stays."""
    with ExitStack() as stack:
        # short: a socket's path may have 107 characters
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="money-", dir="/tmp")))
        settings = {}
        if profile == "server":
            address = f"unix://{stack.enter_context(redis(place))}"
            socket = str(stack.enter_context(mariadb(place, *DURABLE)))
            settings = {
                "db_type": "mariadb",
                "db_socket": socket,
                "redis_cache": address,
                "redis_queue": address,
            }
        bench = new_bench(place / "bench", settings)
        new_site(bench)
        yield bench


def apart(work: Callable[..., Any], *arguments: Any) -> Any:
    """What `work` returns, run in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def say_so_far(figures: report.Figures) -> None:
    say(json.dumps(report.summary(figures), ensure_ascii=False))


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
