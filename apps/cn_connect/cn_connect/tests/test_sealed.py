"""Sealed documents: one code per document and time, verifiable by anybody, void for good."""

import datetime as dt
from decimal import Decimal

import pytest

from cn_connect import sealed

ISSUED_AT = dt.datetime(2026, 11, 15, 10, 3, 7, 123456)
CONTENT = {"amount": Decimal("5.00"), "day": dt.date(2026, 11, 15), "lines": [["租金", Decimal("5.00")]]}


def issued(content=CONTENT, at=ISSUED_AT, **values):
    return sealed.issue("Receipt", "T-2026-000001", "收据 T-2026-000001", at, content, **values)


def test_a_code_is_32_hex_digits_and_leads_to_the_document(site):
    seal = issued()
    found = sealed.verify(seal.code)
    assert len(seal.code) == 32 and seal.code == seal.code.lower()
    assert seal.url.endswith(f"/verify?code={seal.code}")
    assert (found["title"], found["content_hash"], found["void"]) == (
        "收据 T-2026-000001",
        seal.content_hash,
        False,
    )


def test_the_same_document_keeps_its_code(site):
    assert issued().code == issued().code


def test_another_content_or_time_is_another_document(site):
    codes = {
        issued().code,
        issued({**CONTENT, "amount": Decimal("6.00")}).code,
        issued(at=dt.datetime(2026, 11, 16)).code,
    }
    assert len(codes) == 3


def test_a_code_given_beforehand_is_kept(site):
    seal = issued(code="ab" * 16)
    assert seal.code == "ab" * 16
    assert issued(code="ab" * 16).code == seal.code


def test_the_hash_depends_on_the_content_and_not_on_its_order(site):
    assert sealed.content_hash({"a": 1, "b": Decimal("2.50")}) == sealed.content_hash(
        {"b": Decimal("2.50"), "a": 1}
    )
    assert sealed.content_hash({"a": Decimal("2.50")}) != sealed.content_hash({"a": Decimal("2.51")})


def test_a_revoked_document_is_void_and_stays_so(site):
    seal = issued()
    sealed.revoke(seal.code)
    assert sealed.verify(seal.code)["void"] is True
    document = site.get_doc("Sealed Document", seal.code)
    document.void = 0
    with pytest.raises(site.ValidationError):
        document.save(ignore_permissions=True)


def test_it_can_be_neither_changed_nor_deleted(site):
    document = site.get_doc("Sealed Document", issued().code)
    document.content_hash = "0" * 64
    with pytest.raises(site.ValidationError):
        document.save(ignore_permissions=True)
    with pytest.raises(site.ValidationError):
        site.delete_doc("Sealed Document", document.name)


@pytest.mark.parametrize("code", ["", "ab" * 15, "zz" * 16, "AB" * 16, "ab" * 16])
def test_an_unknown_code_verifies_nothing(site, code):
    assert sealed.verify(code) is None


def test_the_qr_code_is_a_picture_without_outside_parts(site):
    picture = issued().qr
    assert picture.startswith("<svg") and "<path" in picture and "href" not in picture
