"""The office's methods about bills: readings, drafts, publication, months."""

from datetime import date, datetime
from decimal import Decimal

import frappe
from cn_connect import clock
from cn_connect.api_method import api_method
from frappe import _
from market_mgmt import permissions
from market_mgmt.api import answers
from market_mgmt.api.staff.common import (
    ADMINISTRATOR,
    CASHIER,
    CLERK,
    FINANCE,
    SUPERVISOR,
    cents,
    day_of,
    own,
)
from market_mgmt.domain.amounts import ZERO
from market_mgmt.services import billing, closing, late_fees, readings, supplier_bills


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def generate_bills(market: str, period: str, as_of: date | None = None) -> answers.BillRun:
    """Drafts the bills of a period; running it again changes nothing."""
    permissions.require_market(market)
    run = billing.generate(market, period, day_of(as_of), by=frappe.session.user)
    skipped: list[answers.SkippedStall] = [
        {"stall": stall, "reason": reason} for stall, reason in run.skipped
    ]
    return {"created": run.created, "existing": run.existing, "skipped": skipped}


@api_method(methods=["POST"], roles=[FINANCE, SUPERVISOR, ADMINISTRATOR])
def review_bills(names: list[str]) -> answers.Reviewed:
    """Vouches for drafts after looking at them; only then can they be published.

    Where the market asks for two people, who has generated a bill may not review it.
    """
    own("Fee", names)
    return {"reviewed": billing.review(names, frappe.session.user, clock.now())}


@api_method(methods=["POST"], roles=[FINANCE, SUPERVISOR, ADMINISTRATOR])
def publish_bills(
    names: list[str], as_of: date | None = None, reason: str | None = None
) -> answers.Published:
    """Publishes bills that have been reviewed; those that are published already are left alone.

    Where the market asks for two people, who has generated a bill may not publish it. The bill date is today unless told
    otherwise; only a supervisor dates a bill back, and gives the reason.
    """
    batches: dict[tuple[str, str], list[str]] = {}
    for fee in own("Fee", names, "period"):
        batches.setdefault((fee.market, fee.period), []).append(fee.name)
    day, now, user = day_of(as_of), clock.now(), frappe.session.user
    if day < now.date() and SUPERVISOR not in frappe.get_roles():
        frappe.throw(
            _("Only a supervisor dates a bill before the day it is published."), frappe.PermissionError
        )
    moment = max(now, datetime.combine(day, now.time()))
    published = 0
    for (market, period), fees in sorted(batches.items()):
        published += billing.publish(market, period, day, fees, moment, user, reason)
    return {"published": published}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def create_fee(lease: str, fee_type: str, amount: Decimal, reason: str) -> answers.Named:
    """Drafts a one-off fee with its reason; it is published like any other bill."""
    own("Lease", [lease])
    terms = lease, fee_type, cents(amount), reason, clock.today()
    return {"name": billing.create_one_off(*terms, by=frappe.session.user)}


@api_method(methods=["GET", "POST"], roles=[FINANCE, CASHIER, SUPERVISOR, ADMINISTRATOR])
def late_fee_derivation(fee: str, as_of: date | None = None) -> answers.LateFeeDerivation:
    """How the late fee of a bill comes about up to a day: from, to, principal, rate, days and amount of each step."""
    own("Fee", [fee])
    found = late_fees.derivation_of(fee, as_of or clock.today())
    steps: list[answers.LateFeeStep] = [
        {
            "first_day": span.start,
            "last_day": span.end,
            "principal": span.unpaid,
            "daily_rate": span.daily_rate,
            "days": span.days,
            "amount": amount,
        }
        for span, amount in (found.steps() if found else ())
    ]
    return {
        "fee": fee,
        "steps": steps,
        "cap": found.cap if found else None,
        "capped": bool(found and found.capped),
        "amount": found.amount if found else ZERO,
    }


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def reverse_bill(name: str, reason: str) -> answers.ReversedBill:
    """Reverses a wrong bill, which can be issued again; what was paid on it pays other open fees, or becomes balance."""
    own("Fee", [name])
    lifted = billing.reverse(name, reason, clock.now())
    return {"name": name, "status": "Reversed", "red_cards_lifted": lifted}


@api_method(methods=["POST"], roles=[CLERK, SUPERVISOR, ADMINISTRATOR])
def confirm_readings(names: list[str]) -> answers.Confirmed:
    """Confirms readings that were held, so that they are billed."""
    own("Meter Reading", names)
    return {"confirmed": readings.confirm(names, frappe.session.user)}


@api_method(methods=["POST"], roles=[CLERK, SUPERVISOR, ADMINISTRATOR])
def void_reading(name: str, reason: str) -> answers.NamedStatus:
    """Takes back a wrong reading that has not been billed, so that the meter can be read again."""
    own("Meter Reading", [name])
    readings.void(name, reason)
    return {"name": name, "status": readings.VOID}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def confirm_supplier_bill(name: str) -> answers.NamedStatus:
    """Vouches for the supplier's bill of a month: the price of that month follows from it."""
    own("Supplier Bill", [name])
    return {"name": name, "status": supplier_bills.confirm(name)}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def close_month(market: str, period: str) -> answers.Named:
    """Closes the next month of a market: its late fees are posted, its totals written down, nothing is booked into it again."""
    permissions.require_market(market)
    return {"name": closing.close(market, period, frappe.session.user, clock.now())}
