"""Waivers: asked for, approved by a second person, posted as of the day of approval.

A waiver of principal acts like a payment on that day, which still accrues in full; one of late fee lowers what is owed
from then on (money rule 5, domain.md). When its bill is reversed it is void; the bill that replaces it keeps what was
approved of its principal, up to its own amount (money rule 7).
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

import frappe
from cn_connect.money import to_db, yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.ledger import LATE_FEE_RECEIVABLE, RECEIVABLE, WAIVED, WAIVER, Posting
from market_mgmt.services import dunning, labels, late_fees, ledger
from market_mgmt.services.fee_writer import ONE_OFF
from market_mgmt.services.rows import chunks, lock

REQUESTED, APPROVED, REJECTED, VOID = "Requested", "Approved", "Rejected", "Void"
_BILL = ["name", "lease", "fee_type", "period", "source"]
REVERSED = "Reversed"
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
    dunning.after_payment(row.lease, now)


def void_with(fee: str) -> list[str]:
    """Void the waivers of a bill that is reversed, those asked for too; returns their names. Its entries are the caller's."""
    filters = {"fee": fee, "status": ["in", (REQUESTED, APPROVED)]}
    names = frappe.get_all("Fee Waiver", filters, pluck="name", order_by="name")
    for name in names:
        frappe.db.set_value("Fee Waiver", name, "status", VOID)
    return names


def carry_over(market: str, fees: Sequence[str], on: date) -> list[str]:
    """Approve anew, for bills just published, what was waived of the principal of the reversed bills that they replace.

    Up to what is owed on each; who asked and who approved stay. Returns the names of the new waivers.
    """
    void = _of_reversed(market)
    replacing = {_replaces(fee): fee.name for fee in _bills(fees)} if void else {}
    made = []
    for waiver in void:
        fee = replacing.get(_replaces(waiver.of))
        owed = ledger.fee_balance(fee, lock=True)[0] if fee else Decimal(0)
        amount = min(owed, yuan(waiver.amount))
        if fee and amount > 0:
            made.append(_again(waiver, fee, amount, on))
    return made


def _of_reversed(market: str) -> list[frappe._dict]:
    """The void waivers of principal in a market that had been approved, each with its bill `of`: the last one published
    and reversed of its kind, not one that was replaced already."""
    fields = ["name", "fee", "amount", "reason", "requested_by", "requested_at", "decided_by", "decided_at"]
    filters = {"market": market, "status": VOID, "part": PRINCIPAL, "decided_by": ["is", "set"]}
    rows = frappe.get_all("Fee Waiver", filters, fields, order_by="decided_at, name")
    bills = {fee.name: fee for fee in _bills([row.fee for row in rows])}
    last = {}
    for piece in chunks(fee.lease for fee in bills.values()):
        gone = {"lease": ["in", piece], "status": "Reversed", "bill_date": ["is", "set"]}
        for fee in frappe.get_all("Fee", gone, _BILL, order_by="bill_date, revision, creation"):
            last[_replaces(fee)] = fee.name
    return [
        frappe._dict(row, of=bills[row.fee]) for row in rows if last.get(_replaces(bills[row.fee])) == row.fee
    ]


def _bills(names: Sequence[str]) -> list[frappe._dict]:
    return [row for piece in chunks(names) for row in frappe.get_all("Fee", {"name": ["in", piece]}, _BILL)]


def _replaces(fee: frappe._dict) -> tuple[str, ...]:
    """What a bill and the one that replaces it have in common; a one-off fee replaces nothing."""
    one_off = (fee.name,) if fee.source == ONE_OFF else ()
    return fee.lease, fee.fee_type, fee.period, *one_off


def _again(waiver: frappe._dict, fee: str, amount: Decimal, on: date) -> str:
    values = {"doctype": "Fee Waiver", "fee": fee, "part": PRINCIPAL, "amount": to_db(amount)}
    new = frappe.get_doc({**values, "reason": waiver.reason}).insert(ignore_permissions=True)
    decided = {key: waiver[key] for key in ("requested_by", "requested_at", "decided_by", "decided_at")}
    # It was decided when the first bill was; the workflow has no such step.
    frappe.db.set_value("Fee Waiver", new.name, {**decided, "status": APPROVED, "carried_from": waiver.name})
    _post(new, datetime.combine(on, time()))
    return new.name
