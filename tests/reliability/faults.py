"""`make fault-test`: kill a process between every two statements of a settlement, and see whether saying it again helps.

For every story and every point a market is prepared, the notification (or the sweeper, or the cashier's call) is
killed there by SIGKILL, the books are read, and WeChat says it again to a fresh process. Killed, the books must read
as before or as after the whole work ("half" if not); in the end they must read as after one undisturbed run: what is
missing is "lost", what is too much is "doubled". The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread

import frappe
from market_mgmt.services import ledger
from simulators import keys as key_files
from simulators.server import serve
from tests.reliability.books import Record, books, told
from tests.reliability.killing import Master, Sabotage
from tests.reliability.stories import NOW, STORIES, Case, Gateway, Story
from tests.sites import Bench, connected, new_bench, new_site, servers

LONGEST = 2000  # points of one story; more means that counting does not end


@dataclass
class Tally:
    """How many points were tried, and what was found at them."""

    points: int = 0
    lost: int = 0
    doubled: int = 0
    half: int = 0
    violations: int = 0

    def add(self, other: Tally) -> None:
        for name, count in asdict(other).items():
            setattr(self, name, getattr(self, name) + count)

    @property
    def sound(self) -> bool:
        return not (self.lost or self.doubled or self.half or self.violations)


class Trial:
    """One bench, with simulators for a gateway, on which stories are played."""

    def __init__(self, bench: Bench, gateway: Gateway) -> None:
        self.bench, self.gateway = bench, gateway
        self.master = Master(bench)

    def play(self, story: Story, every: int = 1, sabotage: Sabotage | None = None) -> Tally:
        """Kill at every point (or at every n-th); RuntimeError when the story does not end as told even undisturbed."""
        before, after = self._undisturbed(story)
        tally = Tally()
        for point in range(1, LONGEST, every):
            case = self._prepared(story)
            killed = self.master.perform(case.act, point, sabotage)
            if killed:
                tally.points += 1
                tally.half += self._read(case) not in (before, after)
                self.master.perform(case.repeats[point % len(case.repeats)])
            found = self._read(case)
            tally.lost += (after - found).total()
            tally.doubled += (found - after).total()
            with connected(self.bench):
                tally.violations += len(ledger.check(case.shop.market))
            if not killed:
                return tally
        raise RuntimeError(f"{story.name} has no end")

    def _undisturbed(self, story: Story) -> tuple[Counter[Record], Counter[Record]]:
        """The books before and after, when nobody dies."""
        case = self._prepared(story)
        before = self._read(case)
        self.master.rehearse(case.act)
        after = self._read(case)
        if missing := [line for line in story.told if not told(after, line)]:
            shown = "\n".join(" ".join(map(str, record)) for record in after)
            raise RuntimeError(f"{story.name}: {missing} is not told by\n{shown}")
        return before, after

    def _prepared(self, story: Story) -> Case:
        with connected(self.bench):
            case = story.prepare(self.gateway)
            frappe.db.commit()
        return case

    def _read(self, case: Case) -> Counter[Record]:
        with connected(self.bench):
            return books(case.shop)


@contextmanager
def trial(bench: Bench) -> Iterator[Trial]:
    """Simulators beside the site of a bench, whose clock stands still."""
    directory = bench.sites / bench.site / ".simulators"
    keys = key_files.generate(directory)
    server = serve(directory, 0)
    Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    config = bench.sites / bench.site / "site_config.json"
    entries = {**keys.site_config(base, base), "allow_tests": True, "test_clock": f"{NOW:%Y-%m-%d %H:%M:%S}"}
    config.write_text(json.dumps({**json.loads(config.read_text()), **entries}))
    gateway = Gateway(base, keys)
    gateway.begin()
    played = Trial(bench, gateway)
    try:
        yield played
    finally:
        played.master.end()
        server.shutdown()


def play_on(settings: dict[str, str], names: list[str], every: int) -> Tally:
    """Play stories on a new site with these settings, and say after each what was found."""
    total = Tally()
    with tempfile.TemporaryDirectory(prefix="fault-test-") as directory:
        bench = new_bench(Path(directory), settings)
        new_site(bench)
        with trial(bench) as played:
            for name in names:
                found = played.play(STORIES[name], every)
                database = settings.get("db_type", "sqlite")
                print(f"{database} {STORIES[name].title}：{asdict(found)}", file=sys.stderr, flush=True)
                total.add(found)
    return total


def main() -> int:
    """0 when nothing was lost, doubled or left half, on SQLite and, if `tests.servers` gave us one, on MariaDB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--story", action="append", choices=STORIES, help="only this one; may be repeated")
    parser.add_argument("--every", type=int, default=1, help="only every n-th point")
    options = parser.parse_args()
    began = time.monotonic()
    databases = [{}, servers()] if servers() else [{}]
    with ProcessPoolExecutor(len(databases), multiprocessing.get_context("spawn")) as both:
        work = [
            both.submit(play_on, settings, options.story or list(STORIES), options.every)
            for settings in databases
        ]
        tallies = [each.result() for each in work]
    total = Tally()
    for tally in tallies:
        total.add(tally)
    points = dict(zip(("sqlite", "mariadb"), (tally.points for tally in tallies), strict=False))
    result = {**asdict(total), "stories": len(options.story or STORIES), **points}
    print(json.dumps({**result, "seconds": round(time.monotonic() - began, 1)}))
    return 0 if total.sound else 1


if __name__ == "__main__":
    sys.exit(main())
