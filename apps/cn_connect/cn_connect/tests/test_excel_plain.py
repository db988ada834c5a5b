"""The fast reader leaves to openpyxl what it cannot be sure of, and is not misled: see also test_excel_values."""

import contextlib
import io
import tracemalloc
import zipfile

import pytest
from openpyxl.xml.constants import SHARED_STRINGS

from cn_connect import excel, excel_plain
from cn_connect.tests.readers import AMOUNT, NAME, book_of, same_for_both, saved

pytestmark = pytest.mark.usefixtures("site")

SHEET, STRINGS, TYPES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "[Content_Types].xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADER = (
    '<row r="1" spans="1:2" ht="18.75" customHeight="1">'
    f'<c r="A1" t="inlineStr"><is><t>{NAME}</t></is></c><c r="B1" t="inlineStr"><is><t>{AMOUNT}</t></is></c></row>'
)
ROW = '<row r="2"><c r="A2" t="str"><v>甲</v></c><c r="B2"><v>75</v></c></row>'
SHEET_OF = f'<worksheet xmlns="{MAIN}"><sheetData>{{}}</sheetData></worksheet>'
PREFIXED = f'<worksheet xmlns="{MAIN}" xmlns:x="{MAIN}">'
PREFIXED_ROW = '<x:row r="3"><x:c r="A3" t="str"><x:v>甲</x:v></x:c></x:row>'
PREFIXED_HEADER = HEADER.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
READ = [(2, [(str, "甲"), (int, 75)])]


def with_sheet(xml):
    """A workbook with that sheet."""
    return with_parts({SHEET: xml})


def with_parts(parts):
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(book_of()))) as old, zipfile.ZipFile(result, "w") as new:
        for name in set(old.namelist()) - {*parts, TYPES}:
            new.writestr(name, old.read(name))
        for name, data in parts.items():
            new.writestr(name, data, zipfile.ZIP_DEFLATED)
        types = old.read(TYPES).decode()
        if STRINGS in parts and STRINGS not in types:
            types = types.replace(
                "</Types>", f'<Override PartName="/{STRINGS}" ContentType="{SHARED_STRINGS}"/></Types>'
            )
        new.writestr(TYPES, types)
    return result.getvalue()


def sheet(rows, head="", tail="", root=f'<worksheet xmlns="{MAIN}">', prolog="", encoding="utf-8"):
    xml = f"{prolog}{root}{head}<sheetData>{HEADER}{rows}</sheetData>{tail}</worksheet>"
    return with_sheet(xml.encode(encoding))


def test_what_wps_and_excel_write_besides_is_read_fast():
    # given a workbook with styled empty cells, phonetic marks, merged title, page breaks and a prolog
    strings = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<sst xmlns="{MAIN}" count="9" uniqueCount="3">'
        '<si><t>名称</t><phoneticPr fontId="1" type="noConversion"/></si>'
        '<si><t xml:space="preserve">金额 </t></si><si><t/></si><si><t>_x005F_x000D_</t></si></sst>'
    )
    data = (
        '<row r="1" spans="1:3" x14ac:dyDescent="0.2"><c r="A1" s="0" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
        '<row r="2" hidden="1"/><row r="4" ht="13.5"><c r="A4" t="s"><v>3</v></c><c r="B4"><v>7.5</v></c>'
        '<c r="C4"><f>B4*2</f><v>15</v></c></row><row r="5"><c r="A5" t="s"><v>2</v></c><c r="B5" s="0"/><c r="C5"/></row>'
        '<row r="9" spans="1:3"><c r="B9"><v>8</v></c></row><row r="10" s="3" customFormat="1"/>'
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
        f'<worksheet xmlns="{MAIN}" xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac">'
        f'<dimension ref="A1:XFD1048576"/><sheetData>{data}</sheetData><rowBreaks count="0"/></worksheet>'
    )
    content = with_parts({SHEET: xml, STRINGS: strings})
    # then neither these nor a formula in a column that nobody asked for keep the fast reader away
    assert same_for_both(content) == (
        [(4, [(str, "_x000D_"), (float, 7.5)]), (9, [(type(None), None), (int, 8)])],
        True,
    )
    assert excel_plain._strings(strings.encode()) == ["名称", "金额 ", "", "_x000D_"]


@pytest.mark.parametrize(
    "text", ["阿明&amp;阿强", "&#24066;&#x573A;", "一&#10;二", 'A <"', "一\r\n二", "&#13;"], ids=ascii
)
def test_abbreviated_characters_of_inline_text_are_what_xml_says(text):
    row = f'<row r="2"><c r="A2" t="inlineStr"><is><t xml:space="preserve">{text.replace("<", "&lt;")}</t></is></c></row>'
    assert same_for_both(sheet(row))[1]


# What no ordinary program writes, and what somebody might write to have something else read than Excel shows.
@pytest.mark.parametrize(
    "content",
    [
        sheet(ROW.replace('"', "'")),
        sheet(ROW.replace('r="A2" t="str"', 't="str" r="A2"')),
        sheet(ROW.replace("<c r", "<c\n r")),
        sheet(ROW.replace("><", ">\n<")),
        sheet(ROW.replace(' r="A2"', "").replace(' r="B2"', "")),
        sheet(ROW.replace('<row r="2">', "<row>")),
        sheet(ROW.replace("A2", "a2")),
        sheet(ROW.replace("A2", "A3")),
        sheet(ROW.replace("A2", "A02")),
        sheet(ROW.replace("A2", "$A$2")),
        sheet(ROW.replace(">甲<", ">&#30002;<")),
        sheet(ROW.replace(">75<", ">&#55;5<")),
        sheet(ROW.replace(">75<", "><![CDATA[75]]><")),
        sheet(ROW.replace(">75<", ">7<!-- -->5<")),
        sheet(ROW.replace("<v>75</v>", "<v>7</v><v>75</v>")),
        sheet(ROW.replace("<v>75</v>", "<is><t>x</t></is>")),
        sheet(ROW.replace("<v>75</v>", "<f>70+5</f><v>75</v>")),
        sheet(ROW.replace("<v>75</v>", '<f t="shared" si="0"/><v>75</v>')),
        sheet(ROW.replace("<v>75</v>", "<f>1/2</f>")),
        sheet(ROW.replace('r="B2"', 'r="B2" t="inlineStr"')),
        sheet(ROW.replace('r="B2"', 'r="B2" t="d"').replace("75", "2026-03-01")),
        sheet(ROW.replace('r="B2"', 'r="B2" t="s"').replace("75", "99999")),
        sheet(ROW.replace('r="B2"', 'r="B2" xmlns="urn:x"')),
        sheet(ROW.replace('r="2"', 'r="2" xmlns="urn:x"')),
        sheet(ROW.replace("75", "七十五")),
        sheet(ROW.replace("75", "７５")),
        sheet(ROW.replace("75", "9" * 5000)),
        sheet(ROW.replace("甲", "甲\x01")),
        sheet(ROW.replace("甲", "甲]]>")),
        sheet(ROW.replace("</row>", "")),
        sheet(ROW + ROW),
        sheet(ROW.replace("2", "9") + ROW),
        sheet(ROW + "<c r='B3'><v>1</v></c>"),
        sheet(ROW + '<c r="B3"><v>1</v></c>'),
        sheet(ROW + "x"),
        sheet(ROW + '<x:row r="3" xmlns:x="urn:x"><x:c r="A3"/></x:row>'),
        sheet(ROW + f'<x:row r="3" xmlns:x="{MAIN}"><x:c r="A3"><x:v>1</x:v></x:c></x:row>'),
        sheet(ROW + PREFIXED_ROW, root=PREFIXED),
        sheet(ROW + PREFIXED_ROW + '<row r="4"/>', root=PREFIXED),
        sheet("", tail=f"<x:sheetData>{PREFIXED_ROW}</x:sheetData>", root=PREFIXED),
        sheet(ROW + '<row r="3"><c r="A3"/>' * 3),
        sheet(ROW, head=f"<!-- <sheetData>{HEADER}{ROW}</sheetData> -->"),
        sheet(ROW, head=f"<!-- <sheetData>{HEADER}</sheetData>", tail="-->"),
        sheet(ROW, head=f"<?x <sheetData>{HEADER}</sheetData>", tail="?>"),
        sheet(ROW, head="<sheetData/>"),
        sheet(ROW, head='<extLst xmlns="urn:x">', tail="</extLst>"),
        sheet(ROW, tail=f"<sheetData>{ROW.replace('2', '3')}</sheetData>"),
        sheet(ROW, tail=f"<!-- {ROW} -->"),
        sheet(ROW, root='<worksheet xmlns="urn:x">'),
        sheet(ROW, root=f"<worksheet xmlns='{MAIN}'>"),
        sheet(ROW, root=f'<worksheet a=\' xmlns="{MAIN}"\' xmlns="urn:x">'),
        sheet(ROW.replace("甲", "&l;"), prolog='<!DOCTYPE x [<!ENTITY l "甲">]>'),
        sheet(ROW, prolog='<?xml version="1.0" encoding="UTF-16"?>', encoding="utf-16"),
        sheet(ROW, prolog='<?xml version="1.0" encoding="GB18030"?>', encoding="gb18030"),
        sheet(ROW, prolog='<?xml version="1.0" encoding="UTF-8"?>', encoding="gb18030"),
        sheet(ROW, encoding="utf-8-sig"),
        with_sheet(b""),
        with_sheet(f'<worksheet xmlns="{MAIN}">{HEADER}<?x <sheetData>{ROW}</sheetData>?></worksheet>'),
        with_sheet(
            f'<worksheet xmlns="urn:x" xmlns:x="{MAIN}">{PREFIXED_HEADER}<sheetData>{ROW}</sheetData></worksheet>'
        ),
        with_sheet(f'<worksheet xmlns="{MAIN}"><sheetData>{HEADER}{ROW}</sheetData>'.encode()),
    ],
)
def test_what_is_not_plain_is_read_by_openpyxl(content):
    outcome, fast = same_for_both(content)
    assert not fast or isinstance(outcome, str)  # a file that openpyxl cannot even open is refused


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ROW + '<row r="3"><c r="XFD3"><v>1</v></c></row>', READ),
        (ROW + '<row r="1048576"><c r="B1048576"><v>1</v></c></row>', [*READ, (1048576, [(type(None), None), (int, 1)])]),
        (ROW.replace("<c r", '<c r="B2"><v>1</v></c><c r', 1), READ),
        (ROW + '<row r="3" spans="1:16384"/>' * 5_000, READ),
    ],
)  # fmt: skip
def test_far_and_repeated_cells_neither_mislead_nor_fill_the_memory(row, expected):
    assert same_for_both(sheet(row)) == (expected, True)


@pytest.mark.parametrize(
    "part",
    [
        SHEET_OF.format('<row r="1">' + '<c r="A1"/>' * 1_000_000 + "</row>"),
        SHEET_OF.format('<row r="1"/>' * 1_000_000),
        SHEET_OF.format("<row " * 1_000_000),
        f'<worksheet xmlns="{MAIN}"' + ' a="b"' * 1_000_000,
    ],
)
def test_what_repeats_without_end_takes_little_memory(part):
    # given a part that packs well and whose pieces would each take a hundred bytes
    xml = part.encode()
    tracemalloc.start()
    # when it is taken apart
    with contextlib.suppress(excel_plain.NotPlain):
        for _row, start, end in excel_plain._rows(xml):
            excel_plain._CELL.findall(xml, start, end)
    # then not all of them are kept
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(
    "strings",
    [
        "<si><r><t>甲</t></r><r><t></t></r></si><si><t>乙</t></si>",
        '<si><t>甲</t><rPh sb="0" eb="1"><t>ﾌﾘ</t></rPh></si><si><t>乙</t></si>',
        "<si><t>甲</t></si><!-- <si><t>x</t></si> --><si><t>乙</t></si>",
        "<si><t><![CDATA[甲]]></t></si><si><t>乙</t></si>",
        "<si><t>甲</t></si>\n<si><t>乙</t></si>",
        "<si><t>甲</t></si><si><t>乙</t></si><si/>",
    ],
)
def test_shared_strings_that_are_not_plain_are_read_by_openpyxl(strings):
    # given a table of strings in a form that the fast reader does not know
    part = f'<sst xmlns="{MAIN}" uniqueCount="99999999999999">{strings}</sst>'.encode()
    with pytest.raises(excel_plain.NotPlain):
        excel_plain._strings(part)
    # then the cells that point to them hold what openpyxl reads
    row = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c></row>'
    outcome, fast = same_for_both(with_parts({SHEET: SHEET_OF.format(HEADER + row), STRINGS: part}))
    assert fast and outcome == [(2, [(str, "甲"), (str, "乙")])]


def test_the_fast_reader_stops_at_too_many_rows(monkeypatch):
    monkeypatch.setattr(excel, "MAX_ROWS", 2)
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(2, 5))
    assert same_for_both(sheet(rows + "not plain")) == ("TOO_LARGE", True)


@pytest.mark.parametrize(
    "part",
    ['<sst xmlns="urn:x"></sst>', f'<sst xmlns="{MAIN}"><si><t/></si>', f'<sst xmlns="{MAIN}"></sst></sst>'],
)
def test_a_table_of_strings_that_is_none_is_left_to_openpyxl(part):
    with pytest.raises(excel_plain.NotPlain):
        excel_plain._strings(part.encode())
