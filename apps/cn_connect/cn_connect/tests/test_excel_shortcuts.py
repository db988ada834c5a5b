"""What is decided quickly about the many plain cells is what the long way decides about them."""

import datetime as dt
import unicodedata
from decimal import Decimal
from random import Random

import pytest

from cn_connect.excel_cells import CellFault, Unusable, as_code, as_decimal, as_text, is_blank
from cn_connect.excel_formats import general
from cn_connect.excel_parts import Malformed, layout
from cn_connect.excel_text import half_width, is_error, same_key, seen
from cn_connect.tests.sheets import AMOUNT, NAME, book, read, saved, with_sheet

pytestmark = pytest.mark.usefixtures("site")
NINE = Decimal("1e-9")
EDGES = (
    *(0, -0.0, 1, 100, 1e-05, 1e-09, 0.0001, 0.123456789, 0.1234567891, -1234567.89, -12345678.9),
    *(12345678901, 9999999999, 99999999999, 100000000000, -99999999999, 1e16, 1e22, 123456789.0),
    *(802.70000000000005, 0.1 + 0.2, 10**30),
)


def test_short_numbers_are_judged_as_what_excel_shows_of_them() -> None:
    random = Random(20261201)
    drawn = [
        round(random.uniform(-1, 1) * 10 ** random.randint(-6, 12), random.randint(0, 12))
        for _ in range(3000)
    ]
    for value in (*EDGES, *drawn, *map(int, (one for one in drawn))):
        number = Decimal(repr(value))
        text = general(value)
        good = "E" not in text and abs(number) < 10**12 and Decimal(text) == number.quantize(NINE)
        if good:
            found = as_decimal(value)
            assert (found, str(found)) == (
                number.quantize(NINE),
                f"{number.quantize(NINE).normalize() + 0}",
            ), value
        else:
            with pytest.raises(CellFault):
                as_decimal(value)


def test_no_number_beyond_measure_is_taken_for_a_short_one() -> None:
    for value in (float("nan"), float("inf"), -float("inf"), 10**12, 1e300, True):
        with pytest.raises(CellFault):
            as_decimal(value)


@pytest.mark.parametrize("text", ["A-001", "a1", "0012", "9" * 140, "X-"])
def test_plain_codes_stay(text: str) -> None:
    assert as_code(text) == text


@pytest.mark.parametrize(
    ("text", "code"), [("-A1", "'-A1"), ("'A1", "A1"), (" A1 ", "A1"), ("Ａ１", "A1"), ("A_x0031_", "A1")]
)
def test_other_codes_go_the_long_way(text: str, code: str) -> None:
    assert as_code(text) == code


@pytest.mark.parametrize("text", ["9" * 141, "A\nB", "A\u202e", "A<b", "#N/A", "_x0023_N/A"])
def test_other_codes_are_refused(text: str) -> None:
    with pytest.raises(CellFault):
        as_code(text)


def test_blanks_are_what_is_seen_as_nothing() -> None:
    for text in ("", " ", "-", "—", "/", "无数据", "\u200b", "_x0020_", "_x002D_", "\u200b-"):
        assert is_blank(text), text
    for value in ("0", "A", "_x0041_", "-1", "无", Unusable("", "merged"), 0, 0.0, dt.date(2026, 10, 1)):
        assert not is_blank(value), value


def test_errors_are_known_however_they_are_written() -> None:
    assert is_error("#N/A") and is_error(" #REF! ") and is_error("_x0023_N/A") and is_error("\u200b#N/A")
    assert not is_error("N/A") and not is_error("#1") and not is_error("A_x0031_")


@pytest.mark.parametrize("text", ["A-1", " a-1 ", "A_x0031_", "\u200bA1", "tab\tx", "a\u00a0", "MIXED case"])
def test_keys_of_plain_texts_are_those_of_the_long_way(text: str) -> None:
    folded = unicodedata.normalize("NFKD", half_width(seen(text)).casefold())
    assert same_key(text) == "".join(one for one in folded if not unicodedata.combining(one)).rstrip()


NAMESPACE = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(row: bytes) -> bytes:
    return b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (NAMESPACE, row)


@pytest.mark.parametrize(
    "reference", ["A11", "A01", "1", "a1", "AAAA1", "A", "", "A2", "\uff211", "A\u0661", "XFE1"]
)
def test_cells_are_refused_outside_their_row(reference: str) -> None:
    with pytest.raises(Malformed):
        layout(sheet(f'<row r="1"><c r="{reference}"><v>1</v></c></row>'.encode()))


def test_the_last_column_is_that_of_a_filled_cell() -> None:
    row = b'<row r="3"><c r="B3"><v>1</v></c><c r="AA3"><is><t>x</t></is></c><c r="AC3" s="1"/></row>'
    found = layout(sheet(row))
    assert (found.last_row, found.last_column) == (3, 27)


@pytest.mark.parametrize("kept", ["1E+999", "-1.5E999"])
def test_a_number_beyond_all_is_a_fault_of_its_cell(kept: str) -> None:
    row = f'<row r="2"><c r="A2" t="str"><v>甲</v></c><c r="B2"><v>{kept}</v></c></row>'
    for parse in (as_decimal, as_text):
        line = read(with_sheet(row)).rows[0]
        assert line.take(AMOUNT, parse) is None
        assert [error.column for error in line.errors] == [AMOUNT]


def test_a_total_far_to_the_right_is_no_line_of_the_list() -> None:
    rows = '<row r="2"><c r="A2" t="str"><v>甲</v></c><c r="B2"><v>75</v></c></row>'
    total = '<row r="3"><c r="B3"><v>75</v></c><c r="AB3" t="str"><v>合计</v></c></row>'
    # The first text of a line says that it is a total, wherever it stands.
    table = read(with_sheet(rows + total))
    assert [row.number for row in table.rows] == [2] and "合计" in table.notes[0]


def test_a_header_in_the_middle_of_the_list_is_no_line_of_it() -> None:
    table = read(saved(book(["甲", 75], [NAME, AMOUNT], ["乙", 80])))
    assert [row.number for row in table.rows] == [2, 4] and table.notes
