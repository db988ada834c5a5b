"""Sheets are read as openpyxl reads them, whatever program wrote them."""

import io
import zipfile
from datetime import date, datetime, time, timedelta
from xml.parsers.expat import ExpatError

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from cn_connect.excel_rows import load, rows_of

TABLE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
VALUES = [
    [None, "摊位号", "表号 ", "本期读数"],
    [],
    ["A-001", 12, 12.5, -3, 1e-7, 1e300, 802.7],
    [True, False, "#N/A", "TRUE", "=not a formula", "<&>\"'", "a\nb", ""],
    [datetime(2026, 10, 31), date(2026, 10, 31), datetime(2026, 10, 31, 8, 30), time(8, 30)],
    [timedelta(hours=30), None, None, "末列"],
]


def saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def with_sheet(content: bytes, change) -> bytes:
    """The workbook with its sheet's XML changed, as other programs write it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member == "xl/worksheets/sheet1.xml":
                data = change(data.decode()).encode()
            new.writestr(member, data)
    return buffer.getvalue()


def with_rows(rows: str, content: bytes) -> bytes:
    return with_sheet(
        content, lambda xml: xml[: xml.index("<sheetData")] + f"<sheetData>{rows}</sheetData></worksheet>"
    )


def ours(content: bytes, columns: int = 100, data_only: bool = True) -> list[list]:
    """What `rows_of` gives, with the rows that the file leaves out, and without trailing empty cells."""
    found = dict(rows_of(load(content, data_only).worksheets[0], columns))
    return [trimmed(found.get(number, [])) for number in range(1, max(found, default=0) + 1)]


def theirs(content: bytes, columns: int = 100, data_only: bool = True) -> list[list]:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)
    book.worksheets[0].reset_dimensions()
    return [trimmed(row) for row in book.worksheets[0].iter_rows(values_only=True, max_col=columns)]


def trimmed(row) -> list:
    cells = list(row)
    while cells and cells[-1] is None:
        cells.pop()
    return cells


@pytest.fixture
def content() -> bytes:
    book = Workbook()
    for line in VALUES:
        book.active.append(line)
    return saved(book)


@pytest.mark.parametrize("columns", [100, 3])
def test_every_kind_of_value_reads_as_openpyxl_reads_it(content, columns):
    assert ours(content, columns) == theirs(content, columns)
    assert ours(content)[2][:3] == ["A-001", 12, 12.5]
    assert ours(content)[4][0] == datetime(2026, 10, 31)


def test_dates_count_from_1904_in_workbooks_of_a_mac(content):
    book = load_workbook(io.BytesIO(content))
    book.epoch = datetime(1904, 1, 1)
    old = saved(book)
    assert ours(old) == theirs(old)


@pytest.mark.parametrize("results", [True, False])
def test_a_formula_is_its_text_or_its_last_result(content, results):
    rows = '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>"a"</f><v>a</v></c><c r="C1"><v>7</v></c></row>'
    written = with_rows(rows, content)
    assert ours(written, data_only=results) == theirs(written, data_only=results)
    assert ours(written, data_only=results) == [[2, "a", 7] if results else ["=1+1", '="a"', 7]]


def test_rich_text_is_its_letters_without_their_reading(content):
    book = Workbook()
    book.active["A1"] = CellRichText("水", TextBlock(InlineFont(b=True), "表"))
    rich = saved(book)
    assert ours(rich) == theirs(rich) == [["水表"]]
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>表</t><rPh sb="0" eb="1"><t>biao</t></rPh></is></c></row>'
    )
    assert ours(with_rows(rows, content)) == theirs(with_rows(rows, content)) == [["表"]]


def test_cells_and_rows_without_an_address_follow_each_other(content):
    rows = (
        '<row><c><v>1</v></c><c/><c><v>3</v></c></row><row r="4"><c r="B4"><v>4</v></c><c><v>5</v></c></row>'
    )
    written = with_rows(rows, content)
    assert ours(written) == theirs(written) == [[1, None, 3], [], [], [None, 4, 5]]


def test_texts_of_the_shared_table_are_plain(content):
    # given a table with plain, formatted, escaped and empty texts, one with its reading
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    texts = (
        "<si><t>摊位号</t></si><si><r><t>水</t></r><r><rPr><b/></rPr><t xml:space='preserve'> 表</t></r></si>"
        "<si><t>a_x005F_b</t></si><si><t/></si><si><t>表</t><rPh sb='0' eb='1'><t>biao</t></rPh></si>"
    )
    rows = "".join(f'<c r="{column}1" t="s"><v>{place}</v></c>' for place, column in enumerate("ABCDE"))
    written = with_rows(f'<row r="1">{rows}</row>', content)
    table = ("/xl/sharedStrings.xml", f'<sst xmlns="{space}">{texts}</sst>')
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written)) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in set(old.namelist()) - {table[0][1:]}:
            data = old.read(member).decode()
            if member == "[Content_Types].xml" and table[0] not in data:
                data = data.replace(
                    "</Types>", f'<Override PartName="{table[0]}" ContentType="{TABLE}"/></Types>'
                )
            new.writestr(member, data)
        new.writestr(table[0][1:], table[1])
    # then they read as openpyxl reads them
    assert ours(buffer.getvalue()) == theirs(buffer.getvalue())
    assert ours(buffer.getvalue())[0][:2] == ["摊位号", "水 表"]


def test_error_values_and_iso_dates(content):
    rows = (
        '<row r="1"><c r="A1" t="e"><v>#DIV/0!</v></c><c r="B1" t="d"><v>2026-10-31T08:00:00</v></c>'
        '<c r="C1" t="b"><v>1</v></c><c r="AB1"><v>28</v></c><c r="AC1"><v></v></c></row>'
    )
    written = with_rows(rows, content)
    assert ours(written) == theirs(written)


def test_a_sheet_whose_elements_carry_a_prefix(content):
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    written = with_sheet(
        content,
        lambda _xml: (
            f'<x:worksheet xmlns:x="{space}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>5</x:v></x:c></x:row>'
            "</x:sheetData></x:worksheet>"
        ),
    )
    assert ours(written) == theirs(written) == [[5]]


def test_a_sheet_in_many_pieces_is_read_whole():
    book = Workbook()
    for number in range(5000):
        book.active.append([f"摊位{number}", number / 8])
    content = saved(book)
    assert ours(content) == theirs(content)


def test_a_damaged_sheet_and_one_with_entities_are_refused(content):
    with pytest.raises(ExpatError):
        ours(with_sheet(content, lambda xml: xml[: len(xml) // 2]))
    with pytest.raises(ValueError, match="document type"):
        ours(with_sheet(content, lambda xml: '<!DOCTYPE x [<!ENTITY a "a">]>' + xml))
