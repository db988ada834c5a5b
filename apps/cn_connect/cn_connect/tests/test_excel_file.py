"""What an office uploads instead of a plain workbook: each is refused with words that say what, where and what to do."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from cn_connect import excel, excel_file
from cn_connect.excel_cells import as_decimal, as_text
from cn_connect.excel_file import WorkbookFault
from frappe import _

pytestmark = pytest.mark.usefixtures("site")
NAME, AMOUNT = "名称", "金额"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def book(*lines, title="表"):
    made = Workbook()
    made.active.title = title
    for line in ([NAME, AMOUNT], *lines):
        made.active.append(line)
    return made


def read(content):
    return excel.read_table(content, "表", [NAME, AMOUNT])


def refused(content):
    with pytest.raises(WorkbookFault) as fault:
        read(content)
    return fault.value.error_code, _(fault.value.source).format(*fault.value.params)


def replaced(content, member, change):
    """The workbook with one of its parts changed."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == member else data)
    return result.getvalue()


def zipped(**members):
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return result.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空的"),
        (b" \n", "空的"),
        (OLE, ".xls"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "密码"),
        ("名称,金额\n甲,1\n".encode(), ".csv"),
        ("名称,金额\n甲,1\n".encode("gb18030") * 900, ".csv"),
        (b"<html><table><tr><td>1</td></tr></table></html>", ".csv"),
        (zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet"), ".ods"),
        (zipped(**{"xl__workbook.bin": "x"}), ".xlsb"),
        (zipped(word="x"), "不是 Excel"),
        (bytes(range(256)) * 9, "不是 Excel"),
    ],
)
def test_each_kind_of_file_is_called_by_its_name(content, words):
    code, message = refused(content)
    assert code == "NOT_A_WORKBOOK" and words in message


def test_a_file_that_unpacks_to_more_than_is_allowed_is_not_unpacked():
    bomb = zipped(**{"xl__workbook.xml": bytes(excel_file.MAX_UNPACKED + 1)})
    assert len(bomb) < 200_000
    assert refused(bomb)[0] == "TOO_LARGE"


def test_entities_that_multiply_are_not_expanded():
    # given a sheet whose one cell would unfold to ten thousand million letters
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    entities = f'<!DOCTYPE x [<!ENTITY l0 "{"x" * 10}">{levels}]>'.encode()
    content = replaced(
        saved(book(["甲", 1])),
        "xl/worksheets/sheet1.xml",
        lambda xml: entities + xml.replace(b"<v>1</v>", b"<v>&l9;</v>"),
    )
    assert refused(content)[0] == "NOT_A_WORKBOOK"


def test_a_hidden_sheet_is_not_read_behind_the_office_s_back():
    made = book(["甲", 1])
    made.create_sheet("封面")
    made["表"].sheet_state = "hidden"
    code, message = refused(saved(made))
    assert code == "HIDDEN_SHEET" and "表" in message


def test_of_several_sheets_with_the_columns_none_is_guessed():
    made = book(["甲", 1], title="一楼")
    made.create_sheet("二楼").append([NAME, AMOUNT])
    code, message = refused(saved(made))
    assert code == "SEVERAL_SHEETS" and "一楼、二楼" in message


def test_of_several_sheets_the_one_with_the_right_name_is_read():
    made = book(["甲", 1], title="旧表")
    sheet = made.create_sheet("表")
    for line in ([NAME, AMOUNT], ["乙", 2]):
        sheet.append(line)
    assert read(saved(made)).rows[0].values == {NAME: "乙", AMOUNT: 2}


def test_a_formula_is_a_fault_of_its_cell_in_every_column():
    table = read(saved(book(["=A1&1", "=1+1"], ["'=甲", 2])))
    row, other = table.rows
    assert (row.take(NAME, as_text), row.take(AMOUNT, as_decimal)) == (None, None)
    assert [(error.row, error.column, error.value) for error in row.errors] == [
        (2, NAME, "=A1&1"),
        (2, AMOUNT, "=1+1"),
    ]
    assert "公式" in row.errors[0].reason and "数值" in row.errors[0].reason
    assert other.take(AMOUNT, as_decimal) == 2 and not other.errors


def test_text_that_looks_like_a_formula_is_text():
    made = book(["x", 1])
    made.active["A2"].value, made.active["A2"].data_type = "=1+1", "s"
    row = read(saved(made)).rows[0]
    assert row.take(NAME, as_text) == "'=1+1" and not row.errors


def test_merged_cells_are_named_where_they_leave_a_gap():
    made = book(["甲", 1], [None, 2], ["丙", 3])
    made.active.merge_cells("A2:A3")
    first, second, third = read(saved(made)).rows
    assert [row.take(NAME, as_text, required=True) for row in (first, second, third)] == ["甲", None, "丙"]
    assert [(error.row, error.column) for error in second.errors] == [(3, NAME)]
    assert "A2:A3" in second.errors[0].reason and not first.errors


def test_the_texts_above_the_header_are_kept():
    made = Workbook()
    made.active.title = "表"
    for line in (["某市场一览"], ["模板 1"], [NAME, AMOUNT], ["甲", 1]):
        made.active.append(line)
    assert read(saved(made)).preamble == ["某市场一览", "模板 1"]
