"""Workbooks we write: formulas live, text harmless, cells locked, bytes reproducible, pages that can be read."""

import datetime as dt
import io

import pytest
from openpyxl import load_workbook

from cn_connect.excel_writer import MONEY, Column, Formula, SheetWriter, lines_in, new_book, to_bytes

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


def sheet_of(*widths, starts=(), repeat=(1, 2), texts=None):
    """A sheet of columns this wide, printed side by side, with one line."""
    book = new_book()
    columns = [Column(f"列{n}", width, wrap=True) for n, width in enumerate(widths, start=1)]
    writer = SheetWriter(book, "表", columns, footer="甲&乙市场")
    writer.side_by_side(*repeat, starts)
    writer.title("一览")
    writer.header(freeze=True)
    writer.line(texts or [None] * len(widths))
    return load_workbook(io.BytesIO(to_bytes(book, MADE_AT)))["表"]


def pages_begin_at(sheet):
    return [page_break.id + 1 for page_break in sheet.col_breaks.brk]


def test_a_wide_sheet_goes_on_beside_with_the_columns_that_identify_its_rows():
    # columns 1 and 2 take 50 of the page's 145 characters on every page
    sheet = sheet_of(20, 30, 60, 60, 30, 90)
    assert pages_begin_at(sheet) == [4, 6]
    assert (sheet.print_title_cols, sheet.print_title_rows) == ("$A:$B", "$2:$2")
    # nothing shrinks it to one page, which would also ignore the breaks
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.scale) == (False, 90)
    assert sheet.page_setup.pageOrder == "overThenDown"


def test_pages_begin_where_they_are_told_to():
    assert pages_begin_at(sheet_of(20, 30, 60, 10, starts=[4])) == [4]


def test_the_title_stands_over_the_repeated_columns_so_that_every_page_shows_it_whole():
    sheet = sheet_of(20, 30, 40, 60, 30, repeat=(2, 3))
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["B1:C1"]
    assert (sheet["A1"].value, sheet["B1"].value) == (None, "一览")


def test_what_fits_on_one_page_stays_on_one():
    sheet = sheet_of(20, 30, 60, 35)
    assert pages_begin_at(sheet) == []
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A1:D1"]


def test_every_page_says_what_it_is_of_and_its_number():
    footer = sheet_of(20, 30).oddFooter
    assert (footer.left.text, footer.center.text) == ("甲&&乙市场", "第 &P 页 共 &N 页")


def test_values_stand_at_the_same_height_and_wrap_where_their_column_does():
    sheet = sheet_of(20, 30, texts=["很长的名称", 5])
    assert {(cell.alignment.vertical, cell.alignment.wrap_text) for cell in sheet[3]} == {("center", True)}
    plain = load_workbook(io.BytesIO(written(["甲", 5])))["表"]
    assert [(c.alignment.vertical, bool(c.alignment.wrap_text)) for c in plain[3]] == [("center", False)] * 2
    assert plain["B3"].alignment.horizontal == "right"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [("", 10, 1), ("12345678", 10, 1), ("123456789", 10, 2), ("水费单价", 10, 1), ("水费单\n价", 10, 2)],
)
def test_a_text_takes_as_many_lines_as_its_column_makes_it(text, width, lines):
    assert lines_in(text, width) == lines


def test_a_header_of_two_lines_is_higher():
    def height(header):
        book = new_book()
        writer = SheetWriter(book, "表", [Column(header, 12)])
        writer.header()
        return writer.sheet.row_dimensions[1].height

    assert (height("水费单价"), height("水费单价\n(元/吨)")) == (24, 36)


def test_rows_below_the_drawn_ones_are_drawn_once_they_are_filled():
    book = new_book()
    writer = SheetWriter(book, "表", [Column("甲"), Column("乙")])
    writer.draw_when_filled(5, 100)
    sheet = load_workbook(io.BytesIO(to_bytes(book, MADE_AT)))["表"]
    ((where, (rule,)),) = sheet.conditional_formatting._cf_rules.items()
    assert (str(where.sqref), rule.formula) == ("A5:B100", ["COUNTA($A5:$B5)>0"])
