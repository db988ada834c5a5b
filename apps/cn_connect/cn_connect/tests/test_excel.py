"""Reading workbooks of people: headers, cells as they are typed, files that are no workbooks, formulas."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from openpyxl import Workbook

from cn_connect import excel, excel_cells, excel_file
from cn_connect.excel_cells import CellFault, Row
from cn_connect.excel_file import WorkbookFault

pytestmark = pytest.mark.usefixtures("site")

NAME, AMOUNT, DAY = "名称", "金额", "日期"


def workbook(*lines, sheet="表"):
    book = Workbook()
    book.active.title = sheet
    for line in lines:
        book.active.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_headers_are_found_below_a_title_and_with_units():
    content = workbook(
        ["某某市场一览表"],
        [],
        ["序号", "名称*", "金额（元）", "日期"],
        [1, "甲", 5, None],
        [],
        [2, "乙", 7, None],
    )
    table = excel.read_table(content, "表", [NAME, AMOUNT], [DAY])
    assert table.headers == [NAME, AMOUNT, DAY]
    assert [(row.number, row.values[NAME], row.values[AMOUNT]) for row in table.rows] == [
        (4, "甲", 5),
        (6, "乙", 7),
    ]


def test_another_sheet_with_the_header_will_do():
    book = Workbook()
    book.active.title = "封面"
    sheet = book.create_sheet("改了名字的表")
    sheet.append([NAME, AMOUNT])
    sheet.append(["甲", 1])
    buffer = io.BytesIO()
    book.save(buffer)
    assert excel.read_table(buffer.getvalue(), "表", [NAME, AMOUNT]).sheet == "改了名字的表"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (workbook([NAME, AMOUNT], ["甲", 1])[:900], "NOT_A_WORKBOOK"),
        (workbook(["姓名", "电话"], ["甲", "1"]), "WRONG_TEMPLATE"),
        (workbook([NAME, AMOUNT]), "NO_ROWS"),
        (bytes(excel_file.MAX_BYTES + 1), "TOO_LARGE"),
    ],
)
def test_unusable_files_are_refused_with_a_code(content, code):
    with pytest.raises(WorkbookFault) as refused:
        excel.read_table(content, "表", [NAME, AMOUNT])
    assert refused.value.error_code == code


def test_the_wrong_template_names_what_is_missing():
    with pytest.raises(WorkbookFault, match=AMOUNT):
        excel.read_table(workbook([NAME, "电话"], ["甲", "1"]), "表", [NAME, AMOUNT])


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(excel, "MAX_ROWS", 2)
    with pytest.raises(WorkbookFault) as refused:
        excel.read_table(workbook([NAME], ["a"], ["b"], ["c"]), "表", [NAME])
    assert refused.value.error_code == "TOO_LARGE"


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (12, "12"),
        (802.7000000000001, "802.7"),
        ("1,050.00", "1050"),
        ("￥3.20", "3.2"),
        ("１２．５ 元", "12.5"),
        ("１，２３４．５", "1234.5"),
        ("'+12", "12"),
        (100, "100"),
        (-15, "-15"),
    ],
)
def test_numbers_as_people_type_them(cell, number):
    assert excel_cells.as_decimal(cell) == Decimal(number)
    assert "E" not in str(excel_cells.as_decimal(cell))


@pytest.mark.parametrize(
    "cell", ["约1320", "三块二", True, dt.datetime(2026, 1, 1), "nan", "inf", 10**12, "=1+1", "3,5", "1,2345"]
)
def test_what_is_no_number(cell):
    with pytest.raises(CellFault):
        excel_cells.as_decimal(cell)


@pytest.mark.parametrize(
    "cell",
    [
        *(dt.datetime(2026, 3, 1), dt.date(2026, 3, 1), 46082),
        *(
            "2026-03-01",
            "2026/3/1",
            "2026.3.1",
            "2026年3月1日",
            "20260301",
            " 2026-3-1 ",
            "2026-03-01 00:00:00",
            "2026-3-1 8:30",
            "２０２６－０３－０１",
        ),
    ],
)
def test_dates_as_people_type_them(cell):
    assert excel_cells.as_date(cell) == dt.date(2026, 3, 1)


@pytest.mark.parametrize("cell", ["2026-13-40", "待定", "2026-02-30", 12, "3月1日", True])
def test_what_is_no_date(cell):
    with pytest.raises(CellFault):
        excel_cells.as_date(cell)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_text_that_would_run_as_a_formula_is_neutralised(text):
    assert excel_cells.neutral(text) == f"'{text}"
    assert excel_cells.as_text(text)[0] == "'"


def test_plain_text_stays_and_whole_numbers_lose_their_point():
    assert excel_cells.as_text(" 阿明海鲜 ") == "阿明海鲜"
    assert excel_cells.as_text(14000000001.0) == "14000000001"


def test_a_row_collects_every_fault_with_its_place():
    row = Row("表", 7, {NAME: None, AMOUNT: "很多", DAY: "—"})
    assert row.take(NAME, excel_cells.as_text, required=True) is None
    assert row.take(AMOUNT, excel_cells.as_decimal) is None
    assert row.take(DAY, excel_cells.as_date) is None
    assert [(error.row, error.column, error.value) for error in row.errors] == [
        (7, NAME, ""),
        (7, AMOUNT, "很多"),
    ]


def test_a_dash_alone_stays_an_empty_cell_when_it_is_written_again():
    assert excel_cells.is_blank(excel_cells.neutral(" - "))


def test_codes_are_compared_in_half_width():
    assert excel_cells.as_code(" Ａ０１ ") == "A01"
    assert excel_cells.as_code(101.0) == "101"
    assert excel_cells.as_code("＝1") == "'=1"


def test_a_number_that_excel_took_for_a_date_says_so():
    with pytest.raises(CellFault, match="日期"):
        excel_cells.as_code(dt.datetime(2026, 3, 1))
