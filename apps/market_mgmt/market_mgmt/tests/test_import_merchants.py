"""Scenarios: the information collection form comes in, with good rows, bad rows, twice, and again with changes."""

import io
from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from cn_connect.crypto.fields import plain_value
from market_mgmt.services.imports import merchants
from market_mgmt.services.imports.common import Confirmation
from market_mgmt.tests import factories
from market_mgmt.tests.workbooks import OTHER_IDS, form, stall_row

AS_OF, CONFIRMED_AT = date(2026, 10, 1), datetime(2026, 10, 1, 9)
VACANT = dict.fromkeys(
    (
        "商户名称",
        "营业执照号",
        "经营类别",
        "身份证号",
        "联系电话",
        "月租金(元)",
        "租期开始",
        "租期结束",
        "押金",
    )
)


@pytest.fixture
def market(site):
    return factories.market()


def run(market, content, dry_run=False, **values):
    return merchants.run(market, content, "form.xlsx", AS_OF, dry_run, **values)


def test_a_row_becomes_stall_merchant_lease_meters_and_prices(site, market):
    result = run(market, form({"免租期(天)": 15}))
    assert (result.status, result.accepted, result.rejected) == ("Posted", 1, 0)
    stall = site.get_doc("Stall", f"{market}-A01")
    assert (stall.floor, stall.location, stall.area_size) == ("一楼", "一楼1排1号", 12.5)
    lease = site.get_doc("Lease", {"stall": stall.name})
    assert (lease.monthly_rent, lease.deposit, lease.rent_free_days, lease.late_fee_clause) == (
        1500.0,
        3000.0,
        15,
        1,
    )
    assert (lease.status, lease.start_date, lease.end_date) == (
        "Active",
        date(2025, 1, 1),
        date(2027, 12, 31),
    )
    merchant = site.get_doc("Merchant", lease.merchant)
    assert (merchant.merchant_name, merchant.business_category) == ("阿明海鲜", "海鲜")
    assert (merchant.phone, plain_value(merchant, "phone")) == ("140****0001", "14000000001")
    meters = site.get_all(
        "Meter", {"stall": stall.name}, ["name", "fee_type", "initial_reading"], order_by="fee_type"
    )
    assert [(m.name, m.initial_reading) for m in meters] == [
        (f"{market}-EA01", 2000.0),
        (f"{market}-WA01", 100.0),
    ]


def test_the_same_file_again_adds_nothing(market):
    content = form({}, stall_row(2))
    assert run(market, content).added["Stall"] == 2
    assert run(market, content).added == {}


def test_a_check_writes_nothing(site, market):
    result = run(market, form({}), dry_run=True)
    assert (result.status, result.accepted) == ("Checked", 1)
    assert not site.db.exists("Stall", {"market": market})


def test_one_person_with_two_stalls_is_one_merchant(site, market):
    run(market, form({}, stall_row(2), stall_row(3, 身份证号=OTHER_IDS[0])))
    assert site.db.count("Merchant", {"market": market}) == 2
    assert site.db.count("Lease", {"market": market}) == 3


def test_a_vacant_stall_has_no_lease(site, market):
    run(market, form(VACANT))
    assert site.db.get_value("Stall", f"{market}-A01", "rental_status") == "Vacant"
    assert not site.db.exists("Lease", {"market": market})


def test_the_commonest_price_is_the_markets_and_another_one_the_stalls(site, market):
    run(market, form({}, stall_row(2), stall_row(3, **{"水费单价(元/吨)": 3.6})))
    found = site.get_all("Tariff", {"market": market}, ["fee_type", "stall", "unit_price", "effective_from"])
    prices = {(row.fee_type, row.stall): row.unit_price for row in found}
    assert prices == {("Water", None): 3.2, ("Water", f"{market}-A03"): 3.6, ("Electricity", None): 0.86}
    assert {row.effective_from for row in found} == {date(2025, 1, 1)}


def test_a_later_form_gives_a_stall_its_own_price_and_leaves_the_markets(site, market):
    run(market, form({}, stall_row(2)))
    run(market, form({**stall_row(2), "水费单价(元/吨)": 3.5}), changes_by="Administrator")
    found = site.get_all(
        "Tariff", {"market": market, "fee_type": "Water"}, ["stall", "unit_price", "effective_from"]
    )
    assert {(row.stall, row.unit_price, row.effective_from) for row in found} == {
        (None, 3.2, date(2025, 1, 1)),
        (f"{market}-A02", 3.5, AS_OF),
    }


def test_a_lease_that_is_over_is_imported_as_ended(site, market):
    run(market, form({"租期结束": "2026.9.30"}))
    assert site.db.get_value("Lease", {"market": market}, "status") == "Ended"


def test_a_lease_without_the_clause(site, market):
    run(market, form({"滞纳金条款(有/无)": "无"}))
    assert site.db.get_value("Lease", {"market": market}, "late_fee_clause") == 0


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"摊位号": None}, "摊位号"),
        ({"摊位号": "A 01/2"}, "摊位号"),
        ({"身份证号": "469099196704300014"}, "身份证号"),
        ({"联系电话": "12345"}, "联系电话"),
        ({"营业执照号": "92469099MAFX00001Z"}, "营业执照号"),
        ({"月租金(元)": -1}, "月租金"),
        ({"月租金(元)": 10.005}, "月租金"),
        ({"租期结束": "2024-12-31"}, "租期结束"),
        ({"租期结束": "9999-12-31"}, "租期结束"),
        ({"租期开始": "待定"}, "租期开始"),
        ({"商户名称": None}, "商户名称"),
        ({"水费单价(元/吨)": "三块二"}, "水费单价"),
        ({"电表倍率": 0}, "电表倍率"),
        ({"水表初始读数": 100000}, "水表初始读数"),
        ({"免租期(天)": 1.5}, "免租期"),
        ({"滞纳金条款(有/无)": "也许"}, "滞纳金条款"),
    ],
)
def test_every_fault_names_its_cell(market, change, column):
    result = run(market, form(change), dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(3, column)]


def test_a_stall_and_a_meter_may_appear_only_once(market):
    result = run(market, form({}, {}, stall_row(2, 水表号="WA01")), dry_run=True)
    assert {(error.row, error.column) for error in result.errors} == {
        *((4, "摊位号"), (4, "水表号"), (4, "电表号"), (5, "水表号")),
    }


def test_more_than_one_bad_row_in_a_hundred_refuses_the_file(site, market):
    result = run(market, form({}, stall_row(2, 联系电话="1")))
    assert (result.status, result.accepted, result.rejected) == ("Refused", 0, 1)
    assert not site.db.exists("Stall", {"market": market})


def test_one_bad_row_in_a_hundred_is_isolated(site, market):
    rows = [stall_row(n) for n in range(1, 100)] + [stall_row(100, 联系电话="1")]
    result = run(market, form(*rows))
    assert (result.status, result.accepted, result.rejected) == ("Posted", 99, 1)
    sheet = load_workbook(io.BytesIO(result.error_workbook)).active
    assert sheet.max_row == 3 and sheet["A3"].value == 102


def test_a_supervisor_may_confirm_and_nobody_else(site, market):
    content = form({}, stall_row(2, 联系电话="1"))
    with pytest.raises(site.PermissionError):
        run(market, content, confirmation=Confirmation("Guest", CONFIRMED_AT))
    result = run(market, content, confirmation=Confirmation("Administrator", CONFIRMED_AT))
    assert (result.status, result.added["Stall"]) == ("Posted", 1)


def test_the_corrected_error_workbook_brings_the_rest(site, market):
    result = run(
        market, form({}, stall_row(2, 联系电话="1")), confirmation=Confirmation("Administrator", CONFIRMED_AT)
    )
    book = load_workbook(io.BytesIO(result.error_workbook))
    column = [cell.value for cell in book.active[2]].index("联系电话")
    book.active[3][column].value = "14000000001"
    buffer = io.BytesIO()
    book.save(buffer)
    assert run(market, buffer.getvalue()).added["Stall"] == 1


def test_a_name_that_looks_like_a_formula_is_stored_harmless(site, market):
    run(market, form({"商户名称": "@阿明海鲜"}))
    assert site.db.get_value("Merchant", {"market": market}, "merchant_name") == "'@阿明海鲜"


def test_a_stall_that_is_leased_to_somebody_else_is_refused(market):
    run(market, form({}))
    result = run(market, form({"身份证号": OTHER_IDS[1]}), dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(3, "摊位号")]


def test_a_stall_is_not_let_again_for_days_of_a_lease_that_was_terminated(site, market):
    # given a lease that was terminated after its first day, so that a later one may follow
    run(market, form({}))
    lease = site.get_doc("Lease", {"market": market})
    factories.terminate(lease.name, lease.start_date)
    # when somebody else's begins on that very day, then its row is refused
    result = run(market, form({"身份证号": OTHER_IDS[1]}), dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(3, "摊位号")]


def test_when_something_goes_wrong_in_the_middle_nothing_is_left(site, market, monkeypatch):
    monkeypatch.setattr(merchants._Writer, "_tariffs", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(market, form({}))
    assert not site.db.exists("Stall", {"market": market})


def test_progress_is_told(market):
    seen = []
    run(market, form({}, stall_row(2)), progress=lambda *step: seen.append(step))
    assert seen == [("Checking", 1, 2), ("Checking", 2, 2), ("Writing", 1, 2), ("Writing", 2, 2)]
