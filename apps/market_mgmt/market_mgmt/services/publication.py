"""Publishing bills: looked at by a person, dated, charged in the ledger, and frozen from then on.

Where the market asks for two people, who has generated a bill neither reviews nor publishes it. A bill is not dated before
the day on which it is published, since late fees run from its date; a supervisor may do so, with a reason.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import frappe
from cn_connect.money import yuan
from frappe import _
from market_mgmt.domain.late_fee import DEFAULT_START_AFTER_DAYS
from market_mgmt.domain.ledger import CHARGE, DEFERRED_INCOME, INCOME, RECEIVABLE, Posting
from market_mgmt.domain.periods import Period, month_of
from market_mgmt.services import deferral, dunning, labels, ledger, supplier_bills, waivers
from market_mgmt.services.allocations import use_prepaid
from market_mgmt.services.closed_months import require_open
from market_mgmt.services.late_fees import rule_in_force
from market_mgmt.services.ledger_caches import refresh_deferred
from market_mgmt.services.rows import chunks, lock, uncollected

CHARGED = ("name", "market", "merchant", "lease", "stall", "fee_type", "source", "status", "amount")
_LOOKED_AT = ("generated_by", "period_start", "period_end")
DRAFT, REVIEWED = "Draft", "Reviewed"


def review(names: Sequence[str], by: str, now: datetime) -> int:
    """Vouch for drafts, which may then be published; returns how many. What is no draft is left alone.

    Raises PermissionError for what the same person has generated, where the market asks for two.
    """
    rows = lock("Fee", names, ("name", "status", "market", "generated_by")).values()
    drafts = [row for row in rows if row.status == DRAFT]
    _require_another(drafts, by)
    _set([row.name for row in drafts], {"status": REVIEWED, "reviewed_by": by, "reviewed_at": now})
    return len(drafts)


@uncollected()
def publish(
    market: str,
    period: str,
    as_of: date,
    names: Sequence[str] | None = None,
    now: datetime | None = None,
    by: str | None = None,
    reason: str | None = None,
) -> int:
    """Publish the reviewed bills of a period, or those of them in `names`; returns how many. Repeating publishes nothing.

    The bill date is `as_of`; due date and late fees follow from the rule in force, which is copied. `now` (midnight of
    that day if not given) is when it happens, and when red cards are lifted of leases whose arrears a prepaid balance
    has settled. `by` is who publishes, None for the system; `reason` is why bills are dated before `now`.
    Raises ValidationError when a resold utility would bring in more than its supplier's bill, or for an earlier date
    without reason; PermissionError for what the same person has generated, where the market asks for two.
    """
    month_named(period)
    moment = now or datetime.combine(as_of, time())
    reason = (reason or "").strip() or None
    if as_of < moment.date() and not reason:
        frappe.throw(
            _("A bill is not dated before the day it is published ({0}); that needs a reason.").format(
                moment.date()
            )
        )
    require_open(market, as_of)
    filters: dict[str, object] = {"market": market, "period": period, "status": REVIEWED}
    if names is not None:
        filters["name"] = ["in", list(names) or [""]]
    found = frappe.get_all("Fee", filters=filters, fields=["name", "merchant"])
    supplier_bills.wait_for_others(market, period)
    # What follows may spend prepaid balances, and merchants are locked before fees.
    lock("Merchant", {row.merchant for row in found})
    rows = lock("Fee", (row.name for row in found), (*CHARGED, *_LOOKED_AT)).values()
    bills = [row for row in rows if row.status == REVIEWED]
    _require_another(bills, by)
    supplier_bills.require_covered(market, period, bills)
    publication: dict[str, object] = {"published_by": by}
    if as_of < moment.date():
        publication["early_date_reason"] = reason
    freeze([row.name for row in bills], as_of, rule_in_force(market, as_of), publication=publication)
    shares = deferral.deferred_shares(market, bills, as_of)
    ledger.post([charge(row, as_of, deferred=row.name in shares) for row in bills])
    ledger.post(deferral.recognitions(bills, shares, as_of))
    refresh_deferred(shares)
    waivers.carry_over(market, [row.name for row in bills], as_of)
    for paid in use_prepaid({row.merchant for row in bills}, as_of).values():
        for lease in paid.leases:
            dunning.after_payment(lease, moment)
    return len(bills)


def _require_another(fees: Sequence[frappe._dict], by: str | None) -> None:
    """Raises PermissionError when `by` generated one of these fees and its market asks for two people. What the system
    has drafted may be reviewed and published by anybody who may do so."""
    own = [row for row in fees if by and row.generated_by == by]
    for market in sorted({row.market for row in own}):
        if frappe.db.get_value("Market", market, "bills_by_two_people"):
            fee = next(row.name for row in own if row.market == market)
            frappe.throw(
                _("You have generated {0}; another person reviews and publishes it.").format(labels.fee(fee)),
                frappe.PermissionError,
            )


def freeze(
    names: list[str],
    as_of: date,
    rule: frappe._dict | None,
    first_late_day: date | None = None,
    publication: dict[str, object] | None = None,
) -> None:
    """Set what never changes again on a published bill: dates, who published it, and the late fee rule as it is today."""
    due = as_of + timedelta(days=rule.start_after_days if rule else DEFAULT_START_AFTER_DAYS)
    values: dict[str, object] = {"status": "Published", "bill_date": as_of, "due_date": due}
    values |= publication or {}
    if rule:
        values["late_fee_from"] = first_late_day or due + timedelta(days=1)
        values |= {"late_fee_rate": float(rule.daily_rate), "late_fee_cap": float(rule.cap_share)}
    else:
        values["late_fee_applies"] = 0
    _set(names, values, "outstanding = amount")


def _set(names: Sequence[str], values: dict[str, object], *further: str) -> None:
    """Set the same values (and `further` assignments) in thousands of fees with a few statements."""
    assignments = ", ".join([*(f"`{column}` = %s" for column in values), *further])
    for piece in chunks(names):
        frappe.db.sql(f"UPDATE `tabFee` SET {assignments} WHERE name IN %s", (*values.values(), tuple(piece)))


def charge(fee: frappe._dict, as_of: date, key: str | None = None, deferred: bool = False) -> Posting:
    """The entry of a published bill; one of several months may be `deferred`."""
    return Posting(
        market=fee.market,
        merchant=fee.merchant,
        posting_date=as_of,
        entry_type=CHARGE,
        debit_account=RECEIVABLE,
        credit_account=DEFERRED_INCOME if deferred else INCOME,
        amount=yuan(fee.amount),
        idempotency_key=key or f"charge|{fee.name}",
        lease=fee.lease,
        stall=fee.stall,
        fee=fee.name,
        voucher_type="Fee",
        voucher_no=fee.name,
    )


def month_named(period: str) -> Period:
    """The month of a period. Raises ValidationError for what is no month (YYYY-MM)."""
    try:
        return month_of(period)
    except ValueError:
        frappe.throw(_("{0} is not a month (YYYY-MM).").format(period))
        raise
