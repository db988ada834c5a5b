"""Orders whose payment differs from what was ordered: nothing is posted, and a person finds out why.

Until then the fees of such an order are not paid by WeChat again: its money may well be there.
"""

from collections.abc import Sequence
from datetime import datetime

import frappe
from cn_connect.api_errors import refuse
from cn_connect.wechat.gateway import pay_client
from frappe import _
from market_mgmt.services.rows import lock
from market_mgmt.services.settlement import QUARANTINE, SETTLED, settle

REFUNDED = "REFUND"


def refuse_while_reviewed(merchant: str, fees: Sequence[str]) -> None:
    """Raises ValidationError (PAYMENT_UNDER_REVIEW) when a payment of any of these fees is being looked into."""
    order, line = frappe.qb.DocType("Market Payment Order"), frappe.qb.DocType("Payment Order Fee")
    query = frappe.qb.from_(order).join(line).on(line.parent == order.name).select(order.name)
    query = query.where((order.merchant == merchant) & (order.status == QUARANTINE))
    found = query.where(line.fee.isin(list(fees))).orderby(order.name).limit(1).run()
    if found:
        refuse(
            _(
                "An earlier payment of these fees is being looked into (payment order {0}); please ask the market office."
            ).format(found[0][0]),
            "PAYMENT_UNDER_REVIEW",
        )


def resolve(order: str, reason: str, by: str, now: datetime) -> str:
    """End the review of an order, by what WeChat says now; returns its status.

    A payment that fits by now (the payee was set wrongly, say) is settled. An order that was not paid, or whose money
    went back, is closed with the reason. Raises ValidationError while WeChat has money that does not fit.
    """
    if not (reason or "").strip():
        frappe.throw(_("Please note what was found out."))
    fields = ["status", "merchant", "mchid", "sub_mchid"]
    row = frappe.db.get_value("Market Payment Order", order, fields, as_dict=True)
    if row.status != QUARANTINE:
        frappe.throw(_("Payment order {0} is {1}, not under review.").format(order, _(row.status)))
    frappe.db.commit()
    said = pay_client(row.mchid).query_order(order, row.sub_mchid or None)
    if said and said.paid and said.trade_state != REFUNDED:
        if settle(said, now, reviewed=True).state == SETTLED:
            return "Paid"
        frappe.throw(
            _(
                "The payment of order {0} still differs; give the money back on WeChat's merchant platform first."
            ).format(order)
        )
    lock("Merchant", [row.merchant])
    document = frappe.get_doc("Market Payment Order", order, for_update=True)
    if document.status == QUARANTINE:
        note = _("closed by {0}: {1}").format(by, reason.strip())
        document.update({"status": "Closed", "error": f"{document.error}\n{note}"})
        document.save(ignore_permissions=True)
    return document.status
