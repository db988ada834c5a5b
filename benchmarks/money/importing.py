"""Importing a month's meter readings against the time that openpyxl needs to read the workbook.

The workbook is the product's own template of a market, filled in, with its texts in the shared table where Excel and WPS
keep them when they save (openpyxl itself writes them into the cells, which it reads more slowly). Importing is
`services.imports.readings.run` and the commit: the file is read, every row checked against its meter, and all readings
are posted. The peer reads the same bytes: it opens the workbook and iterates over all cells of all sheets. openpyxl has
several ways to do so, and each is measured: as its documentation does it, `load_workbook(file)` (`read`); with `read_only`
(`read_only`); with `read_only` and `values_only`, its fastest (`fastest`).
"""

from __future__ import annotations

import io
import re
import time
import zipfile
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import frappe
from benchmarks.money import world
from tests.sites import Bench, connected

HISTORY_MONTHS = 6
_READS = 3
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_TEXT = re.compile(r'<c r="(\w+)"(?: s="(\d+)")? t="inlineStr"><is><t(?: [^>]*)?>(.*?)</t></is></c>')


@dataclass
class Importing:
    """Seconds of one import and of reading its workbook."""

    rows: int
    seconds: float
    read: float
    read_only: float
    fastest: float

    @property
    def ratio(self) -> float:
        """How many times as long as openpyxl."""
        return self.seconds / self.read

    @property
    def fastest_ratio(self) -> float:
        """How many times as long as openpyxl's fastest way."""
        return self.seconds / self.fastest


def measure(bench: Bench, rows: int, rounds: int) -> list[Importing]:
    """One import per round of the same workbook, each into a market of its own. RuntimeError when a row is not posted."""
    with connected(bench):
        markets = [_market(rows) for _ in range(rounds)]
        content = as_saved_by_excel(filled_in(markets[0]))
        return [_round(market, rows, _made_for(market, content, markets[0])) for market in markets]


def middle(found: list[Importing]) -> Importing:
    """The round with the median ratio (of an even number the better one of the two)."""
    return sorted(found, key=lambda one: one.ratio)[(len(found) - 1) // 2]


def _market(rows: int) -> str:
    """A market with so many meters, which has stalls and meters of the same numbers as any other."""
    made = world.market(rows // len(world.UNITS), world.months_up_to("2026-09", HISTORY_MONTHS))
    frappe.db.commit()
    return made.name


def _round(market: str, rows: int, content: bytes) -> Importing:
    from market_mgmt.services.imports import readings

    peers = [
        median(_read(content, read_only, values_only) for _ in range(_READS))
        for read_only, values_only in ((False, False), (True, False), (True, True))
    ]
    began = time.perf_counter()
    result = readings.run(market, world.PERIOD, content, "抄表.xlsx", world.BILL_DATE, dry_run=False)
    frappe.db.commit()
    seconds = time.perf_counter() - began
    if (result.status, result.accepted, result.held) != ("Posted", rows, 0):
        raise RuntimeError(f"not every reading was posted: {result}")
    return Importing(rows, seconds, *peers)


def _read(content: bytes, read_only: bool, values_only: bool) -> float:
    """Seconds in which openpyxl gives every cell."""
    from openpyxl import load_workbook

    began = time.perf_counter()
    book = load_workbook(io.BytesIO(content), read_only=read_only, data_only=True)
    for sheet in book.worksheets:
        rows: Any = sheet.iter_rows(values_only=values_only)
        for row in rows:
            for cell in row:
                _value = cell if values_only else cell.value
    book.close()
    return time.perf_counter() - began


def filled_in(market: str) -> bytes:
    """The template of the period with a plausible reading in every line."""
    from openpyxl import load_workbook

    from market_mgmt.services import reading_template
    from market_mgmt.services.imports.readings import CURRENT, METER, PREVIOUS, READ_ON, SHEET

    book = load_workbook(io.BytesIO(reading_template.build(market, world.PERIOD)))
    places: dict[Any, int] = {}
    lines: Any = book[SHEET].iter_rows()
    for number, row in enumerate(lines, start=1):
        if not places:
            places = {cell.value: place for place, cell in enumerate(row)} if row[1].value == METER else {}
            continue
        row[places[CURRENT]].value = round(row[places[PREVIOUS]].value + 12 + number % 97 / 10, 1)
        row[places[READ_ON]].value = datetime(2026, 10, 28 + number % 4)
    return _bytes(book)


def _bytes(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _made_for(market: str, content: bytes, other: str) -> bytes:
    """The workbook that was made for another market, with this one's name in its place."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            new.writestr(member, old.read(member).replace(other.encode(), market.encode()))
    return buffer.getvalue()


def as_saved_by_excel(content: bytes) -> bytes:
    """The same workbook with each text once in the shared table."""
    texts: dict[str, int] = {}

    def shared(cell: re.Match[str]) -> str:
        style = f' s="{cell[2]}"' if cell[2] else ""
        return f'<c r="{cell[1]}"{style} t="s"><v>{texts.setdefault(cell[3], len(texts))}</v></c>'

    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.namelist():
            text = old.read(member).decode()
            if member.startswith("xl/worksheets/sheet"):
                text = _TEXT.sub(shared, text)
            if member == "[Content_Types].xml" and _TYPES not in text:
                override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPES}"/>'
                text = text.replace("</Types>", f"{override}</Types>")
            if member != "xl/sharedStrings.xml":
                new.writestr(member, text)
        items = "".join(f"<si><t>{text}</t></si>" for text in texts)
        namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        new.writestr(
            "xl/sharedStrings.xml", f'<sst xmlns="{namespace}" uniqueCount="{len(texts)}">{items}</sst>'
        )
    return buffer.getvalue()
