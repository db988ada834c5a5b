"""What cells hold: the fast reader gives what openpyxl gives, in the same types."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText
from openpyxl.styles import PatternFill

from cn_connect.tests.readers import book_of, same_for_both, saved

pytestmark = pytest.mark.usefixtures("site")


@pytest.mark.parametrize(
    "value",
    [
        *(75, 75.0, -0.25, 802.70000000000005, 1e16, 469099196704300013, 1e-7, 1e300, True, False),
        *(
            "阿明海鲜",
            " 前后 ",
            "一\n二",
            "制表\t符",
            "全角　空格",
            "<a> & 'b' \"c\"",
            "😀",
            "007",
            "_x000D_",
            "_x005F_x",
        ),
        *(
            dt.datetime(2026, 10, 29),
            dt.datetime(2026, 10, 29, 8, 30, 15),
            dt.date(1900, 2, 28),
            dt.date(2200, 1, 1),
        ),
        *(dt.time(8, 30), dt.timedelta(hours=30, minutes=5), dt.timedelta(days=2)),
        *("#N/A", "#DIV/0!"),
    ],
)
@pytest.mark.parametrize("mac", [False, True])
def test_every_kind_of_value_is_read_fast_and_as_openpyxl_reads_it(value, mac):
    if mac and isinstance(value, dt.date) and value.year < 1904:
        pytest.skip("The calendar begins in 1904.")
    _outcome, fast = same_for_both(saved(book_of([value, 1], [None, value], mac=mac)))
    assert fast


@pytest.mark.parametrize(
    ("format_code", "kind"),
    [
        *(
            ('yyyy"年"m"月"d"日"', dt.datetime),
            ("[$-804]yyyy/m/d;@", dt.datetime),
            ("[h]:mm:ss", dt.timedelta),
        ),
        *(("0.00%", float), ("#,##0.00_ ", float), ('0"元"', float), ("@", float), ("[Red]0.0", float)),
    ],
)
def test_the_format_of_a_number_says_whether_it_is_a_date(format_code, kind):
    # given the serial number of a day in a cell of that format
    book = book_of(["甲", 46082.5])
    book.active["B2"].number_format = format_code
    # then it is read as the office sees it
    [(_number, [_name, (read_as, _value)])], fast = same_for_both(saved(book))
    assert fast and read_as is kind


@pytest.mark.filterwarnings("ignore:Cell B2 is marked as a date")
def test_a_number_that_no_calendar_reaches_is_an_error_value():
    book = book_of(["甲", 1e15])
    book.active["B2"].number_format = "yyyy/m/d"
    assert same_for_both(saved(book))[0] == [(2, [(str, "甲"), (str, "#VALUE!")])]


def test_rich_text_is_read_without_its_formats():
    book = book_of([CellRichText("阿明", "海鲜"), 1])
    assert same_for_both(saved(book)) == ([(2, [(str, "阿明海鲜"), (int, 1)])], False)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="￾￿"), max_size=8)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    TEXTS.map(lambda text: "=" + text),
    st.sampled_from(["名称", "－", "'007", " 12 ", "1,050.00", "_x000D_", "#N/A", "a\nb", "\t"]),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)),
    st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)),
    st.times(),
    st.timedeltas(dt.timedelta(0), dt.timedelta(days=900)),
)


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6),
    merged=st.lists(st.sampled_from(["A2:A3", "B2:B4", "A5:B6"]), unique=True),
    text=st.booleans(),
)
def test_any_table_is_read_the_same_by_both(lines, merged, text):
    # given a table as openpyxl writes it, with merged cells, and what begins with = as a formula or as text
    book = book_of(*lines)
    for line in book.active.iter_rows(min_row=2):
        for cell in line:
            cell.fill = PatternFill("solid", "FFFFEEAA")
            if text and cell.data_type == "f":
                cell.data_type = "s"
    for span in merged:
        book.active.merge_cells(span)
    # then whoever reads it finds the same, and only formulas need openpyxl
    content = saved(book)
    formulas = any(cell.data_type == "f" for line in book.active.iter_rows(min_row=2) for cell in line)
    outcome, fast = same_for_both(content)
    assert fast == (not formulas) or outcome == "NO_ROWS"
