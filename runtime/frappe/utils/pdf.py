"""HTML to PDF by wkhtmltopdf, with Chinese type.

Debian's build is linked to an unpatched Qt: it has no headers, footers, page numbers, outline or print media. What
needs page numbers stamps them onto the finished PDF.
"""

from __future__ import annotations

import base64
import mimetypes
import re
import shutil
import subprocess

import pdfkit

import frappe
from frappe import _

_OPTIONS = {
    "page-size": "A4",
    **{f"margin-{side}": "15mm" for side in ("top", "bottom", "left", "right")},
    "encoding": "UTF-8",
    "disable-javascript": None,
    "disable-local-file-access": None,
}
_LOCAL_SOURCE = re.compile(r"""(<img\b[^>]*?\bsrc=["'])(/(?:private/)?files/[^"'?]+)[^"']*""", re.I)


def get_pdf(html: str) -> bytes:
    """PDF bytes of an HTML document.

    Raises ValidationError with what to install when wkhtmltopdf or a Chinese font is missing.
    """
    if not shutil.which("wkhtmltopdf"):
        frappe.throw(
            _(
                "PDF cannot be made: wkhtmltopdf is not installed. Install it with: apt-get install wkhtmltopdf"
            )
        )
    if not has_chinese_font():
        frappe.throw(
            _(
                "PDF cannot be made: no Chinese font is installed. Install one with: apt-get install fonts-noto-cjk"
            )
        )
    return pdfkit.from_string(inline_images(html), options=_OPTIONS, verbose=False)


def has_chinese_font() -> bool:
    try:
        listed = subprocess.run(
            ["fc-list", ":lang=zh", "family"], capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return bool(listed.stdout.strip())


def inline_images(html: str) -> str:
    """The site's files become part of the document: the converter has neither session nor server."""
    return _LOCAL_SOURCE.sub(_inlined, html)


def _inlined(match: re.Match[str]) -> str:
    """Only what the session's user may read."""
    for name in frappe.get_all("File", filters={"file_url": match[2]}, pluck="name"):
        file = frappe.get_doc("File", name)
        if file.has_permission("read"):
            kind = mimetypes.guess_type(match[2])[0] or "image/png"
            return f"{match[1]}data:{kind};base64,{base64.b64encode(file.get_content()).decode()}"
    return match[0]
