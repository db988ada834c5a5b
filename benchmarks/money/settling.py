"""How long a payment takes from WeChat's notification to its acknowledgement, with one payer and with many at once.

Each payment settles an order over the three fees of a stall. `direct` is `services.settlement.settle` and the commit in
one process: lock, posting, allocation, receipt, the end of dunning. `one` and `many` are what WeChat sees: signed and
encrypted notifications over HTTP to two web processes (the system's default), verified, settled and committed before
they are acknowledged. `many` payers send theirs in parallel, each the next one as soon as the last is acknowledged.
Every payer's first payment is not counted: with these the processes connect and load what their first requests need.
All payments are of one market, so that all of them wait for the same receipt counter; server, database and payers share
the machine.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import frappe
from benchmarks.money import world
from tests.live import LiveSite, live
from tests.notifications import Notification, paid
from tests.sites import Bench, connected

_PATH = "/api/method/cn_connect.api.wechat_pay.notify"
_WORKERS = "2"


@dataclass
class Settling:
    """Milliseconds of every payment."""

    payers: int
    direct: list[float] = field(default_factory=list)
    one: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)
    many_seconds: float = 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by that share of the values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 1000) // 1000) - 1)]


def measure(bench: Bench, payers: int, payments: int) -> Settling:
    """`payments` of each of the `payers`, and twice as many as a payer's ten by one.

    Raises RuntimeError when one fails or the ledger is not in order.
    """
    alone = 10 * payments
    found = Settling(payers)
    with live(bench, "--workers", _WORKERS) as site:
        site.set_clock(world.NOW)
        with connected(bench):
            market = world.market(2 * alone + payers * (1 + payments), [world.PERIOD])
            world.publish(market)
            orders = world.orders(market, site.keys.mchid)
            frappe.db.commit()
            found.direct = _direct(orders[:alone], site.keys.mchid)
        one, rest = orders[alone : 2 * alone], orders[2 * alone :]
        first, many = rest[:payers], rest[payers:]
        _pay(site, _told(site, first), payers)
        found.one = _pay(site, _told(site, one), 1)
        told = _told(site, many)
        began = time.perf_counter()
        found.many = _pay(site, told, payers)
        found.many_seconds = time.perf_counter() - began
    with connected(bench):
        _check(market, len(orders))
    return found


def _direct(orders: list[tuple[str, str]], mchid: str) -> list[float]:
    from market_mgmt.services.settlement import settle
    from market_mgmt.tests import factories

    times = []
    for order, _amount in orders:
        transaction = factories.transaction(order, world.NOW, mchid=mchid)
        frappe.db.commit()
        began = time.perf_counter()
        settle(transaction, world.NOW)
        frappe.db.commit()
        times.append(1000 * (time.perf_counter() - began))
    return times


def _told(site: LiveSite, orders: list[tuple[str, str]]) -> list[Notification]:
    """Signed in advance: that is WeChat's work, not ours."""
    return [paid(site.keys, order, amount, world.NOW) for order, amount in orders]


def _pay(site: LiveSite, told: list[Notification], payers: int) -> list[float]:
    """Milliseconds of each, from the first byte sent to the last received, `payers` sending at the same time."""
    times: list[float] = []
    failed: list[str] = []
    ready = threading.Barrier(payers)

    def pay(own: list[Notification]) -> None:
        connection = http.client.HTTPConnection(site.base.removeprefix("http://"), timeout=60)
        connection.connect()
        ready.wait()
        for one in own:
            headers = {**one.headers, "Content-Type": "application/json"}
            began = time.perf_counter()
            connection.request("POST", _PATH, one.body.encode(), headers)
            answer = connection.getresponse()
            text = answer.read()
            times.append(1000 * (time.perf_counter() - began))
            if answer.status != 200:
                failed.append(f"{answer.status} {text[:300]!r}")

    threads = [threading.Thread(target=pay, args=(told[number::payers],)) for number in range(payers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed or len(times) != len(told):
        raise RuntimeError(f"{len(failed)} of {len(told)} notifications were refused: {failed[:1]}")
    return times


def _check(market: world.Market, payments: int) -> None:
    """Every payment has its receipt, the numbers have no gap, and the ledger is in order."""
    from market_mgmt.services import ledger

    numbers: list[Any] = frappe.get_all("Receipt", {"market": market.name}, pluck="number", order_by="number")
    if numbers != list(range(1, payments + 1)):
        raise RuntimeError(f"{len(numbers)} receipts of {payments} payments")
    if violations := ledger.check(market.name):
        raise RuntimeError(f"the ledger is not in order: {violations[:3]}")
