"""Headings as offices write them: doubtful ones refuse the file, unknown ones are named."""

import pytest
from openpyxl import Workbook

from cn_connect import excel
from cn_connect.excel_file import WorkbookFault
from cn_connect.excel_headers import Columns
from cn_connect.tests.sheets import saved
from frappe import _

pytestmark = pytest.mark.usefixtures("site")
COLUMNS = Columns(
    required=("摊位号", "月租金"),
    optional=("押金", "水表号", "水表读数"),
    units={"月租金": ("元", "元/月"), "押金": ("元",)},
    words={"押金": ("保证金",)},
    needs={"水表读数": "水表号"},
)
GOOD = ["A01", 1500]


def read(*lines, merge=()):
    made = Workbook()
    made.active.title = "表"
    for line in lines:
        made.active.append(line)
    for span in merge:
        made.active.merge_cells(span)
    return excel.read_table(saved(made), "表", COLUMNS)


def refused(*lines):
    with pytest.raises(WorkbookFault) as fault:
        read(*lines)
    return fault.value.error_code, _(fault.value.source).format(*fault.value.params)


@pytest.mark.parametrize(
    "headings",
    [
        ["摊位号", "月租金(元)", "月租金(元/月)"],
        ["摊位号", "月租金", "摊 位 号"],
        ["摊位号", "月租金（9月）", "月租金（10月）"],
        ["摊位号", "月租金*", "月租金:"],
    ],
)
def test_two_columns_of_one_meaning_refuse_the_file(headings):
    code, message = refused(headings, [*GOOD, 1800])
    assert code == "SEVERAL_COLUMNS" and headings[-1].replace(" ", "") in message


def test_unread_columns_are_named():
    table = read(["序号", "摊位号", "月租金", "业主", "备注2"], [1, *GOOD, "某", "x"])
    assert table.unread == ["业主", "备注2"]
    assert "业主、备注2" in table.notes[0]


@pytest.mark.parametrize(
    ("heading", "meant"), [("保证金", "押金"), ("水表编号", "水表号"), ("押 金 额", "押金")]
)
def test_a_heading_that_was_probably_meant_for_a_missing_column_refuses_the_file(heading, meant):
    code, message = refused(["摊位号", "月租金", heading], [*GOOD, 1])
    assert code == "UNREAD_COLUMN" and meant in message


def test_beside_the_column_itself_a_similar_one_is_only_named():
    table = read(["摊位号", "月租金", "押金", "保证金"], [*GOOD, 3000, 1])
    assert table.unread == ["保证金"]


def test_a_column_without_the_one_it_belongs_to_refuses_the_file():
    code, message = refused(["摊位号", "月租金", "水表读数"], [*GOOD, 100])
    assert code == "WRONG_TEMPLATE" and "水表号" in message


@pytest.mark.parametrize("unit", ["万元", "元/年", "千元", "元/季", "元/㎡", "元/日", "分"])
def test_a_unit_that_makes_another_number_refuses_the_file(unit):
    code, message = refused(["摊位号", f"月租金（{unit}）"], GOOD)
    assert code == "WRONG_UNIT" and unit in message


@pytest.mark.parametrize(
    "heading", ["月租金(元)", "月租金（元/月）", "月租金\n【元】", "月租金(必填)", "月租金*(含税)"]
)
def test_known_units_and_remarks_are_read(heading):
    assert read(["摊位号", heading], GOOD).rows[0].values["月租金"] == 1500


def test_headings_over_two_rows_are_put_together():
    lines = [["摊位号", "月租金", "水表", None], [None, None, "号", "读数"], [*GOOD, "W1", 100]]
    table = read(*lines, merge=("A1:A2", "B1:B2", "C1:D1"))
    assert table.rows[0].values == {"摊位号": "A01", "月租金": 1500, "水表号": "W1", "水表读数": 100}


def test_units_in_a_row_of_their_own_and_the_header_again_are_no_rows():
    table = read(["摊位号", "月租金"], [None, "元/月"], GOOD, ["摊位号", "月租金"], ["A02", 1])
    assert [row.number for row in table.rows] == [3, 5]
    assert len(table.notes) == 2


@pytest.mark.parametrize(
    "line",
    [
        *(["合计", 3000], [" 合 计 ", 3000], ["小计:", 1], ["本页合计", 1], ["总计", None], [None, None, None, None, None, "合计"]),
        *(["制表人：张三", None], ["制表：张三    审核：李四", None], ["填表人", None], ["日期：2026-10-31", None], ["注：租金含税", None]),
        *(["第1页 共2页", None], ["单位负责人：", None]),
    ],
)  # fmt: skip
def test_lines_that_close_the_list_are_no_rows(line):
    table = read_list(GOOD, line)
    assert len(table.rows) == 1
    assert bool(table.notes) == any(line[:3])


@pytest.mark.parametrize(
    "line", [["合计", 3000, "2026-01-01"], ["合计01", None], ["制表街1号", None], ["日期", 1]]
)
def test_what_could_be_a_row_is_never_passed_over(line):
    assert len(read_list(GOOD, line).rows) == 2


def read_list(*lines):
    made = Workbook()
    made.active.title = "表"
    for line in (["摊位号", "月租金", "租期"], *lines):
        made.active.append(line)
    return excel.read_table(saved(made), "表", Columns(("摊位号", "月租金", "租期")))
