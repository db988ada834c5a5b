"""Opening a file that should be a workbook: what it is instead, and what to do about it, in words for the office.

Sizes are bounded before anything is unpacked, since a small file can unpack to gigabytes.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

from cn_connect.errors import ConnectError
from cn_connect.excel_parts import (
    Layout,
    TooFar,
    check_wellformed,
    is_strict,
    layout,
    sheet_parts,
    transitional,
)

MAX_BYTES = 20 * 1024 * 1024
# A form of 20,000 stalls is about 30 MB; three times that takes openpyxl half a minute.
MAX_UNPACKED = 64 * 1024 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class WorkbookFault(ConnectError):
    """The file as a whole cannot be used; `error_code` says why."""

    def __init__(self, code: str, source: str, *params: object) -> None:
        super().__init__(source, *params)
        self.error_code = code


class Workbook:
    """An opened workbook: openpyxl reads its values; what sheets show and hide is in its parts."""

    def __init__(self, content: bytes, archive: zipfile.ZipFile, layouts: dict[str, Layout]) -> None:
        from openpyxl import load_workbook  # large, and few processes ever read a workbook

        self._archive, self._layouts = archive, layouts
        self._book = load_workbook(io.BytesIO(content), read_only=True)
        self.worksheets: list[Any] = self._book.worksheets
        self.epoch = self._book.epoch

    def layout(self, sheet: str) -> Layout:
        """What a sheet shows and hides."""
        return self._layouts[sheet_parts(self._archive)[sheet]]

    def close(self) -> None:
        self._book.close()
        self._archive.close()


def open_workbook(content: bytes) -> Workbook:
    """The workbook, read only; formulas come as their text. Raises WorkbookFault: TOO_LARGE, NOT_A_WORKBOOK."""
    if len(content) > MAX_BYTES:
        raise WorkbookFault("TOO_LARGE", "The file is larger than {0} MB.", MAX_BYTES // 1024 // 1024)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise _what_it_is(content)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        _check_members(archive)
        if is_strict(archive):
            content = _translated(archive)
            archive = zipfile.ZipFile(io.BytesIO(content))
        return Workbook(content, archive, _layouts(archive))
    except WorkbookFault:
        raise
    except TooFar:
        raise WorkbookFault("TOO_LARGE", "A sheet has more rows than Excel can show.") from None
    except Exception as error:  # openpyxl raises many kinds for damaged files
        raise damaged() from error


def _check_members(archive: zipfile.ZipFile) -> None:
    """Raises WorkbookFault for what is too large, another kind of file, or has two parts of one name."""
    members = archive.infolist()
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise WorkbookFault(
            "TOO_LARGE",
            "The workbook is too large when unpacked, often because of formatted empty rows; copy the filled rows"
            " into a new workbook.",
        )
    names = {member.filename for member in members}
    if "xl/workbook.bin" in names or "mimetype" in names:
        raise _not("This is an .xlsb or .ods workbook; save it as .xlsx.")
    if len({name.casefold() for name in names}) < len(members):
        raise damaged()


def _layouts(archive: zipfile.ZipFile) -> dict[str, Layout]:
    """The layout of each sheet by its part. Raises Malformed for XML that programs would read differently, TooFar."""
    found = {}
    for member in archive.namelist():
        if member.startswith("xl/worksheets/") and member.endswith(".xml"):
            found[member] = layout(archive.read(member))
        elif member.endswith((".xml", ".rels")):
            check_wellformed(archive.read(member))
    return found


def _translated(archive: zipfile.ZipFile) -> bytes:
    """A "Strict Open XML" workbook under the names that readers know."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for member in archive.namelist():
            made.writestr(member, transitional(archive.read(member)))
    return buffer.getvalue()


def damaged() -> WorkbookFault:
    """For whatever a damaged part makes the parser raise."""
    return _not("The file is damaged or is not an Excel workbook (.xlsx).")


def _what_it_is(content: bytes) -> WorkbookFault:
    if not content.strip():
        return _not("The file is empty; was it uploaded completely?")
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            return _not("The workbook is protected by a password; take the password off and save it again.")
        return _not("This is an old .xls file; save it as .xlsx.")
    if _is_text(content):
        return _not("This is a text file such as .csv; open it in Excel and save it as .xlsx.")
    return damaged()


def _is_text(content: bytes) -> bool:
    start = content[:4096]
    if b"\0" in start:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            # The last character may be cut in the middle.
            start[: len(start) - 4 if len(content) > len(start) else None].decode(encoding)
            return True
        except UnicodeDecodeError:
            continue
    return False


def _not(source: str) -> WorkbookFault:
    return WorkbookFault("NOT_A_WORKBOOK", source)
