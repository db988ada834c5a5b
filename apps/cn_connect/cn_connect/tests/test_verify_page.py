"""The public page that tells whether a receipt or report is genuine."""

from datetime import datetime

import pytest

from cn_connect import sealed
from cn_connect.www import verify

ISSUED = datetime(2026, 11, 11, 10, 30)


@pytest.fixture
def page(site):
    """The page's context for a code as a guest; `page.html(code)` is the page itself."""

    class Page:
        def __call__(self, code: str | None = None):
            site.set_user("Guest")
            site.local.form_dict = site._dict({} if code is None else {"code": code})
            context = site._dict()
            verify.get_context(context)
            return context

        def html(self, code: str | None = None) -> str:
            return site.render_template("www/verify.html", self(code))

    return Page()


@pytest.fixture
def seal(site):
    content = {"number": "JJ-2026-000001", "amount": "128.50"}
    return sealed.issue("Receipt", "JJ-2026-000001", "收据 JJ-2026-000001，128.50 元", ISSUED, content)


def test_without_a_code_it_asks_for_one(page):
    assert page().state == "ask"
    assert "单据有效" not in page.html() and "核验一份单据" in page.html()


def test_a_genuine_document(page, seal):
    shown = page(seal.code)

    assert shown.state == "valid"
    assert (shown.reference, shown.issued_at) == ("JJ-2026-000001", "2026-11-11 10:30")
    assert " ".join(shown.printed_hash) == seal.short_hash
    assert "单据有效" in page.html(seal.code) and seal.content_hash in page.html(seal.code)


def test_a_void_document(page, seal):
    sealed.revoke(seal.code)

    assert page(seal.code).state == "void"
    assert "单据已作废" in page.html(seal.code) and "单据有效" not in page.html(seal.code)


def test_an_unknown_code(page, seal):
    unknown = "0" * 32

    assert page(unknown).state == "unknown"
    assert "没有这个验证码" in page.html(unknown)


def test_a_code_copied_with_spaces_and_capitals_is_found(page, seal):
    spaced = " ".join((seal.code[:16], seal.code[16:])).upper()

    assert page(f" {spaced} ").state == "valid"


@pytest.mark.parametrize("code", ["<script>alert(1)</script>", "%", "' or 1=1 --", "x" * 5000])
def test_what_was_typed_is_shown_harmlessly(page, code):
    html = page.html(code)

    assert "没有这个验证码" in html
    assert "<script" not in html and "x" * 100 not in html


def test_the_qr_code_of_a_document_leads_here(page, seal):
    path, _question, query = seal.url.partition("?")

    assert path.endswith("/verify") and query == f"code={seal.code}"
