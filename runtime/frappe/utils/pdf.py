"""HTML to PDF by wkhtmltopdf, with Chinese type.

Debian's build is linked to an unpatched Qt: it has no headers, footers, page numbers, outline or print media. What
needs page numbers stamps them onto the finished PDF.
"""

from __future__ import annotations

import subprocess
from shutil import which
from typing import Any

import pdfkit

import frappe
from frappe import _

_OPTIONS = {
    "page-size": "A4",
    **{f"margin-{side}": "15mm" for side in ("top", "bottom", "left", "right")},
    "encoding": "UTF-8",
    "disable-javascript": None,
    "disable-local-file-access": None,
    # Nothing listens there: whatever address a page names, nobody on the network is asked for it.
    "proxy": "http://127.0.0.1:1",
}


class Converter(pdfkit.PDFKit):
    """wkhtmltopdf with the options given here and no others, on a page that brings everything along."""

    def _find_options_in_meta(self, content: str) -> dict[str, Any]:
        """A page does not choose options (`<meta name="pdfkit-…">`): among them is the reading of files."""
        return {}

    @staticmethod
    def handle_error(exit_code: int, stderr: str) -> None:
        """The PDF is there, without the pictures that the page wanted from elsewhere."""
        if not (exit_code == 1 and "network error" in stderr):
            pdfkit.PDFKit.handle_error(exit_code, stderr)


def get_pdf(html: str) -> bytes:
    """PDF bytes of an HTML document; its pictures are data URLs, as the converter has no session.

    Raises ValidationError with what to install when wkhtmltopdf or a Chinese font is missing.
    """
    for package, is_there in (("wkhtmltopdf", which("wkhtmltopdf")), ("fonts-noto-cjk", has_chinese_font())):
        if not is_there:
            frappe.throw(_("PDF cannot be made: {0} is missing. Run: apt-get install {0}").format(package))
    return Converter(html, "string", options=_OPTIONS).to_pdf(None)


def has_chinese_font() -> bool:
    try:
        listed = subprocess.run(
            ["fc-list", ":lang=zh", "family"], capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return bool(listed.stdout.strip())
