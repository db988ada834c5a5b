"""How a report becomes a PDF: figures on top, then blocks (heading and table) packed into pages.

Pure layout; what a report says comes from its own module, the seal (hash, code, QR) from `cn_connect.sealed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from markupsafe import Markup

from cn_connect import pdf
from cn_connect.money import format_yuan
from cn_connect.sealed import Seal

# Centimetres, as in templates/report.html.
_ROW, _HEADER, _HEADING, _GAP = 0.58, 0.64, 0.8, 0.3
_FIRST_TOP, _TOP, _FOOT, _NOTE = 4.75, 1.5, 1.45, 0.42
_ALIGN = {"text": "", "center": "mid", "money": "num", "count": "num", "rate": "num", "bar": "num"}


@dataclass(frozen=True)
class ReportFile:
    """A finished report: the PDF, the workbook, and the data both show."""

    pdf: bytes
    xlsx: bytes
    data: dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column of a block. `width` in cm, None takes what is left; `kind` decides format and alignment."""

    label: str
    width: float | None = None
    kind: str = "text"

    @property
    def align(self) -> str:
        return _ALIGN[self.kind]


@dataclass(frozen=True)
class Cell:
    text: str
    bar: float | None = None


@dataclass(frozen=True)
class Line:
    cells: list[Cell]
    total: bool = False


@dataclass(frozen=True)
class Block:
    """A heading and its table; `continued` when it goes on from the page before."""

    heading: str
    columns: Sequence[Column]
    rows: list[Line]
    continued: bool = False

    @property
    def height(self) -> float:
        return _HEADING + _HEADER + max(len(self.rows), 1) * _ROW + _GAP


@dataclass(frozen=True)
class Figure:
    """One of the numbers on top; `tone` is good, bad or nothing."""

    label: str
    value: str
    tone: str = ""


@dataclass
class Page:
    top: float
    room: float
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    title: str
    subtitle: str
    market_name: str
    meta: Sequence[tuple[str, str]]
    figures: Sequence[Figure]
    blocks: Sequence[Block]
    notes: Sequence[str]
    watermark: str
    paper: str = "A4"


def block(
    heading: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    total: Sequence[Any] | None = None,
) -> Block:
    """A block from plain values, formatted by the kinds of its columns."""
    lines = [Line(_cells(columns, row)) for row in rows]
    if total is not None:
        lines.append(Line(_cells(columns, total), total=True))
    return Block(heading, columns, lines)


def render(report: Report, seal: Seal) -> bytes:
    """The report as signed PDF. Raises PdfUnavailable when this machine cannot make one."""
    pages = paged(report)
    html = pdf.render_template(
        "market_mgmt", "report.html", {"report": report, "pages": pages, "seal": seal, "qr": Markup(seal.qr)}
    )
    return pdf.issue(html, report.paper, seal.issued_at, f"{report.market_name}{report.title}")


def paged(report: Report) -> list[Page]:
    """The blocks in pages; a block that does not fit goes on overleaf, the notes close the last page."""
    height = pdf.PAPERS[report.paper][3]
    pages = [Page(_FIRST_TOP, height - _FIRST_TOP - _FOOT)]

    def turn() -> Page:
        pages.append(Page(_TOP, height - _TOP - _FOOT))
        return pages[-1]

    page = pages[0]
    for whole in report.blocks:
        rest = whole
        while rest.height > page.room:
            fitting = min(int((page.room - _HEADING - _HEADER - _GAP) / _ROW), len(rest.rows) - 1)
            # A heading with fewer than three rows under it reads better on the next page.
            if fitting >= 3:
                page.blocks.append(replace(rest, rows=rest.rows[:fitting]))
                rest = replace(rest, rows=rest.rows[fitting:], continued=True)
            page = turn()
        page.blocks.append(rest)
        page.room -= rest.height
    if page.room < len(report.notes) * _NOTE:
        turn()
    return pages


def percent(rate: Decimal | None) -> str:
    """0.93255 as 93.26%; a rate of nothing is a dash."""
    if rate is None:
        return "—"
    return f"{(rate * 100).quantize(Decimal('0.01'), ROUND_HALF_UP)}%"


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """part ÷ whole; None when there is nothing to divide by."""
    return part / whole if whole else None


def _cells(columns: Sequence[Column], row: Sequence[Any]) -> list[Cell]:
    return [_cell(column.kind, value) for column, value in zip(columns, row, strict=True)]


def _cell(kind: str, value: Any) -> Cell:
    if value is None and kind != "bar":
        return Cell("")
    if kind == "money":
        return Cell(format_yuan(value) if isinstance(value, Decimal) else str(value))
    if kind == "rate":
        return Cell(percent(value) if isinstance(value, Decimal) else str(value))
    if kind == "bar":
        return Cell(
            percent(value), None if value is None else float(min(max(value, Decimal(0)), Decimal(1)) * 100)
        )
    return Cell(str(value))
