"""What is billed, waived and received is the same on the start page, in the collection analysis and in the history."""

from datetime import date, datetime
from decimal import Decimal
from unittest.mock import patch

import pytest

from cn_connect import clock
from market_mgmt.api import staff
from market_mgmt.patches import waived_is_not_paid
from market_mgmt.services import billing, bindings, ledger, overview, refunds, reports, statements
from market_mgmt.services.reports import collection_data
from market_mgmt.tests import factories
from market_mgmt.tests.recalculated import OFFICE, recalculated

D = Decimal
BILLED, TODAY = date(2026, 11, 1), date(2026, 11, 15)
NOON = datetime(2026, 11, 15, 12)


def waived(site, fee, amount, part="Principal"):
    with patch.object(clock, "now", lambda: NOON), patch.object(clock, "today", lambda: TODAY):
        waiver = site.get_doc("Fee Waiver", factories.waiver(fee, part, amount))
        waiver.status = "Approved"
        waiver.save()


def start_page(market, today=TODAY):
    (row,) = [row for row in overview.markets(True, today) if row.name == market]
    return row


def history(shop):
    months = statements.history(bindings.current_merchants(factories.tenant(shop)), 0, 10, None)["months"]
    return next(month for month in months if month["bills"])


@pytest.fixture
def market(site):
    """Bills of 1,000.00 for October, due on 8 November: one waived as a whole, one in part, one paid, one open."""
    market = factories.market()
    shops = [factories.shop(market, rent="1000.00") for _shop in range(4)]
    factories.bills(market, "2026-10", BILLED)
    fees = [site.db.get_value("Fee", {"lease": shop.lease}) for shop in shops]
    waived(site, fees[0], "1000.00")
    waived(site, fees[0], "3.50", "Late Fee")
    waived(site, fees[1], "400.00")
    # with 3.50 of late fees for seven days, so that the principal is paid
    owed = ledger.open_fees(TODAY, names=[fees[2]])[0].total
    factories.collect(shops[2].merchant, [fees[2]], "Cash", owed, "Administrator", NOON)
    return market


def test_a_waiver_is_not_received_and_a_waived_bill_is_billed(market):
    page, analysis = start_page(market), collection_data.read(market, "2026-10", TODAY)
    assert (page.billed, page.waived, page.received) == ("4,000.00", "1,400.00", "1,000.00")
    # 1,000 of 2,600
    assert (page.rate, round(analysis.total.rate, 4)) == ("38.5%", D("0.3846"))
    assert (page.overdue, page.in_arrears) == ("1,600.00", 2)
    assert analysis.total.figures.outstanding == D("1600.00")


def test_a_bill_waived_in_part_is_not_partly_paid(site, market):
    rows = site.get_all("Fee", {"market": market}, ["status", "paid_date"], order_by="name")
    assert sorted((row.status, str(row.paid_date)) for row in rows) == [
        ("Paid", "2026-11-15"),
        ("Published", "None"),
        ("Published", "None"),
        ("Waived", "None"),
    ]


def test_the_states_of_existing_bills_are_mended(site, market):
    fee = site.get_all("Fee", {"market": market, "status": "Published"}, pluck="name")[0]
    site.db.set_value("Fee", fee, "status", "Partly Paid")
    waived_is_not_paid.execute()
    assert site.db.get_value("Fee", fee, "status") == "Published"


def test_the_merchants_history_keeps_waived_apart_from_paid(site):
    shop = factories.shop(rent="1000.00")
    fee = factories.rent_bill(shop)
    # by the 15th the late fee is 3.50
    waived(site, fee, "400.00")
    waived(site, fee, "1.50", "Late Fee")
    factories.collect(shop.merchant, [fee], "Cash", D("102.00"), "Administrator", NOON)
    month = history(shop)
    expected = {
        "amount": D("1000.00"),
        "waived": D("400.00"),
        "paid": D("100.00"),
        "late_fee": D("3.50"),
        "late_fee_waived": D("1.50"),
        "late_fee_paid": D("2.00"),
        "outstanding": D("500.00"),
    }
    assert {name: month[name] for name in expected} == expected
    assert {name: month["bills"][0][name] for name in expected} == expected


def test_a_rate_by_due_date_stands_beside_that_of_the_period(site):
    """The bill of September is due in October; October's own bill in November."""
    shop = factories.shop(rent="1000.00")
    september = factories.rent_bill(shop, "2026-09", date(2026, 10, 1))
    factories.collect(
        shop.merchant, [september], "Cash", D("250.00"), "Administrator", datetime(2026, 10, 2, 9)
    )
    factories.rent_bill(shop, "2026-10", BILLED)
    found = reports.collection(shop.market, "2026-10", date(2026, 11, 2), NOON)
    assert (found.data["rate"], found.data["due"]["rate"]) == (D(0), D("0.25"))
    assert found.data["due"]["charged"] == D("1000.00")
    page = start_page(shop.market, date(2026, 11, 2))
    assert (page.period, page.rate, page.due_rate) == ("2026-10", "0.0%", "25.0%")


def test_the_answer_of_the_api_is_the_analysis(site, market):
    site.set_user(factories.staff(market, "Market Leader"))
    with patch.object(clock, "today", lambda: TODAY):
        found = staff.collection_figures(market, "2026-10")
    assert found["of_period"] == {
        "charged": "4000.00",
        "waived": "1400.00",
        "received": "1000.00",
        "outstanding": "1600.00",
        "rate": "0.384615",
    }
    assert (found["due_in_month"]["charged"], found["due_in_month"]["rate"]) == ("0.00", None)
    assert (found["overdue"], found["stalls_in_arrears"], found["as_of"]) == ("1600.00", 2, "2026-11-15")
    with pytest.raises(site.ValidationError):
        staff.collection_figures(market, "2026-13")


def test_the_figures_of_another_market_are_not_told(site, market):
    other = factories.market()
    for user in (factories.staff(other, "Market Leader"), factories.staff(market, "Market Clerk")):
        site.set_user(user)
        with pytest.raises(site.PermissionError):
            staff.collection_figures(market, "2026-10")
        site.set_user("Administrator")


def test_the_start_page_marks_receipts_that_are_void_or_went_back_in_part(site, market):
    shop = factories.shop(market)
    taken = [
        factories.collect(shop.merchant, [], "Cash", D("50.00"), "Administrator", NOON) for _time in range(3)
    ]
    for payment, amount in zip(taken, ("50.00", "20.00"), strict=False):
        name = refunds.request(shop.merchant, D(amount), "Cash", "多缴", "Guest", NOON, payment.order)
        refunds.review(name, True, None, "Administrator", NOON)
        refunds.pay_out(name, "Administrator", NOON)
    site.set_user(factories.staff(market, "Market Finance"))
    shown = {row.name: row.since for row in overview.latest_receipts(10)}
    assert [shown[payment.receipt] for payment in taken] == ["已作废", "其中 ¥20.00 已退", ""]


def test_a_month_whose_bills_were_all_taken_back_is_not_the_latest(site):
    shop = factories.shop(rent="1000.00")
    factories.rent_bill(shop, "2026-09", date(2026, 10, 1))
    billing.reverse(factories.rent_bill(shop, "2026-10", BILLED), "错账", NOON)
    assert start_page(shop.market).period == "2026-09"


def test_a_waiver_lowers_what_is_due_in_both_rates(site):
    shop = factories.shop(rent="1000.00")
    fee = factories.rent_bill(shop, "2026-10", BILLED)
    waived(site, fee, "500.00")
    found = collection_data.read(shop.market, "2026-11", TODAY)
    assert found.total.rate is None
    assert (found.due.figures.due, found.due.rate) == (D("500.00"), D(0))


@pytest.mark.parametrize("office", [None, OFFICE] if OFFICE else [None])
def test_groups_with_names_that_excel_takes_for_patterns_are_kept_apart(site, office):
    """ "1" and "01" are two floors; "A*" is one area and not all that begin with A."""
    market = factories.market()
    for code, floor, name in (("A", "1", "A*"), ("B", "01", "AB"), ("C", "1.0", "=1"), ("D", ">0", "a*")):
        where = factories.area(market, code, floor=floor, area_name=name)
        stall, tenant = factories.stall(market, area=where), factories.merchant(market)
        factories.lease(market, tenant, stall, "100.00")
    factories.bills(market, "2026-10", BILLED)
    report = reports.collection(market, "2026-10", TODAY, NOON)
    summary = recalculated(report.xlsx, office)["缴费率"]
    rows = [r for r in range(1, summary.sheet.max_row + 1) if summary.value(f"B{r}") == 1]
    assert [summary.value(f"C{row}") for row in rows] == [D(100)] * 8
    assert summary.value(f"C{summary.row('合计')}") == report.data["charged"] == D("400.00")
