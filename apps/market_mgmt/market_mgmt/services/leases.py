"""Leases: who holds which stall, and what follows when that begins or ends."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pypika.functions import Max

import frappe
from cn_connect.money import yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import leases as rules
from market_mgmt.services import bindings, labels, places
from market_mgmt.services.values import as_date

_RENT_TERMS = ("monthly_rent", "cycle", "start_date", "rent_free_days")
_DAYS = ("start_date", "end_date")
# Leases that hold or held their stall: no drafts, and none that was withdrawn before it began.
HELD: dict[str, Any] = {"status": ["!=", rules.DRAFT], "withdrawn_on": ["is", "not set"]}
# What only a service sets: each comes with bills, deposit and bindings that have to follow.
_DECIDED = ("terminated_on", "withdrawn_on", "renewed_from")


def check(lease: Document) -> None:
    """Raises ValidationError for dates out of order, a step that the status does not have, or an occupied stall."""
    places.check_same_market(lease, "merchant", "stall", "renewed_from")
    before = lease.get_doc_before_save()
    _check_days(lease, before)
    _check_status(lease, before)
    _check_rent(lease, before)
    _check_parties(lease, before)
    if lease.status == rules.TERMINATED and not lease.terminated_on:
        frappe.throw(_("Please enter the day on which the lease was terminated."))
    start, end = as_date(lease.start_date), as_date(lease.end_date)
    if lease.terminated_on and not start <= as_date(lease.terminated_on) <= end:
        frappe.throw(_("The day of termination must lie within the lease."))
    if lease.status == rules.ACTIVE or (not before and lease.status != rules.DRAFT):
        _refuse_overlap(lease, rules.Term(lease.name or "", start, end))


def decide(lease: Document, **values: Any) -> None:
    """Set what is not set by hand: the status at the end of a lease and what goes with it. Saving is the caller's."""
    lease.flags.decided_by_service = True
    lease.update(values)


def _check_days(lease: Document, before: Document | None) -> None:
    start, end = as_date(lease.start_date), as_date(lease.end_date)
    if end < start:
        frappe.throw(_("The lease ends before it starts."))
    if before and not any(lease.has_value_changed(field) for field in _DAYS):
        return  # days of leases that were entered before this rule stay
    for day in (start, end):
        if not rules.is_plausible(day):
            frappe.throw(
                _("A lease runs within {0} and {1}; {2} is outside.").format(
                    rules.FIRST_DAY, rules.LAST_DAY, day
                )
            )
    if before and before.status in rules.OVER:
        frappe.throw(_("The lease is over; its days stay as they were."))


def _check_status(lease: Document, before: Document | None) -> None:
    """A lease ends by what a service does, which takes care of bills, deposit and bindings; never by hand."""
    if before and not rules.may_become(before.status, lease.status):
        frappe.throw(_("A lease that is {0} cannot become {1}.").format(_(before.status), _(lease.status)))
    if before and before.terminated_on and lease.has_value_changed("terminated_on"):
        frappe.throw(_("The lease was terminated on {0}; its last bills stand.").format(before.terminated_on))
    if lease.flags.decided_by_service:
        return
    if lease.status in rules.OVER and (before is None or before.status != lease.status):
        frappe.throw(
            _(
                "A lease ends by itself after its last day. Terminate it to end it earlier; withdraw one that has not begun."
            )
        )
    if any(lease.get(field) if before is None else lease.has_value_changed(field) for field in _DECIDED):
        frappe.throw(
            _("Leases are renewed, terminated and withdrawn by these actions, not by filling in fields.")
        )


def _check_rent(lease: Document, before: Document | None) -> None:
    """Rent changes lie in their order within the lease; what was billed with the old terms is not changed underneath."""
    days = [as_date(change.effective_from) for change in lease.rent_changes]
    for day in days:
        if not as_date(lease.start_date) < day <= as_date(lease.end_date):
            frappe.throw(_("The rent change of {0} lies outside the lease.").format(day))
        if days.count(day) > 1:
            frappe.throw(_("There are two rent changes on {0}.").format(day))
    if before is None:
        return
    _check_end(lease, before)
    billed = billed_until(lease.name, kinds=("Rent",))
    if billed is None:
        return
    if any(lease.has_value_changed(field) for field in _RENT_TERMS):
        frappe.throw(
            _("Rent is billed up to {0}; enter a rent change, or reverse those bills first.").format(billed)
        )
    changed = _changes(before) ^ _changes(lease)
    if changed and min(changed)[0] <= billed:
        frappe.throw(_("Rent is billed up to {0}; reverse those bills first.").format(billed))


def _check_end(lease: Document, before: Document) -> None:
    """The end is not moved within days that are billed, by whatever fee."""
    ends = {as_date(before.end_date), as_date(lease.end_date)}
    billed = billed_until(lease.name) if len(ends) > 1 else None
    if billed and min(ends) < billed:
        frappe.throw(
            _("The lease is billed up to {0}; terminate it, or reverse those bills first.").format(billed)
        )


def _check_parties(lease: Document, before: Document | None) -> None:
    """Bills and money of a lease are its merchant's, at its stall: both stay once there are any."""
    if not before or not any(lease.has_value_changed(field) for field in ("merchant", "stall")):
        return
    billed = frappe.db.exists("Fee", {"lease": lease.name, "status": ["!=", "Reversed"]})
    renewed = lease.renewed_from or renewal_of(lease.name)
    if billed or renewed or frappe.db.exists("Account Entry", {"lease": lease.name}):
        frappe.throw(_("This lease has bills or money in the books; end it and make a new one."))


def billed_until(lease: str, kinds: Iterable[str] = ("Rent", "Fixed", "Metered")) -> date | None:
    """The last day for which fees of these kinds are billed by a bill that stands; None if nothing is billed."""
    fee, fee_type = frappe.qb.DocType("Fee"), frappe.qb.DocType("Fee Type")
    query = frappe.qb.from_(fee).join(fee_type).on(fee_type.name == fee.fee_type).select(Max(fee.period_end))
    query = query.where((fee.lease == lease) & fee_type.kind.isin(list(kinds)) & (fee.source == "Generated"))
    found = query.where(fee.status != "Reversed").run()
    return as_date(found[0][0]) if found and found[0][0] else None


def _changes(lease: Document) -> set[tuple[date, Decimal]]:
    return {(as_date(row.effective_from), yuan(row.monthly_rent)) for row in lease.rent_changes}


def term_of(row: frappe._dict) -> rules.Term:
    """The days that a lease, as a row of the database, holds its stall."""
    return rules.Term(row.name, as_date(row.start_date), as_date(row.terminated_on or row.end_date))


def terms_of_stall(stall: str) -> list[rules.Term]:
    """The days on which leases hold or held a stall, read past the snapshot. The stall is locked.

    The row of the stall is the lock: two leases saved at once meet here.
    """
    frappe.db.get_value("Stall", stall, "name", for_update=True)
    rows = frappe.db.get_values(
        "Lease",
        {"stall": stall, **HELD},
        ["name", "start_date", "end_date", "terminated_on"],
        as_dict=True,
        for_update=True,
    )
    return list(map(term_of, rows))


def renewal_of(lease: str) -> str | None:
    """The lease that renews this one, unless that was withdrawn."""
    return frappe.db.get_value("Lease", {"renewed_from": lease, "withdrawn_on": ["is", "not set"]})


def _refuse_overlap(lease: Document, term: rules.Term) -> None:
    # Days that a lease held are billed to it, also when it has ended.
    other = rules.clash(term, terms_of_stall(lease.stall))
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
    if lease.status == rules.ENDED and not lease.withdrawn_on:
        next_lease = renewal_of(lease.name)
        if next_lease and frappe.db.get_value("Lease", next_lease, "status") == rules.ACTIVE:
            bindings.go_on_with(lease.name, next_lease, now)
    if lease.status in rules.OVER:
        bindings.end_with_lease(lease.name, now)


def end_expired(as_of: date) -> list[str]:
    """Ends the active leases whose last day has passed. Returns their names. Running it again changes nothing."""
    expired = frappe.get_all(
        "Lease", filters={"status": rules.ACTIVE, "end_date": ("<", as_of)}, pluck="name", order_by="name"
    )
    for name in expired:
        lease = frappe.get_doc("Lease", name)
        decide(lease, status=rules.ENDED)
        lease.save(ignore_permissions=True)
    _refresh_begun(as_of)
    return expired


def _refresh_begun(as_of: date) -> None:
    """A lease signed ahead of time occupies its stall from its first day."""
    for stall in set(
        frappe.get_all("Lease", filters={"status": rules.ACTIVE, "start_date": as_of}, pluck="stall")
    ):
        places.refresh_rental_status(stall, as_of)
