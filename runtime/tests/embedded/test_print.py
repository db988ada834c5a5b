"""PDFs: Chinese text, pictures, and what is said when something is missing."""

from __future__ import annotations

import http.server
import io
import threading
import unicodedata
from typing import Any, ClassVar

import pytest
from pypdf import PdfReader

from frappe.utils import pdf


def text_of(content: bytes) -> str:
    """Some glyphs come back as radicals (⼦ for 子): the same character in compatibility form."""
    return unicodedata.normalize(
        "NFKC", "".join(p.extract_text() for p in PdfReader(io.BytesIO(content)).pages)
    )


def test_chinese_text_is_in_the_pdf(site: str) -> None:
    content = pdf.get_pdf("<p>菜篮子市场 收据 ￥128.50</p>")
    assert content.startswith(b"%PDF")
    assert "菜篮子市场" in text_of(content)


def test_a_missing_program_is_said(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import frappe

    monkeypatch.setattr(pdf, "which", lambda name: None)
    with pytest.raises(frappe.ValidationError, match="wkhtmltopdf"):
        pdf.get_pdf("<p>x</p>")


def test_a_missing_font_is_said(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import frappe

    monkeypatch.setattr(pdf, "has_chinese_font", lambda: False)
    with pytest.raises(frappe.ValidationError, match="fonts-noto-cjk"):
        pdf.get_pdf("<p>x</p>")


@pytest.fixture
def print_format(site: str) -> Any:
    import frappe

    return frappe.get_doc(
        doctype="Print Format",
        name="RT Role Sheet",
        doc_type="Role",
        custom_format=1,
        print_format_type="Jinja",
        standard="No",
        html="<h1>{{ doc.role_name | e }}</h1><p>{{ _('Role') }}</p>",
        css="h1 { color: red }",
    ).insert()


def test_a_print_format(print_format: Any) -> None:
    import frappe

    html = frappe.get_print("Role", "Guest", print_format.name)
    assert "<h1>Guest</h1>" in html
    assert "h1 { color: red }" in html
    assert frappe.get_print("Role", "Guest", print_format.name, as_pdf=True).startswith(b"%PDF")


def test_printing_needs_permission(print_format: Any) -> None:
    import frappe

    frappe.set_user("Guest")
    with pytest.raises(frappe.PermissionError):
        frappe.get_print("Role", "Guest", print_format.name)


@pytest.mark.parametrize("name", ["session.sid", "session.data", "request.environ", "request.headers"])
def test_a_template_does_not_reach_sessions_and_the_process(site: str, name: str) -> None:
    import frappe

    assert "no such element" in frappe.render_template("{{ frappe." + name + " }}")


@pytest.mark.parametrize("table", ["Sessions", "__Auth", "Singles"])
def test_a_template_reads_doctypes_and_no_other_table(site: str, table: str) -> None:
    import frappe

    template = "{{ frappe.db.get_value('" + table + "', {'name': ('!=', '')}, 'name') }}"
    with pytest.raises(frappe.DoesNotExistError):
        frappe.render_template(template)


class Neighbour(http.server.BaseHTTPRequestHandler):
    """A server in the network that notes who asks."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404)
        self.end_headers()


def test_a_pdf_asks_nobody_on_the_network(site: str) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neighbour) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        page = f"<link rel=stylesheet href='{address}/a.css'><img src='{address}/b.png'><p>正文</p>"
        content = pdf.get_pdf(f"{page}<iframe src='{address}/c'></iframe>")
        server.shutdown()
    assert Neighbour.asked == []
    assert "正文" in text_of(content)


def test_a_page_does_not_choose_options_of_the_converter(site: str) -> None:
    content = pdf.get_pdf("<meta name='pdfkit-orientation' content='Landscape'><p>x</p>")
    box = PdfReader(io.BytesIO(content)).pages[0].mediabox
    assert box.height > box.width
