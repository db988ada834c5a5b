"""WeChat Pay v3 for one account: orders, queries, refunds, bills, notifications, as plain values.

The client is built on wechatpayv3 with an own transport (see there). Raises GatewayRefused, GatewayUnavailable or
SignatureInvalid.
"""

import gzip
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import requests
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from wechatpayv3 import WeChatPay, WeChatPayType

from cn_connect.china_time import aware, china_now, epoch
from cn_connect.errors import ConfigMissing, GatewayRefused, GatewayUnavailable, SignatureInvalid
from cn_connect.money import fen
from cn_connect.wechat.pay_account import DEFAULT_BASE, PayAccount
from cn_connect.wechat.pay_messages import Notification, Refund, Transaction, refund, transaction
from cn_connect.wechat.signature import CertificateStore, decrypt_resource
from cn_connect.wechat.transport import Transport

NOTIFY_PATH = "/api/method/cn_connect.api.wechat_pay.notify"
REFUND_NOTIFY_PATH = "/api/method/cn_connect.api.wechat_pay.refund_notify"
_UNKNOWN_ORDER = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"}
_NO_BILL = "NO_STATEMENT_EXIST"
# "不可超过80个字节长度": of the reason that the payer reads, in UTF-8.
_REASON_BYTES = 80


class PayClient(WeChatPay):
    """WeChat Pay for one account; `sub_mchid` names the payee if it is a service provider, and nobody else has one."""

    def __init__(
        self,
        account: PayAccount,
        store: CertificateStore | None = None,
        session: requests.Session | None = None,
        clock: Callable[[], datetime] = china_now,
    ) -> None:
        # In place of WeChatPay.__init__, which would build its own transport; these are what its methods read.
        self.account = account
        self._type = WeChatPayType.JSAPI
        self._mchid = account.mchid
        self._appid = account.appid
        self._notify_url = account.notify_base + NOTIFY_PATH
        self._partner_mode = account.partner_mode
        self._core = Transport(account, store, session, clock)

    def check_payee(self, sub_mchid: str | None) -> None:
        """Raises ConfigMissing for a service provider without sub-merchant, or a direct merchant with one."""
        if self._partner_mode and not sub_mchid:
            raise ConfigMissing(
                "Merchant number {0} is a service provider: the market needs the number of its sub-merchant.",
                self._mchid,
            )
        if sub_mchid and not self._partner_mode:
            raise ConfigMissing(
                "Merchant number {0} is no service provider, but the market names sub-merchant {1}.",
                self._mchid,
                sub_mchid,
            )

    def create_jsapi_order(
        self,
        out_trade_no: str,
        description: str,
        amount: Decimal,
        openid: str,
        expires_at: datetime,
        attach: str | None = None,
        sub_mchid: str | None = None,
    ) -> str:
        """Places an order of `amount` yuan and returns its prepay_id. The same number and content may be sent again."""
        _status, body = self.pay(
            description=description[:127],
            out_trade_no=out_trade_no,
            amount={"total": fen(amount), "currency": "CNY"},
            payer={self._openid_field: openid},
            sub_appid=self.account.sub_appid,
            time_expire=aware(expires_at).isoformat(timespec="seconds"),
            attach=attach,
            sub_mchid=self._payee(sub_mchid),
        )
        return str(_decoded(body)["prepay_id"])

    def pay_params(self, prepay_id: str, now: datetime) -> dict[str, str]:
        """What `wx.requestPayment` takes, signed with the merchant's key."""
        timestamp, nonce, package = str(epoch(now)), secrets.token_hex(16), f"prepay_id={prepay_id}"
        appid = self.account.sub_appid or self._appid
        return {
            "appId": appid,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self.sign([appid, timestamp, nonce, package]),
        }

    def query_order(self, out_trade_no: str, sub_mchid: str | None = None) -> Transaction | None:
        """The state of an order at WeChat; None if WeChat does not know it."""
        try:
            _status, body = self.query(out_trade_no=out_trade_no, sub_mchid=self._payee(sub_mchid))
        except GatewayRefused as refused:
            if refused.code in _UNKNOWN_ORDER:
                return None
            raise
        return transaction(_decoded(body))

    def close_order(self, out_trade_no: str, sub_mchid: str | None = None) -> None:
        """Closes an order, after which nobody can pay it. One that is closed or unknown is fine.

        Raises GatewayRefused with code ORDERPAID if somebody was faster.
        """
        try:
            self.close(out_trade_no=out_trade_no, sub_mchid=self._payee(sub_mchid))
        except GatewayRefused as refused:
            if refused.code not in _UNKNOWN_ORDER | {"ORDER_CLOSED", "ORDERCLOSED"}:
                raise

    def create_refund(
        self,
        out_refund_no: str,
        out_trade_no: str,
        amount: Decimal,
        total: Decimal,
        reason: str | None = None,
        sub_mchid: str | None = None,
    ) -> Refund:
        """Asks for a refund; it is not done until its status is SUCCESS. Safe to repeat with the same number."""
        _status, body = self.refund(
            out_refund_no=out_refund_no,
            amount={"refund": fen(amount), "total": fen(total), "currency": "CNY"},
            out_trade_no=out_trade_no,
            reason=reason.encode()[:_REASON_BYTES].decode(errors="ignore") if reason else None,
            notify_url=self.account.notify_base + REFUND_NOTIFY_PATH,
            sub_mchid=self._payee(sub_mchid),
        )
        return refund(_decoded(body))

    def query_refund_state(self, out_refund_no: str, sub_mchid: str | None = None) -> Refund | None:
        """The state of a refund; None if WeChat does not know it."""
        try:
            _status, body = self.query_refund(out_refund_no, sub_mchid=self._payee(sub_mchid))
        except GatewayRefused as refused:
            if refused.code in _UNKNOWN_ORDER:
                return None
            raise
        return refund(_decoded(body))

    def download_trade_bill(self, day: date, sub_mchid: str | None = None) -> bytes:
        """The trade bill of a day (CSV, UTF-8); empty when there is none. Available after 10:00 of the next day."""
        said = self._bill(lambda: self.trade_bill(day.isoformat(), sub_mchid=self._payee(sub_mchid)))
        return self._file(said) if said else b""

    def download_fund_bill(self, day: date, sub_mchid: str | None = None) -> bytes:
        """The fund bill of a day (CSV, UTF-8); empty when there is none.

        Of a sub-merchant: raises GatewayRefused with NO_AUTH unless WeChat has granted the provider to see it.
        """
        payee = self._payee(sub_mchid)
        if payee is None:
            said = self._bill(lambda: self.fundflow_bill(day.isoformat()))
            return self._file(said) if said else b""
        said = self._bill(lambda: self.submch_fundflow_bill(payee, day.isoformat(), "BASIC", tar_type="GZIP"))
        parts = sorted(
            (said or {}).get("download_bill_list", ()), key=lambda part: int(part["bill_sequence"])
        )
        return b"".join(self._file(part) for part in parts)

    def parse_notification(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notification:
        """Verifies and opens a notification. Raises SignatureInvalid unless it is WeChat's, recent and readable."""
        self._core.verifier.verify(headers, body, now)
        try:
            envelope = json.loads(body)
            resource = json.loads(decrypt_resource(envelope["resource"], self.account.apiv3_key))
            return Notification(str(envelope["id"]), str(envelope["event_type"]), resource)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SignatureInvalid("The notification is malformed.") from error

    @property
    def _openid_field(self) -> str:
        if not self._partner_mode:
            return "openid"
        return "sub_openid" if self.account.sub_appid else "sp_openid"

    def _payee(self, sub_mchid: str | None) -> str | None:
        self.check_payee(sub_mchid)
        return sub_mchid or None

    def _bill(self, ask: Callable[[], tuple[int, bytes]]) -> dict[str, Any] | None:
        """Where a bill lies; None if there is none."""
        try:
            return _decoded(ask()[1])
        except GatewayRefused as refused:
            if refused.code == _NO_BILL:
                return None
            if refused.code == "STATEMENT_CREATING":
                raise GatewayUnavailable("The bill is not ready yet.") from refused
            raise

    def _file(self, link: dict[str, Any]) -> bytes:
        """What a link leads to, opened, unpacked and checked."""
        _status, content = self.download_bill(_path_of(link["download_url"], self.account.base_url))
        if link.get("encrypt_key"):
            content = self._opened(content, link)
        try:
            plain = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise GatewayUnavailable("The bill could not be unpacked.") from error
        # The signed answer vouches for the digest, the digest for the unsigned file.
        if hashlib.sha1(plain, usedforsecurity=False).hexdigest() != str(link["hash_value"]).lower():
            raise SignatureInvalid("The bill does not have the digest that WeChat Pay announced.")
        return plain

    def _opened(self, content: bytes, link: dict[str, Any]) -> bytes:
        """A sub-merchant's bill: sealed with AES-256-GCM by a key that our API certificate's private key opens."""
        try:
            key = self.decrypt(link["encrypt_key"]).encode()
            return AESGCM(key).decrypt(str(link["nonce"]).encode(), content, b"")
        except (ValueError, InvalidTag) as error:
            raise SignatureInvalid("The bill cannot be opened with private_key.") from error


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as error:
        raise GatewayUnavailable("WeChat Pay gave an unreadable answer.") from error
    if not isinstance(said, dict):
        raise GatewayUnavailable("WeChat Pay gave an unreadable answer.")
    return said


def _path_of(url: str, base_url: str) -> str:
    """The path of a download link; a link to anywhere but WeChat Pay's address is not followed."""
    for base in (base_url, DEFAULT_BASE):
        if url.startswith(base + "/"):
            return url[len(base) :]
    raise SignatureInvalid("The download link leads elsewhere.")
