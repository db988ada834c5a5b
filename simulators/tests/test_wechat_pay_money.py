"""Refunds, bills and sub-merchants of the WeChat Pay stand-in, judged by wechatpayv3 and by the documentation."""

from __future__ import annotations

import gzip
import json
import secrets
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from simulators.keys import SUB_MCHIDS
from simulators.tests.clients import Client, control

MINE, OTHERS, _ = SUB_MCHIDS
PAID_AT, MORNING = "2026-11-05T10:00:00", "2026-11-06T10:00:00"


def number() -> str:
    return "cm" + secrets.token_hex(8)


def bill(client: Client, ask: Any, **arguments: Any) -> str:
    """A day's bill, downloaded and unpacked; or the code of the refusal."""
    code, text = ask(**arguments)
    said = json.loads(text)
    if code != 200:
        return str(said["code"])
    _, content = client.pay.download_bill(said["download_url"])
    return gzip.decompress(content).decode("utf-8-sig")


class TestRefunds:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"reason": "退" * 27}, "PARAM_ERROR"),  # 81 bytes
            ({"amount": {"refund": 100, "total": 500}}, "PARAM_ERROR"),  # no currency
            ({"amount": {"refund": 100, "total": 400, "currency": "CNY"}}, "PARAM_ERROR"),
            ({"amount": {"refund": 0, "total": 500, "currency": "CNY"}}, "PARAM_ERROR"),
        ],
    )
    def test_what_the_documentation_forbids_is_refused(
        self, client: Client, changes: dict[str, Any], code: str
    ) -> None:
        order = number()
        client.paid(order, 500, PAID_AT)
        status, answer = client.refund(number(), order, 100, 500, **changes)
        assert (status, answer["code"]) == (400, code)

    def test_a_payment_of_more_than_a_year_ago_is_not_refunded(self, client: Client) -> None:
        order = number()
        client.paid(order, 500, PAID_AT)
        control(client.base, "clock", at="2027-11-05T10:00:01")
        assert client.refund(number(), order, 100, 500)[1]["code"] == "INVALID_REQUEST"

    def test_an_answer_that_is_lost_is_given_again_under_the_same_number(self, client: Client) -> None:
        order, refund = number(), number()
        client.paid(order, 500, PAID_AT)
        control(client.base, "fault", target="wechat_pay.refund", mode="lose")
        with pytest.raises(requests.ConnectionError):
            client.refund(refund, order, 500, 500)
        status, answer = client.refund(refund, order, 500, 500)
        assert (status, answer["status"]) == (200, "PROCESSING")

    def test_an_abnormal_refund_can_still_succeed_a_closed_one_cannot(self, client: Client) -> None:
        order, refund = number(), number()
        client.paid(order, 500, PAID_AT)
        client.refund(refund, order, 500, 500)
        for status in ("ABNORMAL", "CLOSED"):
            control(client.base, "end_refund", out_refund_no=refund, status=status)
            assert json.loads(client.pay.query_refund(refund)[1])["status"] == status
        with pytest.raises(AssertionError, match="CLOSED"):
            control(client.base, "end_refund", out_refund_no=refund)


class TestBills:
    def test_a_refund_stands_in_the_bill_of_the_day_on_which_it_was_accepted(self, client: Client) -> None:
        order, refund = number(), number()
        client.paid(order, 500, PAID_AT)
        control(client.base, "clock", at="2026-11-07T23:59:00")
        client.refund(refund, order, 500, 500)
        control(client.base, "clock", at="2026-11-08T00:10:00")
        control(client.base, "end_refund", out_refund_no=refund)
        control(client.base, "clock", at="2026-11-09T10:00:00")
        assert refund in bill(client, client.pay.trade_bill, bill_date="2026-11-07")
        assert bill(client, client.pay.trade_bill, bill_date="2026-11-08") == "NO_STATEMENT_EXIST"

    def test_the_fund_bill_shows_what_comes_back_from_a_closed_refund(self, client: Client) -> None:
        order, refund = number(), number()
        client.paid(order, 50000, "2026-12-01T10:00:00")
        control(client.base, "clock", at="2026-12-01T12:00:00")
        client.refund(refund, order, 50000, 50000)
        control(client.base, "end_refund", out_refund_no=refund, status="CLOSED")
        control(client.base, "clock", at="2026-12-02T10:00:00")
        lines = bill(client, client.pay.fundflow_bill, bill_date="2026-12-01").splitlines()
        kinds = [line.split(",")[4] for line in lines if refund in line]
        assert kinds == ["`退款", "`退还交易手续费", "`退款关闭", "`扣除交易手续费"]
        assert lines[-1] == "`6,`3,`1001.90,`3,`503.80"

    @pytest.mark.parametrize(
        ("at", "code"),
        [("2026-11-06T08:59:00", "STATEMENT_CREATING"), ("2026-11-05T23:00:00", "PARAM_ERROR")],
    )
    def test_a_bill_is_made_from_nine_of_the_next_day_on(self, client: Client, at: str, code: str) -> None:
        client.paid(number(), 500, PAID_AT)
        control(client.base, "clock", at=at)
        assert bill(client, client.pay.trade_bill, bill_date="2026-11-05") == code


class TestSubMerchants:
    def test_an_order_of_one_is_unknown_under_another(self, provider: Client) -> None:
        order = number()
        provider.paid(order, 500, PAID_AT, MINE)
        code, text = provider.pay.query(out_trade_no=order, sub_mchid=MINE)
        found = json.loads(text)
        assert (code, found["trade_state"], found["sub_mchid"]) == (200, "SUCCESS", MINE)
        assert "mchid" not in found and found["payer"] == {"sp_openid": "openid-1"}
        for refused in (
            provider.pay.query(out_trade_no=order, sub_mchid=OTHERS),
            provider.pay.close(order, sub_mchid=OTHERS),
        ):
            assert (refused[0], json.loads(refused[1])["code"]) == (404, "ORDER_NOT_EXIST")
        status, answer = provider.refund(number(), order, 500, 500, sub_mchid=OTHERS)
        assert (status, answer["code"]) == (404, "RESOURCE_NOT_EXISTS")

    def test_a_stranger_s_number_is_refused(self, provider: Client) -> None:
        status, answer = provider.order(number(), sub_mchid="1900000999")
        assert (status, answer["code"]) == (403, "NO_AUTH")

    def test_a_provider_that_names_nobody_is_refused(self, provider: Client) -> None:
        order = number()
        provider.paid(order, 500, PAID_AT, MINE)
        code, text = provider.pay._core.request(
            f"/v3/pay/partner/transactions/out-trade-no/{order}?sp_mchid={provider.pay._mchid}"
        )
        assert (code, json.loads(text)["code"]) == (400, "PARAM_ERROR")

    def test_a_direct_merchant_has_no_sub_merchants(self, client: Client) -> None:
        client.pay._partner_mode = True
        status, answer = client.order(number(), sub_mchid=MINE)
        assert (status, answer["code"]) == (403, "NO_AUTH")

    def test_each_has_a_trade_bill_and_the_provider_one_of_all(self, provider: Client) -> None:
        mine, other = number(), number()
        provider.paid(mine, 500, PAID_AT, MINE)
        provider.paid(other, 700, PAID_AT, OTHERS)
        control(provider.base, "clock", at=MORNING)
        ask = provider.pay.trade_bill
        one = bill(provider, ask, bill_date="2026-11-05", sub_mchid=MINE)
        everything = bill(provider, ask, bill_date="2026-11-05")
        assert mine in one and other not in one
        assert mine in everything and other in everything
        assert bill(provider, provider.pay.fundflow_bill, bill_date="2026-11-05") == "NO_STATEMENT_EXIST"

    def test_the_fund_bill_of_one_opens_with_the_provider_s_key_only(self, provider: Client) -> None:
        order = number()
        provider.paid(order, 500, PAID_AT, MINE)
        control(provider.base, "clock", at=MORNING)
        code, text = provider.pay.submch_fundflow_bill(MINE, "2026-11-05", "BASIC", tar_type="GZIP")
        assert code == 200
        (part,) = json.loads(text)["download_bill_list"]
        _, ciphertext = provider.pay.download_bill(part["download_url"])
        key = provider.pay.decrypt(part["encrypt_key"]).encode()
        content = gzip.decompress(AESGCM(key).decrypt(part["nonce"].encode(), ciphertext, b""))
        assert order in content.decode()
