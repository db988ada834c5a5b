"""Refund vouchers (退款单): the paper of money that went back, numbered without gaps like receipts, signed by who gets it."""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

import frappe
from cn_connect import pdf, sealed
from cn_connect.money import ZERO, format_yuan, yuan
from cn_connect.sealed import Seal
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime
from market_mgmt.domain.refund import SUCCEEDED
from market_mgmt.services import numbers, receipt_pdf, terms

KIND = "Refund Voucher"
PAPER = "A5 landscape"


def issue(refund: Document, now: datetime) -> str:
    """Number and seal the voucher of a refund that has just succeeded; returns its number."""
    number = numbers.next_number(refund.market, now.year, numbers.REFUND_VOUCHER)
    voucher = name_of(refund.market, now.year, number)
    values = {
        "voucher": voucher,
        "voucher_year": now.year,
        "voucher_number": number,
        "verification_code": secrets.token_hex(16),
    }
    refund.update(values)
    frappe.db.set_value("Refund", refund.name, values, update_modified=False)
    _seal(refund, new=True)
    return voucher


def name_of(market: str, year: int, number: int) -> str:
    """What a voucher is called: never like a receipt, and in the order of the numbers."""
    return f"{market}-TK{year}-{number:06d}"


def render(refund: str) -> bytes:
    """The voucher as signed PDF.

    Raises ValidationError while the money has not left, PdfUnavailable when this machine cannot make PDFs.
    """
    document = frappe.get_doc("Refund", refund)
    if document.status != SUCCEEDED or not document.voucher:
        frappe.throw(
            _("This refund is {0}; it gets its voucher when the money has left.").format(_(document.status))
        )
    context = _context(document, _seal(document))
    html = pdf.render_template("market_mgmt", "refund_voucher.html", context)
    return pdf.issue(html, PAPER, get_datetime(document.finished_at), context["title"])


def _seal(refund: Document, new: bool = False) -> Seal:
    title = _("Refund voucher {0}, {1} yuan").format(refund.voucher, format_yuan(yuan(refund.amount)))
    issued_at = get_datetime(refund.finished_at)
    code = refund.verification_code
    return sealed.issue(KIND, refund.voucher, title, issued_at, _content(refund), code, new)


def _content(refund: Document) -> dict[str, Any]:
    """What the hash covers: everything of the voucher that never changes."""
    return {
        "number": refund.voucher,
        "market": refund.market,
        "merchant": refund.merchant,
        "refund": refund.name,
        "payment_order": refund.payment_order or "",
        "channel": refund.channel,
        "amount": yuan(refund.amount),
        "issued_at": get_datetime(refund.finished_at).replace(microsecond=0),
    }


def _context(refund: Document, mark: Seal) -> dict[str, Any]:
    market = frappe.get_cached_doc("Market", refund.market)
    amount = yuan(refund.amount)
    return {
        "title": f"退款单 {refund.voucher}",
        "watermark_text": f"{market.market_name}　{refund.voucher}",
        "issuer": market.receipt_title or market.market_name,
        "seal_image": receipt_pdf.picture(market.seal_image),
        "issued_at": get_datetime(refund.finished_at),
        "number": refund.voucher,
        "payee": frappe.db.get_value("Merchant", refund.merchant, "merchant_name"),
        "stalls": _stalls(refund.merchant),
        "channel": terms.channel(refund.channel),
        "payment": _payment(refund, amount),
        "amount": amount,
        "reason": refund.reason,
        "asked_by": _person(refund.requested_by),
        "decided_by": _person(refund.decided_by),
        "paid_by": _paid_by(refund),
        "slip": refund.gateway_id or "",
        "refund": refund.name,
        "qr": Markup(mark.qr),
        "short_hash": mark.short_hash,
        "code": mark.code,
    }


def _payment(refund: Document, amount: Decimal) -> dict[str, Any] | None:
    """The payment that went back, and what of it is left after this refund; None for balance of no certain payment."""
    order = refund.payment_order
    if not order:
        return None
    paid = frappe.db.get_value("Market Payment Order", order, ["amount", "channel", "paid_at"], as_dict=True)
    earlier = _refunded_before(refund)
    return {
        "receipt": frappe.db.get_value("Receipt", {"payment_order": order}) or "",
        "order": order,
        "channel": terms.channel(paid.channel),
        "paid_at": get_datetime(paid.paid_at),
        "amount": yuan(paid.amount),
        "earlier": earlier,
        "left": yuan(paid.amount) - earlier - amount,
    }


def _refunded_before(refund: Document) -> Decimal:
    """What of the same payment went back by vouchers with lower numbers."""
    own = (refund.voucher_year, refund.voucher_number)
    rows = frappe.get_all(
        "Refund",
        filters={"payment_order": refund.payment_order, "status": SUCCEEDED, "name": ["!=", refund.name]},
        fields=["amount", "voucher_year", "voucher_number"],
    )
    return sum((yuan(row.amount) for row in rows if (row.voucher_year, row.voucher_number) < own), ZERO)


def _stalls(merchant: str) -> str:
    stalls = frappe.get_all("Lease", filters={"merchant": merchant}, pluck="stall")
    numbers_ = frappe.get_all(
        "Stall", filters={"name": ["in", stalls or [""]]}, pluck="stall_no", order_by="stall_no"
    )
    return "、".join(numbers_[:4]) + (f" 等{len(numbers_)}个" if len(numbers_) > 4 else "")


def _paid_by(refund: Document) -> str:
    """Who gave the money out: the cashier of the session; WeChat gives it back by itself."""
    if refund.channel == "WeChat":
        return "微信支付原路退回"
    cashier = refund.cashier_session and frappe.db.get_value(
        "Cashier Session", refund.cashier_session, "cashier"
    )
    return _person(cashier)


def _person(user: str | None) -> str:
    return (frappe.db.get_value("User", user, "full_name") or user) if user else ""
