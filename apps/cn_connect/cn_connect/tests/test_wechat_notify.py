"""Notifications of WeChat Pay as they arrive over HTTP: what the answer is and what is kept."""

import json

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

import frappe
from cn_connect.api import wechat_pay
from cn_connect.china_time import china_now
from cn_connect.wechat import gateway

PAID = {
    "mchid": "1900000109",
    "out_trade_no": "T1",
    "transaction_id": "42",
    "trade_state": "SUCCESS",
    "success_time": "2026-11-20T09:29:58+08:00",
    "payer": {"openid": "o1"},
    "amount": {"total": 12850},
}
REFUNDED = {
    "mchid": "1900000109",
    "out_trade_no": "T1",
    "transaction_id": "42",
    "out_refund_no": "R1",
    "refund_id": "50",
    "refund_status": "SUCCESS",
    "amount": {"total": 12850, "refund": 850},
}
received: list = []


def take(told):
    received.append((told, frappe.session.user))
    frappe.get_doc({"doctype": "ToDo", "description": f"settled {told.out_trade_no}"}).insert()


def break_down(told):
    frappe.get_doc({"doctype": "ToDo", "description": "half done"}).insert()
    raise RuntimeError("no ledger today")


@pytest.fixture(autouse=True)
def prepared(site, contained):
    received.clear()
    site.cache.delete(site.cache.make_key("cn_connect:wechat_pay_refused"))
    yield
    gateway._made_client.cache_clear()


@pytest.fixture
def configured(pay_settings, settings_of):
    settings_of(wechat_pay=pay_settings())


@pytest.fixture
def post(site, wechat, configured):
    """Sends a body to an endpoint, signed now unless other headers are given; returns status and answer."""

    def send(method, body, headers=None):
        signed = wechat.headers(body, at=china_now()) if headers is None else headers
        builder = EnvironBuilder(path="/", method="POST", headers=signed, data=body)
        site.local.request = Request(builder.get_environ())
        site.set_user("Guest")
        try:
            answer = method()
        finally:
            site.local.request = None
            user = site.session.user
            site.set_user("Administrator")
        assert user == "Guest"
        return answer.status_code, json.loads(answer.get_data())

    return send


@pytest.fixture
def settle(hooks_of):
    hooks_of(wechat_pay_transaction=[take], wechat_pay_refund=[take])


def logged(site):
    return site.get_all("Error Log", pluck="method")


def test_a_payment_reaches_the_app_and_is_acknowledged(site, wechat, post, settle):
    status, answer = post(wechat_pay.notify, wechat.notification(PAID))

    assert (status, answer["code"]) == (200, "SUCCESS")
    told, user = received[0]
    assert (told.out_trade_no, str(told.amount)) == ("T1", "128.50")
    assert user == "Administrator"
    assert site.db.count("ToDo", {"description": "settled T1"}) == 1


def test_a_refund_reaches_the_app(wechat, post, settle):
    status, _answer = post(wechat_pay.refund_notify, wechat.notification(REFUNDED, "REFUND.SUCCESS"))

    assert status == 200
    assert (received[0][0].out_refund_no, str(received[0][0].amount)) == ("R1", "8.50")


def test_a_forged_notification_is_refused_and_logged(site, wechat, post, settle):
    body = wechat.notification(PAID)
    headers = wechat.headers(body, at=china_now())

    status, answer = post(wechat_pay.notify, body.replace(b"EV-", b"EX-"), headers)

    assert (status, answer["code"]) == (401, "FAIL")
    assert not received
    assert "WeChat Pay notification refused" in logged(site)


def test_an_unsigned_notification_is_refused(post, settle):
    assert post(wechat_pay.notify, b"{}", {})[0] == 401


def test_a_flood_of_forgeries_does_not_flood_the_log(site, post, settle):
    before = len(logged(site))

    for _each in range(30):
        assert post(wechat_pay.notify, b"{}", {})[0] == 401

    assert len(logged(site)) - before == 20


def test_an_app_that_fails_leaves_nothing_half_done_and_wechat_tries_again(site, wechat, post, hooks_of):
    hooks_of(wechat_pay_transaction=[take, break_down])

    status, answer = post(wechat_pay.notify, wechat.notification(PAID))

    assert (status, answer["code"]) == (500, "FAIL")
    assert not site.db.count("ToDo", {"description": ("in", ["settled T1", "half done"])})
    assert "wechat_pay_transaction failed" in logged(site)


def test_without_configuration_wechat_is_asked_to_try_again(site, post, settings_of):
    settings_of(wechat_pay=None)

    assert post(wechat_pay.notify, b"{}", {})[0] == 500


def test_several_merchant_numbers_are_told_apart(wechat, post, settle, settings_of, pay_settings):
    other = pay_settings(mchid="1900000200", apiv3_key="f" * 32)
    settings_of(wechat_pay=[other, pay_settings()])

    assert post(wechat_pay.notify, wechat.notification(PAID))[0] == 200


def test_a_client_is_found_by_its_merchant_number(site, configured):
    assert gateway.pay_client("1900000109") is gateway.pay_client()
    with pytest.raises(Exception, match="1900000999"):
        gateway.pay_client("1900000999")
