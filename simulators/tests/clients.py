"""The gateway's own client library (wechatpayv3), pointed at the simulator: as a merchant, or as a service provider."""

from __future__ import annotations

import json
from typing import Any

import requests
from wechatpayv3 import WeChatPay, WeChatPayType

from simulators.keys import Keys


class Client:
    """wechatpayv3 pointed at the simulator; `provider` is the service provider, who names a sub-merchant."""

    def __init__(self, keys: Keys, base: str, private_key: str | None = None, provider: bool = False) -> None:
        account = keys.pay_account(base, provider)
        self.base = base
        self.pay = WeChatPay(
            wechatpay_type=WeChatPayType.JSAPI,
            mchid=account["mchid"],
            private_key=(private_key or account["private_key"]).split("-----")[2].replace("\n", ""),
            cert_serial_no=account["serial_no"],
            apiv3_key=account["apiv3_key"],
            appid=account["appid"],
            notify_url="http://127.0.0.1:9/notify",
            public_key=account["public_key"],
            public_key_id=account["public_key_id"],
            partner_mode=provider,
        )
        self.pay._core._gate_way = base

    def order(
        self, number: str, fen: int = 12850, notify_url: str | None = None, sub_mchid: str | None = None
    ) -> tuple[int, Any]:
        code, text = self.pay.pay(
            description="2026年10月 A01 摊位费",
            out_trade_no=number,
            amount={"total": fen},
            payer={"sp_openid" if sub_mchid else "openid": "openid-1"},
            notify_url=notify_url,
            sub_mchid=sub_mchid,
        )
        return code, json.loads(text)

    def params(self, prepay_id: str) -> dict[str, str]:
        values = [self.pay._appid, "1700000000", "nonce", f"prepay_id={prepay_id}"]
        names = ("appId", "timeStamp", "nonceStr", "package")
        return {**dict(zip(names, values, strict=True)), "paySign": self.pay.sign(values)}

    def paid(self, number: str, fen: int, at: str, sub_mchid: str | None = None) -> None:
        """An order that its payer has confirmed at `at` (ISO 8601, China's time)."""
        _, answer = self.order(number, fen, sub_mchid=sub_mchid)
        params = self.params(answer["prepay_id"])
        assert post(self.base, "/_payer/pay", pay_params=params, at=at).status_code == 200

    def refund(self, number: str, order: str, fen: int, total: int, **changes: Any) -> tuple[int, Any]:
        amount = {"refund": fen, "total": total, "currency": "CNY"}
        code, text = self.pay.refund(number, out_trade_no=order, **{"amount": amount, **changes})
        return code, json.loads(text)


def post(base: str, path: str, **body: Any) -> requests.Response:
    return requests.post(base + path, json=body, timeout=5)


def control(base: str, action: str, **arguments: Any) -> Any:
    answer = post(base, f"/_control/{action}", **arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()
