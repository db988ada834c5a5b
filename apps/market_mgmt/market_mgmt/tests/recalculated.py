"""A workbook with its formulas computed: by LibreOffice where it is installed, else by `formulas`, which is independent of it."""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from market_mgmt.tests.formulas import Sheet

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
_SECONDS = 120


class Computed(Protocol):
    """A sheet whose cells have values."""

    sheet: Worksheet

    def value(self, address: str) -> Any: ...
    def row(self, label: str, column: int = 1) -> int: ...


class _Office:
    """A sheet as LibreOffice saved it, every formula with its value."""

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet

    def value(self, address: str) -> Any:
        found = self.sheet[address].value
        # Binary fractions that a person sees as cents.
        return Decimal(repr(found)) if isinstance(found, (int, float)) else found

    def row(self, label: str, column: int = 1) -> int:
        """The last row whose cell in a column shows this text."""
        return max(r for r in range(1, self.sheet.max_row + 1) if self.sheet.cell(r, column).value == label)


def recalculated(content: bytes, office: str | None = OFFICE) -> dict[str, Computed]:
    """The sheets of a workbook by name."""
    return all_recalculated([content], office)[0]


def all_recalculated(contents: Sequence[bytes], office: str | None = OFFICE) -> list[dict[str, Computed]]:
    """The sheets of several workbooks: LibreOffice takes longer to start than to compute."""
    if office is None:
        books = [load_workbook(io.BytesIO(content)) for content in contents]
        return [{name: Sheet(book, name) for name in book.sheetnames} for book in books]
    with tempfile.TemporaryDirectory() as folder:
        made, computed = Path(folder) / "made", Path(folder) / "computed"
        made.mkdir()
        files = [made / f"{number}.xlsx" for number in range(len(contents))]
        for file, content in zip(files, contents, strict=True):
            file.write_bytes(content)
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = [office, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(computed)]
        subprocess.run([*command, *map(str, files)], check=True, capture_output=True, timeout=_SECONDS)
        books = [load_workbook(computed / file.name, data_only=True) for file in files]
    return [{name: _Office(book[name]) for name in book.sheetnames} for book in books]


def errors(sheets: dict[str, Computed]) -> list[str]:
    """Cells that show an error instead of a value, or say that something does not add up."""
    wrong = ("#", "错误", "不符", "Err:")
    return [
        f"{name}!{cell.coordinate}: {shown}"
        for name, computed in sheets.items()
        for line in computed.sheet.iter_rows()
        for cell in line
        if isinstance(shown := computed.value(cell.coordinate), str) and shown.startswith(wrong)
    ]


def column(sheet: Computed, header: str) -> str:
    """The letter of the column with this header."""
    for line in sheet.sheet.iter_rows():
        for cell in line:
            if cell.value == header:
                return cell.column_letter
    raise LookupError(header)
