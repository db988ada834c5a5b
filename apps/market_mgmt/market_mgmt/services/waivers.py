"""Waivers: asked for, approved by a second person, posted as of the day of approval.

A waiver of principal acts like a payment on that day, which still accrues in full; one of late fee lowers what is owed
from then on (money rule 5, domain.md).
"""

from datetime import datetime
from decimal import Decimal

import frappe
from cn_connect.money import to_db, yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.ledger import LATE_FEE_RECEIVABLE, RECEIVABLE, WAIVED, WAIVER, Posting
from market_mgmt.services import labels, late_fees, ledger, red_cards
from market_mgmt.services.rows import lock

REQUESTED, APPROVED, REJECTED = "Requested", "Approved", "Rejected"
PRINCIPAL, LATE_FEE = "Principal", "Late Fee"
_ACCOUNTS = {PRINCIPAL: RECEIVABLE, LATE_FEE: LATE_FEE_RECEIVABLE}


def request(fee: str, part: str, amount: Decimal, reason: str) -> str:
    """Ask, as the session's user, for a waiver of part of a bill; returns its name. Raises ValidationError for more than is owed."""
    values = {"doctype": "Fee Waiver", "fee": fee, "part": part, "amount": to_db(amount), "reason": reason}
    return frappe.get_doc(values).insert(ignore_permissions=True).name


def check(waiver: Document, user: str, now: datetime) -> None:
    """Raises ValidationError for a waiver that cannot be, PermissionError for who approves the own request."""
    if waiver.is_new():
        _begin(waiver, user, now)
        return
    before = waiver.get_doc_before_save()
    if before.status == waiver.status:
        return
    if before.status != REQUESTED:
        frappe.throw(_("This waiver is {0} already.").format(_(before.status)))
    if waiver.status == APPROVED and waiver.requested_by == user:
        frappe.throw(
            _("A waiver is approved by somebody else than who asked for it."), frappe.PermissionError
        )
    waiver.update({"decided_by": user, "decided_at": now})


def saved(waiver: Document, now: datetime) -> None:
    """Post a waiver that has just been approved."""
    before = waiver.get_doc_before_save()
    if before and before.status == REQUESTED and waiver.status == APPROVED:
        _post(waiver, now)


def _begin(waiver: Document, user: str, now: datetime) -> None:
    fee = frappe.db.get_value("Fee", waiver.fee, ["market", "merchant", "stall"], as_dict=True)
    if not fee:
        frappe.throw(_("Fee {0} does not exist.").format(waiver.fee), frappe.DoesNotExistError)
    if not (waiver.reason or "").strip():
        frappe.throw(_("A waiver needs a reason."))
    waiver.update({**fee, "status": REQUESTED, "requested_by": user, "requested_at": now})
    _require_owed(waiver, now)


def _require_owed(waiver: Document, now: datetime, lock_rows: bool = False) -> ledger.OpenFeeRow:
    """The open bill of a waiver. Raises ValidationError when less than the amount is owed."""
    amount = yuan(waiver.amount)
    rows = ledger.open_fees(now.date(), merchant=waiver.merchant, names=[waiver.fee], lock=lock_rows)
    if not rows:
        frappe.throw(_("Nothing is owed on fee {0}.").format(labels.fee(waiver.fee)))
    owed = rows[0].principal if waiver.part == PRINCIPAL else rows[0].late_fee
    if not Decimal(0) < amount <= owed:
        frappe.throw(_("{0} is owed, so {1} cannot be waived.").format(owed, amount))
    return rows[0]


def _post(waiver: Document, now: datetime) -> None:
    lock("Merchant", [waiver.merchant])
    today = now.date()
    late_fees.post_due([waiver.fee], today)
    row = _require_owed(waiver, now, lock_rows=True)
    ledger.post(
        [
            Posting(
                market=row.market,
                merchant=row.merchant,
                posting_date=today,
                entry_type=WAIVER,
                debit_account=WAIVED,
                credit_account=_ACCOUNTS[waiver.part],
                amount=yuan(waiver.amount),
                idempotency_key=f"waiver|{waiver.name}",
                lease=row.lease,
                stall=row.stall,
                fee=row.name,
                voucher_type="Fee Waiver",
                voucher_no=waiver.name,
                remark=waiver.reason,
            )
        ]
    )
    ledger.refresh_caches([waiver.fee], today)
    red_cards.lift_if_settled(row.lease, now)
