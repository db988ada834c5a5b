"""A signed PDF verifies; one that was changed afterwards does not."""

import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfWriter

from cn_connect import pdf_signature
from cn_connect.errors import ConfigMissing


@pytest.fixture
def key(site, tmp_path, monkeypatch):
    """The site's configuration without a key, its private folder in a temporary place."""
    monkeypatch.setattr(pdf_signature, "update_site_config", lambda *_args, **_kwargs: None)
    monkeypatch.setattr(site, "get_site_path", lambda *parts: str(tmp_path.joinpath(*parts)))
    monkeypatch.delitem(site.local.conf, "pdf_signing", raising=False)
    (tmp_path / "private").mkdir()
    yield tmp_path / "private" / "keys" / "pdf_signing.p12"
    site.local.conf.pop("pdf_signing", None)


@pytest.fixture
def pdf():
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    content = io.BytesIO()
    writer.write(content)
    return content.getvalue()


def status(content):
    signature = PdfFileReader(io.BytesIO(content)).embedded_signatures[0]
    certificate = signature.signer_cert
    return validate_pdf_signature(signature, ValidationContext(trust_roots=[certificate]))


def test_a_signed_pdf_verifies_and_is_covered_as_a_whole(key, pdf):
    found = status(pdf_signature.sign(pdf, "收据"))
    assert (found.intact, found.valid, found.coverage.name) == (True, True, "ENTIRE_FILE")


def test_a_pdf_that_was_changed_does_not(key, pdf):
    signed = pdf_signature.sign(pdf, "收据")
    changed = signed.replace(b"/MediaBox", b"/MediaBoy", 1)
    assert changed != signed
    assert not status(changed).intact


def test_the_site_makes_one_key_and_keeps_it_to_itself(site, key, pdf):
    pdf_signature.sign(pdf, "收据")
    made = key.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    pdf_signature.sign(pdf, "收据")
    assert key.read_bytes() == made


def test_a_configured_key_that_is_not_there_is_named(site, key, pdf):
    site.local.conf["pdf_signing"] = {"p12": "/nowhere/office.p12"}
    with pytest.raises(ConfigMissing, match=r"office\.p12"):
        pdf_signature.sign(pdf, "收据")
