"""HTML to PDF by wkhtmltopdf, with Chinese type.

Debian's build is linked to an unpatched Qt: it has no headers, footers, page numbers, outline or print media. What
needs page numbers stamps them onto the finished PDF.
"""

from __future__ import annotations

import base64
import contextlib
import mimetypes
import os
import re
import shutil
import subprocess
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pdfkit

import frappe
from frappe import _
from frappe.utils import file_manager

if TYPE_CHECKING:
    from pypdf import PdfWriter

_DEFAULTS = {
    "page-size": "A4",
    "margin-top": "15mm",
    "margin-bottom": "15mm",
    "margin-left": "15mm",
    "margin-right": "15mm",
    "encoding": "UTF-8",
    "disable-javascript": None,
    "disable-local-file-access": None,
    "quiet": None,
}
_UNPATCHED_REFUSES = (
    "header-",
    "footer-",
    "print-media-type",
    "no-outline",
    "outline",
    "disable-smart-shrinking",
)
_fonts: set[str] = set()
_LOCAL_SOURCE = re.compile(
    r"""(<img\b[^>]*?\bsrc=)(["'])(/(?:private/)?files/[^"']+|/assets/[^"']+)\2""", re.I
)


def get_pdf(
    html: str, options: dict[str, Any] | None = None, output: PdfWriter | None = None
) -> bytes | PdfWriter:
    """PDF bytes of an HTML document; with `output`, its pages are added to that writer.

    Raises ValidationError with what to install when wkhtmltopdf or a Chinese font is missing.
    """
    check_tools()
    content = pdfkit.from_string(inline_images(html), options=prepare_options(options), verbose=False)
    if output is None and not (options or {}).get("password"):
        return content
    from pypdf import PdfReader, PdfWriter

    writer = output if output is not None else PdfWriter()
    writer.append_pages_from_reader(PdfReader(BytesIO(content)))
    if output is not None:
        return output
    writer.encrypt(str((options or {})["password"]))
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def prepare_options(options: dict[str, Any] | None) -> dict[str, Any]:
    """Defaults overlaid by the caller's options, less those that this build of wkhtmltopdf does not know."""
    merged = {**_DEFAULTS, **(options or {})}
    merged.pop("password", None)
    if not has_patched_qt():
        merged = {key: value for key, value in merged.items() if not key.startswith(_UNPATCHED_REFUSES)}
    return merged


def check_tools() -> None:
    if not shutil.which("wkhtmltopdf"):
        frappe.throw(
            _(
                "PDF cannot be made: wkhtmltopdf is not installed. Install it with: apt-get install wkhtmltopdf"
            ),
            title=_("Missing program"),
        )
    if not has_chinese_font():
        frappe.throw(
            _(
                "PDF cannot be made: no Chinese font is installed. Install one with: apt-get install fonts-noto-cjk"
            ),
            title=_("Missing font"),
        )


def has_chinese_font() -> bool:
    """Asked until there is one; then remembered."""
    if not _fonts:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            listed = subprocess.run(
                ["fc-list", ":lang=zh", "family"], capture_output=True, timeout=30, check=False
            )
            _fonts.update(listed.stdout.decode("utf-8", "replace").splitlines())
    return bool(_fonts)


@lru_cache(maxsize=1)
def has_patched_qt() -> bool:
    """Whether this wkhtmltopdf can do headers and footers."""
    version = subprocess.run(["wkhtmltopdf", "--version"], capture_output=True, timeout=30, check=False)
    return b"with patched qt" in version.stdout


def inline_images(html: str) -> str:
    """Local pictures become part of the document: the converter has neither session nor server."""

    def replace(match: re.Match[str]) -> str:
        data = _read_local(match[3])
        if data is None:
            return match[0]
        kind = mimetypes.guess_type(match[3].partition("?")[0])[0] or "image/png"
        return f"{match[1]}{match[2]}data:{kind};base64,{base64.b64encode(data).decode()}{match[2]}"

    return _LOCAL_SOURCE.sub(replace, html)


def _read_local(url: str) -> bytes | None:
    url = url.partition("?")[0]
    if url.startswith("/assets/"):
        app, _sep, relative = url[len("/assets/") :].partition("/")
        if app not in frappe.get_all_apps():
            return None
        base = os.path.realpath(frappe.get_app_path(app, "public"))
        path = os.path.realpath(os.path.join(base, relative))
        if not path.startswith(base + os.sep):
            return None
    else:
        path = file_manager.path_of_url(url)
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read()
    return None
