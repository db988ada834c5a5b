"""All gateways on one port, told apart by path, plus the payer's side and the controls.

`/v3/…` WeChat Pay · `/sns|/cgi-bin|/wxa …` WeChat API · `POST /` Tencent Cloud · `/_payer/…` what the WeChat client
does for a person (sign in, give a phone number, confirm a payment) · `/_control/…` faults and messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from simulators.faults import Fault, Faults
from simulators.keys import Keys, load
from simulators.messages import Messages
from simulators.tencent import TencentCloud
from simulators.wechat_api import WeChatAPI
from simulators.wechat_pay.gateway import PayGateway
from simulators.wechat_pay.notifier import Notifier
from simulators.wechat_pay.orders import CHINA, TO_THE_PAYER, Refused
from simulators.wechat_pay.signing import Platform, verify


class Simulators:
    """A WSGI application holding every gateway."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.faults, self.messages = Faults(), Messages()
        self.platform = Platform(keys)
        self.notifier = Notifier(self.platform, self.faults)
        self.pay = PayGateway(keys, self.faults, self.notifier, self.platform)
        self.wechat = WeChatAPI(keys, self.faults, self.messages)
        self.tencent = TencentCloud(keys, self.faults, self.messages)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith(("/_payer/", "/_control/")):
            return self._local(request)
        if request.path == "/":
            return self.tencent(request) if request.method == "POST" else Response("simulators\n")
        for gateway in (self.pay, self.wechat):
            try:
                endpoint, arguments = gateway.routes.bind_to_environ(request.environ).match()
                return gateway(request, endpoint, dict(arguments))
            except NotFound:
                continue
            except HTTPException as error:
                return error.get_response()  # type: ignore[return-value]
        return Response('{"code": "NOT_FOUND"}', status=404, content_type="application/json")

    def _local(self, request: Request) -> Response:
        _, side, action = request.path.split("/", 2)
        handler = getattr(self, f"{side}_{action}", None)
        if handler is None or request.method != "POST":
            return _json(404, {"error": f"no such action: {request.path}"})
        try:
            return _json(200, handler(**json.loads(request.get_data() or b"{}")))
        except Refused as no:
            return _json(no.status, {"code": no.code, "message": no.message})
        except (TypeError, ValueError, KeyError) as error:
            return _json(400, {"error": str(error)})

    # What the WeChat client does for a person

    def _payer_login(self, openid: str) -> dict[str, Any]:
        return {"code": self.wechat.login_code(openid)}

    def _payer_phone(self, phone: str, country: str = "86") -> dict[str, Any]:
        return {"code": self.wechat.phone_code(phone, country)}

    def _payer_consent(self, openid: str, template: str) -> dict[str, Any]:
        self.wechat.consent(openid, template)
        return {}

    def _payer_pay(self, pay_params: dict[str, str], at: str | None = None) -> dict[str, Any]:
        """wx.requestPayment: the client checks the customer's signature before the payer may confirm.

        `at` (ISO 8601, China's time) is when the payer pays; now, unless a trial runs on another day.
        """
        p = pay_params
        prepay_id = p["package"].removeprefix("prepay_id=")
        account, ordered = self.pay.accounts.of_prepay(prepay_id)
        message = f"{p['appId']}\n{p['timeStamp']}\n{p['nonceStr']}\n{p['package']}\n"
        appids = {ordered.request.get(name) for name in ("appid", "sp_appid", "sub_appid")}
        signed = any(verify(key, message, p["paySign"]) for key in account.certificates.values())
        if p["appId"] not in appids or not signed:
            raise Refused(400, "SIGN_ERROR", "支付验证签名失败")
        moment = datetime.fromisoformat(at).replace(tzinfo=CHINA) if at else self.pay.clock.now()
        order = self.pay.paid(prepay_id, moment)
        return {"out_trade_no": order.out_trade_no, "transaction_id": order.transaction_id}

    # Controls for tests and trials

    def _control_fault(self, **fault: Any) -> dict[str, Any]:
        self.faults.plan(Fault(**fault))
        return {}

    def _control_reset(self) -> dict[str, Any]:
        self.faults.clear()
        self.messages.clear()
        self.pay.clock.fixed = None
        self.pay.accounts.restore_keys()
        self.platform.notify_by_public_key = True
        return {}

    def _control_messages(self, channel: str | None = None, recipient: str | None = None) -> dict[str, Any]:
        return {"messages": self.messages.find(channel, recipient)}

    def _control_release(self, newest_first: bool = True) -> dict[str, Any]:
        return {"released": self.notifier.release(newest_first)}

    def _control_settle(self, timeout: float = 10) -> dict[str, Any]:
        return {"settled": self.notifier.settle(timeout)}

    def _control_attempts(self) -> dict[str, Any]:
        return {"attempts": [asdict(attempt) for attempt in self.notifier.attempts]}

    def _control_end_refund(
        self, out_refund_no: str, status: str = "SUCCESS", received_by: str = TO_THE_PAYER
    ) -> dict[str, Any]:
        """The bank answers a refund: SUCCESS, CLOSED or ABNORMAL; `received_by` is where the money went."""
        return {"status": self.pay.end_refund(out_refund_no, status, received_by).status}

    def _control_clock(self, at: str | None = None) -> dict[str, Any]:
        """WeChat Pay's time (ISO 8601, China's) from now on; without one the real time again."""
        self.pay.clock.fixed = datetime.fromisoformat(at).replace(tzinfo=CHINA) if at else None
        return {}

    # Controls of keys: what an operator does on the merchant platform, or WeChat Pay by itself

    def _control_notify_by(self, public_key: bool) -> dict[str, Any]:
        """Notifications are signed by the public key from now on, or by the newest platform certificate."""
        self.platform.notify_by_public_key = public_key
        return {}

    def _control_renew_platform_certificate(self) -> dict[str, Any]:
        return {"serial_no": self.platform.renew_certificate()}

    def _control_new_merchant_certificate(self, mchid: str) -> dict[str, Any]:
        """A further API certificate of a merchant number, valid beside the others."""
        return self.pay.accounts.by_number[mchid].new_certificate()

    def _control_revoke_merchant_certificate(self, mchid: str, serial_no: str) -> dict[str, Any]:
        del self.pay.accounts.by_number[mchid].certificates[serial_no]
        return {}

    def _control_apiv3_key(self, mchid: str, key: str) -> dict[str, Any]:
        """Resources are sealed with this key from now on."""
        self.pay.accounts.by_number[mchid].apiv3_key = key
        return {}


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Access lines would drown what `make run` has to say."""


def serve(directory: Path, port: int) -> BaseWSGIServer:
    """A threaded server on 127.0.0.1:`port` (0 = any free one) with the keys of `directory`."""
    application = Simulators(load(directory))
    return make_server("127.0.0.1", port, application, threaded=True, request_handler=_QuietHandler)


def _json(status: int, body: dict[str, Any]) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/json; charset=utf-8"
    )
