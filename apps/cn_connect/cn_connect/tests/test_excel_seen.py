"""What a person sees in a cell is what is read, or the cell is refused with its reason."""

import datetime as dt
from decimal import Decimal

import pytest
from openpyxl.cell.rich_text import CellRichText

from cn_connect.excel_cells import as_code, as_date, as_decimal, as_text
from cn_connect.excel_formats import general, number_text
from cn_connect.excel_text import same_key
from cn_connect.tests.sheets import AMOUNT, NAME, book, read, saved

pytestmark = pytest.mark.usefixtures("site")


def cell(value, code=None, kind=None, mac=False):
    """What the reader gives for a cell: the row, to take the column 金额 from."""
    made = book(["甲", value], mac=mac)
    if code:
        made.active["B2"].number_format = code
    if kind:
        made.active["B2"].data_type = kind
    return read(saved(made)).rows[0]


def taken(parse, *args, **options):
    row = cell(*args, **options)
    value = row.take(AMOUNT, parse)
    return row.errors[0].reason if row.errors else value


@pytest.mark.parametrize(
    ("number", "code", "text"),
    [
        *((7, "000", "007"), (7, '"A"00', "A07"), (1234567, "#,##0", "1,234,567"), (5, "0.00", "5.00")),
        *((0.5, "0%", "50%"), (-3, "0;(0)", "(3)"), (0, '0;-0;"无"', "无"), (3, ";;;", ""), (2.5, "0.##", "2.5")),
        *((2, "0.##", "2."), (1500, '"￥"#,##0.00', "￥1,500.00"), (1500, '0"元"', "1500元"), (1234.5, "#,##0.0", "1,234.5")),
        *((15, '0"万"', "15万"), (1500000, '0.00,"千"', "1500.00千"), (12, "[Red]0", "12"), (12, "[$￥-804]0.00", "￥12.00")),
        *((1500, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', " 1,500.00 "), (-2.345, "0.00", "-2.35")),
        *((0.004, "-0.00", "-0.00"), (12, 'General"元"', "12元"), (0.1 + 0.2, "General", "0.3"), (1e11, "General", "1E+11")),
    ],
)  # fmt: skip
def test_number_formats_as_excel_shows_them(number, code, text):
    assert number_text(number, code).text == text


@pytest.mark.parametrize("code", ["# ?/?", "0.00E+00", "[>100]0;0.0", "[DBNum1]0", "000-0000"])
def test_formats_whose_text_is_not_certain_are_not_guessed(code):
    assert number_text(7, code) is None
    assert "格式" in taken(as_code, 7, code) and "格式" in taken(as_decimal, 7, code)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((101.0, "101"), (14000000001, "14000000001"), (99999999999, "99999999999"), (123456789012, "1.23457E+11")),
        *((0.1, "0.1"), (1 / 3, "0.333333333"), (12345.678912345, "12345.67891"), (-1.5, "-1.5"), (0, "0")),
    ],
)  # fmt: skip
def test_the_format_general(number, text):
    assert general(number) == text


def test_a_code_is_what_its_format_shows():
    assert taken(as_code, 7, "000") == "007"
    assert taken(as_code, 7) == "7"
    assert "文本" in taken(as_code, 123456789012)  # 1.23457E+11 is what everybody sees
    assert taken(as_code, 123456789012, "0") == "123456789012"


@pytest.mark.parametrize(
    ("number", "code"), [(1500.4, "0"), (0.86, "0%"), (15, '0"万"'), (1500000, "0,"), (3, ";;;"), (1499.996, "0.00"), (1500, '"约1"0')]
)  # fmt: skip
def test_a_number_that_is_shown_as_another_is_refused(number, code):
    assert "显示" in taken(as_decimal, number, code)


@pytest.mark.parametrize(
    ("number", "code"), [(1500, "#,##0.00"), (1500, '"￥"0'), (3.2, '0.00"元/吨"'), (802.70000000000005, "0.0"), (1500, "[Red]0.00"), (0, '0;-0;"-"??')]
)  # fmt: skip
def test_a_number_that_is_shown_with_its_unit_is_read(number, code):
    assert taken(as_decimal, number, code) == Decimal(repr(number)).quantize(Decimal("1e-9"))


@pytest.mark.parametrize("mac", [False, True])
def test_what_general_does_not_show_is_refused(mac):
    assert "显示" in taken(as_decimal, 12345.678912345, mac=mac)
    assert taken(as_decimal, 802.7000000000001) == Decimal("802.7")


@pytest.mark.parametrize("parse", [as_text, as_code, as_decimal, as_date])
@pytest.mark.parametrize("value", ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?"])
def test_error_values_are_no_values(parse, value):
    assert "错误值" in taken(parse, value, kind="e")
    assert "错误值" in taken(parse, value, kind="s")


@pytest.mark.parametrize("mac", [False, True])
def test_a_day_is_the_day_of_the_workbook_s_calendar(mac):
    serial = 44196 if mac else 45658
    day = dt.date(2025, 1, 1)
    assert taken(as_date, serial, mac=mac) == day
    assert taken(as_date, serial, "0", mac=mac) == day
    assert taken(as_date, dt.datetime(2025, 1, 1), mac=mac) == day
    assert taken(as_date, "2025-01-01", mac=mac) == day
    assert taken(as_decimal, 44196, mac=mac) == 44196
    assert taken(as_code, 44196, mac=mac) == "44196"


@pytest.mark.parametrize("code", ["yyyy-mm", 'm"月"d"日"', "yyyy", "h:mm", "mm:ss", "d"])
def test_a_date_of_which_only_a_part_is_shown_is_refused(code):
    assert "日期" in taken(as_date, dt.datetime(2025, 1, 1, 8, 30), code)


@pytest.mark.parametrize(
    "code", ["yyyy-mm-dd", 'yyyy"年"m"月"d"日"', "[$-804]yyyy/m/d;@", "d-mmm-yy", "yyyy/m/d h:mm"]
)
def test_a_date_that_is_shown_is_read(code):
    assert taken(as_date, dt.datetime(2025, 1, 1), code) == dt.date(2025, 1, 1)


@pytest.mark.parametrize("value", ["9999-12-31", dt.datetime(9999, 12, 31), "1900-01-01", "2150/1/1", 79_000])
def test_days_that_no_contract_names_are_refused(value):
    assert "太远" in taken(as_date, value, "yyyy-mm-dd" if isinstance(value, dt.datetime) else None)


@pytest.mark.parametrize(
    ("typed", "seen_as"),
    [
        *(("\u202d13800138000\u202c", "13800138000"), ("阿明\u200b海鲜", "阿明海鲜"), ("\ufeffA01", "A01"), ("A01_x000D_", "A01")),
        *(("\u200e A01 \u200e", "A01"), ("A\u00ad01", "A01"), ("A01\r\n", "A01"), ("\u3000阿明\u3000", "阿明"), ("𠮷\u2060野家", "𠮷野家")),
    ],
)  # fmt: skip
def test_what_nobody_sees_is_left_out(typed, seen_as):
    assert taken(as_text, typed) == seen_as


@pytest.mark.parametrize(
    "typed",
    [
        *("A\u202e10", "甲\u200d乙", "甲\u3164", "甲\u2800", "\u2067甲", "甲\U000e0041", "甲\ufe0f乙\U000e0100", "甲\u2028乙", "_x0007_甲"),
        *("甲\u034f乙", "甲\x7f乙"),
    ],
)  # fmt: skip
def test_an_invisible_character_that_may_matter_is_named(typed):
    assert "不可见字符" in taken(as_text, typed)


def test_a_line_break_inside_a_text_is_refused():
    assert "换行" in taken(as_text, "阿明\n海鲜") and "换行" in taken(as_text, "阿明_x000D_海鲜")


@pytest.mark.parametrize("dash", list("‐‑‒–—―−﹘﹣－"))
def test_every_dash_is_a_hyphen_in_a_code(dash):
    assert taken(as_code, f"A{dash}01") == "A-01"


@pytest.mark.parametrize(
    "typed",
    [
        "1_500",
        "１＿５００",
        "1e3",
        "0x10",
        "١٥٠٠",
        "12 5",
        "1 50",
        "1,50",
        "1.5.0",
        "一千五",
        "(100)",
        "1500元/月",
        "½",
    ],
)
def test_what_only_a_computer_takes_for_a_number(typed):
    assert isinstance(taken(as_decimal, typed), str)


@pytest.mark.parametrize(
    ("typed", "number"),
    [("1 500", 1500), ("￥ 1,500.00 元", 1500), ("１，５００．５", Decimal("1500.5")), ("−5", -5), ("+7", 7)],
)
def test_numbers_as_people_write_them(typed, number):
    assert taken(as_decimal, typed) == number


def test_a_text_longer_than_its_column_is_refused_not_cut():
    assert len(taken(as_text, "长" * 140)) == 140
    assert "140" in taken(as_text, "长" * 141)


def test_markup_is_refused_since_documents_would_be_saved_without_it():
    assert "<" in taken(as_text, "阿明<b>海鲜")


def test_a_text_format_that_shows_more_than_the_text_is_refused():
    assert "格式" in taken(as_text, "01", '0;0;0;"A-"@') and "格式" in taken(as_text, "01", ";;;")
    assert taken(as_text, "01", "@") == "01"


def test_rich_text_and_truth_values_are_read_as_shown():
    assert taken(as_text, CellRichText("阿明", "海鲜")) == "阿明海鲜"
    assert taken(as_text, True) == "TRUE"


def test_formulas_are_refused_whatever_was_computed():
    assert "公式" in taken(as_decimal, "=1+1") and "公式" in taken(as_text, "=A1")
    assert taken(as_text, "=1+1", kind="s") == "'=1+1"


def test_keys_are_the_same_when_the_database_takes_them_for_the_same():
    assert len({same_key(text) for text in ("A-01", "a-01", "Ａ－０１", "A—01", " a‐01\u200b")}) == 1
    assert same_key("é") == same_key("E") and same_key("A01") != same_key("A010")


def test_names_are_taken_by_column():
    assert cell(75).take(NAME, as_text) == "甲"
