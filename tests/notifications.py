"""WeChat Pay notifications written by hand: right ones that the simulator would not send, and forged ones."""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from simulators.keys import Keys
from simulators.wechat_pay.signing import Signer, seal
from tests.live import LiveSite


@dataclass(frozen=True)
class Notification:
    """A body and its signature headers, as they would be posted."""

    body: str
    headers: dict[str, str] = field(repr=False)

    def with_body(self, body: str) -> Notification:
        """Another body under the same signature."""
        return replace(self, body=body)

    def with_headers(self, **headers: str | None) -> Notification:
        """`Wechatpay_Serial="…"` replaces a header, None leaves it out."""
        changed = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return replace(self, headers={name: value for name, value in changed.items() if value is not None})

    def signed_again(self, key: rsa.RSAPrivateKey, timestamp: int | None = None) -> Notification:
        """The same body signed by another key or at another time, under the serial of the right one."""
        at = str(timestamp or int(time.time()))
        message = f"{at}\n{self.headers['Wechatpay-Nonce']}\n{self.body}\n".encode()
        signature = base64.b64encode(key.sign(message, padding.PKCS1v15(), SHA256())).decode()
        return self.with_headers(Wechatpay_Timestamp=at, Wechatpay_Signature=signature)

    def post(self, site: LiveSite, method: str = "notify") -> requests.Response:
        return requests.post(
            f"{site.base}/api/method/cn_connect.api.wechat_pay.{method}",
            data=self.body.encode(),
            headers={**self.headers, "Content-Type": "application/json"},
            timeout=30,
        )


def paid(keys: Keys, order: str, amount: str, at: datetime, **changes: Any) -> Notification:
    """WeChat's word that an order was paid, signed and sealed by the platform's own keys."""
    resource = {
        "mchid": keys.mchid,
        "appid": keys.appid,
        "out_trade_no": order,
        "transaction_id": f"42000{secrets.randbelow(10**20):020d}",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "success_time": f"{at:%Y-%m-%dT%H:%M:%S}+08:00",
        "payer": {"openid": "o-payer"},
        "amount": {"total": int(Decimal(amount) * 100), "currency": "CNY"},
    }
    return _told(keys, "TRANSACTION.SUCCESS", "transaction", resource | changes)


def refunded(keys: Keys, refund: str, order: str, amount: str, **changes: Any) -> Notification:
    """WeChat's word that a refund of `amount` yuan has reached the payer."""
    fen = int(Decimal(amount) * 100)
    resource = {
        "mchid": keys.mchid,
        "out_trade_no": order,
        "transaction_id": "42000",
        "out_refund_no": refund,
        "refund_id": "50300",
        "refund_status": "SUCCESS",
        "user_received_account": "支付用户零钱",
        "amount": {"total": fen, "refund": fen, "payer_total": fen, "payer_refund": fen},
    }
    return _told(keys, "REFUND.SUCCESS", "refund", resource | changes)


def _told(keys: Keys, event: str, kind: str, resource: dict[str, Any]) -> Notification:
    body = json.dumps(
        {
            "id": secrets.token_hex(16),
            "event_type": event,
            "resource_type": "encrypt-resource",
            "resource": {"original_type": kind, **seal(keys.apiv3_key, json.dumps(resource), kind)},
        }
    )
    signer = Signer(keys.platform_public_key_id, keys.platform_public)
    return Notification(body, signer.headers(body))
