"""What WeChat Pay says about orders and refunds, in answers and in notifications, as plain values.

Amounts are Decimal yuan here and fen on the wire; times are naive China time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from cn_connect.china_time import parse_iso
from cn_connect.errors import SignatureInvalid
from cn_connect.money import from_fen

_MERCHANTS_OWN = "商户"


@dataclass(frozen=True)
class Transaction:
    """What WeChat says about an order. `amount` is what was asked for (yuan); `success_time` naive China time.

    `appid` is the app that was paid in: the sub-merchants' own if there is one.
    """

    out_trade_no: str
    transaction_id: str | None
    trade_state: str
    amount: Decimal
    payer_openid: str | None
    success_time: datetime | None
    mchid: str
    sub_mchid: str | None = None
    appid: str | None = None
    currency: str = "CNY"
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def paid(self) -> bool:
        """A refunded order was paid first: its money did arrive."""
        return self.trade_state in {"SUCCESS", "REFUND"}


@dataclass(frozen=True)
class Refund:
    """What WeChat says about a refund. `status`: SUCCESS, PROCESSING, CLOSED or ABNORMAL; `amount` in yuan.

    `accepted_at` (naive China time) is when WeChat took the request in; a notification does not tell it. `payee` is
    (mchid, sub_mchid), which only a notification tells.
    """

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    status: str
    amount: Decimal
    success_time: datetime | None
    accepted_at: datetime | None = None
    received_by: str = ""
    payee: tuple[str, str] | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def returned(self) -> bool:
        """The payer's bank could not take it, and the money went to the merchant's own account: 商户…账户."""
        return self.status == "SUCCESS" and self.received_by.startswith(_MERCHANTS_OWN)


@dataclass(frozen=True)
class Notification:
    """A verified and opened notification; `resource` is its plain content."""

    id: str
    event_type: str
    resource: dict[str, Any] = field(repr=False)


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
            payer_openid=payer.get("openid") or payer.get("sub_openid") or payer.get("sp_openid"),
            success_time=parse_iso(said.get("success_time")),
            mchid=str(said.get("mchid") or said["sp_mchid"]),
            sub_mchid=said.get("sub_mchid"),
            appid=said.get("sub_appid") or said.get("appid") or said.get("sp_appid"),
            currency=str(amount.get("currency") or "CNY"),
            raw=said,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise SignatureInvalid("The transaction is malformed.") from error


def refund(said: dict[str, Any]) -> Refund:
    """A refund as an answer (`status`) or a notification (`refund_status`) describes it. Raises SignatureInvalid."""
    try:
        mchid = said.get("mchid") or said.get("sp_mchid")
        return Refund(
            out_refund_no=str(said["out_refund_no"]),
            refund_id=str(said["refund_id"]),
            out_trade_no=str(said["out_trade_no"]),
            transaction_id=str(said["transaction_id"]),
            status=str(said.get("status") or said["refund_status"]),
            amount=from_fen(said["amount"]["refund"]),
            success_time=parse_iso(said.get("success_time")),
            accepted_at=parse_iso(said.get("create_time")),
            received_by=str(said.get("user_received_account") or ""),
            payee=(str(mchid), str(said.get("sub_mchid") or "")) if mchid else None,
            raw=said,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise SignatureInvalid("The refund is malformed.") from error
