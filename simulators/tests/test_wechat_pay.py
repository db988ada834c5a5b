"""The WeChat Pay stand-in judged by the gateway's own client library (wechatpayv3) and by the documentation."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from simulators.keys import Keys
from simulators.tests.clients import Client, control, post


def test_an_order_is_accepted_paid_and_found(client: Client, base_url: str) -> None:
    code, answer = client.order("cm2611150001")
    assert code == 200
    assert post(base_url, "/_payer/pay", pay_params=client.params(answer["prepay_id"])).status_code == 200
    code, text = client.pay.query(out_trade_no="cm2611150001")
    found = json.loads(text)
    assert (code, found["trade_state"], found["amount"]["total"]) == (200, "SUCCESS", 12850)


def test_a_foreign_key_is_refused(keys: Keys, other_keys: Keys, base_url: str) -> None:
    stranger = Client(keys, base_url, private_key=other_keys.merchant_private_key)
    code, answer = stranger.order("cm2611150002")
    assert (code, answer["code"]) == (401, "SIGN_ERROR")


def test_a_payer_cannot_confirm_what_the_customer_did_not_sign(client: Client, base_url: str) -> None:
    _, answer = client.order("cm2611150003")
    params = client.params(answer["prepay_id"]) | {"nonceStr": "changed"}
    refusal = post(base_url, "/_payer/pay", pay_params=params)
    assert (refusal.status_code, refusal.json()["code"]) == (400, "SIGN_ERROR")


def test_the_same_number_with_another_amount_is_refused(client: Client) -> None:
    client.order("cm2611150004", 100)
    code, answer = client.order("cm2611150004", 200)
    assert (code, answer["code"]) == (403, "OUT_TRADE_NO_USED")


def test_a_closed_order_cannot_be_paid(client: Client, base_url: str) -> None:
    _, answer = client.order("cm2611150005")
    code, _ = client.pay.close("cm2611150005")
    refusal = post(base_url, "/_payer/pay", pay_params=client.params(answer["prepay_id"]))
    assert (code, refusal.status_code, refusal.json()["code"]) == (204, 400, "ORDER_CLOSED")


def test_a_refund_never_exceeds_what_was_paid(client: Client, base_url: str) -> None:
    _, answer = client.order("cm2611150006", 500)
    post(base_url, "/_payer/pay", pay_params=client.params(answer["prepay_id"]))
    amount = {"refund": 300, "total": 500, "currency": "CNY"}
    first, _ = client.pay.refund("r-1", out_trade_no="cm2611150006", amount=amount)
    second, text = client.pay.refund("r-2", out_trade_no="cm2611150006", amount=amount)
    assert (first, second, json.loads(text)["code"]) == (200, 400, "INVALID_REQUEST")


def test_the_trade_bill_lists_the_day_and_the_charge(client: Client, base_url: str) -> None:
    _, answer = client.order("cm2611150007", 10000)
    params = client.params(answer["prepay_id"])
    post(base_url, "/_payer/pay", pay_params=params, at="2026-11-15T10:30:00")
    control(base_url, "clock", at="2026-11-16T09:00:00")
    code, text = client.pay.trade_bill(bill_date="2026-11-15")
    assert code == 200
    code, content = client.pay.download_bill(json.loads(text)["download_url"])
    bill = gzip.decompress(content).decode("utf-8-sig")
    assert "`cm2611150007" in bill
    assert "`0.38000,`0.38%" in bill


def test_a_day_without_business_has_no_bill(client: Client) -> None:
    code, text = client.pay.trade_bill(bill_date="2020-01-01")
    assert (code, json.loads(text)["code"]) == (400, "NO_STATEMENT_EXIST")


@pytest.fixture
def receiver() -> Any:
    """A customer's notify address: answers 500 to the first call and 200 to the next, keeping each."""
    calls: list[tuple[dict[str, str], str]] = []
    second: Future[None] = Future()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            calls.append((dict(self.headers), body))
            self.send_response(500 if len(calls) == 1 else 200)
            self.end_headers()
            if len(calls) == 2:
                second.set_result(None)

        def log_message(self, *arguments: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/notify", calls, second
    server.shutdown()


def test_a_notification_is_signed_sealed_and_repeated_until_acknowledged(
    client: Client, base_url: str, receiver: Any
) -> None:
    url, calls, second = receiver
    _, answer = client.order("cm2611150008", notify_url=url)
    post(base_url, "/_payer/pay", pay_params=client.params(answer["prepay_id"]))
    second.result(timeout=10)
    opened = client.pay.callback(*calls[1])
    assert opened["event_type"] == "TRANSACTION.SUCCESS"
    assert opened["resource"]["out_trade_no"] == "cm2611150008"
    assert calls[0][1] == calls[1][1]
