"""The check of answers against their declared type, which all tests of the API run under, does notice."""

import pytest

from market_mgmt.api import public


def test_a_field_that_is_not_declared_is_noticed(site, monkeypatch):
    monkeypatch.setattr("cn_connect.sealed.verify", lambda code: {"void": False, "secret": "x"})

    with pytest.raises(AssertionError, match="verify_document"):
        public.verify_document(code="0" * 32)


def test_an_unknown_document_answers_only_that(site):
    assert public.verify_document(code="0" * 32) == {"valid": False}
