"""Workbooks for tests of reading: of a few lines, or with parts as somebody might write them by hand."""

import io
import zipfile
from typing import Any

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from cn_connect import excel
from cn_connect.excel_file import WorkbookFault

NAME, AMOUNT = "名称", "金额"
SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADER = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>金额</t></is></c></row>'
)
ROW = '<row r="2"><c r="A2" t="str"><v>甲</v></c><c r="B2"><v>75</v></c></row>'


def book(*lines: Any, mac: bool = False) -> Workbook:
    made = Workbook()
    made.active.title = "表"
    if mac:
        made.epoch = CALENDAR_MAC_1904
    for line in ([NAME, AMOUNT], *lines):
        made.active.append(line)
    return made


def saved(made: Workbook) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def with_sheet(rows: str, head: str = "", tail: str = "", prolog: str = "") -> bytes:
    """A workbook whose sheet is written by hand, below the header."""
    xml = f'{prolog}<worksheet xmlns="{MAIN}">{head}<sheetData>{HEADER}{rows}</sheetData>{tail}</worksheet>'
    return replaced(saved(book()), {SHEET: xml.encode()})


def replaced(content: bytes, parts: dict[str, bytes]) -> bytes:
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.get(name, old.read(name)))
    return result.getvalue()


def read(content: bytes) -> Any:
    return excel.read_table(content, "表", [NAME, AMOUNT])


def outcome(content: bytes) -> Any:
    """The rows, or the code of the fault."""
    try:
        return [(row.number, list(row.values.values())) for row in read(content).rows]
    except WorkbookFault as fault:
        return fault.error_code
