"""HTML to PDF with wkhtmltopdf as Debian ships it (Qt without patches: no header, footer or page number switches).

So a document lays out its own pages: one `<div class="sheet">` per page, holding its own header, page number and
watermark. Lengths are written in rem: 1 rem is one centimetre on paper. The same HTML gives the same bytes, up to the
signature, which holds the time when it was made.
"""

from __future__ import annotations

import datetime as dt
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pdfkit
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cn_connect import pdf_glyphs, pdf_signature
from cn_connect.errors import ConnectError
from cn_connect.money import capital_rmb, format_yuan
from cn_connect.pdf_glyphs import RARE_FAMILIES

# Paper: (page size, orientation, width in cm, height in cm). The height is a hair below the paper's, because
# wkhtmltopdf starts another page for a sheet that is a fraction too high.
PAPERS = {
    "A4": ("A4", "Portrait", 21.0, 29.5),
    "A4 landscape": ("A4", "Landscape", 29.7, 20.8),
    "A5 landscape": ("A5", "Landscape", 21.0, 14.6),
}
FONT_FAMILIES = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei")
# Unpatched wkhtmltopdf prints CSS lengths at 0.768 of their size; this root font makes 1 rem a centimetre.
_ROOT_FONT = "13.0208333mm"


class PdfUnavailable(ConnectError):
    """Something on this machine that PDFs need is missing; the message says what to install."""

    error_code = "PDF_UNAVAILABLE"
    http_status_code = 503


def render_template(package: str, template: str, context: Mapping[str, Any]) -> str:
    """A template from the package's `templates` folder; every value is escaped unless it is Markup."""
    return str(_environment(package).get_template(template).render(**context))


def issue(html: str, paper: str, issued_at: dt.datetime, title: str) -> bytes:
    """The signed PDF of a document made of sheets: every PDF that leaves the system is finished here.

    Raises PdfUnavailable as `from_html` does, ConfigMissing when the signing key cannot be used.
    """
    return pdf_signature.sign(from_html(html, paper, issued_at, title), title)


def from_html(html: str, paper: str, issued_at: dt.datetime, title: str = "") -> bytes:
    """The PDF before it is signed. Raises PdfUnavailable when wkhtmltopdf or a Chinese font is missing."""
    from cn_connect.pdf_text import finished, page_count  # pypdf is large: only who makes a PDF loads it

    check_machine()
    families = (*FONT_FAMILIES, *RARE_FAMILIES)
    html = pdf_glyphs.marked(html, families)
    size, orientation, _width, _height = PAPERS[paper]
    options = {
        "page-size": size,
        "orientation": orientation,
        "encoding": "UTF-8",
        "quiet": "",
        # Documents carry their pictures inside; nothing is fetched from disk or network, no script runs.
        "disable-javascript": "",
        "disable-local-file-access": "",
        "disable-plugins": "",
        "disable-external-links": "",
    }
    options |= {f"margin-{side}": "0" for side in ("top", "right", "bottom", "left")}
    try:
        content = pdfkit.from_string(html, False, options=options, configuration=_configuration())
    except OSError as error:
        raise PdfUnavailable("The PDF could not be made: {0}", str(error)[:300]) from error
    sheets = len(re.findall(r'class="sheet[ "]', html))
    pages = page_count(content)
    if pages != sheets:
        raise PdfUnavailable(
            "This wkhtmltopdf lays out {0} pages instead of {1}; install the one of Debian.", pages, sheets
        )
    rare = pdf_glyphs.rare_characters(html)
    return finished(content, issued_at, title, rare, families)


def base_css(paper: str) -> Markup:
    """The style every document starts from: page size, fonts, sheets, watermark."""
    _size, _orientation, width, height = PAPERS[paper]
    fonts = ", ".join(f'"{name}"' for name in (*FONT_FAMILIES, *RARE_FAMILIES))
    return Markup(  # no value in it comes from outside
        f"""
html {{ font-size: {_ROOT_FONT}; }}
html, body {{ margin: 0; padding: 0; font-family: {fonts}; color: #1a1a1a; }}
body {{ font-size: .34rem; line-height: 1.45; }}
.sheet {{ position: relative; width: {width}rem; height: {height}rem; overflow: hidden;
  page-break-after: always; page-break-inside: avoid; }}
.sheet.last {{ page-break-after: auto; }}
.sheet-body {{ position: absolute; z-index: 2; }}
.watermark {{ position: absolute; z-index: 1; color: #efefef; white-space: nowrap; font-size: .62rem;
  -webkit-transform: rotate(-28deg); }}
table {{ border-collapse: collapse; }}
.num {{ text-align: right; white-space: nowrap; }}
"""
    )


def watermark(text: str, paper: str) -> Markup:
    """The text across the whole sheet, behind what is printed on it."""
    _size, _orientation, width, height = PAPERS[paper]
    marks = []
    top, line = 1.2, 0
    while top < height:
        for column in range(int(width // 9) + 1):
            left = column * 9 - (line % 2) * 4.5
            marks.append(
                Markup('<div class="watermark" style="left:{:.1f}rem;top:{:.1f}rem">{}</div>').format(
                    left, top, text
                )
            )
        top, line = top + 4.2, line + 1
    return Markup("").join(marks)


def paginate(rows: Sequence[Any], per_page: int) -> list[list[Any]]:
    """The rows in pages of equal room; at least one page."""
    return [list(rows[start : start + per_page]) for start in range(0, len(rows), per_page)] or [[]]


def check_machine() -> None:
    """Raises PdfUnavailable with what to install when wkhtmltopdf or a Chinese font is missing."""
    if not shutil.which("wkhtmltopdf"):
        raise PdfUnavailable(
            "PDFs need wkhtmltopdf, which is not installed: {0}", "apt-get install wkhtmltopdf"
        )
    if not _chinese_font_installed():
        raise PdfUnavailable(
            "PDFs need a Chinese font, none is installed: {0}", "apt-get install fonts-noto-cjk"
        )


@functools.lru_cache(maxsize=1)
def _chinese_font_installed() -> bool:
    listing = shutil.which("fc-list")
    if listing:
        found = subprocess.run(
            [listing, ":lang=zh-cn", "family"], capture_output=True, timeout=30, check=False
        )
        return bool(found.stdout.strip())
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
    names = re.compile(r"cjk|wqy|sourcehan|simsun|simhei|uming|ukai", re.IGNORECASE)
    return any(
        names.search(path.name) for folder in folders if folder.is_dir() for path in folder.rglob("*.tt*")
    )


def _configuration() -> Any:
    # Qt orders its hash tables at random unless told not to, and the order shows in the file.
    return pdfkit.configuration(environ={**os.environ, "QT_HASH_SEED": "0"})


@functools.lru_cache(maxsize=8)
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"yuan": format_yuan, "capital": capital_rmb}
    environment.globals |= {"base_css": base_css, "watermark": watermark}
    return environment
