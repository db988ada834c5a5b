"""What a scenario looks at in the books (那么). Tables are compared without regard to the order of their rows."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import frappe
from cn_connect.money import yuan
from frappe import _
from frappe.utils import getdate
from market_mgmt.services import cashiers, late_fees, terms
from market_mgmt.services.rows import number
from market_mgmt.tests.scenarios.book import CASHIER, Book

Table = list[list[str]]


def money(amount: Any) -> str:
    return f"{yuan(amount):.2f}"


def compare(found: list[list[str]], datatable: Table) -> None:
    """The rows below the heading, in any order."""
    assert sorted(found) == sorted(datatable[1:])


def refused(book: Book, reason: str) -> None:
    said, book.refusal = book.refusal, ""
    assert reason in said


def bills(book: Book, period: str, datatable: Table) -> None:
    """| 摊位 | 费用 | 起 | 止 | 金额 | 状态 |"""
    fields = ["stall", "fee_type", "period_start", "period_end", "amount", "status"]
    rows = frappe.get_all("Fee", {"market": book.market, "period": period}, fields)
    compare(
        [
            [
                frappe.db.get_value("Stall", row.stall, "stall_no"),
                _(row.fee_type),
                str(row.period_start),
                str(row.period_end),
                money(row.amount),
                _(row.status),
            ]
            for row in rows
        ],
        datatable,
    )


def bill_lines(book: Book, stall: str, period: str, fee_type: str, datatable: Table) -> None:
    """| 明细 | 金额 |"""
    lines = book.fee(stall, fee_type, period).lines
    compare([[line.description, money(line.amount)] for line in lines], datatable)


def not_billed(book: Book, stall: str, period: str, fee_type: str) -> None:
    with pytest.raises(frappe.DoesNotExistError):
        book.fee(stall, fee_type, period)


def due(book: Book, stall: str, period: str, fee_type: str, due: date) -> None:
    assert getdate(book.fee(stall, fee_type, period).due_date) == due


def bill_status(book: Book, stall: str, period: str, fee_type: str, status: str) -> None:
    assert _(book.fee(stall, fee_type, period).status) == status


def consumption(book: Book, meter: str, period: str, used: Decimal, status: str) -> None:
    reading = book.reading_of(meter, period)
    assert (number(reading.consumption), _(reading.status)) == (used, status)


def owes(book: Book, day: date, merchant: str, principal: Decimal, late_fee: Decimal) -> None:
    assert not book.refusal
    book.today = day
    rows = book.open_rows(merchant)
    zero = Decimal("0.00")
    assert sum((row.principal for row in rows), zero) == principal
    assert sum((row.late_fee for row in rows), zero) == late_fee


def balance(book: Book, merchant: str, amount: Decimal) -> None:
    assert not book.refusal
    assert book.balance(merchant) == amount


def deposit(book: Book, stall: str, amount: Decimal) -> None:
    assert not book.refusal
    assert book.deposit(stall) == amount


def late_fee(book: Book, day: date, stall: str, period: str, fee_type: str, datatable: Table) -> None:
    """| 起 | 止 | 本金 | 日率 | 天数 | 金额 |"""
    found = late_fees.derivation_of(book.fee(stall, fee_type, period).name, day)
    steps = found.steps() if found else ()
    compare(
        [
            [
                *(str(span.start), str(span.end), money(span.unpaid)),
                *(str(span.daily_rate.normalize()), str(span.days), str(amount.normalize())),
            ]
            for span, amount in steps
        ],
        datatable,
    )


def new_entries(book: Book, datatable: Table) -> None:
    """| 日期 | 类型 | 借 | 贷 | 金额 |"""
    assert not book.refusal
    compare(
        [
            [
                str(entry.posting_date),
                terms.ENTRY_TYPES[entry.entry_type],
                *(terms.ACCOUNTS[account] for account in (entry.debit_account, entry.credit_account)),
                money(entry.amount),
            ]
            for entry in book.new_entries()
        ],
        datatable,
    )


def receipts(book: Book, datatable: Table) -> None:
    """| 号码 | 金额 | 状态 |"""
    compare([[row.name, money(row.amount), _(row.status)] for row in book.receipts()], datatable)


def waivers(book: Book, datatable: Table) -> None:
    """| 费用 | 账期 | 部分 | 金额 | 状态 |"""
    rows = frappe.get_all("Fee Waiver", {"market": book.market}, ["fee", "part", "amount", "status"])
    bills = [frappe.db.get_value("Fee", row.fee, ["fee_type", "period"], as_dict=True) for row in rows]
    compare(
        [
            [_(bill.fee_type), bill.period, _(row.part), money(row.amount), _(row.status)]
            for row, bill in zip(rows, bills, strict=True)
        ],
        datatable,
    )


def refund_status(book: Book, status: str) -> None:
    assert _(frappe.db.get_value("Refund", book.refund, "status")) == status


def invoice(book: Book, status: str, amount: Decimal) -> None:
    row = frappe.db.get_value("Invoice Request", book.invoice, ["status", "amount"], as_dict=True)
    assert (_(row.status), yuan(row.amount)) == (status, amount)


def drawer(book: Book, amount: Decimal) -> None:
    assert cashiers.expected(book.at_counter(CASHIER))["Cash"] == amount


def reconciled(book: Book, status: str) -> None:
    assert not book.refusal
    assert _(book.reconciled.status) == status


def differences(book: Book, datatable: Table) -> None:
    """| 种类 | 单号 |"""
    numbers = {book.order: "这张支付单"}
    compare([[_(row.kind), numbers.get(row.number, row.number)] for row in book.differences()], datatable)
