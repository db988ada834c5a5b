"""Cached figures of a fee: outstanding, late fee, status, paid date, recomputed from the ledger by the database.

Two statements for thousands of fees; the same SQL on SQLite and MariaDB.
"""

from collections.abc import Iterable
from datetime import date

import frappe
from market_mgmt.services.rows import chunks


def refresh_caches(fees: Iterable[str], on: date) -> None:
    """Bring the cached figures and the status of published fees in line with the ledger; `on` is when they got paid."""
    for piece in chunks(fees):
        names = ", ".join(["%s"] * len(piece))
        frappe.db.sql(_CACHED_AMOUNTS.format(names=names), piece)
        frappe.db.sql(_CACHED_STATUS.format(names=names), [on, *piece])


def rebuild_caches(market: str, on: date) -> int:
    """Recompute the caches of every published fee of a market; returns how many fees that are."""
    statuses = ["not in", ("Draft", "Reviewed", "Reversed")]
    fees = frappe.get_all("Fee", filters={"market": market, "status": statuses}, pluck="name")
    refresh_caches(fees, on)
    refresh_deferred(fees)
    return len(fees)


def refresh_deferred(fees: Iterable[str]) -> None:
    """Bring what is not yet income of published fees in line with the ledger. Payments do not change it."""
    for piece in chunks(fees):
        frappe.db.sql(_CACHED_DEFERRED.format(names=", ".join(["%s"] * len(piece))), piece)


_SUM = "ROUND(COALESCE((SELECT SUM({}) FROM `tabAccount Entry` entry WHERE entry.fee = `tabFee`.name), 0), 2)"
_BALANCE = (
    "CASE WHEN entry.debit_account = '{0}' THEN entry.amount"
    " WHEN entry.credit_account = '{0}' THEN -entry.amount ELSE 0 END"
)
_LATE_FEE_POSTED = (
    "CASE WHEN entry.debit_account = 'Late Fee Receivable' AND entry.credit_account = 'Late Fee Income' THEN entry.amount"
    " WHEN entry.debit_account = 'Late Fee Income' THEN -entry.amount ELSE 0 END"
)
_CACHED_AMOUNTS = (
    f"UPDATE `tabFee` SET outstanding = {_SUM.format(_BALANCE.format('Receivable'))},"
    f" late_fee = {_SUM.format(_BALANCE.format('Late Fee Receivable'))},"
    f" late_fee_posted = {_SUM.format(_LATE_FEE_POSTED)}"
    " WHERE status NOT IN ('Draft', 'Reviewed') AND name IN ({names})"
)
_CACHED_DEFERRED = (
    f"UPDATE `tabFee` SET deferred = -{_SUM.format(_BALANCE.format('Deferred Income'))}"
    " WHERE status NOT IN ('Draft', 'Reviewed') AND name IN ({names})"
)
# What was paid and not taken back makes a fee paid, or paid in part; a waiver never does.
_RECEIVED = _SUM.format(_BALANCE.format("Prepaid"))
_CACHED_STATUS = (
    "UPDATE `tabFee` SET"
    f" paid_date = CASE WHEN outstanding + late_fee > 0 OR {_RECEIVED} <= 0 THEN NULL ELSE COALESCE(paid_date, %s) END,"
    f" status = CASE WHEN {_RECEIVED} > 0 THEN CASE WHEN outstanding + late_fee <= 0 THEN 'Paid' ELSE 'Partly Paid' END"
    " WHEN outstanding + late_fee <= 0 THEN 'Waived' ELSE 'Published' END"
    " WHERE status IN ('Published', 'Partly Paid', 'Paid', 'Waived') AND name IN ({names})"
)
