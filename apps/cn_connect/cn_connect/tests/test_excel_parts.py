"""Sheets written by hand: what is far, out of order, hidden, or said in a way that programs read differently."""

import io
import zipfile

import pytest

from cn_connect.excel_text import seen
from cn_connect.tests.sheets import AMOUNT, NAME, ROW, SHEET, book, outcome, read, replaced, saved, with_sheet

pytestmark = pytest.mark.usefixtures("site")
READ = [(2, ["甲", 75])]


@pytest.mark.parametrize(
    "rows",
    [
        ROW + '<row r="2000000000"><c r="A2000000000"/></row>',
        ROW + '<row r="1048577"/>',
        ROW + '<row r="99999999999999999999"/>',
        ROW + '<row r="1048576"><c r="B1048576"><v>1</v></c></row>',
        ROW + '<row r="20002"><c r="Z20002"><v>1</v></c></row>',
    ],
)
def test_rows_beyond_the_limit_are_refused_at_once(rows):
    assert outcome(with_sheet(rows)) == "TOO_LARGE"


def test_formatted_empty_rows_down_to_the_last_are_no_rows():
    rows = ROW + "".join(f'<row r="{n}" s="3"><c r="A{n}" s="3"/></row>' for n in (3, 500_000, 1_048_576))
    assert outcome(with_sheet(rows)) == READ


@pytest.mark.parametrize(
    "rows",
    [
        ROW + ROW,
        ROW.replace("2", "9") + ROW,
        ROW.replace("A2", "A3"),
        ROW.replace("A2", "a2"),
        ROW.replace("A2", "$A$2"),
        ROW.replace("A2", "A02"),
        ROW.replace('r="2"', 'r="0"'),
        ROW.replace('r="2"', 'r="-2"'),
        ROW.replace('r="2"', 'r="٢"'),
        ROW.replace("<c r", '<c r="B2"><v>1</v></c><c r', 1),
        ROW.replace("</row>", ""),
        ROW + "<c r='B3'><v>1</v></c>",
        ROW + f"<x><row r='3'>{ROW[13:]}</x>",
        ROW.replace('r="2"', 'r="2" ht="tall"'),
        ROW + '<row r="3"><c r="XFE3"><v>1</v></c></row>',
        ROW.replace("75", "七十五"),
        ROW.replace("甲", "甲\x01"),
        ROW.replace('r="B2"', 'r="B2" t="s"').replace("75", "99999"),
    ],
)
def test_what_programs_would_read_differently_is_a_damaged_file(rows):
    assert outcome(with_sheet(rows)) == "NOT_A_WORKBOOK"


@pytest.mark.parametrize(
    "rows",
    [
        ROW.replace('"', "'"),
        ROW.replace(' r="A2"', "").replace(' r="B2"', ""),
        ROW.replace('<row r="2">', "<row>"),
        ROW.replace(">甲<", ">&#30002;<"),
        ROW.replace(">75<", "><![CDATA[75]]><"),
        ROW.replace(">75<", ">7<!-- -->5<"),
        ROW + '<row r="3"><c r="XFD3"><v>1</v></c></row>',
    ],
)
def test_other_ways_to_write_the_same_are_read(rows):
    assert outcome(with_sheet(rows)) == READ


def test_what_a_comment_says_is_no_row():
    assert outcome(with_sheet(ROW, head=f"<!-- <sheetData>{ROW}</sheetData> -->")) == READ


def test_no_part_may_have_a_document_type():
    assert outcome(with_sheet(ROW, prolog='<!DOCTYPE x [<!ENTITY l "甲">]>')) == "NOT_A_WORKBOOK"
    content = saved(book(["甲", 75]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        styles = archive.read("xl/styles.xml")
    bad = replaced(content, {"xl/styles.xml": b"<!DOCTYPE styleSheet>" + styles})
    assert outcome(bad) == "NOT_A_WORKBOOK"


def test_two_parts_of_one_name_are_a_damaged_file(recwarn):
    buffer = io.BytesIO(saved(book(["甲", 75])))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(SHEET.upper().replace("XL/", "xl/"), archive.read(SHEET))
    assert outcome(buffer.getvalue()) == "NOT_A_WORKBOOK"


def test_strict_open_xml_is_read_like_any_other():
    content = saved(book(["甲", 75]))
    names = (
        (b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"),
        (
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        ),
    )  # fmt: skip
    parts = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.namelist():
            data = archive.read(member)
            for usual, strict in names:
                data = data.replace(usual, strict)
            parts[member] = data
    assert outcome(replaced(content, parts)) == READ


@pytest.mark.parametrize(
    "hide",
    [
        lambda sheet: setattr(sheet.row_dimensions[3], "hidden", True),
        lambda sheet: setattr(sheet.row_dimensions[3], "height", 0.1),
        lambda sheet: sheet.auto_filter.add_filter_column(0, ["甲"]) or setattr(sheet.row_dimensions[3], "hidden", True),
    ],
)  # fmt: skip
def test_a_row_that_nobody_sees_is_a_fault(hide):
    made = book(["甲", 1], ["乙", 2], ["丙", 3])
    made.active.auto_filter.ref = "A1:B4"
    hide(made.active)
    rows = read(saved(made)).rows
    assert [[error.row for error in row.errors] for row in rows] == [[], [3], []]
    assert "隐藏" in rows[1].errors[0].reason


def test_when_all_rows_are_hidden_each_is_a_fault():
    rows = read(with_sheet(ROW, head='<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>')).rows
    assert rows[0].errors


def test_hidden_columns_that_are_read_refuse_the_file_and_others_do_not():
    made = Wide = book(["甲", 1])
    made.active["D1"] = "备注"
    made.active.column_dimensions["D"].hidden = True
    assert outcome(saved(made)) == [(2, ["甲", 1])]
    Wide.active.column_dimensions["B"].hidden = True
    assert outcome(saved(Wide)) == "HIDDEN_COLUMN"


def test_merged_cells_hold_their_value_once():
    made = book(["甲", 1], ["乙", 2], ["丙", 3])
    made.active.merge_cells("B2:B3")
    rows = read(saved(made)).rows
    taken = [row.take(AMOUNT, float) for row in rows]
    assert taken == [1, None, 3] and "B2:B3" in rows[1].errors[0].reason
    assert [row.take(NAME, seen) for row in rows] == ["甲", "乙", "丙"]
