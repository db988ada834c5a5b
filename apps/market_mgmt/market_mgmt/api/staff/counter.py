"""The cashiers' methods: a session is opened, money taken and taken back, the drawer counted."""

from decimal import Decimal

import frappe
from cn_connect import clock, idempotency
from cn_connect.api_method import api_method
from frappe import _
from market_mgmt import permissions
from market_mgmt.api import answers
from market_mgmt.api.staff.common import CASHIER, FINANCE, SUPERVISOR, cents, own
from market_mgmt.services import cashiers, counter, payments


@api_method(methods=["POST"], roles=[CASHIER, FINANCE, SUPERVISOR])
def open_session(market: str, opening_float: Decimal) -> answers.Named:
    """Opens your session at the counter with the change in the drawer; money is taken and given back in a session."""
    permissions.require_market(market)
    return {"name": cashiers.open_session(market, frappe.session.user, cents(opening_float), clock.now())}


@api_method(methods=["POST"], roles=[CASHIER, FINANCE, SUPERVISOR])
def close_session(name: str, counted: dict[str, Decimal], note: str | None = None) -> answers.ClosedSession:
    """Closes a session with what was counted by channel (Cash, Transfer, POS); a difference needs a note."""
    own("Cashier Session", [name])
    cashier = frappe.db.get_value("Cashier Session", name, "cashier")
    user = frappe.session.user
    if cashier != user and not {FINANCE, SUPERVISOR} & set(frappe.get_roles(user)):
        frappe.throw(_("This is the session of somebody else."), frappe.PermissionError)
    amounts = {channel: cents(amount) for channel, amount in counted.items()}
    differences = cashiers.close_session(name, amounts, user, clock.now(), note)
    return {"name": name, "status": "Closed", "differences": differences}


@api_method(methods=["POST"], roles=[CASHIER, FINANCE])
def collect(
    merchant: str, fees: list[str], channel: str, amount: Decimal, again: bool = False
) -> answers.Collected:
    """Takes money at the counter (Cash, Transfer, POS); what is left after the fees is prepaid.

    The same once more within a minute, with no key that tells the requests apart, is refused unless `again` says that
    it is another payment.
    """
    own("Merchant", [merchant])
    if not (again or idempotency.is_given()):
        counter.require_another(merchant, channel, cents(amount), frappe.session.user, clock.now(), fees)
    return _taken(payments.collect(merchant, fees, channel, cents(amount), frappe.session.user, clock.now()))


@api_method(methods=["POST"], roles=[SUPERVISOR, FINANCE])
def reverse_payment(payment_order: str, reason: str) -> answers.ReopenedFees:
    """Takes back a counter payment that somebody else took; its receipt becomes void and its fees are open again."""
    own("Market Payment Order", [payment_order])
    return {"fees": payments.reverse(payment_order, reason, frappe.session.user, clock.now())}


@api_method(methods=["POST"], roles=[CASHIER, FINANCE])
def take_deposit(lease: str, channel: str, amount: Decimal, again: bool = False) -> answers.Collected:
    """Takes the deposit of a lease at the counter; it is held apart and pays no fees while the lease runs.

    The same once more within a minute is treated as by `collect`.
    """
    [row] = own("Lease", [lease], "merchant")
    if not (again or idempotency.is_given()):
        user, now = frappe.session.user, clock.now()
        counter.require_another(row.merchant, channel, cents(amount), user, now, lease=lease)
    return _taken(counter.take_deposit(lease, channel, cents(amount), frappe.session.user, clock.now()))


def _taken(result: payments.SettleResult) -> answers.Collected:
    return {
        "payment_order": result.order,
        "receipt": result.receipt,
        "red_cards_lifted": list(result.red_cards_lifted),
    }
