"""Scenarios: what stalls owed before the system came is taken over once, and contradictions are refused."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt.services import billing, ledger
from market_mgmt.services.imports import arrears
from market_mgmt.tests import factories
from market_mgmt.tests.workbooks import arrears as workbook

AS_OF, DUE = date(2026, 10, 31), datetime(2026, 10, 8)


@pytest.fixture
def shop(site):
    return factories.shop()


@pytest.fixture
def stall_no(site, shop):
    return site.db.get_value("Stall", shop.stall, "stall_no")


def run(shop, *lines, **values):
    return arrears.run(
        shop.market, workbook(*lines), "arrears.xlsx", AS_OF, values.pop("dry_run", False), **values
    )


def test_arrears_become_fees_that_are_owed(site, shop, stall_no):
    result = run(
        shop,
        [stall_no, "租金", "2026-09", 1500, DUE, "手工台账"],
        [stall_no, "水费", "2026年9月", "88.50", DUE, None],
    )
    assert (result.status, result.added) == ("Posted", {"Fee": 2})
    fees = site.get_all("Fee", {"market": shop.market}, ["name", "fee_type", "period", "source", "due_date"])
    assert {(f.fee_type, f.period, f.source, f.due_date) for f in fees} == {
        ("Rent", "2026-09", "Opening", date(2026, 10, 8)),
        ("Water", "2026-09", "Opening", date(2026, 10, 8)),
    }
    assert sum(ledger.fee_balance(fee.name)[0] for fee in fees) == Decimal("1588.50")


def test_the_same_list_again_adds_nothing(shop, stall_no):
    line = [stall_no, "租金", "2026-09", 1500, DUE, None]
    assert run(shop, line).added == {"Fee": 1}
    again = run(shop, [*line[:-1], "另一份"])
    assert (again.added, again.accepted, again.unchanged) == ({}, 1, 1)


def test_two_tenants_of_a_stall_owe_the_same_month_each(site, shop, stall_no):
    # given the former tenant's arrears of the month in which he left
    site.db.set_value("Lease", shop.lease, {"status": "Terminated", "end_date": date(2026, 9, 15)})
    run(shop, [stall_no, "租金", "2026-09", 1500, DUE, None])
    # when the next tenant's of the same month are imported
    newcomer = factories.merchant(shop.market)
    factories.lease(shop.market, newcomer, shop.stall, start_date=date(2026, 9, 16))
    assert run(shop, [stall_no, "租金", "2026-09", 900, DUE, None]).added == {"Fee": 1}
    # then each owes his own
    owed = {row.merchant: row.principal for row in ledger.open_fees(AS_OF, market=shop.market)}
    assert owed == {shop.merchant: Decimal("1500.00"), newcomer: Decimal("900.00")}


def test_another_amount_for_recorded_arrears_is_refused(shop, stall_no):
    run(shop, [stall_no, "租金", "2026-09", 1500, DUE, None])
    result = run(shop, [stall_no, "租金", "2026-09", 1400, DUE, None], dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(3, "账期")]


def test_reversed_arrears_are_taken_over_again_with_the_right_amount(site, shop, stall_no):
    # given arrears of 1500.00 that should have been 1400.00, reversed
    run(shop, [stall_no, "租金", "2026-09", 1500, DUE, None])
    wrong = site.db.get_value("Fee", {"market": shop.market})
    billing.reverse(wrong, "金额录错", datetime(2026, 11, 1, 9))
    # when the corrected list is imported, and once more
    line = [stall_no, "租金", "2026-09", 1400, DUE, None]
    assert run(shop, line).added == {"Fee": 1}
    assert run(shop, [*line[:-1], "再来一次"]).added == {}
    # then the right amount is owed, once; and so it is when that was wrong as well
    [right] = ledger.open_fees(AS_OF, merchant=shop.merchant)
    assert right.principal == Decimal("1400.00")
    billing.reverse(right.name, "又录错", datetime(2026, 11, 1, 10))
    run(shop, [stall_no, "租金", "2026-09", 1300, DUE, None])
    assert [row.principal for row in ledger.open_fees(AS_OF, merchant=shop.merchant)] == [Decimal("1300.00")]
    assert ledger.check(shop.market) == []


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (["Z99", "租金", "2026-09", 1500, DUE], "摊位号"),
        (["S", "入场费", "2026-09", 1500, DUE], "费用类型"),
        (["S", "租金", "九月", 1500, DUE], "账期"),
        (["S", "租金", "2026-13", 1500, DUE], "账期"),
        (["S", "租金", "0000-09", 1500, DUE], "账期"),
        (["S", "租金", "2026-09", 0, DUE], "欠费金额"),
        (["S", "租金", "2026-09", "1.005", DUE], "欠费金额"),
        (["S", "租金", "2026-09", 1500, "下月"], "应缴日期"),
        (["S", "租金", "2026-09", 1500, "2026-08-31"], "应缴日期"),
        (["S", "租金", "2024-01", 1500, DUE], "摊位号"),
    ],
)
def test_every_fault_names_its_cell(shop, stall_no, line, column):
    line[0] = stall_no if line[0] == "S" else line[0]
    result = run(shop, line, dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(3, column)]


def test_one_fee_of_a_period_appears_once(shop, stall_no):
    line = [stall_no, "租金", "2026-09", 1500, DUE]
    result = run(shop, line, line, dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(4, "账期")]


def test_a_period_that_was_billed_here_is_refused(shop, stall_no):
    factories.rent_bill(shop, "2026-09", date(2026, 10, 1))
    result = run(shop, [stall_no, "租金", "2026-09", 1500, DUE], dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(3, "账期")]
