"""Receipts: a gapless number per market and year, taken only when a receipt is issued, in the same transaction."""

import secrets
from datetime import datetime
from decimal import Decimal

import frappe
from cn_connect import sealed
from cn_connect.bulk import bulk_insert
from cn_connect.money import to_db, yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.allocation import Share
from market_mgmt.services import invoices, numbers, receipt_pdf
from market_mgmt.services.allocations import Paid
from market_mgmt.services.ledger import OpenFeeRow
from market_mgmt.services.rows import lock

FEE, PREPAYMENT, DEPOSIT = "Fee", "Prepayment", "Deposit"


def issue(order: Document, paid: Paid, now: datetime) -> str:
    """Issue the receipt of a paid order over what it paid, the rest as prepayment; returns its name.

    Written as rows: whoever else is paid in this market waits from the number to the commit.
    """
    lines = [_line(paid.fees[share.fee], share) for share in paid.shares]
    rest = yuan(order.amount) - sum((share.amount for share in paid.shares), yuan(0))
    if rest > 0:
        lines.append(_rest(DEPOSIT if order.deposit_lease else PREPAYMENT, rest))
    stalls = {paid.fees[share.fee].stall for share in paid.shares}
    values = {
        "market": order.market,
        "year": now.year,
        "merchant": order.merchant,
        "stall": stalls.pop() if len(stalls) == 1 else None,
        "payment_order": order.name,
        "amount": to_db(yuan(order.amount)),
        "issued_at": now,
        "status": "Issued",
        "verification_code": secrets.token_hex(16),
    }
    number = numbers.next_number(order.market, now.year)
    name = name_of(order.market, now.year, number)
    receipt = frappe._dict(values, name=name, number=number)
    bulk_insert("Receipt", [receipt])
    receipt.lines = [
        frappe._dict(line, parent=name, parenttype="Receipt", parentfield="lines", idx=idx)
        for idx, line in enumerate(lines, start=1)
    ]
    bulk_insert("Receipt Line", receipt.lines)
    receipt_pdf.seal(receipt, new=True)
    return name


def name_of(market: str, year: int, number: int) -> str:
    """What a receipt is called: unique across markets, and in the order of the numbers."""
    return f"{market}-{year}-{number:06d}"


def pdf(name: str) -> bytes:
    """The receipt as signed PDF, made once and kept as a private file of it. Raises PdfUnavailable."""
    receipt = frappe.get_doc("Receipt", name)
    kept = frappe.db.get_value("File", {"file_url": receipt.pdf}) if receipt.pdf else None
    if kept:
        return frappe.get_doc("File", kept).get_content()
    content = receipt_pdf.render(receipt)
    file = frappe.get_doc(
        {
            "doctype": "File",
            "file_name": f"{name}.pdf",
            "attached_to_doctype": "Receipt",
            "attached_to_name": name,
            "attached_to_field": "pdf",
            "is_private": 1,
            "content": content,
        }
    ).insert(ignore_permissions=True)
    frappe.db.set_value("Receipt", name, "pdf", file.file_url, update_modified=False)
    return content


def print_for_office(name: str, now: datetime) -> bytes:
    """The receipt for the counter's printer: the first print is the original, each later one is marked as a copy."""
    row = lock("Receipt", [name], ("name", "prints")).get(name)
    if row is None:
        frappe.throw(_("There is no receipt {0}.").format(name), frappe.DoesNotExistError)
        raise AssertionError
    copies = row.prints or 0
    content = receipt_pdf.render(name, copies) if copies else pdf(name)
    printed = {"prints": copies + 1, "last_printed_at": now}
    frappe.db.set_value("Receipt", name, printed, update_modified=False)
    return content


def void(order: str, reason: str, now: datetime) -> str | None:
    """Void the receipt of an order whose payment was taken back; it is never deleted. Returns its name.

    An invoice of it must be taken back as well.
    """
    name = frappe.db.get_value("Receipt", {"payment_order": order})
    if name:
        receipt = frappe.get_doc("Receipt", name, for_update=True)
        # The PDF is made again when asked for, with the mark that it is void.
        receipt.update({"status": "Void", "void_reason": reason, "pdf": None})
        receipt.save(ignore_permissions=True)
        sealed.revoke(receipt.verification_code)
        invoices.money_went_back(name, yuan(0), now)
    return name


def reduce(order: str, left: Decimal, now: datetime) -> None:
    """Part of a payment went back, `left` did not: the receipt stands and says so, an invoice of more is taken back."""
    name = frappe.db.get_value("Receipt", {"payment_order": order})
    if name:
        lock("Receipt", [name])
        print_again(order)
        invoices.money_went_back(name, left, now)


def print_again(order: str) -> None:
    """The PDF of an order's receipt is made again when asked for, with what went back of the payment."""
    frappe.db.set_value("Receipt", {"payment_order": order}, "pdf", None, update_modified=False)


def _line(fee: OpenFeeRow, share: Share) -> dict[str, object]:
    return {
        "purpose": FEE,
        "description": None,
        "fee": fee.name,
        "stall": fee.stall,
        "fee_type": fee.fee_type,
        "period": fee.period,
        "principal": to_db(share.principal),
        "late_fee": to_db(share.late_fee),
        "amount": to_db(share.amount),
    }


def _rest(purpose: str, amount: Decimal) -> dict[str, object]:
    """The line of money that paid no fee."""
    nothing = dict.fromkeys(("fee", "stall", "fee_type", "period"))
    return {
        "purpose": purpose,
        "description": _(purpose),
        **nothing,
        "principal": 0.0,
        "late_fee": 0.0,
        "amount": to_db(amount),
    }
