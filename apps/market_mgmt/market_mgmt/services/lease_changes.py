"""What a lease goes through while it runs: renewed into the next one, or ended before its time with its last bills."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import frappe
from cn_connect.money import to_db
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import leases as rules
from market_mgmt.domain.periods import month_key
from market_mgmt.services import billing, deposits, labels
from market_mgmt.services.rows import lock
from market_mgmt.services.values import as_date

__all__ = ["Termination", "activate", "renew", "terminate"]


@dataclass(frozen=True)
class Termination:
    """What a termination led to: bills taken back, last bills drafted, and what could not be billed, why."""

    reversed: tuple[str, ...]
    drafted: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]


def activate(lease: str) -> str:
    """Let a drafted lease hold its stall from its first day; returns its status. Raises ValidationError for any other."""
    document = frappe.get_doc("Lease", lease, for_update=True)
    if document.status != rules.DRAFT:
        frappe.throw(_("Lease {0} is {1}, not a draft.").format(labels.lease(lease), _(document.status)))
    document.status = rules.ACTIVE
    return document.save(ignore_permissions=True).status


def renew(
    lease: str,
    end: date,
    monthly_rent: Decimal,
    now: datetime,
    start: date | None = None,
    cycle: str | None = None,
) -> str:
    """Make the next lease of the same merchant and stall; returns its name. The deposit goes over to it.

    It starts the day after the lease ends unless `start` says otherwise, has no rent-free days, and keeps the cycle
    unless told. Raises ValidationError for a lease that is not active or has been renewed already.
    """
    old = _active(lease)
    if frappe.db.exists("Lease", {"renewed_from": lease}):
        frappe.throw(_("Lease {0} has been renewed already.").format(labels.lease(lease)))
    new = frappe.get_doc(
        {
            "doctype": "Lease",
            "market": old.market,
            "merchant": old.merchant,
            "stall": old.stall,
            "status": rules.ACTIVE,
            "start_date": start or as_date(old.end_date) + timedelta(days=1),
            "end_date": end,
            "monthly_rent": to_db(monthly_rent),
            "cycle": cycle or old.cycle,
            "deposit": old.deposit,
            "late_fee_clause": old.late_fee_clause,
            "renewed_from": old.name,
        }
    ).insert(ignore_permissions=True)
    deposits.carry_over(old.name, new.name, now.date())
    return new.name


def terminate(lease: str, last_day: date, reason: str, now: datetime) -> Termination:
    """End a lease before its time: bills that reach beyond `last_day` are taken back and drafted anew up to it.

    What was paid on them becomes balance. The meters must have been read at the handover, else their bill is skipped
    with the reason. Raises ValidationError without a reason, for a lease that is not active, or a day outside it.
    """
    if not (reason or "").strip():
        frappe.throw(_("A termination needs a reason."))
    if last_day > now.date():
        frappe.throw(_("A lease is terminated on its last day or afterwards."))
    document = _active(lease)
    lock("Merchant", [document.merchant])
    document.update(
        {"status": rules.TERMINATED, "terminated_on": last_day, "termination_reason": reason.strip()}
    )
    document.save(ignore_permissions=True)
    beyond = frappe.get_all(
        "Fee",
        filters={
            "lease": lease,
            "source": "Generated",
            "status": ["!=", "Reversed"],
            "period_end": [">", last_day],
        },
        fields=["name", "period"],
        order_by="period, name",
    )
    for fee in beyond:
        billing.reverse(fee.name, reason, now)
    drafted: list[str] = []
    skipped: list[tuple[str, str]] = []
    last_month = month_key(last_day)
    for period in sorted({last_month, *(fee.period for fee in beyond)}):
        run = billing.generate(document.market, period, now.date(), lease)
        drafted += run.created
        if period == last_month:
            skipped += run.skipped
    return Termination(tuple(fee.name for fee in beyond), tuple(drafted), tuple(skipped))


def _active(lease: str) -> Document:
    document = frappe.get_doc("Lease", lease, for_update=True)
    if document.status != rules.ACTIVE:
        frappe.throw(_("Lease {0} is {1}, not active.").format(labels.lease(lease), _(document.status)))
    return document
