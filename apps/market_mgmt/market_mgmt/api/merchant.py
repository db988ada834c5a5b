"""Merchants' methods. Who the merchant is comes from the session and never from an argument."""

from collections.abc import Sequence
from typing import Annotated, cast

import frappe
from cn_connect import clock
from cn_connect.api_errors import refuse
from cn_connect.api_method import Download, api_method
from cn_connect.errors import GatewayUnavailable
from cn_connect.money import yuan
from cn_connect.wechat import accounts
from frappe import _
from market_mgmt.api import answers
from market_mgmt.api.paging import check_page, check_year
from market_mgmt.services import (
    bindings,
    invoices,
    labels,
    notices,
    payments,
    refund_vouchers,
    refunded,
    statements,
)
from market_mgmt.services import receipts as receipt_service
from market_mgmt.services.bindings import BoundStall

MERCHANT = "Market Merchant"
CHANNELS = {"wechat": "WeChat"}


@api_method(methods=["GET", "POST"], roles=[MERCHANT])
def fees() -> answers.Fees:
    """What is to be paid today, by stall, with the late fee up to today and how each amount came about."""
    return cast(answers.Fees, statements.current(_bound(), clock.today()))


@api_method(methods=["GET", "POST"], roles=[MERCHANT])
def history(start: int = 0, limit: int = 12, year: int | None = None) -> answers.History:
    """Bills folded by month, the latest first, with the payments and receipts made in that month."""
    check_page(start, limit)
    check_year(year)
    return cast(answers.History, statements.history(_bound(), start, limit, year))


@api_method(methods=["POST"], roles=[MERCHANT])
def pay(fees: list[str], channel: str = "wechat") -> answers.NewPayment:
    """Places an order for these fees at today's price; an older unpaid one for any of them is closed."""
    now, user = clock.now(), frappe.session.user
    if channel not in CHANNELS:
        frappe.throw(_("Payment channel {0} is not available here.").format(channel))
    bound = _bound()
    payer = _payer_of(fees, bound)
    openid = accounts.openid_of(user) or next(
        (s.openid for s in bound if s.merchant == payer and s.openid), None
    )
    if not openid:
        refuse(_("Please sign in by WeChat to pay."), "NO_OPENID")
    order, pay_params = payments.create(payer, fees, CHANNELS[channel], now, user, openid)
    return {
        "payment_order": order.name,
        "amount": yuan(order.amount),
        "expires_at": order.expires_at,
        "pay_params": pay_params,
    }


@api_method(methods=["POST"], roles=[MERCHANT])
def payment(payment_order: str) -> answers.Payment:
    """The state of a payment; WeChat is asked while it is still pending."""
    _check_own("Market Payment Order", payment_order)
    try:
        payments.refresh(payment_order, clock.now())
    except GatewayUnavailable:
        # What is known here is still an answer; the notification or the sweeper brings the rest.
        frappe.clear_messages()
    return _payment(payment_order)


@api_method(methods=["POST"], roles=[MERCHANT])
def cancel_payment(payment_order: str) -> answers.Payment:
    """Closes an unpaid order; one that was paid in the meantime is settled instead."""
    _check_own("Market Payment Order", payment_order)
    payments.cancel(payment_order, clock.now())
    return _payment(payment_order)


@api_method(methods=["GET", "POST"], roles=[MERCHANT])
def receipts(start: int = 0, limit: int = 20) -> answers.Receipts:
    """The receipts, the latest first."""
    check_page(start, limit)
    found = statements.receipts(statements.merchants_of(_bound()), start, limit)
    return cast(answers.Receipts, found)


@api_method(methods=["POST"], roles=[MERCHANT])
def receipt_pdf(receipt: str) -> Annotated[None, Download("application/pdf")]:
    """The receipt as PDF (the answer is the file itself)."""
    _check_own("Receipt", receipt)
    frappe.local.response.filename = f"{receipt}.pdf"
    frappe.local.response.filecontent = receipt_service.pdf(receipt)
    frappe.local.response.type = "pdf"


@api_method(methods=["GET", "POST"], roles=[MERCHANT])
def refunds(start: int = 0, limit: int = 20) -> answers.Refunds:
    """The refunds, the latest first; one that has left has a voucher."""
    check_page(start, limit)
    found = statements.refunds(statements.merchants_of(_bound()), start, limit)
    return cast(answers.Refunds, found)


@api_method(methods=["POST"], roles=[MERCHANT])
def refund_pdf(refund: str) -> Annotated[None, Download("application/pdf")]:
    """The voucher of a refund as PDF (the answer is the file itself)."""
    _check_own("Refund", refund)
    frappe.local.response.filecontent = refund_vouchers.render(refund)
    frappe.local.response.filename = f"{refund}.pdf"
    frappe.local.response.type = "pdf"


@api_method(methods=["POST"], roles=[MERCHANT])
def request_invoice(receipt: str, title: str, tax_number: str | None = None) -> answers.NamedStatus:
    """Asks for the invoice of a receipt; finance issues it in the tax authority's system and enters its number."""
    _check_own("Receipt", receipt)
    name = invoices.request(receipt, title, tax_number, frappe.session.user, clock.now())
    return {"name": name, "status": "Requested"}


@api_method(methods=["GET", "POST"], roles=[MERCHANT])
def consent_templates() -> dict[str, str]:
    """The WeChat message templates to ask consent for, by kind of notice: before_due, due, overdue, late_fee."""
    return notices.consent_templates()


@api_method(methods=["POST"], roles=[MERCHANT])
def record_consent(templates: list[str]) -> answers.Consents:
    """Records what wx.requestSubscribeMessage answered: one consent is good for one message of a template."""
    openid = accounts.openid_of(frappe.session.user)
    if not openid:
        refuse(_("Please sign in by WeChat."), "NO_OPENID")
    return {"recorded": notices.record_consents(openid, templates, clock.now())}


def _bound() -> list[BoundStall]:
    return bindings.current_merchants(frappe.session.user)


def _check_own(doctype: str, name: str) -> None:
    """Raises DoesNotExistError for what is not the caller's, as for what does not exist: neither tells anything."""
    merchant = frappe.db.get_value(doctype, name, "merchant")
    if not merchant or merchant not in statements.merchants_of(_bound()):
        frappe.throw(_("{0} {1} does not exist.").format(_(doctype), name), frappe.DoesNotExistError)


def _payer_of(fees: Sequence[str], bound: Sequence[BoundStall]) -> str:
    """The merchant who owes all these fees. Raises ValidationError when there is none or more than one."""
    owed = {row.name: row.merchant for row in statements.open_fees(bound, clock.today())}
    for fee in fees:
        if fee not in owed:
            called = labels.fee(fee, of=statements.merchants_of(bound))
            frappe.throw(_("Fee {0} is not open for payment.").format(called))
    payers = {owed[fee] for fee in fees}
    if not payers:
        frappe.throw(_("Choose at least one fee to pay."))
    if len(payers) > 1:
        frappe.throw(_("These fees have different payees; please pay them one by one."))
    return payers.pop()


def _payment(name: str) -> answers.Payment:
    fields = ["name", "status", "amount", "paid_at", "expires_at", "channel"]
    row = frappe.db.get_value("Market Payment Order", name, fields, as_dict=True)
    receipt = frappe.db.get_value("Receipt", {"payment_order": name})
    return {
        "payment_order": row.name,
        "status": row.status,
        "channel": row.channel,
        "amount": yuan(row.amount),
        "refunded": refunded.of_order(row.name).amount,
        "paid_at": row.paid_at,
        "expires_at": row.expires_at,
        "receipt": receipt,
    }
