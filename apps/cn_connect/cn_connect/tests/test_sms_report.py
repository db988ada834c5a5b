"""Delivery reports of SMS: only with the token, each noted once."""

import json

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from cn_connect import outbox
from cn_connect.api import sms as sms_api


@pytest.fixture
def noted(monkeypatch):
    reports = []
    monkeypatch.setattr(outbox, "record_report", lambda *args: reports.append((args[0], args[1], args[3])))
    return reports


@pytest.fixture
def post(site, settings_of):
    settings_of(tencent_sms={"report_token": "t0ken"})

    def send(body, token="t0ken"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        builder = EnvironBuilder(path=f"/?token={token}", method="POST", data=data)
        site.local.request = Request(builder.get_environ())
        try:
            return sms_api.report().status_code
        finally:
            site.local.request = None

    return send


def entry(sid="5000:1", status="SUCCESS", **more):
    return {"mobile": "13812345678", "nationcode": "86", "report_status": status, "sid": sid, **more}


def test_reports_are_noted(post, noted):
    failed = entry("5000:2", "FAIL", errmsg="MK:0008", description="停机")

    assert post([entry(), failed]) == 200
    assert noted == [("5000:1", True, None), ("5000:2", False, "MK:0008 停机")]


@pytest.mark.parametrize("token", ["", "other", "%E4%BB%A4"])
def test_without_the_token_nothing_is_noted(post, noted, token):
    assert post([entry()], token) == 401
    assert not noted


def test_without_a_configured_token_nothing_is_accepted(post, noted, settings_of):
    settings_of(tencent_sms={"report_token": ""})

    assert post([entry()], "") == 401


@pytest.mark.parametrize("body", [b"", b"{}x", b"[1]", b'[{"sid": "1"}]'])
def test_a_malformed_report_is_refused(post, noted, body):
    assert post(body) == 400
    assert not noted
