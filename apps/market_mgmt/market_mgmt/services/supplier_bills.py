"""Resold utilities: the price follows from the supplier's bill, and no more is charged than it (money rule 3, domain.md).

No surcharge and no shared lines: price = amount ÷ units, rounded down to four decimals.
"""

from collections.abc import Sequence
from decimal import Decimal

import frappe
from cn_connect.money import yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.billing import resale_price
from market_mgmt.domain.periods import month_of
from market_mgmt.services import labels
from market_mgmt.services.fee_writer import GENERATED
from market_mgmt.services.rows import chunks, number

DRAFT, CONFIRMED = "Draft", "Confirmed"


def check(bill: Document, user: str) -> None:
    """Raises ValidationError for a bill that no price can follow from, or a change of a confirmed one."""
    before = bill.get_doc_before_save()
    if before and before.status == CONFIRMED:
        frappe.throw(_("A confirmed bill stays; prices and fees build on it."))
    if frappe.get_cached_value("Fee Type", bill.fee_type, "kind") != "Metered":
        frappe.throw(_("{0} is not charged by meter.").format(_(bill.fee_type)))
    try:
        month_of(bill.period)
    except ValueError:
        frappe.throw(_("{0} is not a month (YYYY-MM).").format(bill.period))
    units, amount = number(bill.units), yuan(bill.amount)
    if units <= 0 or amount <= 0:
        frappe.throw(_("Units and amount of the bill must be more than zero."))
    bill.unit_price = float(resale_price(amount, units))
    bill.bill_key = f"{bill.market}|{bill.fee_type}|{bill.period}"
    bill.confirmed_by = user if bill.status == CONFIRMED else None


def confirm(name: str) -> str:
    """Vouch for a drafted bill, which sets the price of its month; returns its status. Raises ValidationError for any other."""
    bill = frappe.get_doc("Supplier Bill", name, for_update=True)
    bill.status = CONFIRMED
    return bill.save(ignore_permissions=True).status


def saved(bill: Document) -> None:
    """A bill that has just been confirmed sets the market's price from the first day of its month."""
    if bill.status != CONFIRMED or frappe.db.exists("Tariff", {"supplier_bill": bill.name}):
        return
    frappe.get_doc(
        {
            "doctype": "Tariff",
            "market": bill.market,
            "fee_type": bill.fee_type,
            "unit_price": bill.unit_price,
            "effective_from": month_of(bill.period).start,
            "supplier_bill": bill.name,
        }
    ).insert(ignore_permissions=True)


def require_covered(market: str, period: str, bills: Sequence[frappe._dict]) -> None:
    """Raises ValidationError when these bills, with those published before, exceed what the supplier charges.

    `bills` are rows of Fee with fee type, source and amount. A resold utility must have its supplier's bill; another
    is checked when it has one.
    """
    adding: dict[str, Decimal] = {}
    for row in bills:
        if row.source == GENERATED:
            adding[row.fee_type] = adding.get(row.fee_type, Decimal(0)) + yuan(row.amount)
    metered = frappe.get_all(
        "Fee Type",
        filters={"kind": "Metered", "name": ["in", list(adding) or [""]]},
        fields=["name", "resold"],
    )
    for fee_type in metered:
        limit, price = frappe.db.get_value(
            "Supplier Bill",
            {"market": market, "fee_type": fee_type.name, "period": period, "status": CONFIRMED},
            ["amount", "unit_price"],
        ) or (None, None)
        label = _(fee_type.name)
        if limit is None and fee_type.resold:
            frappe.throw(
                _("Enter and confirm the supplier's bill of {0} for {1} first.").format(label, period)
            )
        if limit is None:
            continue
        if fee_type.resold:
            _require_price([row for row in bills if row.fee_type == fee_type.name], number(price))
        total = adding[fee_type.name] + _published(market, fee_type.name, period)
        if total > yuan(limit):
            frappe.throw(
                _(
                    "{0} of {1}: {2} would be charged, the supplier's bill is {3}; check readings and prices."
                ).format(label, period, total, yuan(limit))
            )


def _require_price(bills: Sequence[frappe._dict], price: Decimal) -> None:
    """Raises ValidationError for a bill drafted at more than the supplier's price: before its bill was there, say."""
    for piece in chunks(row.name for row in bills if row.source == GENERATED):
        lines = frappe.get_all(
            "Fee Line", {"parent": ["in", piece]}, ["parent", "unit_price"], order_by="parent"
        )
        for line in lines:
            if number(line.unit_price) > price:
                frappe.throw(
                    _(
                        "{0} was drafted at {1} a unit, the supplier's price is {2}; reverse it and draft it again."
                    ).format(labels.fee(line.parent), number(line.unit_price), price)
                )


def _published(market: str, fee_type: str, period: str) -> Decimal:
    amounts = frappe.get_all(
        "Fee",
        filters={
            "market": market,
            "fee_type": fee_type,
            "period": period,
            "source": GENERATED,
            "status": ["not in", ("Draft", "Reviewed", "Reversed")],
        },
        pluck="amount",
    )
    return sum(map(yuan, amounts), Decimal("0.00"))
