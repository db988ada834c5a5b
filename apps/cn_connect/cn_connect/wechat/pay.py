"""WeChat Pay v3 for one account: orders, queries, refunds, bills, notifications, as plain values.

Amounts are Decimal yuan here and fen on the wire; times are naive China time. The client is built on wechatpayv3
with an own transport (see there). Raises GatewayRefused, GatewayUnavailable or SignatureInvalid.
"""

import gzip
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import requests
from wechatpayv3 import WeChatPay, WeChatPayType

from cn_connect.china_time import aware, china_now, epoch, parse_iso
from cn_connect.errors import ConfigMissing, GatewayRefused, GatewayUnavailable, SignatureInvalid
from cn_connect.money import fen, from_fen
from cn_connect.wechat.pay_account import DEFAULT_BASE, PayAccount
from cn_connect.wechat.signature import CertificateStore, decrypt_resource
from cn_connect.wechat.transport import Transport

NOTIFY_PATH = "/api/method/cn_connect.api.wechat_pay.notify"
REFUND_NOTIFY_PATH = "/api/method/cn_connect.api.wechat_pay.refund_notify"
_UNKNOWN_ORDER = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"}
_NO_BILL = "NO_STATEMENT_EXIST"


@dataclass(frozen=True)
class Transaction:
    """What WeChat says about an order. `amount` is what was asked for (yuan); `success_time` naive China time."""

    out_trade_no: str
    transaction_id: str | None
    trade_state: str
    amount: Decimal
    payer_openid: str | None
    success_time: datetime | None
    mchid: str
    sub_mchid: str | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def paid(self) -> bool:
        """A refunded order was paid first: its money did arrive."""
        return self.trade_state in {"SUCCESS", "REFUND"}


@dataclass(frozen=True)
class Refund:
    """What WeChat says about a refund. `status`: SUCCESS, PROCESSING, CLOSED or ABNORMAL; `amount` in yuan."""

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    status: str
    amount: Decimal
    success_time: datetime | None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Notification:
    """A verified and opened notification; `resource` is its plain content."""

    id: str
    event_type: str
    resource: dict[str, Any] = field(repr=False)


class PayClient(WeChatPay):
    """WeChat Pay for one account; `sub_mchid` of the account or of a call names the payee in partner mode."""

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
            payer={"sp_openid" if self._partner_mode else "openid": openid},
            time_expire=aware(expires_at).isoformat(timespec="seconds"),
            attach=attach,
            sub_mchid=self._payee(sub_mchid),
        )
        return str(_decoded(body)["prepay_id"])

    def pay_params(self, prepay_id: str, now: datetime) -> dict[str, str]:
        """What `wx.requestPayment` takes, signed with the merchant's key."""
        timestamp, nonce, package = str(epoch(now)), secrets.token_hex(16), f"prepay_id={prepay_id}"
        return {
            "appId": self._appid,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self.sign([self._appid, timestamp, nonce, package]),
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
            reason=reason[:80] if reason else None,
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
        payee = sub_mchid or self.account.sub_mchid  # a service provider without one gets the bill of all
        return self._bill(lambda: self.trade_bill(day.isoformat(), tar_type="GZIP", sub_mchid=payee))

    def download_fund_bill(self, day: date) -> bytes:
        """The fund bill of a day (CSV, UTF-8); empty when there is none."""
        return self._bill(lambda: self.fundflow_bill(day.isoformat(), tar_type="GZIP"))

    def parse_notification(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notification:
        """Verifies and opens a notification. Raises SignatureInvalid unless it is WeChat's, recent and readable."""
        self._core.verifier.verify(headers, body, now)
        try:
            envelope = json.loads(body)
            resource = json.loads(decrypt_resource(envelope["resource"], self.account.apiv3_key))
            return Notification(str(envelope["id"]), str(envelope["event_type"]), resource)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SignatureInvalid("The notification is malformed.") from error

    def _payee(self, sub_mchid: str | None) -> str | None:
        if not self._partner_mode:
            return None
        payee = sub_mchid or self.account.sub_mchid
        if not payee:
            raise ConfigMissing("The setting {0} lacks {1}.", "wechat_pay", "sub_mchid")
        return payee

    def _bill(self, ask: Callable[[], tuple[int, bytes]]) -> bytes:
        try:
            _status, body = ask()
        except GatewayRefused as refused:
            if refused.code == _NO_BILL:
                return b""
            if refused.code == "STATEMENT_CREATING":
                raise GatewayUnavailable("The bill is not ready yet.") from refused
            raise
        link = _decoded(body)
        _status, content = self.download_bill(_path_of(link["download_url"], self.account.base_url))
        try:
            plain = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise GatewayUnavailable("The bill could not be unpacked.") from error
        # The signed answer vouches for the digest, the digest for the unsigned file.
        if hashlib.sha1(plain, usedforsecurity=False).hexdigest() != str(link["hash_value"]).lower():
            raise SignatureInvalid("The bill does not have the digest that WeChat Pay announced.")
        return plain


def transaction(said: dict[str, Any]) -> Transaction:
    """An order as WeChat describes it, direct or partner. Raises SignatureInvalid if it is none."""
    try:
        payer = said.get("payer") or {}
        amount = said.get("amount") or {}
        return Transaction(
            out_trade_no=str(said["out_trade_no"]),
            transaction_id=said.get("transaction_id") or None,
            trade_state=str(said["trade_state"]),
            amount=from_fen(amount.get("total", 0)),
            payer_openid=payer.get("openid") or payer.get("sp_openid") or payer.get("sub_openid"),
            success_time=parse_iso(said.get("success_time")),
            mchid=str(said.get("mchid") or said["sp_mchid"]),
            sub_mchid=said.get("sub_mchid"),
            raw=said,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise SignatureInvalid("The transaction is malformed.") from error


def refund(said: dict[str, Any]) -> Refund:
    """A refund as an answer (`status`) or a notification (`refund_status`) describes it. Raises SignatureInvalid."""
    try:
        return Refund(
            out_refund_no=str(said["out_refund_no"]),
            refund_id=str(said["refund_id"]),
            out_trade_no=str(said["out_trade_no"]),
            transaction_id=str(said["transaction_id"]),
            status=str(said.get("status") or said["refund_status"]),
            amount=from_fen(said["amount"]["refund"]),
            success_time=parse_iso(said.get("success_time")),
            raw=said,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise SignatureInvalid("The refund is malformed.") from error


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
