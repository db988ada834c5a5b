"""Every figure that people are shown, counted again from the bare ledger entries of a market, without its SQL.

`compare` is called wherever tests have put a market through something: the journals of all its days, the collection
analyses of all its months on several days, the start page and every merchant's history must say what is counted here.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.money import yuan
from frappe.utils import getdate
from market_mgmt.domain.periods import month_of
from market_mgmt.services import cashiers, overview, statements, terms
from market_mgmt.services.bindings import BoundStall
from market_mgmt.services.reports import collection_data, journal_data

NOTHING = Decimal("0.00")
_KEPT = (("预存款", "Prepaid"), ("押金", "Deposit Held"), ("待退款", "Refund Payable"))
_COUNTER = {terms.CHANNELS[channel] for channel in cashiers.CHANNELS}


def compare(market: str, today: date) -> None:
    """Raises AssertionError where a figure is not the ledger's."""
    entries = _entries(market)
    days = sorted({entry.posting_date for entry in entries})
    for day in days:
        _journal(market, day, entries)
    fees = frappe.get_all("Fee", filters={"market": market}, fields=["*"])
    for period in sorted({fee.period for fee in fees}):
        for day in {*days[:: max(len(days) // 3, 1)], today}:
            _collection(market, period, day, fees, [e for e in entries if e.posting_date <= day])
    _start_page(market, today, fees, [entry for entry in entries if entry.posting_date <= today])
    _histories(market, fees, entries)


def _entries(market: str) -> list[Any]:
    rows = frappe.get_all("Account Entry", filters={"market": market}, fields=["*"])
    for row in rows:
        row.amount, row.posting_date = yuan(row.amount), getdate(row.posting_date)
    return rows


def _balance(entries: Iterable[Any], *accounts: str) -> Decimal:
    """Σ debit − Σ credit."""
    return sum(
        (e.amount * ((e.debit_account in accounts) - (e.credit_account in accounts)) for e in entries),
        NOTHING,
    )


def _between(entries: Iterable[Any], account: str, other: str) -> Decimal:
    """What an account gained against another."""
    return _balance([e for e in entries if {e.debit_account, e.credit_account} == {account, other}], account)


# -- the daily journal ------------------------------------------------------------------------------------------------


def _journal(market: str, day: date, entries: list[Any]) -> None:
    today = [entry for entry in entries if entry.posting_date == day]
    until = [entry for entry in entries if entry.posting_date <= day]
    journal = journal_data.read(market, day)
    assert journal.total == _balance(today, "Cash")
    channels = {name: amount for name, (_count, amount) in journal.by_channel().items()}
    assert channels == _channels(today)
    drawers = _drawers(market, day)
    assert {name: amount for name, amount in channels.items() if name in _COUNTER and amount} == drawers
    assert sum(count for count, _amount in journal.by_channel().values()) == len(journal.takings)
    rows = [*journal.takings, *journal.transfers]
    parts = {part: sum((row.parts[part] for row in rows), NOTHING) for part in rows[0].parts} if rows else {}
    for part, amount in parts.items():
        assert amount == _part(today, part), (day, part)
    assert journal.owed.closing == _balance(until, "Receivable", "Late Fee Receivable")
    for name, account in (*_KEPT, ("预收账款", "Deferred Income")):
        assert journal.balance(name).closing == -_balance(until, account)
    for taking in journal.takings:
        assert taking.channel
        if taking.order:
            assert taking.receipt == frappe.db.get_value("Receipt", {"payment_order": taking.order})
    _receipted(market, day, journal)


def _channels(entries: list[Any]) -> dict[str, Decimal]:
    """Cash by channel, of the order or refund of each entry."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if "Cash" in (entry.debit_account, entry.credit_account):
            found[_channel(entry)] += _balance([entry], "Cash")
    return dict(found)


def _channel(entry: Any) -> str:
    if entry.entry_type == "Refund":
        return terms.CHANNELS[frappe.db.get_value("Refund", entry.voucher_no, "channel")]
    if entry.payment_order:
        return terms.CHANNELS[frappe.db.get_value("Market Payment Order", entry.payment_order, "channel")]
    if entry.voucher_type == "Cashier Session Count":
        return terms.CHANNELS[frappe.db.get_value(entry.voucher_type, entry.voucher_no, "channel")]
    return terms.OTHER_CHANNEL


def _drawers(market: str, day: date) -> dict[str, Decimal]:
    """What the cashiers' sessions of a day took less what they gave back, without their floats; differences when counted."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    fields = ["name", "opened_at", "closed_at", "opening_float", "difference_booked"]
    for session in frappe.get_all("Cashier Session", {"market": market}, fields):
        if getdate(session.opened_at) == day:
            for channel, amount in cashiers.expected(session.name).items():
                given = yuan(session.opening_float) if channel == "Cash" else NOTHING
                found[channel] += amount - given
        if session.difference_booked and getdate(session.closed_at) == day:
            counts = {"parent": session.name}
            for count in frappe.get_all("Cashier Session Count", counts, ["channel", "difference"]):
                found[count.channel] += yuan(count.difference)
        _given_back_later(session, day, found)
    return {terms.CHANNELS[channel]: amount for channel, amount in found.items() if amount}


def _given_back_later(session: Any, day: date, found: dict[str, Decimal]) -> None:
    """Cash may leave an uncounted drawer on a later day: it counts on that day."""
    opened = getdate(session.opened_at)
    for order in frappe.get_all(
        "Market Payment Order", {"reversed_in": session.name}, ["name", "channel", "amount"]
    ):
        back = {"payment_order": order.name, "entry_type": "Reversal", "credit_account": "Cash"}
        gone = getdate(frappe.db.get_value("Account Entry", back, "posting_date"))
        found[order.channel] += yuan(order.amount) * ((day == opened) - (day == gone))


def _part(entries: list[Any], part: str) -> Decimal:
    """A column of the journal: of rent, say, what the balances paid of it."""
    accounts = {**dict(_KEPT), "转入预存": "Prepaid", "长短款": "Cash Over/Short"}
    if part in accounts:
        return -_balance(entries, accounts[part])
    if part == "滞纳金":
        return -_between(entries, "Late Fee Receivable", "Prepaid")
    if part == "其他往来":
        known = {
            "Cash",
            "Cash Over/Short",
            "Prepaid",
            "Deposit Held",
            "Refund Payable",
            "Receivable",
            "Late Fee Receivable",
        }
        money = [
            e
            for e in entries
            if {e.debit_account, e.credit_account} & (known - {"Receivable", "Late Fee Receivable"})
        ]
        return -sum((_balance([e], *({e.debit_account, e.credit_account} - known)) for e in money), NOTHING)
    types = {"租金": "Rent", "水费": "Water", "电费": "Electricity"}

    def concerned(entry: Any) -> bool:
        fee_type = frappe.db.get_value("Fee", entry.fee, "fee_type") if entry.fee else ""
        return fee_type == types[part] if part in types else fee_type not in types.values()

    return -_between([entry for entry in entries if concerned(entry)], "Receivable", "Prepaid")


def _receipted(market: str, day: date, journal: journal_data.Journal) -> None:
    """What came in is what the receipts are over."""
    taken = {taking.order: taking.amount for taking in journal.takings if taking.kind == "收款"}
    rows = frappe.get_all(
        "Receipt", {"payment_order": ["in", list(taken) or [""]]}, ["payment_order", "amount"]
    )
    assert {row.payment_order: yuan(row.amount) for row in rows} == taken


# -- charged, waived, received ------------------------------------------------------------------------------------------


def _figures(entries: list[Any], account: str = "Receivable") -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Charged, waived, received and outstanding of some bills' entries."""
    received, waived = -_between(entries, account, "Prepaid"), -_between(entries, account, "Waived")
    outstanding = _balance(entries, account)
    return outstanding + waived + received, waived, received, outstanding


def _shown(figures: Any) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    return figures.charged, figures.waived, figures.received, figures.outstanding


def _of(entries: list[Any], fees: Iterable[Any]) -> list[Any]:
    names = {fee.name for fee in fees}
    return [entry for entry in entries if entry.fee in names]


def _due_in(fees: list[Any], period: str) -> list[Any]:
    month = month_of(period)
    return [fee for fee in fees if fee.due_date and month.start <= getdate(fee.due_date) <= month.end]


def _collection(market: str, period: str, day: date, fees: list[Any], entries: list[Any]) -> None:
    found = collection_data.read(market, period, day)
    own = _of(entries, [fee for fee in fees if fee.period == period])
    assert _shown(found.total.figures) == _figures(own), (period, day)
    assert _shown(found.due.figures) == _figures(_of(entries, _due_in(fees, period))), (period, day)
    charged, waived, received, _outstanding = _figures(own)
    assert found.total.rate == (received / (charged - waived) if charged != waived else None)
    for key in ("floor", "area", "fee_type", "staff"):
        sums = found.by(lambda line, key=key: getattr(line, key))
        assert sum((one.figures.charged for one in sums), NOTHING) == charged
        assert sum((one.figures.received for one in sums), NOTHING) == received
        assert sum(one.count for one in sums) == len(found.lines)
    later = _of(entries, [fee for fee in fees if fee.period > period])
    earlier = sum((one.figures.outstanding for one in found.earlier), NOTHING)
    assert earlier + _balance(own, "Receivable") + _balance(later, "Receivable") == _balance(
        entries, "Receivable"
    )
    if len(found.top) < collection_data.TOP:
        assert sum((row.outstanding for row in found.top), NOTHING) == _balance(entries, "Receivable")


def _start_page(market: str, today: date, fees: list[Any], entries: list[Any]) -> None:
    (row,) = [row for row in overview.markets(True, today) if row.name == market]
    if not row.period:
        return
    analysis = collection_data.read(market, row.period, today)

    def amount(text: str) -> Decimal:
        return Decimal(text.replace(",", ""))

    total = analysis.total.figures
    assert (amount(row.billed), amount(row.waived), amount(row.received)) == (
        *(total.charged, total.waived, total.received),
    )
    for shown, rate in ((row.rate, analysis.total.rate), (row.due_rate, analysis.due.rate)):
        assert (
            shown == "—" if rate is None else abs(Decimal(shown.rstrip("%")) - rate * 100) <= Decimal("0.05")
        )
    overdue = [fee for fee in fees if fee.due_date and getdate(fee.due_date) < today]
    assert amount(row.overdue) == _balance(_of(entries, overdue), "Receivable")
    owing = {fee.stall for fee in overdue if _balance(_of(entries, [fee]), "Receivable") > 0}
    assert row.in_arrears == len(owing)


def _histories(market: str, fees: list[Any], entries: list[Any]) -> None:
    """Every merchant's history, as one bound to all stalls they ever rented sees it."""
    for merchant in sorted({fee.merchant for fee in fees}):
        own = [
            fee
            for fee in fees
            if fee.merchant == merchant and fee.status not in ("Draft", "Reviewed", "Reversed")
        ]
        bound = [BoundStall("", market, merchant, fee.lease, fee.stall, fee.stall, None) for fee in own]
        months = statements.history(bound, 0, 1000, None)["months"]
        on_bills = _of(entries, own)
        charged, waived, received, outstanding = _figures(on_bills)
        late, late_waived, late_received, late_outstanding = _figures(on_bills, "Late Fee Receivable")
        assert {name: sum((month[name] for month in months), NOTHING) for name in statements.FIGURES} == {
            "amount": charged,
            "waived": waived,
            "paid": received,
            "late_fee": late,
            "late_fee_waived": late_waived,
            "late_fee_paid": late_received,
            "outstanding": outstanding + late_outstanding,
        }
        paid = [payment for month in months for payment in month["payments"]]
        of_merchant = [entry for entry in entries if entry.merchant == merchant]
        orders = {payment["payment_order"] for payment in paid}
        assert sum((payment["amount"] for payment in paid), NOTHING) == _balance(
            [e for e in of_merchant if e.payment_order in orders and e.entry_type == "Payment"], "Cash"
        )
        gone = frappe.get_all("Refund", {"payment_order": ["in", list(orders) or [""]]}, pluck="name")
        assert sum((payment["refunded"] for payment in paid), NOTHING) == -_balance(
            [e for e in of_merchant if e.entry_type == "Refund" and e.voucher_no in gone], "Cash"
        )
