"""Workbooks we write: formulas live, text harmless, cells locked, bytes reproducible, errors marked."""

import datetime as dt
import io

import pytest
from openpyxl import load_workbook

from cn_connect.excel import Table, read_table
from cn_connect.excel_cells import Row
from cn_connect.excel_writer import MONEY, Column, Formula, SheetWriter, error_workbook, new_book, to_bytes

pytestmark = pytest.mark.usefixtures("site")
MADE_AT = dt.datetime(2026, 11, 1, 8)


def written(*lines):
    book = new_book()
    writer = SheetWriter(book, "表", [Column("名称", 20), Column("金额", 12, MONEY, input=True)])
    writer.title("一览")
    writer.header(freeze=True)
    for line in lines:
        writer.line(line)
    writer.lock()
    return to_bytes(book, MADE_AT)


def test_only_a_formula_is_written_as_one():
    sheet = load_workbook(io.BytesIO(written(["=1+1", Formula("=SUM(B1:B2)")])))["表"]
    assert (sheet["A3"].value, sheet["A3"].data_type) == ("'=1+1", "s")
    assert (sheet["B3"].value, sheet["B3"].data_type) == ("=SUM(B1:B2)", "f")


def test_only_input_cells_are_unlocked():
    sheet = load_workbook(io.BytesIO(written(["甲", 5])))["表"]
    assert sheet.protection.sheet
    assert (sheet["A3"].protection.locked, sheet["B3"].protection.locked) == (True, False)
    assert sheet["B3"].number_format == MONEY


def test_the_same_content_gives_the_same_bytes():
    assert written(["甲", 5]) == written(["甲", 5])
    assert written(["甲", 5]) != written(["甲", 6])


def test_an_error_workbook_marks_the_cells_and_can_be_sent_again():
    bad = Row("表", 9, {"名称": "=甲", "金额": "很多\x07"})
    bad.fault("金额", "不是数字")
    content = error_workbook(Table("表", ["名称", "金额"], [bad]), [bad], MADE_AT, ["改正后再导入"])
    sheet = load_workbook(io.BytesIO(content))["表"]
    assert [cell.value for cell in sheet[3]] == [9, "金额：不是数字", "'=甲", "很多"]
    assert sheet["D3"].comment.text == "不是数字"
    assert read_table(content, "表", ["名称", "金额"]).rows[0].values == {"名称": "'=甲", "金额": "很多"}
