"""The HTTP face of the gateway: routes under /v3, each request's signature verified, each answer signed."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from simulators.faults import Faults
from simulators.keys import Keys
from simulators.wechat_pay import bills, shapes
from simulators.wechat_pay.accounts import Account, Accounts
from simulators.wechat_pay.notifier import Notifier
from simulators.wechat_pay.orders import TO_THE_PAYER, Clock, Order, Refund, Refused, china_time
from simulators.wechat_pay.signing import Platform, seal, sealed_file

Answer: TypeAlias = "Response | tuple[int, dict[str, Any] | None]"

RULES = (
    ("POST", "/v3/pay/transactions/jsapi", "jsapi"),
    ("POST", "/v3/pay/partner/transactions/jsapi", "jsapi"),
    ("GET", "/v3/pay/transactions/out-trade-no/<number>", "query"),
    ("GET", "/v3/pay/partner/transactions/out-trade-no/<number>", "query"),
    ("GET", "/v3/pay/transactions/id/<transaction_id>", "query_transaction"),
    ("GET", "/v3/pay/partner/transactions/id/<transaction_id>", "query_transaction"),
    ("POST", "/v3/pay/transactions/out-trade-no/<number>/close", "close"),
    ("POST", "/v3/pay/partner/transactions/out-trade-no/<number>/close", "close"),
    ("POST", "/v3/refund/domestic/refunds", "refund"),
    ("GET", "/v3/refund/domestic/refunds/<number>", "query_refund"),
    ("GET", "/v3/bill/tradebill", "trade_bill"),
    ("GET", "/v3/bill/fundflowbill", "fund_bill"),
    ("GET", "/v3/bill/sub-merchant-fundflowbill", "sub_fund_bill"),
    ("GET", "/v3/billdownload/file", "download"),
    ("GET", "/v3/certificates", "certificates"),
)
FULL_BILL_TYPES = ("", "ALL")


class Call:
    """One verified request: whose, signed by which key, in which mode."""

    def __init__(self, request: Request, account: Account, key: RSAPublicKey) -> None:
        self.request, self.account, self.key = request, account, key
        self.partner = "/partner/" in request.path
        self.query = request.args

    @property
    def body(self) -> Any:
        try:
            return json.loads(self.request.get_data())
        except ValueError:
            raise Refused(400, "PARAM_ERROR", "请求体不是合法的 JSON") from None


class PayGateway:
    """WeChat Pay for a direct merchant and a service provider with its sub-merchants.

    Faults of an endpoint: `fail` answers an error, `delay` waits, `lose` does the work and hangs up, `notify_first`
    (refund) ends the refund and notifies before it answers, `tamper` (download) hands out a file that reads alike but is not the one announced.
    """

    def __init__(self, keys: Keys, faults: Faults, notifier: Notifier, platform: Platform) -> None:
        self.faults, self.notifier, self.platform = faults, notifier, platform
        self.accounts, self.clock = Accounts(keys), Clock()
        self._downloads: dict[str, bytes] = {}
        self.routes = Map(
            [Rule(path, methods=[method], endpoint=endpoint) for method, path, endpoint in RULES]
        )

    def __call__(self, request: Request, endpoint: str, arguments: dict[str, str]) -> Response:
        """Answer one routed request, signed by the key that the request's `Wechatpay-Serial` asks for."""
        answer = self._handle(request, endpoint, arguments)
        if self.faults.take(f"wechat_pay.{endpoint}", "lose"):
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        if isinstance(answer, Response):
            return answer
        status, body = answer
        text = "" if body is None else json.dumps(body, ensure_ascii=False)
        response = Response(text, status=status, content_type="application/json; charset=utf-8")
        signer = self.platform.answerer(request.headers.get("Wechatpay-Serial", ""))
        response.headers.extend(signer.headers(text))
        return response

    def _handle(self, request: Request, endpoint: str, arguments: dict[str, str]) -> Answer:
        url = request.full_path if request.query_string else request.path
        try:
            if not request.headers.get("Accept") or not request.headers.get("User-Agent"):
                raise Refused(400, "PARAM_ERROR", "Http头缺少Accept或User-Agent")
            account, key = self.accounts.signed(
                request.headers.get("Authorization", ""),
                request.method,
                url,
                request.get_data(as_text=True),
            )
            fault = self.faults.failure(f"wechat_pay.{endpoint}")
            if fault:
                code = fault.options.get("code", "SYSTEM_ERROR")
                raise Refused(int(fault.options.get("status", 500)), code, "系统异常")
            handler: Callable[..., Answer] = getattr(self, f"_{endpoint}")
            return handler(Call(request, account, key), **arguments)
        except Refused as no:
            return no.status, {"code": no.code, "message": no.message}

    def paid(self, prepay_id: str, moment: datetime) -> Order:
        """The payer pays; the gateway notifies the customer."""
        account, order = self.accounts.of_prepay(prepay_id)
        account.book.pay(order, moment)
        self.notifier.send(
            account, "TRANSACTION.SUCCESS", "transaction", shapes.transaction(order), order.notify_url
        )
        return order

    def end_refund(self, out_refund_no: str, status: str, received_by: str = TO_THE_PAYER) -> Refund:
        """The bank has answered a refund under way; the gateway notifies the customer."""
        account = self.accounts.of_refund(out_refund_no)
        item = account.book.end_refund(out_refund_no, status, received_by, self.clock.now())
        order, _ = account.book.find_refund(out_refund_no)
        if item.notify_url:
            resource = shapes.refund_resource(order, item)
            self.notifier.send(account, f"REFUND.{status}", "refund", resource, item.notify_url)
        return item

    # Orders

    def _jsapi(self, call: Call) -> Answer:
        body, openid = shapes.checked_order(call.body, call.account, call.partner)
        return 200, {"prepay_id": call.account.book.create(body, openid).prepay_id}

    def _query(self, call: Call, number: str) -> Answer:
        payee = call.account.own(call.query, call.partner)
        return 200, shapes.transaction(call.account.of(call.account.book.find(number), payee))

    def _query_transaction(self, call: Call, transaction_id: str) -> Answer:
        payee = call.account.own(call.query, call.partner)
        order = call.account.book.find_transaction(transaction_id)
        return 200, shapes.transaction(call.account.of(order, payee))

    def _close(self, call: Call, number: str) -> Answer:
        payee = call.account.own(call.body, call.partner, "body")
        call.account.book.close(call.account.of(call.account.book.find(number), payee))
        return 204, None

    # Refunds

    def _refund(self, call: Call) -> Answer:
        account, body = call.account, shapes.checked_refund(call.body)
        payee = account.payee(body)
        try:
            if body.get("transaction_id"):
                order = account.of(account.book.find_transaction(body["transaction_id"]), payee)
            else:
                order = account.of(account.book.find(body["out_trade_no"]), payee)
        except Refused:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "订单不存在") from None
        accepted = account.book.refund(order, body, self.clock.now())
        answer = shapes.refund(order, accepted)
        if self.faults.take("wechat_pay.refund", "notify_first"):
            self.end_refund(accepted.out_refund_no, "SUCCESS")
            self.notifier.settle(timeout=10)
        return 200, answer

    def _query_refund(self, call: Call, number: str) -> Answer:
        payee = call.account.payee(call.query, "query")
        order, item = call.account.book.find_refund(number)
        if order.request.get("sub_mchid") != payee:
            raise Refused(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return 200, shapes.refund(order, item)

    # Bills

    def _trade_bill(self, call: Call) -> Answer:
        if call.query.get("bill_type", "") not in FULL_BILL_TYPES:
            raise Refused(400, "PARAM_ERROR", "模拟器只有ALL类型的交易账单")
        named = "sub_mchid" in call.query
        payee = call.account.payee(call.query, "query") if named else None
        content = self._written(bills.trade_bill, call, payee if named else ...)
        return 200, self._link(call, _packed(call, content), content)

    def _fund_bill(self, call: Call) -> Answer:
        # What sub-merchants take in does not pass through the provider's own account.
        content = self._written(bills.fund_bill, call, None)
        return 200, self._link(call, _packed(call, content), content)

    def _sub_fund_bill(self, call: Call) -> Answer:
        if not call.account.sub_mchids:
            raise Refused(403, "NO_AUTH", "商户号该产品权限未开通，请前往商户平台>产品中心检查后重试")
        if call.query.get("algorithm") != "AEAD_AES_256_GCM" or call.query.get("account_type") != "BASIC":
            raise Refused(400, "PARAM_ERROR", "algorithm 或 account_type 不正确")
        content = self._written(bills.fund_bill, call, call.account.payee(call.query, "query"))
        ciphertext, encrypt_key, nonce = sealed_file(call.key, _packed(call, content))
        part = self._link(call, ciphertext, content)
        part |= {"bill_sequence": 1, "encrypt_key": encrypt_key, "nonce": nonce}
        return 200, {"download_bill_count": 1, "download_bill_list": [part]}

    def _written(self, write: Callable[[list[Order], str], str], call: Call, payee: Any) -> bytes:
        """The bill of the day over the payee's orders; `...` for those of every sub-merchant."""
        day, book = call.query.get("bill_date", ""), call.account.book
        bills.check_day(day, self.clock.now())
        with book.lock:
            orders = [o for o in book.orders.values() if payee is ... or o.request.get("sub_mchid") == payee]
            return write(orders, day).encode()

    def _link(self, call: Call, file: bytes, content: bytes) -> dict[str, Any]:
        """The address of a file, with the digest of what it unpacks to."""
        token = secrets.token_hex(16)
        self._downloads[token] = file
        suffix = "&tartype=gzip" if call.query.get("tar_type") == "GZIP" else ""
        return {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(content).hexdigest(),
            "download_url": f"{call.request.host_url}v3/billdownload/file?token={token}{suffix}",
        }

    def _download(self, call: Call) -> Answer:
        content = self._downloads.get(call.query.get("token", ""))
        if content is None:
            raise Refused(404, "NOT_FOUND", "下载链接已失效")
        if self.faults.take("wechat_pay.download", "tamper"):
            content = gzip.compress(gzip.decompress(content) + b"\r\n")
        return Response(content, content_type="application/octet-stream")

    def _certificates(self, call: Call) -> Answer:
        now = self.clock.now()
        entries = [
            {
                "serial_no": serial,
                "effective_time": china_time(now - timedelta(days=1)),
                "expire_time": china_time(now + timedelta(days=365)),
                "encrypt_certificate": seal(call.account.apiv3_key, pem, "certificate"),
            }
            for serial, pem in self.platform.pems.items()
        ]
        if not entries:
            raise Refused(
                404,
                "RESOURCE_NOT_EXISTS",
                "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。",
            )
        return 200, {"data": entries}


def _packed(call: Call, content: bytes) -> bytes:
    return gzip.compress(content) if call.query.get("tar_type") == "GZIP" else content
