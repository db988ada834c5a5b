"""The daily journal over everything that moves money: each way in and out has its line, and every total is the ledger's."""

import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from cn_connect.wechat import pay_messages
from market_mgmt.domain import ledger as books
from market_mgmt.services import (
    billing,
    cashiers,
    counter,
    deposits,
    ledger,
    payments,
    refunds,
    reports,
    terms,
    wechat_refunds,
)
from market_mgmt.services.reports import journal_data, journal_rows
from market_mgmt.tests import factories
from market_mgmt.tests.formulas import Sheet

D = Decimal
DAY = date(2026, 11, 2)
NOON = datetime(2026, 11, 2, 12)
CASHIER, OTHER_PERSON = "Administrator", "Guest"


@pytest.fixture
def shop(site):
    """A stall with 1,000.00 of rent billed, due in a week, and a deposit of 3,000.00 agreed."""
    shop = factories.shop(rent="1000.00", deposit=3000.0)
    factories.rent_bill(shop)
    factories.at_counter(shop.market, CASHIER, NOON)
    return shop


def paid(shop, amount, channel="Cash"):
    fees = [row.name for row in ledger.open_fees(DAY, merchant=shop.merchant)]
    return factories.collect(shop.merchant, fees, channel, D(amount), CASHIER, NOON)


def given_back(shop, amount, channel="Cash", order=None, reopen=False):
    asked = (shop.merchant, D(amount), channel, "多缴", OTHER_PERSON, NOON, order, reopen)
    name = refunds.request(*asked)
    refunds.review(name, True, None, CASHIER, NOON)
    if channel != "WeChat":
        refunds.pay_out(name, CASHIER, NOON, "BANK-1")
    return name


def journal(shop, day=DAY):
    return journal_data.read(shop.market, day)


def parts(rows):
    """The parts that are not nothing, added up over rows."""
    sums = {part: sum((row.parts[part] for row in rows), D(0)) for part in journal_rows.PARTS}
    return {part: amount for part, amount in sums.items() if amount}


def test_a_refund_shows_how_it_went_of_which_payment_and_receipt(shop):
    taken = paid(shop, "1200.00")
    given_back(shop, "200.00", order=taken.order)
    made = journal(shop)
    (back,) = [row for row in made.takings if row.amount < 0]
    assert (back.kind, back.channel, back.amount) == ("退款", "现金", D("-200.00"))
    assert (back.order, back.receipt) == (taken.order, taken.receipt)
    assert back.parts[journal_rows.REST] == D("-200.00")
    assert made.by_channel() == {"现金": (2, D("1000.00"))}


def test_a_refund_of_balance_has_its_channel_and_no_receipt(shop):
    paid(shop, "1200.00")
    given_back(shop, "150.00", "Transfer")
    made = journal(shop)
    (back,) = [row for row in made.takings if row.amount < 0]
    assert (back.channel, back.order, back.receipt) == ("银行转账", "", "")
    assert made.by_channel() == {"现金": (1, D("1200.00")), "银行转账": (1, D("-150.00"))}


def test_money_that_came_by_wechat_and_goes_back_in_cash_is_cash(site, shop):
    order = factories.order(shop, [], NOON, amount=1100.0)
    payments.settle(factories.transaction(order, NOON), NOON)
    given_back(shop, "80.00", "Cash", order)
    assert journal(shop).by_channel() == {"微信支付": (1, D("1100.00")), "现金": (1, D("-80.00"))}


def test_a_refund_by_wechat_is_of_that_channel_on_the_day_it_left(site, shop):
    order = factories.order(shop, [], NOON, amount=1100.0)
    payments.settle(factories.transaction(order, NOON), NOON)
    name = given_back(shop, "80.00", "WeChat", order)
    # while it is under way it is no cash: the money left the balance
    before = journal(shop)
    assert parts(before.transfers) == {"转入预存": D("-80.00"), "待退款": D("80.00")}
    later = datetime(2026, 11, 3, 9)
    said = pay_messages.Refund(name, "5030", order, "4200", "SUCCESS", D("80.00"), later)
    refund = refunds.locked(name)
    refunds.move(refund, "Processing", sent_at=NOON)
    wechat_refunds.take_in(said, later)
    made = journal(shop, later.date())
    (back,) = made.takings
    receipt = site.db.get_value("Receipt", {"payment_order": order})
    assert (back.channel, back.amount, back.receipt, back.time) == ("微信支付", D("-80.00"), receipt, "09:00")
    assert parts([back]) == {"待退款": D("-80.00")}


def test_a_deposit_is_a_column_of_its_own(shop):
    counter.take_deposit(shop.lease, "POS", D("3000.00"), CASHIER, NOON)
    made = journal(shop)
    assert parts(made.takings) == {"押金": D("3000.00")}
    assert made.balance("押金").closing == D("3000.00")
    assert made.balance("预存款").closing == ledger.prepaid_balance(shop.merchant) == 0


def test_what_is_missing_in_the_drawer_is_missing_in_the_journal(shop):
    paid(shop, "1000.00")
    paid(shop, "80.00", "POS")
    session = factories.at_counter(shop.market, CASHIER, NOON)
    counted = {"Cash": D("1195.00"), "POS": D("80.00")}
    cashiers.close_session(session, counted, CASHIER, NOON, "找零错")
    made = journal(shop)
    (short,) = [row for row in made.takings if row.amount < 0]
    assert (short.kind, short.channel, short.amount, short.merchant) == ("长短款", "现金", D("-5.00"), "")
    assert made.by_channel() == {"现金": (2, D("995.00")), "刷卡": (1, D("80.00"))}


def test_a_released_deposit_is_a_transfer_into_the_balance(shop):
    counter.take_deposit(shop.lease, "POS", D("3000.00"), CASHIER, NOON)
    deposits.release(shop.lease, D("150.00"), DAY, "部分退还")
    made = journal(shop)
    assert parts(made.takings) == {"押金": D("3000.00")}
    assert parts(made.transfers) == {"押金": D("-150.00"), "转入预存": D("150.00")}
    # and when the money has left, the day has taken the rest
    given_back(shop, "150.00")
    assert parts(journal(shop).takings) == {"押金": D("3000.00"), "转入预存": D("-150.00")}


def test_a_renewals_deposit_goes_out_and_in_and_no_balance_changes(site):
    shop = factories.shop(rent="1000.00", deposit=3000.0, end_date=date(2026, 11, 30))
    factories.at_counter(shop.market, CASHIER, NOON)
    counter.take_deposit(shop.lease, "POS", D("3000.00"), CASHIER, NOON)
    renewed = factories.lease(shop.market, shop.merchant, shop.stall, start_date=date(2026, 12, 1))
    deposits.carry_over(shop.lease, renewed, DAY)
    made = journal(shop)
    assert parts(made.transfers) == {}
    assert [row.kind for row in made.transfers] == ["退押金", "收押金"]
    assert made.balance("押金").closing == D("3000.00")


def test_a_balance_that_pays_a_bill_is_a_transfer(shop):
    paid(shop, "1500.00")
    factories.bills(shop.market, "2026-11", date(2026, 11, 3))
    made = journal(shop, date(2026, 11, 3))
    assert made.takings == []
    assert parts(made.transfers) == {"租金": D("500.00"), "转入预存": D("-500.00")}
    assert made.balance("预存款").closing == 0


def test_a_reversed_bill_gives_its_money_back_to_the_balance(site, shop):
    paid(shop, "1000.00")
    fee = site.db.get_value("Fee", {"lease": shop.lease, "status": "Paid"})
    billing.reverse(fee, "错账", datetime(2026, 11, 3, 9))
    made = journal(shop, date(2026, 11, 3))
    assert parts(made.transfers) == {"租金": D("-1000.00"), "转入预存": D("1000.00")}
    assert made.takings == [] and made.total == 0


def test_a_part_refund_with_reopened_fees_leaves_in_the_columns_what_stays_paid(shop):
    taken = paid(shop, "1000.00")
    given_back(shop, "250.00", order=taken.order, reopen=True)
    made = journal(shop)
    assert parts([*made.takings, *made.transfers]) == {"租金": D("750.00")}
    assert made.total == D("750.00")


def test_rent_of_a_quarter_is_billed_at_once_and_income_month_by_month(site):
    shop = factories.shop(rent="1000.00", cycle="Quarterly")
    factories.bills(shop.market, "2026-10", DAY)
    made = journal(shop)
    assert [(one.label, one.count, one.amount) for one in made.owed.movements] == [
        ("新出账单", 1, D("3000.00"))
    ]
    deferred = made.balance("预收账款")
    assert (deferred.opening, deferred.closing) == (0, -grown(site, shop.market, "Deferred Income"))


def grown(site, market, account):
    """By how much an account grew that stands in debit."""
    rows = site.get_all("Account Entry", {"market": market}, ["debit_account", "credit_account", "amount"])
    return sum(
        (D(str(r.amount)) * ((r.debit_account == account) - (r.credit_account == account)) for r in rows),
        D(0),
    )


def test_the_channels_are_those_of_the_sessions(site, shop):
    first = paid(shop, "400.00")
    paid(shop, "300.00", "Transfer")
    paid(shop, "500.00", "POS")
    counter.take_deposit(shop.lease, "Cash", D("700.00"), CASHIER, NOON)
    given_back(shop, "100.00", "POS", order=None)
    factories.at_counter(shop.market, OTHER_PERSON, NOON)
    counter.reverse(first.order, "收错", OTHER_PERSON, NOON)
    sessions = site.get_all("Cashier Session", {"market": shop.market}, ["name", "opening_float"])
    drawers = dict.fromkeys(cashiers.CHANNELS, D(0))
    for session in sessions:
        for channel, amount in cashiers.expected(session.name).items():
            drawers[channel] += amount - (D(str(session.opening_float)) if channel == "Cash" else 0)
    made = journal(shop).by_channel()
    assert {terms.CHANNELS[channel]: amount for channel, amount in drawers.items()} == {
        channel: amount for channel, (_count, amount) in made.items()
    }
    assert drawers == {"Cash": D("700.00"), "Transfer": D("300.00"), "POS": D("400.00")}


def test_an_account_without_a_column_of_its_own_still_shows(monkeypatch):
    """Kinds of entries that come later cannot vanish from the journal."""
    entry = journal_rows.Entry(
        *("AE-1", NOON, "Shortage", "Cash Short", books.CASH, D("7.00"), "", "", "", "", ""),
        journal_rows.Source("Cashier Session", "S-1"),
        "Shortage",
    )
    (row,) = journal_rows.rows([entry])
    assert (row.cash, row.parts[journal_rows.REMAINDER], row.moves_cash) == (D("-7.00"), D("-7.00"), True)


def test_every_kind_of_entry_and_account_has_its_chinese_name():
    accounts = {account for pairs in books.PAIRS.values() for pair in pairs for account in pair}
    assert set(books.PAIRS) == set(terms.ENTRY_TYPES)
    assert accounts == set(terms.ACCOUNTS)


def test_a_journal_that_is_not_the_ledgers_is_not_issued(site, shop, monkeypatch):
    paid(shop, "400.00")
    paid(shop, "300.00", "Transfer")
    whole = journal_rows.rows
    monkeypatch.setattr(journal_rows, "rows", lambda entries: whole(entries)[1:])
    with pytest.raises(site.ValidationError, match=r"300\.00.*700\.00|400\.00.*700\.00"):
        reports.daily_journal(shop.market, DAY, NOON)


def test_the_workbook_lists_every_channel_and_its_totals_are_the_days(site, shop):
    taken = paid(shop, "1200.00")
    given_back(shop, "200.00", order=taken.order)
    site.db.set_value("Market Payment Order", paid(shop, "5.00", "POS").order, "channel", "Voucher")
    report = reports.daily_journal(shop.market, DAY, NOON)
    sums = Sheet(load_workbook(io.BytesIO(report.xlsx)), "汇总")
    shown = {}
    row = next(r for r in range(1, 40) if sums.value(f"A{r}") == "按收款方式") + 2
    while sums.value(f"A{row}"):
        shown[sums.value(f"A{row}")] = (sums.value(f"B{row}"), sums.value(f"C{row}"))
        row += 1
    assert shown == {
        "微信支付": (0, D(0)),
        "现金": (2, D("1000.00")),
        "银行转账": (0, D(0)),
        "刷卡": (0, D(0)),
        "Voucher": (1, D("5.00")),
        "合计": (3, report.data["total"]),
    }
