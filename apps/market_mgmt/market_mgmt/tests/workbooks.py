"""Workbooks for tests: the files an office would hand over, made of a few rows."""

import datetime as dt
import io
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl import Workbook

FORM = {
    "楼层": "一楼",
    "片区": "海鲜区",
    "摊位号": "A01",
    "位置": "一楼1排1号",
    "面积(㎡)": 12.5,
    "商户名称": "阿明海鲜",
    "营业执照号": "92469099MAFX00001Y",
    "经营类别": "海鲜",
    "身份证号": "469099196704300013",
    "联系电话": "14000000001",
    "水费单价(元/吨)": 3.2,
    "电费单价(元/度)": 0.86,
    "月租金(元)": 1500,
    "租期开始": dt.datetime(2025, 1, 1),
    "租期结束": dt.datetime(2027, 12, 31),
    "免租期(天)": None,
    "押金": 3000,
    "水表号": "WA01",
    "水表初始读数": 100,
    "电表号": "EA01",
    "电表初始读数": 2000,
    "电表倍率": 1,
    "滞纳金条款(有/无)": "有",
}
OTHER_IDS = ("46909919680621006X", "469099198802220024", "469099199804020039")
READING_COLUMNS = ("摊位号", "表号", "类型", "上期读数", "本期读数", "抄表日期")
ARREARS_COLUMNS = ("摊位号", "费用类型", "账期", "欠费金额", "应缴日期", "说明")


def book(sheet: str, headers: Iterable[str], lines: Iterable[Iterable[Any]]) -> bytes:
    """A workbook with a title line, a header and lines."""
    workbook = Workbook()
    workbook.active.title = sheet
    workbook.active.append(["某某市场"])
    workbook.active.append(list(headers))
    for line in lines:
        workbook.active.append(list(line))
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def form(*changes: Mapping[str, Any]) -> bytes:
    """An information collection form; each row is the usual one with changes."""
    rows = [{**FORM, **change} for change in changes]
    headers = dict.fromkeys([*FORM, *(name for row in rows for name in row)])
    return book("信息采集表", headers, [[row.get(name) for name in headers] for row in rows])


def stall_row(number: int, **changes: Any) -> dict[str, Any]:
    """A row of another stall whose tenant is the same person."""
    stall_no = f"A{number:02d}"
    return {"摊位号": stall_no, "水表号": f"W{stall_no}", "电表号": f"E{stall_no}", **changes}


def readings(*lines: Iterable[Any]) -> bytes:
    return book("抄表", READING_COLUMNS, lines)


def arrears(*lines: Iterable[Any]) -> bytes:
    return book("期初欠费", ARREARS_COLUMNS, lines)
