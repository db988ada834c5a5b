"""A way back from a waiver approved by mistake: what was waived is owed again from that day on."""

from datetime import datetime

import frappe
from frappe import _
from market_mgmt.domain.ledger import WAIVER
from market_mgmt.services import freed, ledger, waivers
from market_mgmt.services.billing_reversal import reversals
from market_mgmt.services.rows import lock


def reverse(name: str, reason: str, by: str, now: datetime) -> str:
    """Take back an approved waiver; returns its status. Balance that the merchant has pays what is owed again.

    Raises ValidationError without a reason or for a waiver that is not approved (one of a reversed bill is void
    already), PermissionError for who approved it.
    """
    if not (reason or "").strip():
        frappe.throw(_("A reversal needs a reason."))
    merchant, fee = frappe.db.get_value("Fee Waiver", name, ["merchant", "fee"])
    lock("Merchant", [merchant])
    lock("Fee", [fee])
    row = frappe.db.get_value("Fee Waiver", name, ["status", "decided_by"], as_dict=True, for_update=True)
    if row.status != waivers.APPROVED:
        frappe.throw(_("This waiver is {0}, not approved.").format(_(row.status)))
    if row.decided_by == by:
        frappe.throw(_("A waiver is reversed by somebody else than who approved it."), frappe.PermissionError)
    # Reversals found by what they reverse: a part may have been taken back with the bill.
    entries = ledger.entries_of([fee], lock=True)[fee]
    own = [entry for entry in entries if entry.entry_type == WAIVER and entry.voucher_no == name]
    back = [entry for entry in entries if entry.reversal_of in {one.name for one in own}]
    ledger.post(reversals([*own, *back], reason, now.date()))
    said = {"reversed_by": by, "reversed_at": now, "reversal_reason": reason.strip()}
    frappe.db.set_value("Fee Waiver", name, {"status": waivers.REVERSED, **said})
    ledger.refresh_caches([fee], now.date())
    freed.pay_open(merchant, now)
    return waivers.REVERSED
