"""Leases: who holds which stall, and what follows when that begins or ends."""

from datetime import date, datetime

import frappe
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import leases as rules
from market_mgmt.services import bindings, places
from market_mgmt.services.values import as_date


def check(lease: Document) -> None:
    """Raises ValidationError for dates out of order, a step that the status does not have, or an occupied stall."""
    places.check_same_market(lease, "merchant", "stall", "renewed_from")
    start, end = as_date(lease.start_date), as_date(lease.end_date)
    if end < start:
        frappe.throw(_("The lease ends before it starts."))
    before = lease.get_doc_before_save()
    if before and not rules.may_become(before.status, lease.status):
        frappe.throw(_("A lease that is {0} cannot become {1}.").format(_(before.status), _(lease.status)))
    if lease.status == rules.TERMINATED:
        if not lease.terminated_on:
            frappe.throw(_("Please enter the day on which the lease was terminated."))
        if not start <= as_date(lease.terminated_on) <= end:
            frappe.throw(_("The day of termination must lie within the lease."))
    if lease.status == rules.ACTIVE:
        _refuse_overlap(lease, rules.Term(lease.name or "", start, end))


def _refuse_overlap(lease: Document, term: rules.Term) -> None:
    # The row of the stall is the lock: two leases saved at once meet here.
    frappe.db.get_value("Stall", lease.stall, "name", for_update=True)
    # A locking read too: a plain one would still see what was there when the transaction began.
    rows = frappe.db.get_values(
        "Lease",
        {"stall": lease.stall, "status": rules.ACTIVE},
        ["name", "start_date", "end_date"],
        as_dict=True,
        for_update=True,
    )
    others = [rules.Term(row.name, as_date(row.start_date), as_date(row.end_date)) for row in rows]
    other = rules.clash(term, others)
    if other:
        frappe.throw(
            _("Stall {0} is already leased from {1} to {2} ({3}).").format(
                lease.stall, other.start, other.end, other.lease
            )
        )


def saved(lease: Document, now: datetime) -> None:
    """After a lease was saved: the stall's status follows, and bindings end with the lease."""
    places.refresh_rental_status(lease.stall, now.date())
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
