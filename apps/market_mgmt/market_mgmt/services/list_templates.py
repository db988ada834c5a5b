"""The empty workbooks for lists that an office types in: merchants (信息采集表) and opening arrears (期初欠费)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

import frappe
from cn_connect.excel import MAX_ROWS
from cn_connect.excel_writer import DATE, MONEY, QUANTITY, TEXT, Column, SheetWriter, new_book, to_bytes
from frappe import _
from market_mgmt.services import terms
from market_mgmt.services.imports import arrears as arrears_list
from market_mgmt.services.imports import form
from market_mgmt.services.imports.stamp import Stamp
from market_mgmt.services.leases import HELD

_HELP, _STALLS = "填写说明", "摊位一览"
# Empty rows that look like a table, two pages of the form to fill in by hand; those below look so once something stands in them.
_DRAWN_ROWS = 30
# Room for handwriting, or for two lines of text; in points.
_LINE_HEIGHT = 30
_MADE_AT = datetime(2026, 1, 1)
_PRICE = "0.00##"


@dataclass(frozen=True)
class Field:
    """One column people fill in: its header, format, how to fill it in, an example, and what Excel lets them type."""

    name: str
    example: str
    rule: str
    format: str | None = TEXT
    unit: str = ""
    required: bool = False
    width: float = 12
    choices: str = ""
    new_page: bool = False

    @property
    def header(self) -> str:
        return "{}{}{}".format(
            self.name, "*" if self.required else "", f"\n({self.unit})" if self.unit else ""
        )


_FORM = (
    Field(form.FLOOR, "一楼", "楼层", required=True, width=9),
    Field(form.AREA, "海鲜水产区", "片区名称；没有的片区会自动建立", required=True, width=13),
    Field(form.STALL, "A01", "全市场唯一；字母、数字、汉字或连字符", required=True, width=10),
    Field(form.LOCATION, "一楼1排1号", "位置说明", width=14),
    Field(form.SIZE, "12.5", "数字", QUANTITY, "㎡", width=10),
    Field(form.MERCHANT, "阿明海鲜", "空置的摊位：商户名称至押金各列都留空", required=True, width=16),
    Field(form.LICENCE, "92469099MAFX00001Y", "18 位统一社会信用代码或 15 位注册号", width=23),
    Field(form.CATEGORY, "海鲜", "经营类别", width=11),
    Field(
        *(form.ID_NUMBER, "18 位身份证号"),
        "有商户时必填；没有身份证的填统一社会信用代码、港澳台通行证、永久居留证或护照号码；导入后加密保存，并删除本文件",
        required=True,
        width=22,
    ),
    Field(form.PHONE, "11 位手机号", "有商户时必填；导入后加密保存", required=True, width=14),
    Field(form.WATER_PRICE, "3.20", "大于 0，最多四位小数", _PRICE, "元/吨", True, 12, new_page=True),
    Field(form.POWER_PRICE, "0.86", "大于 0，最多四位小数", _PRICE, "元/度", True, 12),
    Field(form.RENT, "1,500.00", "有商户时必填", MONEY, "元", True, 10),
    Field(form.START, "2026-01-01", "有商户时必填；日期", DATE, required=True, width=12),
    Field(form.END, "2026-12-31", "有商户时必填；不早于租期开始", DATE, required=True, width=12),
    Field(form.RENT_FREE, "15", "从租期开始那天起的整天数", "0", "天", width=7),
    Field(form.DEPOSIT, "3,000.00", "合同约定的押金", MONEY, "元", width=10),
    Field(form.HELD_DEPOSIT, "3,000.00", "系统启用前已收的押金，没有收过填 0", MONEY, "元", width=10),
    Field(form.BALANCE, "200.00", "系统启用前多收、预收的钱，记为商户的预存款", MONEY, "元", width=10),
    Field(form.WATER_METER, "WA01", "全市场唯一；没有水表留空", width=11, new_page=True),
    Field(form.WATER_START, "100", "表盘上的数，不填为 0", QUANTITY, width=12),
    Field(form.WATER_DIGITS, "5", "表盘有几位整数，3 至 9；不填为 5", "0", "位", width=9),
    Field(form.WATER_FACTOR, "1", "表盘数乘以几，不填为 1", QUANTITY, width=9),
    Field(form.POWER_METER, "EA01", "全市场唯一；没有电表留空", width=11),
    Field(form.POWER_START, "2000", "表盘上的数，不填为 0", QUANTITY, width=12),
    Field(form.POWER_DIGITS, "6", "表盘有几位整数，3 至 9；不填为 5", "0", "位", width=9),
    Field(form.MULTIPLIER, "1", "互感器倍率，不填为 1", QUANTITY, width=9),
    Field(
        form.CLAUSE, "有", "合同里是否有滞纳金条款；不填为“有”", TEXT, "有/无", width=13, choices='"有,无"'
    ),
)
_ARREARS = (
    Field(
        *(arrears_list.STALL, "A01", f"见“{_STALLS}”；该账期内须有租约"),
        required=True,
        width=12,
        choices=f"{_STALLS}!$A$2:$A${MAX_ROWS}",
    ),
    Field(
        arrears_list.FEE_TYPE,
        "租金",
        "从下拉列表选；已收的押金选“期初押金”，多收、预收的钱选“期初预存款”",
        required=True,
        width=14,
        choices="fee types",
    ),
    Field(
        arrears_list.PERIOD,
        "2026-09",
        "欠的是哪个月的费用；押金、预存款填租约期内的任一个月",
        required=True,
        width=12,
    ),
    Field(arrears_list.AMOUNT, "1,500.00", "大于 0；只填本金，不含滞纳金", MONEY, "元", True, 16),
    Field(
        arrears_list.DUE, "2026-10-08", "原定的最后缴费日；押金、预存款不填", DATE, required=True, width=14
    ),
    Field(arrears_list.REMARK, "手工台账第 12 页", "备查，不影响计算", width=30),
)


def merchants(market: str) -> bytes:
    """The information collection form (信息采集表) of a market, empty."""
    book = new_book()
    notes = [
        _(
            "One row for each stall. Columns with * must be filled in; the sheet {0} explains every column."
        ).format(_HELP),
        _(
            "A file may be imported again: what is new is added, what differs is shown and changed only when a supervisor says so."
        ),
    ]
    _list(book, market, form.SHEET, _("{0} information collection form"), _FORM, notes)
    _help(book, _FORM)
    return to_bytes(book, _MADE_AT)


def arrears(market: str) -> bytes:
    """The list of opening arrears (期初欠费) of a market, empty, with its stalls and their tenants to look up."""
    book = new_book()
    types = frappe.get_all("Fee Type", pluck="name", order_by="priority, name")
    kinds = [*(terms.fee_type(name) for name in types), arrears_list.DEPOSIT, arrears_list.BALANCE]
    choices = f'"{",".join(kinds)}"'
    fields = [
        Field(**{**vars(field), "choices": choices}) if field.name == arrears_list.FEE_TYPE else field
        for field in _ARREARS
    ]
    notes = [
        _("One row for each stall, fee and month. Columns with * must be filled in."),
        _("The same stall, fee and month is taken over once; late fees run from the day after the import."),
    ]
    _list(book, market, arrears_list.SHEET, _("{0} opening arrears"), fields, notes)
    _help(book, fields)
    _stalls(book, market)
    return to_bytes(book, _MADE_AT)


def _list(
    book: Workbook, market: str, sheet: str, title: str, fields: Sequence[Field], notes: Sequence[str]
) -> None:
    columns = [
        Column(field.header, field.width, field.format, input=True, wrap=field.format == TEXT)
        for field in fields
    ]
    heading = title.format(frappe.db.get_value("Market", market, "market_name"))
    writer = SheetWriter(book, sheet, columns, footer=heading)
    _pages(writer, fields)
    writer.title(heading)
    for note in (*notes, str(Stamp(sheet, market))):
        writer.note(note)
    first = writer.header(freeze=True) + 1
    for _row in range(_DRAWN_ROWS):
        writer.sheet.row_dimensions[writer.line([None] * len(fields))].height = _LINE_HEIGHT
    writer.draw_when_filled(first + _DRAWN_ROWS, MAX_ROWS)
    for index, field in enumerate(fields, start=1):
        writer.sheet.column_dimensions[get_column_letter(index)].number_format = field.format or "General"
        validation = _validation(field)
        if validation:
            writer.allow_only(index, first, MAX_ROWS, validation)


def _pages(writer: SheetWriter, fields: Sequence[Field]) -> None:
    """A list of several pages' width names the stall and its merchant on each."""
    starts = [index for index, field in enumerate(fields, start=1) if field.new_page]
    if starts:
        names = [field.name for field in fields]
        writer.side_by_side(names.index(form.STALL) + 1, names.index(form.MERCHANT) + 1, starts)


def _validation(field: Field) -> DataValidation | None:
    if field.choices:
        made = DataValidation("list", formula1=field.choices, allow_blank=True)
    elif field.format == DATE:
        made = DataValidation("date", operator="greaterThan", formula1="DATE(2000,1,1)", allow_blank=True)
    elif field.format != TEXT:
        made = DataValidation("decimal", operator="greaterThanOrEqual", formula1="0", allow_blank=True)
    else:
        return None
    made.errorTitle, made.error, made.showErrorMessage = field.name, field.rule, True
    made.promptTitle, made.prompt, made.showInputMessage = field.name, field.rule, True
    return made


def _help(book: Workbook, fields: Sequence[Field]) -> None:
    columns = [Column("列", 16), Column("必填", 8), Column("怎样填", 52), Column("示例", 24, TEXT)]
    writer = SheetWriter(book, _HELP, columns, portrait=True)
    writer.header(freeze=True)
    for field in fields:
        writer.line([field.name, "是" if field.required else "", field.rule, field.example])
    writer.note("数字只填数字，不写单位；不要合并单元格，不要用公式（复制后“选择性粘贴”为数值）。")
    writer.note("编号、身份证号、电话所在的列是文本格式，请不要改成数字。")


def _stalls(book: Workbook, market: str) -> None:
    """What stalls there are and who rents them, for looking up and for the list of choices."""
    writer = SheetWriter(
        book, _STALLS, [Column("摊位号", 12, TEXT), Column("商户", 24, TEXT), Column("租期", 26, TEXT)]
    )
    writer.header(freeze=True)
    names = dict(frappe.get_all("Merchant", {"market": market}, ["name", "merchant_name"], as_list=True))
    leases = frappe.get_all(
        "Lease",
        {"market": market, **HELD},
        ["stall", "merchant", "start_date", "end_date"],
        order_by="start_date",
    )
    latest = {lease.stall: lease for lease in leases}
    for stall, number in frappe.get_all(
        "Stall", {"market": market}, ["name", "stall_no"], order_by="stall_no", as_list=True
    ):
        lease = latest.get(stall)
        days = f"{lease.start_date} 至 {lease.end_date}" if lease else "没有租约"
        writer.line([number, names.get(lease.merchant, "") if lease else "", days])
