"""The office's methods that give something up or back, each decided by a second person: waivers, refunds; and invoices."""

from decimal import Decimal
from typing import Literal

import frappe
from cn_connect import clock
from cn_connect.api_method import api_method
from frappe import _
from frappe.model.workflow import apply_workflow, get_transitions
from market_mgmt.api import answers
from market_mgmt.api.staff.common import ADMINISTRATOR, CASHIER, FINANCE, SUPERVISOR, cents, own
from market_mgmt.services import invoices, refunds, waiver_reversal, waivers, wechat_refunds


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def request_waiver(
    fee: str, part: Literal["Principal", "Late Fee"], amount: Decimal, reason: str
) -> answers.NamedStatus:
    """Asks for a waiver of part of a bill; somebody else approves it."""
    own("Fee", [fee])
    name = waivers.request(fee, part, cents(amount), reason)
    return {"name": name, "status": waivers.REQUESTED}


@api_method(methods=["POST"], roles=[SUPERVISOR, ADMINISTRATOR])
def review_waiver(name: str, approve: bool, note: str | None = None) -> answers.NamedStatus:
    """Takes the step of the waivers' workflow that approves or rejects; an approved one is posted at once."""
    own("Fee Waiver", [name])
    waiver = frappe.get_doc("Fee Waiver", name)
    wanted = waivers.APPROVED if approve else waivers.REJECTED
    step = next((one.action for one in get_transitions(waiver) if one.next_state == wanted), None)
    if step is None:
        frappe.throw(
            _("You cannot decide about this waiver; it is {0}.").format(_(waiver.status)),
            frappe.PermissionError,
        )
    if note:
        waiver.db_set("decision_note", note.strip())
    return {"name": name, "status": apply_workflow(waiver, step).status}


@api_method(methods=["POST"], roles=[SUPERVISOR, ADMINISTRATOR])
def reverse_waiver(name: str, reason: str) -> answers.NamedStatus:
    """Takes back a waiver that somebody else approved by mistake: what was waived is owed again from today."""
    own("Fee Waiver", [name])
    return {"name": name, "status": waiver_reversal.reverse(name, reason, frappe.session.user, clock.now())}


@api_method(methods=["POST"], roles=[FINANCE, CASHIER])
def request_refund(
    merchant: str,
    amount: Decimal,
    channel: Literal["WeChat", "Cash", "Transfer", "POS"],
    reason: str,
    payment_order: str | None = None,
    reopen_fees: bool = False,
) -> answers.NamedStatus:
    """Asks for money to go back: a payment on its own way, or balance in cash or by transfer."""
    own("Merchant", [merchant])
    user, now = frappe.session.user, clock.now()
    name = refunds.request(merchant, cents(amount), channel, reason, user, now, payment_order, reopen_fees)
    return {"name": name, "status": "Requested"}


@api_method(methods=["POST"], roles=[SUPERVISOR, ADMINISTRATOR])
def review_refund(name: str, approve: bool, note: str | None = None) -> answers.NamedStatus:
    """Approves a refund, which holds the money, or rejects it; an approved WeChat refund is sent within a minute."""
    own("Refund", [name])
    return {"name": name, "status": refunds.review(name, approve, note, frappe.session.user, clock.now())}


@api_method(methods=["POST"], roles=[FINANCE, CASHIER])
def pay_refund(name: str, reference: str | None = None) -> answers.NamedStatus:
    """Records that an approved refund was paid out: in cash from your session, or by transfer with its number."""
    own("Refund", [name])
    return {"name": name, "status": refunds.pay_out(name, frappe.session.user, clock.now(), reference)}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def cancel_refund(name: str, reason: str) -> answers.NamedStatus:
    """Gives up an approved refund that cannot be paid out; the money is balance again."""
    own("Refund", [name])
    by_wechat = frappe.db.get_value("Refund", name, "channel") == refunds.WECHAT
    give_up = wechat_refunds.give_up if by_wechat else refunds.give_up
    return {"name": name, "status": give_up(name, reason, clock.now())}


@api_method(methods=["POST"], roles=[FINANCE, CASHIER, SUPERVISOR])
def refund_state(name: str) -> answers.NamedStatus:
    """The state of a refund; WeChat is asked while it is under way."""
    own("Refund", [name])
    return {"name": name, "status": wechat_refunds.refresh(name, clock.now())}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def issue_invoice(name: str, number: str) -> answers.NamedStatus:
    """Enters the number of the digital invoice that was issued for a request."""
    own("Invoice Request", [name])
    return {"name": name, "status": invoices.issue(name, number, frappe.session.user, clock.now())}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def red_letter_invoice(name: str, number: str) -> answers.NamedStatus:
    """Enters the number of the red-letter invoice that takes an invoice back."""
    own("Invoice Request", [name])
    return {"name": name, "status": invoices.red_letter(name, number, frappe.session.user, clock.now())}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def reject_invoice(name: str, reason: str) -> answers.NamedStatus:
    """Refuses an invoice request with the reason; the merchant may ask again."""
    own("Invoice Request", [name])
    return {"name": name, "status": invoices.reject(name, reason, frappe.session.user, clock.now())}
