"""Leases: who holds which stall, and what follows when that begins or ends."""

from datetime import date, datetime
from decimal import Decimal

from pypika.functions import Max

import frappe
from cn_connect.money import yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import leases as rules
from market_mgmt.services import bindings, labels, places
from market_mgmt.services.values import as_date

_RENT_TERMS = ("monthly_rent", "cycle", "start_date", "rent_free_days")


def check(lease: Document) -> None:
    """Raises ValidationError for dates out of order, a step that the status does not have, or an occupied stall."""
    places.check_same_market(lease, "merchant", "stall", "renewed_from")
    start, end = as_date(lease.start_date), as_date(lease.end_date)
    if end < start:
        frappe.throw(_("The lease ends before it starts."))
    before = lease.get_doc_before_save()
    if before and not rules.may_become(before.status, lease.status):
        frappe.throw(_("A lease that is {0} cannot become {1}.").format(_(before.status), _(lease.status)))
    _check_rent(lease, before)
    _check_parties(lease, before)
    if lease.status == rules.TERMINATED:
        if not lease.terminated_on:
            frappe.throw(_("Please enter the day on which the lease was terminated."))
        if not start <= as_date(lease.terminated_on) <= end:
            frappe.throw(_("The day of termination must lie within the lease."))
        if before and before.status == rules.TERMINATED and lease.has_value_changed("terminated_on"):
            frappe.throw(
                _("The lease was terminated on {0}; its last bills stand.").format(before.terminated_on)
            )
    if lease.status == rules.ACTIVE:
        _refuse_overlap(lease, rules.Term(lease.name or "", start, end))


def _check_rent(lease: Document, before: Document | None) -> None:
    """Rent changes lie in their order within the lease; what was billed with the old terms is not changed underneath."""
    days = [as_date(change.effective_from) for change in lease.rent_changes]
    for day in days:
        if not as_date(lease.start_date) < day <= as_date(lease.end_date):
            frappe.throw(_("The rent change of {0} lies outside the lease.").format(day))
        if days.count(day) > 1:
            frappe.throw(_("There are two rent changes on {0}.").format(day))
    billed = billed_until(lease.name) if before else None
    if before is None or billed is None:
        return
    if any(lease.has_value_changed(field) for field in _RENT_TERMS):
        frappe.throw(
            _("Rent is billed up to {0}; enter a rent change, or reverse those bills first.").format(billed)
        )
    ends = {as_date(before.end_date), as_date(lease.end_date)}
    if len(ends) > 1 and min(ends) < billed:
        frappe.throw(_("Rent is billed up to {0}; reverse those bills first.").format(billed))
    changed = _changes(before) ^ _changes(lease)
    if changed and min(changed)[0] <= billed:
        frappe.throw(_("Rent is billed up to {0}; reverse those bills first.").format(billed))


def _check_parties(lease: Document, before: Document | None) -> None:
    """Bills and money of a lease are its merchant's, at its stall: both stay once there are any."""
    if not before or not any(lease.has_value_changed(field) for field in ("merchant", "stall")):
        return
    billed = frappe.db.exists("Fee", {"lease": lease.name, "status": ["!=", "Reversed"]})
    if billed or frappe.db.exists("Account Entry", {"lease": lease.name}):
        frappe.throw(_("This lease has bills or money in the books; end it and make a new one."))


def billed_until(lease: str) -> date | None:
    """The last day for which rent is billed by a bill that stands; None if no rent is billed."""
    fee, fee_type = frappe.qb.DocType("Fee"), frappe.qb.DocType("Fee Type")
    query = frappe.qb.from_(fee).join(fee_type).on(fee_type.name == fee.fee_type).select(Max(fee.period_end))
    query = query.where((fee.lease == lease) & (fee_type.kind == "Rent") & (fee.source == "Generated"))
    found = query.where(fee.status != "Reversed").run()
    return as_date(found[0][0]) if found and found[0][0] else None


def _changes(lease: Document) -> set[tuple[date, Decimal]]:
    return {(as_date(row.effective_from), yuan(row.monthly_rent)) for row in lease.rent_changes}


def term_of(row: frappe._dict) -> rules.Term:
    """The days that a lease, as a row of the database, holds its stall."""
    return rules.Term(row.name, as_date(row.start_date), as_date(row.terminated_on or row.end_date))


def _refuse_overlap(lease: Document, term: rules.Term) -> None:
    # The row of the stall is the lock: two leases saved at once meet here.
    frappe.db.get_value("Stall", lease.stall, "name", for_update=True)
    # A locking read too: a plain one would still see what was there when the transaction began.
    rows = frappe.db.get_values(
        "Lease",
        {"stall": lease.stall, "status": ["!=", rules.DRAFT]},
        ["name", "start_date", "end_date", "terminated_on"],
        as_dict=True,
        for_update=True,
    )
    # Days that a lease held are billed to it, also when it has ended.
    other = rules.clash(term, map(term_of, rows))
    if other:
        tenant = labels.merchant_name(frappe.db.get_value("Lease", other.lease, "merchant"))
        frappe.throw(
            _("Stall {0} is already leased from {1} to {2} ({3}).").format(
                labels.stall(lease.stall), other.start, other.end, tenant
            )
        )


def saved(lease: Document, now: datetime) -> None:
    """After a lease was saved: the stall's status follows, and bindings end with the lease or go on with the next."""
    places.refresh_rental_status(lease.stall, now.date())
    if lease.status == rules.ENDED:
        next_lease = frappe.db.get_value("Lease", {"renewed_from": lease.name, "status": rules.ACTIVE})
        if next_lease:
            bindings.go_on_with(lease.name, next_lease, now)
    if lease.status in (rules.ENDED, rules.TERMINATED):
        bindings.end_with_lease(lease.name, now)


def end_expired(as_of: date) -> list[str]:
    """Ends the active leases whose last day has passed. Returns their names. Running it again changes nothing."""
    expired = frappe.get_all(
        "Lease", filters={"status": rules.ACTIVE, "end_date": ("<", as_of)}, pluck="name", order_by="name"
    )
    for name in expired:
        lease = frappe.get_doc("Lease", name)
        lease.status = rules.ENDED
        lease.save(ignore_permissions=True)
    _refresh_begun(as_of)
    return expired


def _refresh_begun(as_of: date) -> None:
    """A lease signed ahead of time occupies its stall from its first day."""
    for stall in set(
        frappe.get_all("Lease", filters={"status": rules.ACTIVE, "start_date": as_of}, pluck="stall")
    ):
        places.refresh_rental_status(stall, as_of)
