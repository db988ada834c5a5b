"""The workbooks of reports, recalculated, over a month in which everything happens: every total is the ledger's.

And the reports agree with each other: the journals of the days with the sessions and the receipts, their columns with
the collection analysis, the analysis with the start page.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from cn_connect.money import yuan
from cn_connect.wechat import pay_messages
from market_mgmt.services import (
    billing,
    cashiers,
    counter,
    deposits,
    ledger,
    overview,
    payments,
    refunds,
    reports,
    terms,
    wechat_refunds,
)
from market_mgmt.tests import factories, figures
from market_mgmt.tests.recalculated import OFFICE, all_recalculated, column, errors

D = Decimal
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 12)
CASHIER, SECOND = "Administrator", "Guest"
PARTS = {"押金": "Deposit Held", "转入预存": "Prepaid", "待退款": "Refund Payable"}

# With LibreOffice, where it is installed, and always with an evaluator that is independent of it.
evaluators = pytest.mark.parametrize(
    "office",
    [None, OFFICE] if OFFICE else [None],
    ids=lambda office: "LibreOffice" if office else "evaluator",
)


def on(day, hour=10):
    return datetime(2026, 11, day, hour)


def returned(shop, amount, channel, now, order=None, reopen=False):
    asked = (shop.merchant, D(amount), channel, "多收", SECOND, now, order, reopen)
    name = refunds.request(*asked)
    refunds.review(name, True, None, CASHIER, now)
    if channel != "WeChat":
        factories.at_counter(shop.market, CASHIER, now)
        refunds.pay_out(name, CASHIER, now, "BANK-1")
    return name


@dataclass(frozen=True)
class Month:
    """A market's days, and its entries as they are in the database."""

    market: str
    entries: list

    def on(self, day):
        return [entry for entry in self.entries if entry.posting_date == day]

    @property
    def days(self):
        return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


@pytest.fixture
def month(site, monkeypatch):
    """Payments on every channel, deposits, prepayments, waivers, reversals, refunds of every kind, over twelve days."""
    now = [on(1)]
    monkeypatch.setattr("cn_connect.clock.now", lambda: now[0])
    monkeypatch.setattr("cn_connect.clock.today", lambda: now[0].date())
    market = factories.market()
    upstairs = factories.area(market, "B", floor="01", area_name="A*")
    factories.area(market, "A", floor="1", area_name="A 区")
    shops = [factories.shop(market, rent=rent, deposit=2000.0) for rent in ("1000.00", "777.77", "333.33")]
    stall, tenant = factories.stall(market, area=upstairs), factories.merchant(market)
    shops.append(factories.Shop(market, stall, tenant, factories.lease(market, tenant, stall, "1500.00")))
    one, two, three, four = shops
    factories.meter(two)
    factories.bills(market, "2026-09", date(2026, 10, 1))
    factories.bills(market, "2026-10", FIRST)
    # the 2nd: cash with a rest that is prepaid, a deposit by POS, a transfer that is taken back the same day
    factories.collect(one.merchant, [], "Cash", D("2100.00"), CASHIER, on(2))
    counter.take_deposit(two.lease, "POS", D("2000.00"), CASHIER, on(2))
    wrong = factories.collect(two.merchant, [], "Transfer", D("555.55"), CASHIER, on(2))
    factories.at_counter(market, SECOND, on(2, 11))
    payments.reverse(wrong.order, "错账", SECOND, on(2, 11))
    # the 3rd: a WeChat payment, and part of the balance goes back in cash
    order = factories.order(three, [], on(3), amount=900.0)
    payments.settle(factories.transaction(order, on(3)), on(3, 11))
    returned(one, "30.00", "Cash", on(3, 12))
    # the 4th: part of the WeChat payment goes back on its own way and is there on the 5th; part in cash
    sent = returned(three, "100.00", "WeChat", on(4), order)
    said = pay_messages.Refund(sent, "5030", order, "4200", "SUCCESS", D("100.00"), on(4))
    refunds.move(refunds.locked(sent), "Processing", sent_at=on(4))
    wechat_refunds.take_in(said, on(5))
    returned(three, "40.00", "Cash", on(5, 11), order)
    # the 6th: waivers, of a part and of a whole bill, a one-off fee, a bill that was wrong
    for fee, amount in zip(bills_of(site, two), ("77.77", "777.77"), strict=True):
        now[0] = on(6)
        waiver = site.get_doc("Fee Waiver", factories.waiver(fee, "Principal", amount))
        waiver.status = "Approved"
        waiver.save()
    name = billing.create_one_off(four.lease, "Sanitation", D("66.60"), "清运垃圾", date(2026, 11, 6))
    factories.publish(market, "2026-11", date(2026, 11, 6), [name])
    now[0] = on(7)
    billing.reverse(bills_of(site, three)[0], "错账", on(7))
    # the 9th: a payment with late fees of which a part goes back and opens its bills again
    late = factories.collect(four.merchant, [], "POS", D("1600.00"), CASHIER, on(9))
    returned(four, "250.00", "POS", on(9, 11), late.order, reopen=True)
    # the 10th: part of the deposit is released and refunded; a refund that fails; one that waits
    deposits.release(two.lease, D("300.00"), date(2026, 11, 10), "部分退还")
    for amount, end in (("5.00", True), ("4.00", False)):
        waiting = refunds.request(one.merchant, D(amount), "Cash", "多收", SECOND, on(10))
        refunds.review(waiting, True, None, CASHIER, on(10))
        if end:
            refunds.give_up(waiting, "户名不符", on(11))
    now[0] = on(12)
    rows = site.get_all("Account Entry", filters={"market": market}, fields=["*"])
    for row in rows:
        row.amount = yuan(row.amount)
    return Month(market, rows)


def bills_of(site, shop):
    return site.get_all(
        "Fee", {"lease": shop.lease, "status": ["!=", "Reversed"]}, pluck="name", order_by="period"
    )


def grown(entries, *accounts):
    """By how much accounts grew that stand in debit."""
    return sum(
        (e.amount * ((e.debit_account in accounts) - (e.credit_account in accounts)) for e in entries),
        D("0.00"),
    )


def section(sheet, title):
    """Label → (count, amount) of one section of the sums."""
    row = sheet.row(title) + 2
    found = {}
    while label := sheet.value(f"A{row}"):
        found[label] = (sheet.value(f"B{row}"), cents(sheet.value(f"C{row}")))
        row += 1
    return found


def cents(value):
    return yuan(value or 0)


def test_the_month_is_one_that_could_have_happened(month):
    assert ledger.check(month.market) == []
    figures.compare(month.market, LAST)


@evaluators
def test_every_total_of_the_journals_workbooks_is_the_ledgers(site, month, office):
    made = {day: reports.daily_journal(month.market, day, on(12)) for day in month.days}
    books = all_recalculated([report.xlsx for report in made.values()], office)
    for (day, report), sheets in zip(made.items(), books, strict=True):
        assert errors(sheets) == []
        _journal_sheets(sheets, month, day, report.data)


def _journal_sheets(sheets, month, day, data):
    today, until = month.on(day), [e for e in month.entries if e.posting_date <= day]
    takings, transfers, sums = sheets["收款流水"], sheets["划转流水"], sheets["汇总"]
    cash = grown(today, "Cash")
    totals = (
        {
            name: cents(takings.value(f"{column(takings, name)}{takings.row('合计')}"))
            for name in (*data["takings"][0]["parts"], "收款金额")
        }
        if data["takings"]
        else {}
    )
    if totals:
        assert totals["收款金额"] == cash == data["total"]
        assert sum(totals[name] for name in totals if name != "收款金额") == cash
    moved = {
        name: cents(takings.value(f"{column(takings, name)}{takings.row('合计')}"))
        + cents(transfers.value(f"{column(transfers, name)}{transfers.row('合计')}"))
        for name in PARTS
    }
    assert moved == {name: -grown(today, account) for name, account in PARTS.items()}
    channels = section(sums, "按收款方式")
    assert channels.pop("合计") == (len(data["takings"]), cash)
    assert {name: amount for name, (_n, amount) in channels.items() if amount} == by_channel(month, today)
    parts = section(sums, "按收费项目")
    assert parts.pop("合计")[1] == cash == sum(amount for _n, amount in parts.values())
    assert section(sums, "应收账款变动")["日终应收（含滞纳金）"][1] == grown(
        until, "Receivable", "Late Fee Receivable"
    )
    for name, account in (("预存款", "Prepaid"), ("押金", "Deposit Held"), ("待退款", "Refund Payable")):
        assert section(sums, f"{name}变动")[f"日终{name}"][1] == -grown(until, account)
    entries = sheets["当日分录"]
    assert cents(entries.value(f"E{entries.row('合计')}")) == sum(e.amount for e in today)


def by_channel(month, entries):
    import frappe

    found = defaultdict(Decimal)
    for entry in entries:
        if "Cash" in (entry.debit_account, entry.credit_account):
            voucher = (
                ("Refund", entry.voucher_no)
                if entry.entry_type == "Refund"
                else (*("Market Payment Order", entry.payment_order),)
            )
            found[terms.CHANNELS[frappe.db.get_value(*voucher, "channel")]] += grown([entry], "Cash")
    return {name: amount for name, amount in found.items() if amount}


@evaluators
def test_every_total_of_the_collection_workbooks_is_the_ledgers(site, month, office):
    periods = ("2026-09", "2026-10", "2026-11", "2026-12")
    made = {period: reports.collection(month.market, period, LAST, on(12)) for period in periods}
    books = all_recalculated([report.xlsx for report in made.values()], office)
    fees = site.get_all("Fee", {"market": month.market}, ["name", "period", "due_date"])
    for (period, report), sheets in zip(made.items(), books, strict=True):
        assert errors(sheets) == []
        _collection_sheets(sheets, month, period, fees, len(report.data["fees"]))


def _collection_sheets(sheets, month, period, fees, count):
    summary = sheets["缴费率"]
    of_period = [fee for fee in fees if fee.period == period]
    due = [fee for fee in fees if fee.due_date and f"{fee.due_date:%Y-%m}" == period]
    for sheet, own, label in (
        ("费用明细", of_period, f"当期收缴率（账期 {period}）"),
        ("到期费用", due, f"到期收缴率（{period} 到期）"),
    ):
        charged, waived, received = charges(month, own)
        detail, row = sheets[sheet], sheets[sheet].row("合计")
        expected = [charged, waived, received, charged - waived - received]
        assert [cents(detail.value(f"{letter}{row}")) for letter in "IJKL"] == expected
        row = summary.row(label)
        assert [cents(summary.value(f"{letter}{row}")) for letter in "CDEF"] == expected
        rate = summary.value(f"G{row}")
        if charged == waived:
            assert rate in (None, "")
        else:
            assert round(Decimal(rate), 9) == round(received / (charged - waived), 9)
    _every_section(summary, *charges(month, of_period), count)


def _every_section(summary, charged, waived, received, count):
    """Each grouping adds up to the whole; that of the bills by due date comes first and is looked at apart."""
    totals = [r for r in range(1, summary.sheet.max_row + 1) if summary.value(f"A{r}") == "合计"][1:]
    assert len(totals) == 3
    for row in totals:
        assert [cents(summary.value(f"{letter}{row}")) for letter in "CDE"] == [charged, waived, received]
        assert summary.value(f"B{row}") == count


def charges(month, fees):
    """Charged, waived and received of bills."""
    names = {fee.name for fee in fees}
    against = defaultdict(Decimal)
    for entry in month.entries:
        pair = (entry.debit_account, entry.credit_account)
        if entry.fee in names and "Receivable" in pair:
            other = next(account for account in pair if account != "Receivable")
            against[other] += grown([entry], "Receivable")
    received, waived = -against.pop("Prepaid", D(0)), -against.pop("Waived", D(0))
    return sum(against.values(), D("0.00")), waived, received


def test_the_reports_agree_with_each_other(site, month):
    journals = {day: reports.daily_journal(month.market, day, on(12)).data for day in month.days}
    # the journals with the sessions of their days
    drawers = defaultdict(Decimal)
    for session in site.get_all(
        "Cashier Session", {"market": month.market}, ["name", "opened_at", "opening_float"]
    ):
        drawers[session.opened_at.date()] += sum(cashiers.expected(session.name).values()) - yuan(
            session.opening_float
        )
    wechat = terms.CHANNELS["WeChat"]
    for day, data in journals.items():
        counter_total = sum(t["amount"] for t in data["takings"] if t["channel"] != wechat)
        assert counter_total == drawers[day], day
    # with the receipts, but for what was taken back or refunded
    receipts = sum(yuan(row) for row in site.get_all("Receipt", {"market": month.market}, pluck="amount"))
    taken = sum(t["amount"] for data in journals.values() for t in data["takings"] if t["amount"] > 0)
    assert receipts == taken
    # the evening of a day is the morning of the next
    for day in month.days[1:]:
        before = journals[day - timedelta(days=1)]
        assert journals[day]["opening"] == before["closing"]
    # what the journals say was received of bills is what the collection analyses do
    columns = ("租金", "水费", "电费", "其他费用")
    rows = [row for data in journals.values() for row in (*data["takings"], *data["transfers"])]
    by_journal = sum(row["parts"][name] for row in rows for name in columns)
    analyses = [
        reports.collection(month.market, period, LAST, on(12)).data
        for period in ("2026-09", "2026-10", "2026-11")
    ]
    assert by_journal == sum(data["paid"] for data in analyses) > 0
    # and the start page shows the analysis
    (page,) = [row for row in overview.markets(True, LAST) if row.name == month.market]
    analysis = next(data for data in analyses if data["period"] == page.period)
    assert [D(page[name].replace(",", "")) for name in ("billed", "waived", "received")] == [
        *(analysis["charged"], analysis["waived"], analysis["paid"]),
    ]
