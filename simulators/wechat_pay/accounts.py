"""Merchant numbers as WeChat Pay keeps them: who may sign requests, with what resources are sealed, for whom one acts.

A direct merchant names no sub-merchant; a service provider must name one of its own in every request.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from simulators import keys as key_files
from simulators.keys import SUB_MCHIDS, Keys
from simulators.wechat_pay.orders import Order, OrderBook, Refused
from simulators.wechat_pay.signing import SCHEME, verify

CLOCK_SKEW_SECONDS = 300
# So many API certificates of a merchant number are valid at once; the next one is refused.
MOST_CERTIFICATES = 3
_PAIR = re.compile(r'(\w+)="([^"]*)"')


@dataclass
class Account:
    """A merchant number: `certificates` are its valid API certificates' keys by serial, `sub_mchids` a provider's."""

    mchid: str
    apiv3_key: str
    certificates: dict[str, RSAPublicKey]
    book: OrderBook
    sub_mchids: tuple[str, ...] = ()

    def payee(self, said: Mapping[str, Any], where: str = "body") -> str | None:
        """The sub-merchant that a request names. Refused for a direct merchant's, a missing one, or a stranger."""
        named = said.get("sub_mchid")
        if not self.sub_mchids:
            if named:
                raise Refused(400, "PARAM_ERROR", "普通商户不允许传sub_mchid")
            return None
        if not named:
            raise Refused(
                400, "PARAM_ERROR", f"输入源“/{where}/sub_mchid”映射到值字段“子商户号”，字符串不能为空"
            )
        if named not in self.sub_mchids:
            raise Refused(403, "NO_AUTH", "受理关系不存在")
        return str(named)

    def own(self, said: Mapping[str, Any], partner: bool, where: str = "query") -> str | None:
        """The payee of a request about an order; Refused unless it names this account by the mode's field."""
        self.check_mode(partner)
        if said.get("sp_mchid" if partner else "mchid") != self.mchid:
            raise Refused(403, "MCH_NOT_EXISTS", "商户号不存在或与签名不一致")
        return self.payee(said, where)

    def check_mode(self, partner: bool) -> None:
        """Refused if a direct merchant uses a provider's address, or the other way round."""
        if partner != bool(self.sub_mchids):
            raise Refused(403, "NO_AUTH", "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试")

    def of(self, order: Order, payee: str | None) -> Order:
        """That order, if it is the payee's; another sub-merchant's does not exist."""
        if order.request.get("sub_mchid") != payee:
            raise Refused(404, "ORDER_NOT_EXIST", "订单不存在")
        return order

    def new_certificate(self) -> dict[str, str]:
        """A further API certificate, valid beside the others: its serial number and private key."""
        if len(self.certificates) >= MOST_CERTIFICATES:
            raise Refused(400, "INVALID_REQUEST", "生效中的商户API证书已达上限")
        key = key_files.new_key()
        serial = f"{key_files.certificate(key, self.mchid).serial_number:X}"
        self.certificates[serial] = key.public_key()
        return {"serial_no": serial, "private_key": key_files.private_pem(key)}


class Accounts:
    """Every merchant number of this gateway."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        direct = Account(
            keys.mchid,
            keys.apiv3_key,
            {keys.merchant_serial: keys.private_key("merchant_private_key").public_key()},
            OrderBook(),
        )
        provider = Account(
            keys.provider_mchid,
            keys.provider_apiv3_key,
            {keys.provider_serial: keys.private_key("provider_private_key").public_key()},
            OrderBook(),
            SUB_MCHIDS,
        )
        self.by_number = {account.mchid: account for account in (direct, provider)}

    def restore_keys(self) -> None:
        """Every account has the keys that it began with."""
        for account in Accounts(self._keys).by_number.values():
            mine = self.by_number[account.mchid]
            mine.certificates, mine.apiv3_key = account.certificates, account.apiv3_key

    def signed(self, authorization: str, method: str, url: str, body: str) -> tuple[Account, RSAPublicKey]:
        """Who signed a request, and with which key. Refused(SIGN_ERROR) says why it is not believed."""
        scheme, _, parameters = authorization.partition(" ")
        if scheme != SCHEME:
            raise _unsigned("Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
        pairs = dict(_PAIR.findall(parameters))
        account = self.by_number.get(pairs.get("mchid", ""))
        if account is None:
            raise _unsigned("商户号不存在")
        key = account.certificates.get(pairs.get("serial_no", "").upper())
        if key is None:
            raise _unsigned("商户证书序列号有误")
        timestamp = pairs.get("timestamp", "")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > CLOCK_SKEW_SECONDS:
            raise _unsigned("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        message = f"{method}\n{url}\n{timestamp}\n{pairs.get('nonce_str', '')}\n{body}\n"
        if not verify(key, message, pairs.get("signature", "")):
            raise _unsigned("签名错误，验签失败")
        return account, key

    def of_prepay(self, prepay_id: str) -> tuple[Account, Order]:
        """Whose order a payer is about to pay."""
        for account in self.by_number.values():
            order = account.book.by_prepay.get(prepay_id)
            if order:
                return account, order
        raise Refused(404, "ORDER_NOT_EXIST", "订单不存在")

    def of_refund(self, out_refund_no: str) -> Account:
        for account in self.by_number.values():
            if account.book.knows_refund(out_refund_no):
                return account
        raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")


def _unsigned(why: str) -> Refused:
    return Refused(401, "SIGN_ERROR", why)
