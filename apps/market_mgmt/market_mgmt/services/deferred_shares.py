"""What the lines of bills say about the months that they bring in income for."""

from collections.abc import Mapping
from datetime import date

import frappe
from cn_connect.money import yuan
from market_mgmt.domain import deferral as rules
from market_mgmt.domain.deferral import Share
from market_mgmt.services.rows import chunks


def shares_of(bill_dates: Mapping[str, date]) -> dict[str, list[Share]]:
    """The shares of bills by name. Lines written before they said their month have none, so their bill is not deferred."""
    lines: dict[str, list[tuple[str | None, float]]] = {name: [] for name in bill_dates}
    for piece in chunks(bill_dates):
        fields = ["parent", "month", "amount"]
        for line in frappe.get_all("Fee Line", {"parent": ["in", piece]}, fields, order_by="parent, idx"):
            lines[line.parent].append((line.month, line.amount))
    return {
        name: rules.shares([(str(month), yuan(amount)) for month, amount in own], bill_dates[name])
        if all(month for month, _amount in own)
        else []
        for name, own in lines.items()
    }
