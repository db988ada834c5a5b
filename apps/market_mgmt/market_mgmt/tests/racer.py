"""The contestants of `test_concurrency`: processes that connect, wait for the start, act at once, and commit.

Called as `python -m market_mgmt.tests.racer <sites folder> <site> <JSON list of [action, arguments]>`. Imports once and
forks the contestants before anything is connected; prints the list of their answers, null for one that died.
"""

import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import frappe
from cn_connect import clock, retry
from frappe.model.workflow import apply_workflow
from market_mgmt.services import billing, closing, deferral, dunning, late_fees, payments, red_cards, refunds
from market_mgmt.services.imports import arrears, merchants, readings
from market_mgmt.services.imports.common import WRITING
from market_mgmt.tests import factories

NOW = datetime(2026, 11, 11, 10)


def settle(order: str, transaction_id: str, paid_at: str = "") -> Any:
    """Known now; paid now, unless `paid_at` (ISO) says when."""
    at = datetime.fromisoformat(paid_at) if paid_at else NOW
    return payments.settle(factories.transaction(order, at, transaction_id=transaction_id), NOW).state


def settle_and_die(order: str, transaction_id: str) -> Any:
    """The machine goes off after the work and before the commit."""
    settle(order, transaction_id)
    os._exit(9)


def collect(merchant: str, fee: str, amount: str, by: str = "Administrator") -> Any:
    return payments.collect(merchant, [fee] if fee else [], "Cash", Decimal(amount), by, NOW).receipt


def reverse_bill(fee: str) -> Any:
    return billing.reverse(fee, "录错", NOW)


def reverse_payment(order: str, by: str) -> Any:
    return payments.reverse(order, "退票", by, NOW)


def pay_refund(refund: str, by: str = "Administrator") -> Any:
    return refunds.pay_out(refund, by, NOW)


def give_up_refund(refund: str) -> Any:
    return refunds.give_up(refund, "户名不符", NOW)


def approve_waiver(waiver: str) -> Any:
    clock.now = lambda: NOW
    return apply_workflow(frappe.get_doc("Fee Waiver", waiver), "Approve").status


def approve_refund(refund: str) -> Any:
    return refunds.review(refund, True, None, "Guest", NOW)


def bill(market: str, period: str) -> Any:
    run = billing.generate(market, period, date(2026, 12, 1))
    return [len(run.created), factories.publish(market, period, date(2026, 12, 1))]


def publish(market: str, period: str, names: list[str] | None = None) -> Any:
    """Somebody clicks on the reviewed bills of a period, or on some of them."""
    return billing.publish(market, period, NOW.date(), names)


def recognise(market: str, through: str) -> Any:
    return deferral.recognise(market, date.fromisoformat(through))


def accrue(market: str, as_of: str = "") -> Any:
    return str(late_fees.accrue_market(market, date.fromisoformat(as_of) if as_of else NOW.date()))


def close_month(market: str, period: str) -> Any:
    return closing.close(market, period, "Administrator", NOW)


def dun(market: str) -> Any:
    run = dunning.run(market, NOW)
    return [run.total, len(run.red_cards)]


def publish_card(card: str) -> Any:
    return red_cards.review(card, True, None, "Administrator", NOW).status


def lease(market: str, merchant: str, stall: str) -> Any:
    try:
        return factories.lease(market, merchant, stall)
    except frappe.ValidationError as error:
        return type(error).__name__


def import_file(kind: str, market: str, path: str, period: str | None = None, die_at: int = 0) -> Any:
    """Imports a workbook; `die_at` is the row at whose writing, or -1 the end before the commit, the machine goes off."""

    def advance(step: str, done: int, _total: int) -> None:
        if step == WRITING and done == die_at:
            os._exit(9)

    frappe.db.rollback()  # as the job does before it locks the market
    content, today = Path(path).read_bytes(), NOW.date()
    rest = (content, Path(path).name, today, False, None, advance)
    if kind == "readings":
        result = readings.run(market, str(period), *rest)
    else:
        result = (merchants if kind == "merchants" else arrears).run(market, *rest)
    if die_at == -1:
        os._exit(9)
    return {"status": result.status, "repeated": result.repeated, "added": result.added}


ACTIONS: dict[str, Callable[..., Any]] = {
    action.__name__: action
    for action in (
        *(settle, settle_and_die, collect, approve_waiver, approve_refund, bill, publish, accrue, recognise),
        *(close_month, dun, publish_card, lease, import_file),
        *(reverse_bill, reverse_payment, pay_refund, give_up_refund),
    )
}


def contestant(site: str, start: Any, answer: Connection, action: str, arguments: dict[str, Any]) -> None:
    frappe.init(site=site, sites_path=".")
    frappe.connect()
    # A snapshot from before the race, as a request has that looked up its session first.
    frappe.db.count("Fee")
    start.wait(timeout=60)

    def work() -> Any:
        outcome = ACTIONS[action](**arguments)
        frappe.db.commit()
        return outcome

    try:
        answer.send(retry.whole(work, attempts=8))
    except (frappe.DuplicateEntryError, frappe.ValidationError) as error:
        frappe.db.rollback()
        answer.send(type(error).__name__)


def main(sites: str, site: str, entries: str) -> None:
    os.chdir(sites)
    fork = multiprocessing.get_context("fork")
    contest = json.loads(entries)
    start = fork.Barrier(len(contest))
    answers = []
    for action, arguments in contest:
        receiving, sending = fork.Pipe(duplex=False)
        fork.Process(target=contestant, args=(site, start, sending, action, arguments)).start()
        sending.close()
        answers.append(receiving)
    print(json.dumps([_answer(pipe) for pipe in answers]), flush=True)


def _answer(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        return None


if __name__ == "__main__":
    main(*sys.argv[1:])
