"""Numbers without gaps: one series per market, year and kind of paper, taken in the transaction that issues it."""

import frappe
from cn_connect.bulk import bulk_insert
from market_mgmt.services.rows import lock

RECEIPT, REFUND_VOUCHER = "Receipt", "Refund Voucher"
_SUFFIX = {RECEIPT: "", REFUND_VOUCHER: "-TK"}


def next_number(market: str, year: int, series: str = RECEIPT) -> int:
    """The next number, from a row that stays locked until the paper is committed or its number given back."""
    name = f"{market}-{year}{_SUFFIX[series]}"
    fields = ("name", "last_number")
    counter = lock("Receipt Counter", [name], fields).get(name)
    if counter is None:
        new = {"name": name, "market": market, "year": year, "series": series, "last_number": 0}
        # Two may find no counter at once; the second one's row is ignored and both then wait at the lock.
        bulk_insert("Receipt Counter", [new], ignore_duplicates=True)
        counter = lock("Receipt Counter", [name], fields)[name]
    number: int = counter.last_number + 1
    frappe.db.set_value("Receipt Counter", name, "last_number", number, update_modified=False)
    return number
