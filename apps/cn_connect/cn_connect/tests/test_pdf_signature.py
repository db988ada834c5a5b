"""A signed PDF verifies; one that was changed afterwards does not."""

import base64
import io

import pytest
from pypdf import PdfWriter

from cn_connect import pdf_signature
from cn_connect.errors import ConfigMissing
from cn_connect.tests.signatures import is_genuine, signature_of


@pytest.fixture
def stored(site, monkeypatch):
    """A site without a key; what it writes into its configuration."""
    written = {}
    monkeypatch.setattr(
        pdf_signature, "update_site_config", lambda key, value, **_: written.update({key: value})
    )
    monkeypatch.setattr(site, "get_site_config", lambda: written)
    monkeypatch.delitem(site.local.conf, "pdf_signing", raising=False)
    yield written
    site.local.conf.pop("pdf_signing", None)


@pytest.fixture
def pdf():
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    content = io.BytesIO()
    writer.write(content)
    return content.getvalue()


def test_a_signed_pdf_verifies_and_is_covered_as_a_whole(stored, pdf):
    assert is_genuine(pdf_signature.sign(pdf, "收据"))


def test_a_pdf_that_was_changed_does_not(stored, pdf):
    signed = pdf_signature.sign(pdf, "收据")
    changed = signed.replace(b"/MediaBox", b"/MediaBoy", 1)
    assert changed != signed
    assert not signature_of(changed).intact


def test_a_site_without_a_key_makes_one_and_keeps_it(site, stored, pdf):
    pdf_signature.sign(pdf, "收据")
    made = stored["pdf_signing"]
    # another process, whose configuration is of before
    site.local.conf.pop("pdf_signing")
    pdf_signature.sign(pdf, "收据")
    assert stored["pdf_signing"] is made


def test_the_office_s_certificate_is_used_when_it_is_configured(site, stored, pdf, tmp_path):
    pdf_signature.ensure_key()
    file = tmp_path / "office.p12"
    file.write_bytes(base64.b64decode(stored["pdf_signing"]["pkcs12"]))
    site.local.conf["pdf_signing"] = {"p12": str(file)}
    assert is_genuine(pdf_signature.sign(pdf, "收据"))


@pytest.mark.parametrize("content", [None, b"no bundle"])
def test_a_certificate_that_is_missing_or_none_is_named(site, stored, pdf, tmp_path, content):
    file = tmp_path / "office.p12"
    if content:
        file.write_bytes(content)
    site.local.conf["pdf_signing"] = {"p12": str(file)}
    with pytest.raises(ConfigMissing, match="pdf_signing"):
        pdf_signature.sign(pdf, "收据")
