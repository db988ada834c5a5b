"""What a lease goes through: renewed into the next one, ended before its time with its last bills, or withdrawn before
it began."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import frappe
from cn_connect.money import to_db
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import leases as rules
from market_mgmt.domain.periods import month_key
from market_mgmt.services import billing, bindings, deposits, labels, last_bills, leases
from market_mgmt.services.rows import lock
from market_mgmt.services.values import as_date

__all__ = ["Termination", "activate", "renew", "terminate", "withdraw"]


@dataclass(frozen=True)
class Termination:
    """What a termination led to: bills taken back, last bills drafted, what could not be billed and why, and the
    renewals that were withdrawn with it."""

    reversed: tuple[str, ...] = ()
    drafted: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    withdrawn: tuple[str, ...] = ()


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
    """Make the next lease of the same merchant and stall; returns its name. Deposit and bindings go over to it.

    It starts the day after the lease ends unless `start` says otherwise, has no rent-free days, and keeps the cycle
    unless told. A lease that has ended may still be renewed while nobody has held the stall since.
    Raises ValidationError for a lease that was terminated, withdrawn or renewed already.
    """
    old = frappe.get_doc("Lease", lease, for_update=True)
    if old.status not in (rules.ACTIVE, rules.ENDED) or old.withdrawn_on:
        frappe.throw(_("Lease {0} is {1} and cannot be renewed.").format(labels.lease(lease), _state(old)))
    if leases.renewal_of(lease):
        frappe.throw(_("Lease {0} has been renewed already.").format(labels.lease(lease)))
    begins = start or rules.day_after(as_date(old.end_date))
    if begins is None:
        frappe.throw(
            _("Lease {0} runs without an end; enter its true last day first.").format(labels.lease(lease))
        )
    _require_not_let_since(old, begins)
    new = frappe.get_doc(
        {
            "doctype": "Lease",
            "market": old.market,
            "merchant": old.merchant,
            "stall": old.stall,
            "start_date": begins,
            "end_date": end,
            "monthly_rent": to_db(monthly_rent),
            "cycle": cycle or old.cycle,
            "deposit": old.deposit,
            "late_fee_clause": old.late_fee_clause,
        }
    )
    leases.decide(new, status=rules.ACTIVE, renewed_from=old.name)
    new.insert(ignore_permissions=True)
    deposits.carry_over(old.name, new.name, now.date())
    if old.status == rules.ENDED:
        bindings.go_on_with(old.name, new.name, now)
    return new.name


def _require_not_let_since(old: Document, begins: date) -> None:
    """Raises ValidationError when somebody had the stall between the lease and its renewal."""
    ended = rules.Term(old.name, as_date(old.start_date), as_date(old.end_date))
    other = rules.held_between(ended, begins, leases.terms_of_stall(old.stall))
    if other:
        frappe.throw(
            _("Stall {0} was let from {1} to {2} since; make a new lease instead of a renewal.").format(
                labels.stall(old.stall), other.start, other.end
            )
        )


def terminate(lease: str, last_day: date, reason: str, now: datetime) -> Termination:
    """End a lease before its time: bills that reach beyond `last_day` are taken back and drafted anew up to it.

    What was paid on them becomes balance; a bill that the last day does not change stands. The meters must have been
    read at the handover, else their bill is skipped with the reason. A renewal that has not begun is withdrawn, and its
    deposit goes back; so is the lease itself when it has not begun.
    Raises ValidationError without a reason, for a lease that is over or was renewed by one that runs, or a day outside it.
    """
    _require_reason(reason)
    document = frappe.get_doc("Lease", lease, for_update=True)
    if document.withdrawn_on or (document.status == rules.ACTIVE and _is_ahead(document, now)):
        return withdraw(lease, reason, now)
    if last_day > now.date():
        frappe.throw(_("A lease is terminated on its last day or afterwards."))
    if document.status != rules.ACTIVE:
        frappe.throw(_("Lease {0} is {1}, not active.").format(labels.lease(lease), _state(document)))
    renewals = _renewals_ahead(lease, now)
    lock("Merchant", [document.merchant])
    before = as_date(document.end_date)
    leases.decide(
        document, status=rules.TERMINATED, terminated_on=last_day, termination_reason=reason.strip()
    )
    document.save(ignore_permissions=True)
    taken_back = [fee for renewal in renewals for fee in _withdraw(renewal, reason, now)]
    wrong = last_bills.changed_by_end(document.name, before, last_day)
    for fee in wrong:
        billing.reverse(fee.name, reason, now)
    drafted: list[str] = []
    skipped: list[tuple[str, str]] = []
    last_month = month_key(last_day)
    for period in sorted({last_month, *(fee.period for fee in wrong)}):
        run = billing.generate(document.market, period, now.date(), lease)
        drafted += run.created
        if period == last_month:
            skipped += run.skipped
    reversed_bills = (*taken_back, *(fee.name for fee in wrong))
    return Termination(reversed_bills, tuple(drafted), tuple(skipped), tuple(one.name for one in renewals))


def withdraw(lease: str, reason: str, now: datetime) -> Termination:
    """Take back a lease that has not begun, as if it had not been signed: it holds its stall on no day.

    The deposit of a renewal goes back to the lease that it renewed, and so do bindings while that one runs; bills
    drawn up ahead are reversed, and renewals of it are withdrawn first. Withdrawing it again changes nothing.
    Raises ValidationError without a reason, or for a lease that has begun or was never active.
    """
    _require_reason(reason)
    document = frappe.get_doc("Lease", lease, for_update=True)
    if document.withdrawn_on:
        return Termination()
    if document.status != rules.ACTIVE or not _is_ahead(document, now):
        frappe.throw(
            _("Lease {0} is {1}; only a lease that has not begun can be withdrawn.").format(
                labels.lease(lease), _state(document)
            )
        )
    lock("Merchant", [document.merchant])
    ahead = [*_renewals_ahead(lease, now), document]
    reversed_bills = tuple(fee for one in ahead for fee in _withdraw(one, reason, now))
    return Termination(reversed_bills, withdrawn=tuple(one.name for one in ahead))


def _withdraw(document: Document, reason: str, now: datetime) -> list[str]:
    """Withdraw one lease of a locked merchant; returns the bills that were reversed."""
    old = document.renewed_from
    if old and frappe.db.get_value("Lease", old, "status") == rules.ACTIVE:
        bindings.go_on_with(document.name, old, now)
    leases.decide(document, status=rules.ENDED, withdrawn_on=now.date(), termination_reason=reason.strip())
    document.save(ignore_permissions=True)
    filters = {"lease": document.name, "source": "Generated", "status": ["!=", "Reversed"]}
    bills = frappe.get_all("Fee", filters, pluck="name", order_by="period, name")
    for fee in bills:
        billing.reverse(fee, reason, now)
    if old:
        deposits.carry_over(document.name, old, now.date())
    return bills


def _renewals_ahead(lease: str, now: datetime) -> list[Document]:
    """The renewals of a lease, the last one first, none of which has begun. Raises ValidationError when one has."""
    found: list[Document] = []
    name = leases.renewal_of(lease)
    while name:
        document = frappe.get_doc("Lease", name, for_update=True)
        if document.status != rules.ACTIVE or not _is_ahead(document, now):
            frappe.throw(
                _("The renewal {0} has begun; it is that lease which ends.").format(labels.lease(name))
            )
        found.insert(0, document)
        name = leases.renewal_of(name)
    return found


def _is_ahead(document: Document, now: datetime) -> bool:
    return as_date(document.start_date) > now.date()


def _state(document: Document) -> str:
    return _("Withdrawn") if document.withdrawn_on else _(document.status)


def _require_reason(reason: str) -> None:
    if not (reason or "").strip():
        frappe.throw(_("A termination needs a reason."))
