"""Rows that contradict each other or the market, however they are written: the check says so, and the import agrees."""

from datetime import date, datetime

import pytest

from cn_connect.excel_file import WorkbookFault
from market_mgmt.services.imports import arrears, merchants, readings
from market_mgmt.services.imports.common import Confirmation
from market_mgmt.tests import factories, workbooks
from market_mgmt.tests.workbooks import OTHER_IDS, form, stall_row

AS_OF = date(2026, 10, 31)
CONFIRMED = Confirmation("Administrator", datetime(2026, 10, 31, 9))


@pytest.fixture
def market(site):
    return factories.market()


def both(market, content):
    """The faults by row and column: those of the check, which must be those of the import."""
    found = []
    for dry_run in (True, False):
        result = merchants.run(market, content, "form.xlsx", AS_OF, dry_run, None if dry_run else CONFIRMED)
        found.append([(error.row, error.column) for error in result.errors])
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("second", "column"),
    [
        ({"摊位号": "a01", "水表号": "W2", "电表号": "E2"}, "摊位号"),
        ({"摊位号": "Ａ０１", "水表号": "W2", "电表号": "E2"}, "摊位号"),
        ({**stall_row(2), "水表号": "wa01"}, "水表号"),
        ({**stall_row(2), "水表号": "EA01"}, "水表号"),
        ({**stall_row(2), "水表号": "EA02"}, "电表号"),
        ({**stall_row(2), "商户名称": "阿强海鲜"}, "商户名称"),
        ({**stall_row(2), "联系电话": "13912345678"}, "联系电话"),
        ({**stall_row(2), "经营类别": "蔬菜"}, "经营类别"),
        ({**stall_row(2), "营业执照号": "460000600123456"}, "营业执照号"),
    ],
)
def test_rows_of_one_file_that_contradict_each_other(market, second, column):
    assert both(market, form({}, second)) == [(4, column)]


def test_what_one_row_says_of_a_tenant_holds_for_the_others(site, market):
    content = form({"营业执照号": None}, stall_row(2))
    assert both(market, content) == []
    assert site.db.get_value("Merchant", {"market": market}, "licence_number") == "92469099MAFX00001Y"


def test_another_spelling_of_what_is_stored_is_the_same(site, market):
    assert both(market, form({})) == []
    again = form({"摊位号": "a01", "水表号": "ｗａ０１", "电表号": "ea01"})
    result = merchants.run(market, again, "form.xlsx", AS_OF, False)
    assert (result.unchanged, result.rejected, result.added) == (1, 0, {})


def test_a_meter_of_the_other_kind_or_another_stall_is_refused(market):
    assert both(market, form({})) == []
    assert both(market, form({**stall_row(2), "水表号": "ea01"})) == [(3, "水表号")]
    assert both(market, form({"水表号": "EA01", "电表号": "WA01"})) == [(3, "水表号"), (3, "电表号")]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"摊位号": "A" * 21}, "摊位号"),
        ({"水表号": "W" * 31}, "水表号"),
        ({"商户名称": "长" * 141}, "商户名称"),
        ({"楼层": "楼" * 141}, "楼层"),
        ({"位置": "位" * 141}, "位置"),
        ({"经营类别": "类" * 141}, "经营类别"),
        ({"摊位号": "A一01"}, "摊位号"),
        ({"摊位号": "А01"}, "摊位号"),  # the Cyrillic А
        ({"摊位号": "A.01"}, "摊位号"),
        ({"水表号": None}, "水表号"),
        ({"水表号": "无", "水表初始读数": 5}, "水表号"),
        ({"水表位数(位)": 12}, "水表位数"),
        ({"水表位数(位)": 4, "水表初始读数": 10000}, "水表初始读数"),
        ({"商户名称": "空置"}, "商户名称"),
        ({"身份证号": "469099196704300014"}, "身份证号"),
        ({"联系电话": "14000000001\u202e"}, "联系电话"),
    ],
)
def test_what_does_not_fit_its_column_is_named_and_never_cut(market, change, column):
    assert both(market, form(change)) == [(3, column)]


def test_the_longest_that_fits_is_stored_whole(site, market):
    assert both(market, form({"摊位号": "A" * 20, "商户名称": "长" * 140, "位置": "位" * 140})) == []
    assert site.db.get_value("Stall", {"market": market}, ["stall_no", "location"]) == ("A" * 20, "位" * 140)


def test_six_digits_and_a_multiplier_are_taken_from_the_form(site, market):
    values = {"电表位数(位)": 6, "电表初始读数": 123456, "水表位数": 4, "水表倍率": 10}
    assert both(market, form(values)) == []
    fields = ["digits", "initial_reading", "multiplier"]
    assert site.db.get_value("Meter", f"{market}-EA01", fields) == (6, 123456.0, 1.0)
    assert site.db.get_value("Meter", f"{market}-WA01", fields) == (4, 100.0, 10.0)


@pytest.mark.parametrize("number", ["91350100M000100Y43", "H12345678", "E12345678", "83000019900101001X"])
def test_tenants_without_an_identity_card_come_in_by_another_number(site, market, number):
    from market_mgmt.domain.registration import is_identity

    if not is_identity(number):
        number = next(number[:-1] + last for last in "0123456789X" if is_identity(number[:-1] + last))
    assert both(market, form({"身份证号": number})) == []
    assert site.db.count("Lease", {"market": market}) == 1


@pytest.mark.parametrize("name", ["空置", "待租", "无"])
def test_a_stall_that_is_called_vacant_has_no_tenant(site, market, name):
    blank = dict.fromkeys(
        ("营业执照号", "经营类别", "身份证号", "联系电话", "月租金(元)", "租期开始", "租期结束", "押金")
    )
    assert both(market, form({**blank, "商户名称": name})) == []
    assert not site.db.exists("Merchant", {"market": market})


def test_the_footer_and_unread_columns_are_told_and_nothing_is_lost(market):
    rows = [{**workbooks.FORM, **stall_row(n)} for n in (1, 2)]
    headers = [*workbooks.FORM, "房东"]
    lines = [[*row.values(), "某某"] for row in rows]
    total = ["合计", None, None, None, 25, *[None] * 7, 3000]
    content = workbooks.book("信息采集表", headers, [*lines, total, ["制表人：张三"]])
    result = merchants.run(market, content, "form.xlsx", AS_OF, dry_run=True)
    assert (result.rows, result.rejected, len(result.notes)) == (2, 0, 3)
    assert "房东" in result.notes[0] and "第 5 行" in result.notes[1] and "制表人" in result.notes[2]


class TestReadings:
    @pytest.fixture
    def shop(self, site):
        shop = factories.shop()
        factories.meter(shop, meter_no="W1", initial_reading=100)
        return shop

    def both(self, shop, *lines, period="2026-10", as_of=AS_OF):
        number = shop.stall.removeprefix(f"{shop.market}-")
        content = workbooks.readings(*[[number, *line] for line in lines])
        found = []
        for dry_run in (True, False):
            result = readings.run(
                *(shop.market, period, content, "r.xlsx", as_of, dry_run), None if dry_run else CONFIRMED
            )
            found.append(
                (result.accepted, [(error.row, error.column) for error in result.errors], result.held)
            )
        assert found[0] == found[1]
        return found[0][:2]

    def test_a_meter_written_in_another_case_is_the_same(self, shop):
        day = datetime(2026, 10, 29)
        assert self.both(shop, ["w1", "水", 100, 110, day]) == (1, [])
        assert self.both(shop, ["Ｗ１", "水", 100, 110, day], ["w1", "水", 100, 110, day]) == (
            1,
            [(4, "表号")],
        )

    def test_a_holiday_after_the_month_is_within_the_days(self, site, shop):
        line = ["W1", "水表", 100, 110, datetime(2026, 10, 8)]
        assert self.both(shop, line, period="2026-09") == (1, [])

    def test_the_days_are_set_by_market(self, site, shop):
        site.db.set_value("Market", shop.market, "reading_days_after", 3)
        site.clear_document_cache("Market", shop.market)
        line = ["W1", "水表", 100, 110, datetime(2026, 10, 4)]
        assert self.both(shop, line, period="2026-09") == (0, [(3, "抄表日期")])

    def test_a_reading_older_than_the_last_one_is_refused_by_both(self, shop):
        factories.reading(f"{shop.market}-W1", "2026-09", 105, date(2026, 10, 6))
        line = ["W1", "水表", 105, 110, datetime(2026, 10, 5)]
        assert self.both(shop, line) == (0, [(3, "本期读数")])

    def test_another_day_for_a_reading_that_is_in_is_told(self, shop):
        assert self.both(shop, ["W1", "水表", 100, 110, datetime(2026, 10, 29)]) == (1, [])
        assert self.both(shop, ["W1", "水表", 100, 110, datetime(2026, 10, 30)]) == (0, [(3, "抄表日期")])

    def test_a_heading_of_another_month_refuses_the_file(self, site, shop):
        headers = ["摊位号", "表号", "类型", "上期读数", "本期读数（9月）", "抄表日期"]
        content = workbooks.book("抄表", headers, [["1", "W1", "水表", 100, 110, datetime(2026, 10, 29)]])
        with pytest.raises(WorkbookFault) as fault:
            readings.run(shop.market, "2026-10", content, "r.xlsx", AS_OF, dry_run=True)
        assert fault.value.error_code == "WRONG_TEMPLATE"


class TestArrears:
    @pytest.fixture
    def shop(self, site):
        return factories.shop()

    def both(self, shop, *lines):
        content = workbooks.arrears(*lines)
        found = []
        for dry_run in (True, False):
            result = arrears.run(
                shop.market, content, "a.xlsx", AS_OF, dry_run, None if dry_run else CONFIRMED
            )
            found.append((result.accepted, [(error.row, error.column) for error in result.errors]))
        assert found[0] == found[1]
        return found[0]

    def test_the_same_stall_in_another_case_and_the_same_fee_by_another_name_repeat(self, shop):
        number = shop.stall.removeprefix(f"{shop.market}-")
        due = datetime(2026, 10, 8)
        lines = [[number, "租金", "2026-09", 1500, due], [number.lower(), "摊位费", "2026年9月", 1500, due]]
        assert self.both(shop, *lines) == (1, [(4, "账期")])

    @pytest.mark.parametrize("month", [2026.1, "2026.13", "一月", datetime(2026, 9, 1).time()])
    def test_months_that_could_be_others(self, shop, month):
        number = shop.stall.removeprefix(f"{shop.market}-")
        assert self.both(shop, [number, "租金", month, 1500, datetime(2026, 10, 8)]) == (0, [(3, "账期")])

    def test_another_due_date_of_arrears_that_are_in_is_told(self, shop):
        number = shop.stall.removeprefix(f"{shop.market}-")
        assert self.both(shop, [number, "租金", "2026-09", 1500, datetime(2026, 10, 8)]) == (1, [])
        assert self.both(shop, [number, "租金", "2026-09", 1500, datetime(2026, 10, 9)]) == (
            0,
            [(3, "应缴日期")],
        )


def test_two_people_may_have_one_phone(market):
    assert both(market, form({}, {**stall_row(2), "身份证号": OTHER_IDS[0]})) == []
