"""The receipt (收据) on paper: half a sheet of A4, with seal, amount in capitals, content hash and QR code.

It is a receipt for money taken, never called an invoice: those are issued by the tax authority's system.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
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
from market_mgmt.services import refunded, terms

PAPER = "A5 landscape"
KIND = "Receipt"
LINES_PER_PAGE = 6
_PICTURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg"}


@dataclass(frozen=True)
class PrintedLine:
    number: int
    stall_no: str
    item: str
    period: str
    principal: Decimal
    late_fee: Decimal
    amount: Decimal


@dataclass(frozen=True)
class PrintedPage:
    lines: list[PrintedLine]
    blank: int


def seal(receipt: Document | frappe._dict, new: bool = False) -> Seal:
    """Seals a receipt under its verification code, a new one in the transaction that issues it."""
    title = _("Receipt {0}, {1} yuan").format(receipt.name, format_yuan(yuan(receipt.amount)))
    issued_at = get_datetime(receipt.issued_at)
    code = receipt.verification_code
    return sealed.issue(KIND, receipt.name, title, issued_at, _content(receipt), code, new)


def render(receipt: str | Document, copy: int = 0) -> bytes:
    """The signed PDF of an issued receipt, or its n-th copy marked as such.

    Its pages are always the same but for what happened to the money since: that it is void, or what of it went back.

    Raises PdfUnavailable when this machine cannot make PDFs.
    """
    document = frappe.get_doc("Receipt", receipt) if isinstance(receipt, str) else receipt
    context = _context(document, seal(document)) | {"copy": copy}
    html = pdf.render_template("market_mgmt", "receipt.html", context)
    return pdf.issue(html, PAPER, get_datetime(document.issued_at), context["title"])


def _content(receipt: Document | frappe._dict) -> dict[str, Any]:
    """What the hash covers: everything of the receipt that never changes."""
    return {
        "number": receipt.name,
        "market": receipt.market,
        "merchant": receipt.merchant,
        "payment_order": receipt.payment_order,
        "amount": yuan(receipt.amount),
        "issued_at": get_datetime(receipt.issued_at).replace(microsecond=0),
        "lines": [
            [line.fee or "", yuan(line.principal), yuan(line.late_fee), yuan(line.amount)]
            for line in receipt.lines
        ],
    }


def _context(receipt: Document, mark: Seal) -> dict[str, Any]:
    market = frappe.get_cached_doc("Market", receipt.market)
    channel = frappe.db.get_value("Market Payment Order", receipt.payment_order, "channel")
    lines = _lines(receipt)
    stalls = sorted({line.stall_no for line in lines if line.stall_no})
    pages = [PrintedPage(page, LINES_PER_PAGE - len(page)) for page in pdf.paginate(lines, LINES_PER_PAGE)]
    return {
        "title": f"收据 {receipt.name}",
        "pages": pages,
        "watermark_text": f"{market.market_name}　{receipt.name}",
        "void": receipt.status == "Void",
        "gone_back": refunded.of_order(receipt.payment_order),
        "issuer": market.receipt_title or market.market_name,
        "seal_image": picture(market.seal_image),
        "issued_at": get_datetime(receipt.issued_at),
        "number": receipt.name,
        "payer": frappe.db.get_value("Merchant", receipt.merchant, "merchant_name"),
        "stalls": "、".join(stalls[:4]) + (f" 等{len(stalls)}个" if len(stalls) > 4 else ""),
        "channel": terms.CHANNELS.get(channel, channel or ""),
        "handler": _handler(receipt, channel),
        "order": receipt.payment_order,
        "amount": yuan(receipt.amount),
        "qr": Markup(mark.qr),
        "short_hash": mark.short_hash,
        "code": mark.code,
    }


def _lines(receipt: Document) -> list[PrintedLine]:
    names = [line.stall for line in receipt.lines if line.stall]
    numbers = dict(
        frappe.get_all(
            "Stall", filters={"name": ["in", names or [""]]}, fields=["name", "stall_no"], as_list=True
        )
    )
    return [
        PrintedLine(
            number=number,
            stall_no=numbers.get(line.stall, ""),
            item=terms.fee_type(line.fee_type) if line.fee_type else terms.PURPOSES[line.purpose],
            period=line.period or "",
            # A prepayment has neither principal nor late fee of a fee; its amount is what it pays.
            principal=yuan(line.principal) if line.fee else yuan(line.amount),
            late_fee=yuan(line.late_fee) if line.fee else ZERO,
            amount=yuan(line.amount),
        )
        for number, line in enumerate(receipt.lines, start=1)
    ]


def _handler(receipt: Document, channel: str | None) -> str:
    """Who took the money: the cashier at the counter; online payments are receipted by the system."""
    if channel == "WeChat":
        return "线上支付，系统开具"
    cashier = frappe.db.get_value("Market Payment Order", receipt.payment_order, "user") or receipt.owner
    return frappe.db.get_value("User", cashier, "full_name") or cashier


def picture(file_url: str | None) -> str | None:
    """An attached image as a data address, since a PDF may fetch nothing. None when there is no such file.

    Raises ValidationError for what is neither PNG nor JPEG: printing a sample instead would hide the mistake.
    """
    if not file_url:
        return None
    name = frappe.db.get_value("File", {"file_url": file_url}, "name")
    if not name:
        return None
    content = frappe.get_doc("File", name).get_content()
    content = content.encode() if isinstance(content, str) else content
    kind = next((kind for start, kind in _PICTURES.items() if content.startswith(start)), None)
    if kind is None:
        frappe.throw(_("The seal image must be a PNG or JPEG file."))
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
