"""Jobs, most of them scheduled: each asks the clock once and calls one service."""

from collections.abc import Callable
from datetime import timedelta

import frappe
from cn_connect import clock
from market_mgmt.domain.periods import month_containing, month_key
from market_mgmt.services import (
    billing,
    bindings,
    deferral,
    dunning,
    late_fees,
    leases,
    ledger,
    ledger_seals,
    payments,
    readings,
    reconciliation,
    red_cards,
    wechat_refunds,
)


def sweep_payments() -> None:
    """Asks WeChat about pending orders, so that no payment waits for a lost notification."""
    payments.sweep(clock.now())


def sweep_refunds() -> None:
    """Sends approved refunds and asks WeChat about those under way."""
    wechat_refunds.sweep(clock.now())


def sweep_red_cards() -> None:
    """Proves that no settled arrears still show a red card."""
    red_cards.sweep(clock.now())


def run_dunning() -> None:
    """Reminders, dunning and drafts of red cards."""
    now = clock.now()
    _each_market(lambda market: dunning.run(market, now))


def end_leases() -> None:
    """Ends leases whose last day has passed."""
    leases.end_expired(clock.today())


def reconcile_payments() -> None:
    """Every morning, and again while bills are missing: WeChat's bills against our books."""
    reconciliation.reconcile_due(clock.now())


def check_fee_rates() -> None:
    """On the third of a month: whether WeChat kept more of last month's payments than the contract says."""
    month = month_containing(clock.today().replace(day=1) - timedelta(days=1))
    for payee, kept, contracted in reconciliation.excess_fees(month):
        frappe.log_error(
            title=f"WeChat kept more than contracted of {payee.sub_mchid or payee.mchid}",
            message=f"{month.start} – {month.end}: {kept}, contracted {contracted} at {payee.rate}",
        )


def draft_bills() -> None:
    """Each night: drafts last month's bills once its readings are in and none waits for a clerk."""
    today = clock.today()
    period = month_key(today.replace(day=1) - timedelta(days=1))

    def draft(market: str) -> None:
        if readings.are_settled(market, period):
            billing.generate(market, period, today)

    _each_market(draft)


def accrue_late_fees() -> None:
    """On the first of a month: posts the late fees up to the last day of the month before."""
    month_end = clock.today() - timedelta(days=1)
    _each_market(lambda market: late_fees.accrue_market(market, month_end))


def send_sign_in_code(account: str, market: str, stall_no: str, sealed_phone: str) -> None:
    """After a request for a code by SMS: sends one if the phone is on file."""
    bindings.send_code(account, market, stall_no, sealed_phone, clock.now())


def recognise_income() -> None:
    """Each night: of rent billed for several months, what has become income by the end of the day before."""
    yesterday = clock.today() - timedelta(days=1)
    _each_market(lambda market: deferral.recognise(market, yesterday))


def check_ledgers() -> None:
    """Each night: every figure that is kept must be what the ledger says; a difference raises an alarm. Then what
    is new is sealed."""

    def look(market: str) -> None:
        violations = ledger.check(market)
        if violations:
            shown = "\n".join(f"{v.rule} {v.document}: {v.detail}" for v in violations[:50])
            frappe.log_error(f"Ledger of market {market}: {len(violations)} differences", shown)
        ledger_seals.seal(market, clock.now())

    _each_market(look)


def _each_market(work: Callable[[str], object]) -> None:
    """Does the work for every market in a transaction of its own: one that fails leaves the others alone."""
    for market in frappe.get_all("Market", pluck="name", order_by="name"):
        try:
            work(market)
            frappe.db.commit()
        except Exception:
            trace = frappe.get_traceback()
            frappe.db.rollback()
            frappe.log_error(f"Scheduled work for market {market} failed", trace)
            frappe.db.commit()
