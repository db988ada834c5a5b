"""The workbook of rejected lines: what was wrong is in sight, whole, and it can be sent again once corrected."""

import datetime as dt
import io

import pytest
from openpyxl import load_workbook

from cn_connect.excel import Table, read_table
from cn_connect.excel_cells import Row
from cn_connect.excel_errors import error_workbook
from cn_connect.excel_writer import ROW_HEIGHT, TALLEST_ROW

pytestmark = pytest.mark.usefixtures("site")
MADE_AT = dt.datetime(2026, 11, 1, 8)
HEADERS = ["名称", "金额"]


def made(*rows, headers=HEADERS, notes=("改正后再导入",)):
    return error_workbook(Table("表", list(headers), list(rows)), rows, MADE_AT, notes)


def opened(content):
    return load_workbook(io.BytesIO(content))["表"]


def bad_row(values, **reasons):
    row = Row("表", 9, values)
    for column, reason in reasons.items():
        row.fault(column, reason)
    return row


def test_an_error_workbook_marks_the_cells_and_can_be_sent_again():
    content = made(bad_row({"名称": "=甲", "金额": "很多\x07"}, 金额="不是数字"))
    sheet = opened(content)
    assert [cell.value for cell in sheet[3]] == [9, "金额：不是数字", "'=甲", "很多"]
    assert sheet["D3"].comment.text == "不是数字"
    assert read_table(content, "表", ["名称", "金额"]).rows[0].values == {"名称": "'=甲", "金额": "很多"}


def test_a_row_stands_at_one_height_and_long_texts_wrap():
    sheet = opened(made(bad_row({"名称": "甲", "金额": 5}, 金额="不是数字")))
    assert {cell.alignment.vertical for cell in sheet[3]} == {"center"}
    assert all(cell.alignment.wrap_text for cell in sheet[3][1:])


def test_each_reason_has_its_own_line_and_the_row_is_high_enough_for_all():
    sheet = opened(made(bad_row({"名称": "甲", "金额": "多"}, 名称="不能为空" * 6, 金额="不是数字")))
    # 27 full-width characters do not fit into the 44 half-width ones of the column, so the first takes two lines
    assert sheet["B3"].value == f"名称：{'不能为空' * 6}\n金额：不是数字"
    assert sheet.row_dimensions[3].height == 3 * ROW_HEIGHT


@pytest.mark.parametrize(("length", "height"), [(30, 3 * ROW_HEIGHT), (900, TALLEST_ROW)])
def test_a_row_is_as_high_as_its_longest_value_but_no_higher_than_excel_allows(length, height):
    # the widest column has 30 characters: 14 full-width ones a line
    sheet = opened(made(bad_row({"名称": "甲" * length, "金额": 5}, 金额="太少")))
    assert sheet.column_dimensions["C"].width == 30
    assert sheet.row_dimensions[3].height == height


def test_header_row_number_and_reasons_stay_in_sight():
    assert opened(made(bad_row({"名称": "甲"}, 名称="太短"))).freeze_panes == "C3"


def test_a_wide_file_is_printed_with_the_reasons_on_every_page():
    headers = [f"列{n}" for n in range(1, 24)]
    sheet = opened(made(bad_row(dict.fromkeys(headers, "很长的一些文字"), 列1="不对"), headers=headers))
    assert sheet.print_title_cols == "$A:$B" and len(sheet.col_breaks.brk) > 1
    assert opened(made(bad_row({"名称": "甲"}, 名称="太短"))).sheet_properties.pageSetUpPr.fitToPage
