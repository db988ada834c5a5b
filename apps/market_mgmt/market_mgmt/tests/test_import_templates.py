"""Templates: what the office downloads, fills in and imports as it is; and templates made for something else."""

import io
import itertools
from datetime import date, datetime

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from cn_connect.excel_file import WorkbookFault
from cn_connect.excel_headers import header_key
from frappe import _
from market_mgmt.services import list_templates, reading_template
from market_mgmt.services.imports import arrears, merchants, readings, stamp
from market_mgmt.tests import factories
from market_mgmt.tests.workbooks import FORM

AS_OF, DAY = date(2026, 11, 1), datetime(2026, 10, 31)
PERIOD = "2026-10"


@pytest.fixture
def shop(site):
    return factories.shop(deposit=3000)


@pytest.fixture
def stall_no(shop):
    return shop.stall.removeprefix(f"{shop.market}-")


def opened(content):
    return load_workbook(io.BytesIO(content))


def saved(book):
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def header_of(sheet):
    """(row, names without unit and star) of the frozen header."""
    row = int(sheet.freeze_panes[1:]) - 1
    return row, [header_key(cell.value) for cell in sheet[row]]


def filled(content, sheet, values):
    """The template with one row typed into it."""
    book = opened(content)
    row, names = header_of(book[sheet])
    for name, value in values.items():
        book[sheet].cell(row + 1, names.index(name.split("(")[0]) + 1).value = value
    return saved(book)


def checks(sheet):
    """The kinds of what Excel checks, by the column's letter."""
    return {str(v.sqref)[0]: v.type for v in sheet.data_validations.dataValidation}


def refused(run):
    with pytest.raises(WorkbookFault) as fault:
        run()
    return fault.value.error_code, _(fault.value.source).format(*fault.value.params)


def test_the_form_s_template_is_filled_in_and_goes_in(site):
    market = factories.market()
    content = filled(list_templates.merchants(market), "信息采集表", FORM)
    result = merchants.run(market, content, "form.xlsx", AS_OF, dry_run=False)
    assert (result.status, result.rows, result.added["Lease"]) == ("Posted", 1, 1)


def test_the_form_s_template_keeps_long_numbers_as_text_and_explains_every_column(site):
    book = opened(list_templates.merchants(factories.market()))
    sheet = book["信息采集表"]
    row, names = header_of(sheet)
    for name in ("身份证号", "联系电话", "营业执照号", "摊位号"):
        assert sheet.cell(row + 1, names.index(name) + 1).number_format == "@"
    assert sheet.cell(row + 1, names.index("月租金") + 1).number_format == "#,##0.00"
    assert sheet.cell(row + 1, names.index("租期开始") + 1).number_format == "yyyy-mm-dd"
    assert [cell.value for cell in book["填写说明"]["A"]][1 : len(names) + 1] == names
    assert all(cell.value for cell in book["填写说明"]["D"][1 : len(names) + 1])  # an example of each


def test_the_arrears_template_offers_the_market_s_stalls_and_fee_types(shop, stall_no):
    content = list_templates.arrears(shop.market)
    book = opened(content)
    assert checks(book["期初欠费"]) == {"A": "list", "B": "list", "D": "decimal", "E": "date"}
    assert [cell.value for cell in book["摊位一览"]["A"]] == ["摊位号", stall_no]
    choices = [v.formula1 for v in book["期初欠费"].data_validations.dataValidation if v.type == "list"]
    for name in choices[1].strip('"').split(","):
        values = {"摊位号": stall_no, "费用类型": name, "账期": "2026-09", "欠费金额": 10, "应缴日期": DAY}
        filled_in = filled(content, "期初欠费", values)
        assert arrears.run(shop.market, filled_in, "a.xlsx", AS_OF, dry_run=True).accepted == 1


def test_only_the_two_inputs_of_the_reading_template_can_be_changed(shop, stall_no):
    factories.meter(shop, meter_no="W1", initial_reading=100)
    sheet = opened(reading_template.build(shop.market, PERIOD))["抄表"]
    row, _names = header_of(sheet)
    assert sheet.protection.sheet
    unlocked = {cell.coordinate for line in sheet.iter_rows() for cell in line if not cell.protection.locked}
    assert unlocked == {f"E{row + 1}", f"F{row + 1}"}
    assert checks(sheet) == {"E": "decimal", "F": "date"}
    assert sheet.print_title_rows and sheet.page_setup.orientation == "portrait"


def test_a_meter_that_was_not_read_stays_empty_and_is_no_fault(shop, stall_no):
    # given two meters of which one was read
    for number in ("W1", "W2"):
        factories.meter(shop, meter_no=number, initial_reading=100)
    content = filled(reading_template.build(shop.market, PERIOD), "抄表", {"本期读数": 112, "抄表日期": DAY})
    result = readings.run(shop.market, PERIOD, content, "r.xlsx", AS_OF, dry_run=False)
    assert (result.status, result.rows, result.accepted, result.unread) == ("Posted", 1, 1, 1)
    # then the next template asks for the other one only
    sheet = opened(reading_template.build(shop.market, PERIOD))["抄表"]
    row, _names = header_of(sheet)
    assert [sheet.cell(n, 2).value for n in range(row + 1, sheet.max_row + 1)] == ["W2"]


def test_a_template_nobody_filled_in_says_so(shop):
    factories.meter(shop, meter_no="W1")
    content = reading_template.build(shop.market, PERIOD)
    code, message = refused(lambda: readings.run(shop.market, PERIOD, content, "r.xlsx", AS_OF, dry_run=True))
    assert code == "NO_ROWS" and "没有填任何读数" in message


def test_the_month_is_the_template_s_though_dials_were_read_after_it(shop):
    factories.meter(shop, meter_no="W1", initial_reading=100)
    late = {"本期读数": 112, "抄表日期": datetime(2026, 11, 2)}
    content = filled(reading_template.build(shop.market, PERIOD), "抄表", late)
    assert readings.period_of(shop.market, content) == PERIOD


def test_a_template_of_another_market_is_refused_though_its_stalls_have_the_same_numbers(shop):
    other = factories.shop()
    content = list_templates.arrears(other.market)
    values = {"摊位号": "A01", "费用类型": "租金", "账期": "2026-09", "欠费金额": 10, "应缴日期": DAY}
    content = filled(content, "期初欠费", values)
    code, message = refused(lambda: arrears.run(shop.market, content, "a.xlsx", AS_OF, dry_run=True))
    assert code == "WRONG_TEMPLATE" and other.market in message and shop.market in message


def test_a_template_of_another_month_is_refused(shop):
    factories.meter(shop, meter_no="W1")
    content = filled(reading_template.build(shop.market, "2026-09"), "抄表", {"本期读数": 1, "抄表日期": DAY})
    code, message = refused(lambda: readings.run(shop.market, PERIOD, content, "r.xlsx", AS_OF, dry_run=True))
    assert code == "WRONG_TEMPLATE" and "2026-09" in message and "2026-10" in message


def pages(sheet):
    """The names of the columns of each page beside the other, without those repeated on all."""
    _row, names = header_of(sheet)
    starts = [0, *(page_break.id for page_break in sheet.col_breaks.brk), len(names)]
    return [names[start:end] for start, end in itertools.pairwise(starts)]


def test_the_form_is_printed_on_three_pages_beside_each_other_that_all_name_stall_and_merchant(shop):
    # given the form of a market
    sheet = opened(list_templates.merchants(shop.market))["信息采集表"]
    # then stall and place, the lease, the meters have a page each, in a size that can be read
    parties, lease, meters = pages(sheet)
    assert (parties[0], parties[-1]) == ("楼层", "联系电话")
    assert (lease[0], lease[-1]) == ("水费单价", "预存余额")
    assert (meters[0], meters[-1]) == ("水表号", "滞纳金条款")
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.scale) == (False, 90)
    # and the header is on every page, with the columns from the stall to the merchant
    row, names = header_of(sheet)
    assert sheet.print_title_rows == f"${row}:${row}"
    first, last = (names.index(name) + 1 for name in ("摊位号", "商户名称"))
    assert sheet.print_title_cols == f"${get_column_letter(first)}:${get_column_letter(last)}"


def test_the_form_s_pages_are_no_wider_than_paper(shop):
    sheet = opened(list_templates.merchants(shop.market))["信息采集表"]
    _row, names = header_of(sheet)
    width = {
        name: sheet.column_dimensions[get_column_letter(index)].width for index, name in enumerate(names, 1)
    }
    repeated = names[names.index("摊位号") : names.index("商户名称") + 1]
    # A4 landscape less its margins, in characters of 8 pixels (96 to the inch), the sheet at its scale
    room = (297 / 25.4 - 2 * sheet.page_margins.left) * 96 / 8 / (sheet.page_setup.scale / 100)
    for page in pages(sheet):
        assert sum(width[name] for name in {*repeated, *page}) <= room


def test_the_other_lists_stay_one_page_wide(shop):
    factories.meter(shop, meter_no="W1")
    for content, name in (
        (list_templates.arrears(shop.market), "期初欠费"),
        (reading_template.build(shop.market, PERIOD), "抄表"),
    ):
        sheet = opened(content)[name]
        row, _names = header_of(sheet)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and not sheet.col_breaks.brk
        assert (sheet.page_setup.fitToHeight, sheet.print_title_rows) == (0, f"${row}:${row}")


def test_every_printed_page_names_the_market_and_its_number(site, shop):
    market = site.db.get_value("Market", shop.market, "market_name")
    for content, name in (
        (list_templates.merchants(shop.market), "信息采集表"),
        (list_templates.arrears(shop.market), "期初欠费"),
        (reading_template.build(shop.market, PERIOD), "抄表"),
    ):
        footer = opened(content)[name].oddFooter
        assert market in footer.left.text and "&P" in footer.center.text


def test_a_template_of_an_old_version_is_refused(monkeypatch, shop):
    factories.meter(shop, meter_no="W1")
    content = filled(reading_template.build(shop.market, PERIOD), "抄表", {"本期读数": 1, "抄表日期": DAY})
    monkeypatch.setattr(stamp, "VERSION", stamp.VERSION + 1)
    code, message = refused(lambda: readings.run(shop.market, PERIOD, content, "r.xlsx", AS_OF, dry_run=True))
    assert code == "WRONG_TEMPLATE" and "重新下载" not in message and "请下载第 2 版" in message


def test_the_workbook_of_rejected_rows_still_says_what_it_is_for(shop):
    factories.meter(shop, meter_no="W1", initial_reading=100)
    content = filled(
        reading_template.build(shop.market, PERIOD), "抄表", {"本期读数": "看不清", "抄表日期": DAY}
    )
    result = readings.run(shop.market, PERIOD, content, "r.xlsx", AS_OF, dry_run=True)
    corrected = opened(result.error_workbook)
    sheet = corrected.active
    row = sheet.max_row
    sheet.cell(row, [cell.value for cell in sheet[row - 1]].index("本期读数") + 1).value = "１１２．５"
    content = saved(corrected)
    assert readings.period_of(shop.market, content) == PERIOD
    assert readings.run(shop.market, PERIOD, content, "r.xlsx", AS_OF, dry_run=False).accepted == 1
