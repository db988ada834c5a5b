"""The line of a template that says what it is for, so that it is not imported elsewhere: kind, version, market, month."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cn_connect.excel import Table
from cn_connect.excel_file import WorkbookFault

# Raised when a template's columns change their meaning, so that old copies are refused.
VERSION = 1
_STAMP = re.compile(r"模板：([^｜]+)｜第 (\d+) 版｜市场 ([^｜]+)(?:｜账期 (\d{4}-\d{2}))?")


@dataclass(frozen=True)
class Stamp:
    """What a template is for; `kind` is the name of its sheet."""

    kind: str
    market: str
    period: str | None = None
    version: int = VERSION

    def __str__(self) -> str:
        text = f"模板：{self.kind}｜第 {self.version} 版｜市场 {self.market}"
        return f"{text}｜账期 {self.period}" if self.period else text


def read(table: Table) -> Stamp | None:
    """The stamp above the header; None in a sheet that was not made here."""
    for text in table.preamble:
        match = _STAMP.fullmatch(text.strip())
        if match:
            return Stamp(match[1], match[3], match[4], int(match[2]))
    return None


def check(table: Table, kind: str, market: str, period: str | None = None) -> None:
    """Raises WorkbookFault (WRONG_TEMPLATE) when the sheet was made for something else."""
    found = read(table)
    if found is None:
        return
    if found.kind != kind:
        raise _wrong("This is the template {0}, but {1} was chosen to be imported.", found.kind, kind)
    if found.version != VERSION:
        raise _wrong(
            "This is version {0} of the template; download the current one (version {1}).",
            found.version,
            VERSION,
        )
    if found.market != market:
        raise _wrong(
            "This file was made for market {0}, but is being imported into {1}.", found.market, market
        )
    if period and found.period and found.period != period:
        raise _wrong("This file was made for {0}, but is being imported for {1}.", found.period, period)


def _wrong(source: str, *params: object) -> WorkbookFault:
    return WorkbookFault("WRONG_TEMPLATE", source, *params)
