"""Scenarios: a corrected list comes again. What differs is shown old → new, and changed only when a supervisor says so."""

from datetime import date, datetime

import pytest

from cn_connect.crypto.fields import plain_value
from market_mgmt.services import billing
from market_mgmt.services.imports import merchants
from market_mgmt.tests import factories
from market_mgmt.tests.workbooks import form, stall_row

AS_OF = date(2026, 10, 1)
CORRECTED = {
    "联系电话": "13912345678",
    "月租金(元)": 1800,
    "押金": 5000,
    "租期结束": datetime(2029, 12, 31),
    "面积(㎡)": 20,
    "商户名称": "阿明海鲜行",
    "位置": "一楼2排1号",
    "水费单价(元/吨)": 3.6,
    "电表倍率": 40,
    "免租期(天)": 15,
    "滞纳金条款(有/无)": "无",
    "片区": "水产区",
}


@pytest.fixture
def market(site):
    name = factories.market()
    run(name, form({}, stall_row(2)))
    return name


def run(market, content, dry_run=False, **values):
    return merchants.run(market, content, "form.xlsx", AS_OF, dry_run, **values)


def stored(site, market):
    """What the form says of the stall, as it is in the documents."""
    stall = site.get_doc("Stall", f"{market}-A01")
    lease = site.get_doc("Lease", {"stall": stall.name})
    merchant = site.get_doc("Merchant", lease.merchant)
    return {
        "联系电话": plain_value(merchant, "phone"),
        "商户名称": merchant.merchant_name,
        "月租金(元)": lease.monthly_rent,
        "押金": lease.deposit,
        "租期结束": datetime.combine(lease.end_date, datetime.min.time()),
        "免租期(天)": lease.rent_free_days or None,
        "滞纳金条款(有/无)": "有" if lease.late_fee_clause else "无",
        "面积(㎡)": stall.area_size,
        "位置": stall.location,
        "片区": site.db.get_value("Market Area", stall.area, "area_name"),
        "电表倍率": site.db.get_value("Meter", f"{market}-EA01", "multiplier"),
        "水费单价(元/吨)": site.db.get_value(
            "Tariff", {"market": market, "stall": stall.name, "fee_type": "Water"}, "unit_price"
        ),
    }


def test_what_differs_is_shown_and_left(site, market):
    before = stored(site, market)
    for dry_run in (True, False):
        result = run(
            market, form(CORRECTED, stall_row(2, 商户名称="阿明海鲜行", 联系电话="13912345678")), dry_run
        )
        assert (result.rejected, result.differing, result.changed, result.unchanged) == (0, 2, 0, 0)
        assert stored(site, market) == before
    shown = {change.column: (change.old, change.new) for change in result.changes if change.row == 3}
    assert shown["月租金"] == ("1,500.00", "1,800.00")
    assert shown["联系电话"] == ("140****0001", "139****5678")
    assert shown["租期结束"] == ("2027-12-31", "2029-12-31")
    assert shown["面积"] == ("12.5", "20") and shown["水费单价"] == ("3.2", "3.6（自 2026-10-01 起）")
    assert {key.split("(")[0] for key in CORRECTED} == set(shown)
    assert all(change.reason is None for change in result.changes)


def test_what_differs_is_changed_when_a_supervisor_says_so(site, market):
    content = form(CORRECTED)
    run(market, content)  # imported without a word about the changes: they are still to come
    result = run(market, content, changes_by="Administrator")
    assert (result.changed, result.differing, result.repeated) == (1, 0, False)
    assert stored(site, market) == CORRECTED
    again = run(market, content, changes_by="Administrator")
    assert (again.repeated, again.changes) == (True, [])


def test_nobody_else_may_say_so(site, market):
    with pytest.raises(site.PermissionError):
        run(market, form(CORRECTED), changes_by="Guest")


def test_a_row_that_says_the_same_is_unchanged_and_blank_cells_say_nothing(market):
    blank = dict.fromkeys(
        ("位置", "面积(㎡)", "营业执照号", "经营类别", "押金", "电表倍率", "水表号", "水表初始读数")
    )
    result = run(market, form(blank, stall_row(2)))
    assert (result.unchanged, result.differing, result.changes) == (2, 0, [])


def test_billed_rent_changes_from_the_day_after_the_last_bill(site, market):
    # given rent that is billed up to the end of October
    lease = site.get_doc("Lease", {"stall": f"{market}-A01"})
    billing.generate(market, "2026-10", date(2026, 10, 31), lease.name)
    # when the list says another rent
    result = run(market, form({"月租金(元)": 1800}), changes_by="Administrator")
    # then the lease has a rent change, and what was billed stays
    assert [(c.old, c.new, c.reason) for c in result.changes] == [
        ("1,500.00", "1,800.00（自 2026-11-01 起）", None)
    ]
    lease.reload()
    assert lease.monthly_rent == 1500.0
    assert [(row.effective_from, row.monthly_rent) for row in lease.rent_changes] == [
        (date(2026, 11, 1), 1800.0)
    ]


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"水表号": "WA11"}, "水表号", "换表"),
        (
            dict.fromkeys(
                ("商户名称", "营业执照号", "经营类别", "身份证号", "联系电话", "月租金(元)", "租期开始", "租期结束", "押金")
            ),
            "商户名称",
            "终止",
        ),
    ],
)  # fmt: skip
def test_what_an_import_does_not_change_is_said(site, market, change, column, words):
    for dry_run in (True, False):
        result = run(market, form(change), dry_run, changes_by="Administrator")
        assert [(c.column, words in c.reason) for c in result.changes] == [(column, True)]
        assert (result.differing, result.changed) == (1, 0)
    assert site.db.count("Meter", {"market": market}) == 4


def test_a_meter_that_was_read_keeps_its_multiplier(site, market):
    meter = f"{market}-EA01"
    factories.reading(meter, "2026-09", 2100)
    result = run(market, form({"电表倍率": 40}), dry_run=True)
    assert "读数" in result.changes[0].reason


def test_a_lease_that_is_over_is_not_changed_any_more(site, market):
    run(market, form({**stall_row(3), "租期结束": "2026-09-30"}))
    result = run(market, form({**stall_row(3), "租期结束": "2026-09-30", "月租金(元)": 1}), dry_run=True)
    assert ["不再改动" in change.reason for change in result.changes] == [True]
