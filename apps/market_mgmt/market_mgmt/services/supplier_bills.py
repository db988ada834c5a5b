"""Resold utilities: the price follows from the supplier's bill, and no more is charged than it (money rule 3, domain.md).

No surcharge and no shared lines: price = amount ÷ units, rounded down to four decimals. Whatever is charged for the
utility counts, also one-off fees. Where only rounding makes the sum exceed, the last cents come off, as a line of the bill.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import frappe
from cn_connect.money import yuan
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.periods import month_of
from market_mgmt.domain.resale import CENT, Rounded, lose_a_cent, register_prices
from market_mgmt.domain.tariffs import FLAT, REGISTERS, SHOULDER, TIME_OF_USE
from market_mgmt.services import fee_writer, labels
from market_mgmt.services.fee_writer import GENERATED
from market_mgmt.services.rows import chunks, lock, number

DRAFT, CONFIRMED = "Draft", "Confirmed"
_UNPUBLISHED = ("Draft", "Reviewed")
_STANDING = ("name", "status", "source", "amount")


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
    bill.unit_price = float(_prices(bill)[0])
    bill.bill_key = f"{bill.market}|{bill.fee_type}|{bill.period}"
    bill.confirmed_by = user if bill.status == CONFIRMED else None


def confirm(name: str) -> str:
    """Vouch for a drafted bill, which sets the price of its month; returns its status. Raises ValidationError for any other."""
    bill = frappe.get_doc("Supplier Bill", name, for_update=True)
    bill.status = CONFIRMED
    return bill.save(ignore_permissions=True).status


def _prices(bill: Document) -> tuple[Decimal, dict[str, Decimal]]:
    """The price of a unit, and those of the registers that the bill lists."""
    parts = {
        register: (
            number(bill.get(f"{register.lower()}_units")),
            yuan(bill.get(f"{register.lower()}_amount")),
        )
        for register in REGISTERS
        if register != SHOULDER
    }
    try:
        return register_prices(yuan(bill.amount), number(bill.units), parts)
    except ValueError:
        frappe.throw(
            _("Each register has units and an amount, and together they are no more than the bill itself.")
        )
        raise


def saved(bill: Document) -> None:
    """A bill that has just been confirmed sets the market's price from the first day of its month."""
    if bill.status != CONFIRMED or frappe.db.exists("Tariff", {"supplier_bill": bill.name}):
        return
    registers = _prices(bill)[1]
    frappe.get_doc(
        {
            "doctype": "Tariff",
            "market": bill.market,
            "fee_type": bill.fee_type,
            "unit_price": bill.unit_price,
            "effective_from": month_of(bill.period).start,
            "supplier_bill": bill.name,
            "kind": TIME_OF_USE if registers else FLAT,
            **{f"{register.lower()}_price": float(price) for register, price in registers.items()},
        }
    ).insert(ignore_permissions=True)


def take_off_cents(market: str, period: str) -> None:
    """Take the last cents off drafts of a period that exceed the supplier's bill by rounding only, each as a line."""
    for fee_type, limit in _limits(market, period).items():
        _take_off(market, period, fee_type, limit, None)


def wait_for_others(market: str, period: str) -> None:
    """Let one after the other publish what a supplier's bill limits: the sum of both must not exceed it."""
    lock("Supplier Bill", frappe.get_all("Supplier Bill", {"market": market, "period": period}, pluck="name"))


def require_covered(market: str, period: str, bills: Sequence[frappe._dict]) -> None:
    """Raises ValidationError when these bills, with those published before, exceed what the supplier charges.

    `bills` are rows of Fee with fee type, source and amount; those that lose a cent, as they exceed it by rounding only,
    get their new amount. A resold utility must have its supplier's bill; another is checked when it has one.
    """
    types = {row.fee_type for row in bills}
    metered = frappe.get_all(
        "Fee Type",
        filters={"kind": "Metered", "name": ["in", list(types) or [""]]},
        fields=["name", "resold"],
    )
    limits = _limits(market, period) if metered else {}
    for fee_type in metered:
        label, own = _(fee_type.name), [row for row in bills if row.fee_type == fee_type.name]
        limit = limits.get(fee_type.name)
        if limit is None and fee_type.resold:
            frappe.throw(
                _("Enter and confirm the supplier's bill of {0} for {1} first.").format(label, period)
            )
        if limit is None:
            continue
        if fee_type.resold:
            _require_price(own, limit.price)
        total = _take_off(market, period, fee_type.name, limit, own)
        if total > limit.amount:
            frappe.throw(
                _(
                    "{0} of {1}: {2} would be charged, the supplier's bill is {3}; check readings and prices."
                ).format(label, period, total, limit.amount)
            )


class Limit(NamedTuple):
    """What a supplier charges for a month, and the price of a unit that follows (the highest of all registers), in yuan."""

    amount: Decimal
    price: Decimal


def _limits(market: str, period: str) -> dict[str, Limit]:
    filters = {"market": market, "period": period, "status": CONFIRMED}
    found = {}
    for name in frappe.get_all("Supplier Bill", filters, pluck="name"):
        bill = frappe.get_doc("Supplier Bill", name)
        price, registers = _prices(bill)
        found[bill.fee_type] = Limit(yuan(bill.amount), max(price, *registers.values(), ZERO))
    return found


def _take_off(
    market: str, period: str, fee_type: str, limit: Limit, publishing: Sequence[frappe._dict] | None
) -> Decimal:
    """What is charged in all, after cents were taken off drafts if that mends it: by what stands of the period, or by
    what is published with `publishing`, whose rows then get their new amounts."""
    wanted = None if publishing is None else {row.name for row in publishing}
    standing = [
        row
        for row in _charged(market, fee_type, period)
        if wanted is None or row.name in wanted or row.status not in _UNPUBLISHED
    ]
    total = sum((yuan(row.amount) for row in standing), ZERO)
    if total <= limit.amount:
        return total
    exact = _exact_amounts([row.name for row in standing if row.source == GENERATED])
    bills = []
    for row in standing:
        amount = yuan(row.amount)
        fixed = row.status not in _UNPUBLISHED or row.name not in exact
        bills.append(Rounded(amount, exact.get(row.name, amount), fixed))
    losing = lose_a_cent(bills, limit.amount)
    if not losing:
        return total
    names = {standing[index].name for index in losing}
    fee_writer.take_off_a_cent(names)
    for row in publishing or ():
        if row.name in names:
            row.amount = yuan(row.amount) - CENT
    return total - CENT * len(names)


def _exact_amounts(fees: Sequence[str]) -> dict[str, Decimal]:
    """What bills came to before they were rounded, from their lines; not of those that have lost their cent."""
    exact: dict[str, Decimal] = {}
    trimmed: set[str] = set()
    for piece in chunks(fees):
        fields = ["parent", "quantity", "unit_price"]
        for line in frappe.get_all("Fee Line", {"parent": ["in", piece]}, fields, order_by=None):
            price = number(line.unit_price)
            if price < 0:
                trimmed.add(line.parent)
            else:
                exact[line.parent] = exact.get(line.parent, ZERO) + number(line.quantity) * price
    return {fee: amount for fee, amount in exact.items() if fee not in trimmed}


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


def _charged(market: str, fee_type: str, period: str) -> list[frappe._dict]:
    """All that is charged for a utility of a month, published or not: a surcharge by another name would still be one."""
    fee = frappe.qb.DocType("Fee")
    query = frappe.qb.from_(fee).select(*(fee[field] for field in _STANDING)).orderby(fee.name)
    query = query.where((fee.market == market) & (fee.period == period) & (fee.fee_type == fee_type))
    # Past the snapshot, so that what somebody else has just published counts.
    return query.where(fee.status != "Reversed").for_update().run(as_dict=True)
