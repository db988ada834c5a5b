"""The HTTP face of the gateway: routes under /v3, each request's signature verified, each answer signed."""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from simulators.faults import Faults
from simulators.keys import Keys
from simulators.wechat_pay import bills, shapes
from simulators.wechat_pay.notifier import Notifier
from simulators.wechat_pay.orders import Order, OrderBook, Refund, Refused, china_time
from simulators.wechat_pay.signing import request_error, seal, signed_headers

Answer: TypeAlias = "Response | tuple[int, dict[str, Any] | None]"

RULES = (
    ("POST", "/v3/pay/transactions/jsapi", "jsapi"),
    ("POST", "/v3/pay/partner/transactions/jsapi", "partner_jsapi"),
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
    ("GET", "/v3/billdownload/file", "download"),
    ("GET", "/v3/certificates", "certificates"),
)


class PayGateway:
    """One merchant's (or one partner's) view of WeChat Pay."""

    def __init__(self, keys: Keys, faults: Faults, notifier: Notifier) -> None:
        self.keys, self.faults, self.notifier = keys, faults, notifier
        self.book = OrderBook()
        self._downloads: dict[str, bytes] = {}
        self.routes = Map(
            [Rule(path, methods=[method], endpoint=endpoint) for method, path, endpoint in RULES]
        )

    def __call__(self, request: Request, endpoint: str, arguments: dict[str, str]) -> Response:
        """Answer one routed request, signed by the key that the request's `Wechatpay-Serial` asks for."""
        answer = self._handle(request, endpoint, arguments)
        if isinstance(answer, Response):
            return answer
        status, body = answer
        text = "" if body is None else json.dumps(body, ensure_ascii=False)
        response = Response(text, status=status, content_type="application/json; charset=utf-8")
        by_public_key = request.headers.get("Wechatpay-Serial", "").startswith("PUB_KEY_ID_")
        response.headers.extend(signed_headers(self.keys, text, by_public_key))
        return response

    def _handle(self, request: Request, endpoint: str, arguments: dict[str, str]) -> Answer:
        url = request.full_path if request.query_string else request.path
        refusal = request_error(
            self.keys,
            request.headers.get("Authorization", ""),
            request.method,
            url,
            request.get_data(as_text=True),
        )
        if refusal:
            return 401, {"code": "SIGN_ERROR", "message": refusal}
        fault = self.faults.failure(f"wechat_pay.{endpoint}")
        if fault:
            code = fault.options.get("code", "SYSTEM_ERROR")
            return int(fault.options.get("status", 500)), {"code": code, "message": "系统异常"}
        handler: Callable[..., Answer] = getattr(self, f"_{endpoint}")
        try:
            return handler(request, **arguments)
        except Refused as no:
            return no.status, {"code": no.code, "message": no.message}

    def paid(self, prepay_id: str, moment: datetime) -> Order:
        """The payer pays; the gateway notifies the customer."""
        order = self.book.pay(prepay_id, moment)
        self.notifier.send("TRANSACTION.SUCCESS", "transaction", shapes.transaction(order), order.notify_url)
        return order

    def finish_refund(self, out_refund_no: str, succeeded: bool) -> Refund:
        """The bank answers a refund under way; the gateway notifies the customer."""
        with self.book.lock:
            order, item = self.book.find_refund(out_refund_no)
            item.status = "SUCCESS" if succeeded else "ABNORMAL"
            item.success_time = china_time() if succeeded else None
        if item.notify_url:
            event = "REFUND.SUCCESS" if succeeded else "REFUND.ABNORMAL"
            resource = shapes.refund_resource(order, item, self.keys.mchid)
            self.notifier.send(event, "refund", resource, item.notify_url)
        return item

    def _body(self, request: Request) -> Any:
        try:
            return json.loads(request.get_data())
        except ValueError:
            raise Refused(400, "PARAM_ERROR", "请求体不是合法的 JSON") from None

    def _jsapi(self, request: Request, partner: bool = False) -> Answer:
        body, openid = shapes.checked_order(self._body(request), self.keys.mchid, partner)
        return 200, {"prepay_id": self.book.create(body, openid).prepay_id}

    def _partner_jsapi(self, request: Request) -> Answer:
        return self._jsapi(request, partner=True)

    def _own(self, request: Request) -> None:
        if self.keys.mchid not in (request.args.get("mchid"), request.args.get("sp_mchid")):
            raise Refused(403, "MCH_NOT_EXISTS", "商户号不存在或与签名不一致")

    def _query(self, request: Request, number: str) -> Answer:
        self._own(request)
        return 200, shapes.transaction(self.book.find(number))

    def _query_transaction(self, request: Request, transaction_id: str) -> Answer:
        self._own(request)
        return 200, shapes.transaction(self.book.find_transaction(transaction_id))

    def _close(self, request: Request, number: str) -> Answer:
        self.book.close(number)
        return 204, None

    def _refund(self, request: Request) -> Answer:
        order, item = self.book.refund(self._body(request))
        return 200, shapes.refund(order, item)

    def _query_refund(self, request: Request, number: str) -> Answer:
        return 200, shapes.refund(*self.book.find_refund(number))

    def _trade_bill(self, request: Request) -> Answer:
        return self._bill(request, bills.trade_bill)

    def _fund_bill(self, request: Request) -> Answer:
        return self._bill(request, bills.fund_bill)

    def _bill(self, request: Request, write: Callable[[list[Order], str], str]) -> Answer:
        day = request.args.get("bill_date", "")
        with self.book.lock:
            content = write(list(self.book.orders.values()), day).encode()
        token = secrets.token_hex(16)
        packed = request.args.get("tar_type") == "GZIP"
        self._downloads[token] = gzip.compress(content) if packed else content
        suffix = "&tartype=gzip" if packed else ""
        return 200, {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(content).hexdigest(),
            "download_url": f"{request.host_url}v3/billdownload/file?token={token}{suffix}",
        }

    def _download(self, request: Request) -> Answer:
        content = self._downloads.get(request.args.get("token", ""))
        if content is None:
            raise Refused(404, "NOT_FOUND", "下载链接已失效")
        return Response(content, content_type="application/octet-stream")

    def _certificates(self, request: Request) -> Answer:
        certificate = self.keys.platform_certificate
        entry = {
            "serial_no": self.keys.platform_serial,
            "effective_time": china_time(),
            "expire_time": china_time(),
            "encrypt_certificate": seal(self.keys, certificate, "certificate"),
        }
        return 200, {"data": [entry]}
