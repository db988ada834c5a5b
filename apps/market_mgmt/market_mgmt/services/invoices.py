"""Invoice requests: a merchant asks, finance enters the number of the invoice, and of its red letter when it is taken back."""

from datetime import datetime
from decimal import Decimal

import frappe
from cn_connect.money import to_db, yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import invoice as rules
from market_mgmt.services.rows import lock


def request(receipt: str, title: str, tax_number: str | None, by: str, now: datetime) -> str:
    """Ask for the invoice of a receipt; returns the request's name. The same receipt is invoiced once.

    It is over the fees, and over no more than stays of a payment that goes back in part. Raises ValidationError for a
    void receipt, one without fees or going back, a missing title, or a number that is none.
    """
    if not (title or "").strip():
        frappe.throw(_("An invoice needs the buyer's name."))
    number = (tax_number or "").strip().upper()
    if number and not rules.is_tax_number(number):
        frappe.throw(_("{0} is no taxpayer number (15 to 20 digits and letters).").format(number))
    lock("Merchant", frappe.get_all("Receipt", {"name": receipt}, pluck="merchant"))
    found = frappe.get_doc("Receipt", receipt, for_update=True)
    if found.status != "Issued":
        frappe.throw(_("A void receipt gets no invoice."))
    amount = sum((yuan(line.amount) for line in found.lines if line.fee), yuan(0))
    if not amount:
        frappe.throw(_("This receipt is for no fee; prepayments and deposits are not invoiced."))
    amount = min(amount, _staying(found))
    if not amount:
        frappe.throw(_("The payment of this receipt is going back; it gets no invoice."))
    standing = frappe.db.get_value("Invoice Request", {"open_key": receipt}, ["name", "status"], as_dict=True)
    if standing:
        frappe.throw(
            _("An invoice of this receipt has been asked for already ({0}).").format(_(standing.status)),
            frappe.DuplicateEntryError,
        )
    return (
        frappe.get_doc(
            {
                "doctype": "Invoice Request",
                "market": found.market,
                "merchant": found.merchant,
                "receipt": receipt,
                "amount": to_db(amount),
                "title": title.strip(),
                "tax_number": number or None,
                "status": rules.REQUESTED,
                "requested_by": by,
                "requested_at": now,
                "open_key": receipt,
            }
        )
        .insert(ignore_permissions=True)
        .name
    )


def issue(name: str, number: str, by: str, now: datetime) -> str:
    """Enter the number of the invoice that was issued. Raises ValidationError for a number that is none or taken."""
    _require_number(number)
    other = frappe.db.get_value(
        "Invoice Request", {"invoice_number": number, "name": ["!=", name]}, "receipt"
    )
    if other:
        frappe.throw(_("Invoice number {0} belongs to receipt {1}.").format(number, other))
    return _move(_locked(name), rules.ISSUED, by, now, invoice_number=number)


def red_letter(name: str, number: str, by: str, now: datetime) -> str:
    """Enter the number of the red-letter invoice that takes an invoice back; the receipt may be invoiced anew."""
    _require_number(number)
    return _move(_locked(name), rules.RED_LETTERED, by, now, red_letter_number=number)


def reject(name: str, note: str, by: str, now: datetime) -> str:
    """Refuse a request with the reason; the merchant may ask again."""
    if not (note or "").strip():
        frappe.throw(_("Please give a reason for the rejection."))
    return _move(_locked(name), rules.REJECTED, by, now, note=note.strip())


def money_went_back(receipt: str, left: Decimal, now: datetime) -> None:
    """Of a receipt's payment only `left` stays, nothing if it is void: an invoice of more must be taken back, or is not
    issued any more. The receipt is locked."""
    row = frappe.db.get_value("Invoice Request", {"open_key": receipt}, ["name", "amount"], for_update=True)
    if not row or yuan(row[1]) <= left:
        return
    found = _locked(row[0])
    if found.status == rules.REQUESTED:
        note = (
            _("Part of the payment has gone back; please ask again.")
            if left
            else _("The receipt has become void.")
        )
        _move(found, rules.REJECTED, "Administrator", now, note=note)
    elif found.status == rules.ISSUED:
        _move(found, rules.RED_LETTER_DUE, "Administrator", now)


def _staying(receipt: Document) -> Decimal:
    """What of a receipt's payment has not gone back and is not going back, in yuan."""
    # Imported here because refunds themselves take invoices back.
    from market_mgmt.services import refunds

    return yuan(receipt.amount) - sum(refunds.counted(receipt.payment_order, refunds.LEAVING), yuan(0))


def _move(found: Document, status: str, by: str, now: datetime, **values: str) -> str:
    if not rules.may_become(found.status, status):
        frappe.throw(_("This invoice request is {0} already.").format(_(found.status)))
    key = found.receipt if status in rules.STANDING else None
    found.update({"status": status, "handled_by": by, "handled_at": now, "open_key": key, **values})
    found.save(ignore_permissions=True)
    return status


def _locked(name: str) -> Document:
    if not frappe.db.exists("Invoice Request", name):
        frappe.throw(_("Invoice request {0} does not exist.").format(name), frappe.DoesNotExistError)
    return frappe.get_doc("Invoice Request", name, for_update=True)


def _require_number(number: str) -> None:
    if not rules.is_number(number):
        frappe.throw(_("The number of a digital invoice has 20 digits."))
