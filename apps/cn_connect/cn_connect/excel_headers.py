"""The header of a sheet: which column means what, which ones mean nothing here, and what makes a header doubtful.

A heading matches whatever stands in its brackets, if that is no unit which would make another number of the column
("月租金(万元)"). Two columns of one meaning, and an unknown heading that was probably meant for a column that is
missing, refuse the file: whichever guess were taken, somebody would be billed by it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from cn_connect.excel_file import WorkbookFault
from cn_connect.excel_text import seen

SEARCHED_ROWS = 15
_BRACKETS = re.compile(r"[(\[【〔{](.*?)[)\]】〕}]")
_UNIT = re.compile(r"[元角分万千百亿年季月周日天亩米㎡²吨度方时%‰k]|m2|m3|kwh|yuan|rmb", re.IGNORECASE)
_REMARKS = re.compile(
    r"必填|选填|可选|\d*位|本月|上月|(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日)?|格式.*|如.*|例.*|\d{4}[-年]\d{1,2}[-月]\d{1,2}日?|yyyy.*",
    re.IGNORECASE,
)
_ALIKE = 0.65
# Columns that lists have besides: a number of the line, and those of the workbook of rejected rows.
_BESIDE = frozenset(("序号", "编号", "行号", "No", "No.", "原行号", "错误原因"))
_UNITS_ROW = re.compile(r"\(?(?:元|元/月|元/吨|元/度|㎡|m2|平方米|平米|吨|度|天|日|单位.*)\)?")


@dataclass(frozen=True)
class Columns:
    """The columns of an import: required, optional, the units that a column's brackets may name, other words that
    offices use for it, and the column without which another one says nothing."""

    required: Sequence[str]
    optional: Sequence[str] = ()
    units: Mapping[str, Sequence[str]] = field(default_factory=dict)
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


@dataclass(frozen=True)
class Header:
    """Where a sheet's header is: its row (from 1), the column (from 0) and the heading of each name, what else stands
    there, and the texts above."""

    row: int
    positions: dict[str, int]
    headings: dict[str, str]
    unread: list[str]
    preamble: list[str]


def header_key(value: Any) -> str:
    """A heading without brackets, spaces and full-width forms, for comparing."""
    text = unicodedata.normalize("NFKC", seen(str(value or "")))
    return re.sub(r"[\s*:]", "", _BRACKETS.sub("", text)).casefold()


def find(lines: Sequence[Sequence[Any]], columns: Columns) -> tuple[Header | None, Sequence[str]]:
    """The header among the first rows of a sheet, else the required columns that the best row lacks.

    Raises WorkbookFault SEVERAL_COLUMNS, UNREAD_COLUMN, WRONG_UNIT.
    """
    wanted = {header_key(name): name for name in columns.names}
    missing: Sequence[str] = columns.required
    best: tuple[int, list[str], dict[str, list[int]]] | None = None
    for index in range(len(lines)):
        for headings in _ways_to_read(lines, index):
            found = _matches(headings, wanted)
            absent = [name for name in columns.required if name not in found]
            missing = min(missing, absent, key=len)
            # The first row that has all; the next one as well where headings go on in it.
            if not absent and (best is None or (index == best[0] + 1 and len(found) > len(best[2]))):
                best = index, headings, found
        if best and index > best[0]:
            break
    if best is None:
        return None, missing
    index, headings, found = best
    preamble = [cell for cells in lines[:index] for cell in cells if isinstance(cell, str)]
    return _header(index + 1, headings, found, columns, preamble), []


def is_units(values: Iterable[Any]) -> bool:
    """Whether a line below the header only says the units of its columns."""
    texts = [unicodedata.normalize("NFKC", seen(str(value))) for value in values if value is not None]
    return bool(texts) and all(_UNITS_ROW.fullmatch(text) for text in texts)


def _ways_to_read(lines: Sequence[Sequence[Any]], index: int) -> Iterable[list[str]]:
    """The headings of a row as they stand; and together with the row above, where a heading may reach over both."""
    below = [_heading(cell) for cell in lines[index]]
    yield below
    if index == 0 or any(cell is not None and not isinstance(cell, str) for cell in lines[index]):
        return
    above = [_heading(cell) for cell in lines[index - 1]]
    above += [""] * (len(below) - len(above))
    group, groups = "", []
    for text in above:
        group = text or group
        groups.append(group)
    below += [""] * (len(groups) - len(below))
    yield [text or top for text, top in zip(below, above, strict=True)]
    yield [top + text if text else own for text, top, own in zip(below, groups, above, strict=True)]


def _heading(cell: Any) -> str:
    return seen(cell) if isinstance(cell, str) else ""


def _matches(headings: Sequence[str], wanted: Mapping[str, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for index, heading in enumerate(headings):
        name = wanted.get(header_key(heading)) if heading else None
        if name:
            found.setdefault(name, []).append(index)
    return found


def _header(
    row: int, headings: Sequence[str], found: dict[str, list[int]], columns: Columns, preamble: list[str]
) -> Header:
    for name, indexes in found.items():
        if len(indexes) > 1:
            several = "、".join(_one_line(headings[index]) for index in indexes)
            raise WorkbookFault(
                "SEVERAL_COLUMNS",
                "Several columns mean {0} ({1}). Keep the one to be imported and delete the others.",
                *(name, several),
            )
    texts = {name: headings[indexes[0]] for name, indexes in found.items()}
    for name, heading in texts.items():
        _check_unit(name, heading, columns.units)
    taken = {indexes[0] for indexes in found.values()}
    unread = [
        _one_line(heading)
        for index, heading in enumerate(headings)
        if heading and index not in taken and header_key(heading) not in _BESIDE
    ]
    for heading in unread:
        _check_meant(heading, found, columns)
    for name, needed in columns.needs.items():
        if name in found and needed not in found:
            raise WorkbookFault(
                "WRONG_TEMPLATE", "The column {0} needs the column {1}, which is missing.", name, needed
            )
    positions = {name: indexes[0] for name, indexes in found.items()}
    return Header(row, positions, texts, unread, preamble)


def _check_unit(name: str, heading: str, units: Mapping[str, Sequence[str]]) -> None:
    allowed = units.get(name)
    if allowed is None:
        return
    text = unicodedata.normalize("NFKC", heading)
    for part in _BRACKETS.findall(text):
        unit = re.sub(r"\s", "", part).casefold()
        known = {unicodedata.normalize("NFKC", one).casefold() for one in allowed}
        if unit not in known and _UNIT.search(unit) and not _REMARKS.fullmatch(unit):
            raise WorkbookFault(
                "WRONG_UNIT",
                "The heading {0} names a unit that is not understood; the column {1} is read in {2}.",
                *(_one_line(heading), name, allowed[0] if allowed else "—"),
            )


def _check_meant(heading: str, found: Mapping[str, Any], columns: Columns) -> None:
    """An unknown heading that was probably meant for a column that is missing must not be passed over."""
    key = header_key(heading)
    for name in columns.names:
        if name in found:
            continue
        own = header_key(name)
        words = map(header_key, columns.words.get(name, ()))
        if key in words or SequenceMatcher(None, key, own).ratio() >= _ALIKE:
            raise WorkbookFault(
                "UNREAD_COLUMN",
                "The column {0} is not known. Call it {1} if that is meant, or delete it.",
                *(heading, name),
            )


def _one_line(heading: str) -> str:
    return re.sub(r"\s+", "", heading)


def letters(column: int) -> str:
    """A for 1, AA for 27."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
