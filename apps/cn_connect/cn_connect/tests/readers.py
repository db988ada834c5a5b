"""The two ways a sheet is read, for tests that hold for both: see `cn_connect.excel_plain`."""

import io
from contextlib import contextmanager
from unittest.mock import patch

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from cn_connect import excel, excel_plain
from cn_connect.excel_file import WorkbookFault
from cn_connect.excel_plain import NotPlain

NAME, AMOUNT = "名称", "金额"


@contextmanager
def only_openpyxl():
    """Nothing passes for plain, so that openpyxl reads everything."""

    def refuse(*_args):
        raise NotPlain

    with patch.object(excel_plain, "plain_lines", refuse), patch.object(excel_plain, "_strings", refuse):
        yield


def same_for_both(content):
    """The rows with the types of their values, or the code of the fault, and whether the fast reader gave them.

    Fails when that depends on who reads.
    """
    with patch.object(excel, "_lines_below", side_effect=excel._lines_below) as slow:
        outcome = _outcome(content)
    with only_openpyxl():
        assert outcome == _outcome(content)
    return outcome, not slow.called


def _outcome(content):
    try:
        table = excel.read_table(content, "表", [NAME, AMOUNT])
    except WorkbookFault as fault:
        return fault.error_code
    return [(row.number, [(type(value), value) for value in row.values.values()]) for row in table.rows]


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def book_of(*lines, mac=False):
    book = Workbook()
    book.active.title = "表"
    if mac:
        book.epoch = CALENDAR_MAC_1904
    for line in ([NAME, AMOUNT], *lines):
        book.active.append(line)
    return book
