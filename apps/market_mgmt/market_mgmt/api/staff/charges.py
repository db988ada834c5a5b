"""The office's methods about money: readings, bills, the counter."""

from datetime import date, datetime
from decimal import Decimal

import frappe
from cn_connect import clock
from cn_connect.api_method import api_method
from cn_connect.money import yuan
from frappe import _
from market_mgmt import permissions
from market_mgmt.api import answers
from market_mgmt.services import billing, closing, meter_changes, payments, readings

ADMINISTRATOR, FINANCE, SUPERVISOR = "Market Administrator", "Market Finance", "Market Supervisor"
CLERK, CASHIER = "Market Clerk", "Market Cashier"


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def generate_bills(market: str, period: str, as_of: date | None = None) -> answers.BillRun:
    """Drafts the bills of a period; running it again changes nothing."""
    permissions.require_market(market)
    run = billing.generate(market, period, _day(as_of))
    skipped: list[answers.SkippedStall] = [
        {"stall": stall, "reason": reason} for stall, reason in run.skipped
    ]
    return {"created": run.created, "existing": run.existing, "skipped": skipped}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def publish_bills(names: list[str], as_of: date | None = None) -> answers.Published:
    """Publishes drafts that have been reviewed; those that are published already are left alone."""
    batches: dict[tuple[str, str], list[str]] = {}
    for fee in _own("Fee", names, "period"):
        batches.setdefault((fee.market, fee.period), []).append(fee.name)
    day = _day(as_of)
    moment = datetime.combine(day, clock.now().time())
    published = 0
    for (market, period), fees in sorted(batches.items()):
        published += billing.publish(market, period, day, fees, moment)
    return {"published": published}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def create_fee(lease: str, fee_type: str, amount: Decimal, reason: str) -> answers.Named:
    """Drafts a one-off fee with its reason; it is published like any other bill."""
    _own("Lease", [lease])
    return {"name": billing.create_one_off(lease, fee_type, _cents(amount), reason, clock.today())}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def reverse_bill(name: str, reason: str) -> answers.ReversedBill:
    """Reverses a wrong bill; what was paid on it becomes prepaid balance, and it can be issued again."""
    _own("Fee", [name])
    lifted = billing.reverse(name, reason, clock.now())
    return {"name": name, "status": "Reversed", "red_cards_lifted": lifted}


@api_method(methods=["POST"], roles=[CLERK, SUPERVISOR, ADMINISTRATOR])
def confirm_readings(names: list[str]) -> answers.Confirmed:
    """Confirms readings that were held, so that they are billed."""
    _own("Meter Reading", names)
    return {"confirmed": readings.confirm(names, frappe.session.user)}


@api_method(methods=["POST"], roles=[CLERK, SUPERVISOR, ADMINISTRATOR])
def void_reading(name: str, reason: str) -> answers.NamedStatus:
    """Takes back a wrong reading that has not been billed, so that the meter can be read again."""
    _own("Meter Reading", [name])
    readings.void(name, reason)
    return {"name": name, "status": readings.VOID}


@api_method(methods=["POST"], roles=[CLERK, SUPERVISOR, ADMINISTRATOR])
def read_at_handover(meter: str, current: Decimal, reading_date: date) -> answers.Named:
    """Records what a meter showed when its stall changed hands: until then the old tenant pays, from then on the new one."""
    _own("Meter", [meter])
    return {"name": meter_changes.read_at_handover(meter, current, reading_date, clock.today())}


@api_method(methods=["POST"], roles=[CASHIER, FINANCE])
def collect(merchant: str, fees: list[str], channel: str, amount: Decimal) -> answers.Collected:
    """Takes money at the counter (Cash, Transfer, POS); what is left after the fees is prepaid."""
    _own("Merchant", [merchant])
    taken = payments.collect(merchant, fees, channel, _cents(amount), frappe.session.user, clock.now())
    return {
        "payment_order": taken.order,
        "receipt": taken.receipt,
        "red_cards_lifted": list(taken.red_cards_lifted),
    }


@api_method(methods=["POST"], roles=[SUPERVISOR, FINANCE])
def reverse_payment(payment_order: str, reason: str) -> answers.ReopenedFees:
    """Takes back a counter payment that somebody else took; its receipt becomes void and its fees are open again."""
    _own("Market Payment Order", [payment_order])
    return {"fees": payments.reverse(payment_order, reason, frappe.session.user, clock.now())}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def close_month(market: str, period: str) -> answers.Named:
    """Closes the next month of a market: its late fees are posted, its totals written down, nothing is booked into it again."""
    permissions.require_market(market)
    return {"name": closing.close(market, period, frappe.session.user, clock.now())}


def _own(doctype: str, names: list[str], *fields: str) -> list[frappe._dict]:
    """The documents with their markets. Raises DoesNotExistError or PermissionError unless all may be seen."""
    filters = {"name": ["in", names or [""]]}
    found = frappe.get_all(doctype, filters=filters, fields=["name", "market", *fields], order_by="name")
    missing = sorted(set(names) - {row.name for row in found})
    if missing:
        frappe.throw(_("{0} {1} does not exist.").format(_(doctype), missing[0]), frappe.DoesNotExistError)
    for market in {row.market for row in found}:
        permissions.require_market(market)
    return found


def _day(as_of: date | None) -> date:
    """Today unless told otherwise; the future is for test sites only."""
    today = clock.today()
    if as_of and as_of > today and not frappe.conf.get("allow_tests"):
        frappe.throw(_("The day {0} lies in the future.").format(as_of))
    return as_of or today


def _cents(amount: Decimal) -> Decimal:
    if not amount.is_finite() or yuan(amount) != amount:
        frappe.throw(_("{0} is no amount in yuan and whole cents.").format(amount))
    return yuan(amount)
