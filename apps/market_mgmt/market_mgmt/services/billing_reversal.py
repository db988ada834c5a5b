"""Taking back a published bill: it is reversed in the ledger and may be issued again, never edited."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import frappe
from frappe import _
from market_mgmt.domain.ledger import REVERSAL, Posting
from market_mgmt.services import dunning, freed, labels, ledger, waivers
from market_mgmt.services.rows import lock


def reverse(fee: str, reason: str, now: datetime) -> list[str]:
    """Reverse a wrong bill with its late fees; its waivers are void, and what was paid on it pays other open fees, the
    rest is prepaid balance.

    A draft is just dropped. Returns the red cards that are lifted because nothing else is overdue.
    Raises ValidationError without a reason or when it is reversed already, DoesNotExistError for no fee.
    """
    if not (reason or "").strip():
        frappe.throw(_("A reversal needs a reason."))
    owner = frappe.db.get_value("Fee", fee, ["merchant", "lease"], as_dict=True)
    if not owner:
        frappe.throw(_("Fee {0} does not exist.").format(fee), frappe.DoesNotExistError)
    lock("Merchant", [owner.merchant])
    if lock("Fee", [fee], ("name", "status"))[fee].status == "Reversed":
        frappe.throw(_("Fee {0} has been reversed already.").format(labels.fee(fee)))
    entries = ledger.entries_of([fee], lock=True)[fee]
    ledger.post(reversals(entries, reason, now.date()))
    zero = {"outstanding": 0, "late_fee": 0, "late_fee_posted": 0, "deferred": 0}
    waivers.void_with(fee)
    frappe.db.set_value("Fee", fee, {"status": "Reversed", "reason": reason.strip(), **zero})
    lifted = freed.pay_open(owner.merchant, now)
    return [*lifted, *dunning.after_payment(owner.lease, now)]


def reversals(entries: Sequence[ledger.LedgerEntry], reason: str, as_of: date) -> list[Posting]:
    """What cancels these entries, but for those that are reversals or reversed already."""
    reversed_by: dict[str, list[ledger.LedgerEntry]] = {}
    for entry in entries:
        if entry.reversal_of:
            reversed_by.setdefault(entry.reversal_of, []).append(entry)
    postings = []
    for entry in reversed(entries):
        earlier = reversed_by.get(entry.name, [])
        left = entry.amount - sum(other.amount for other in earlier)
        if entry.entry_type != REVERSAL and left > 0:
            postings.append(reversal(entry, left, len(earlier), reason, as_of))
    return postings


def reversal(
    entry: ledger.LedgerEntry,
    amount: Decimal,
    earlier: int,
    reason: str,
    as_of: date,
    counted_from: date | None = None,
    payment_order: str | None = None,
) -> Posting:
    """What cancels an entry or a part of it, `earlier` being how many reversals it has.

    Late fees count it from `counted_from` if that is an earlier day. `payment_order` is on whose account it is
    cancelled, if the entry itself was posted for none.
    """
    again = f"|{earlier + 1}" if earlier else ""
    return Posting(
        market=entry.market,
        merchant=entry.merchant,
        posting_date=as_of,
        value_date=counted_from if counted_from and counted_from < as_of else None,
        entry_type=REVERSAL,
        debit_account=entry.credit_account,
        credit_account=entry.debit_account,
        amount=amount,
        idempotency_key=f"reversal|{entry.name}{again}",
        lease=entry.lease,
        stall=entry.stall,
        fee=entry.fee,
        payment_order=entry.payment_order or payment_order,
        voucher_type="Account Entry",
        voucher_no=entry.name,
        reversal_of=entry.name,
        remark=reason.strip(),
    )
