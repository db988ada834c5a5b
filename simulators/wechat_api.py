"""The WeChat API (api.weixin.qq.com) of a mini-program: sign-in, access token, phone number, subscribe messages.

Errors come as HTTP 200 with `errcode`, as the real one's do. Sign-in and phone codes are single use and are
issued by the payer's side (`/_payer/…`), where the real ones come from the WeChat client.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections import defaultdict
from typing import Any

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from simulators.faults import Faults
from simulators.keys import Keys
from simulators.messages import Messages

TOKEN_SECONDS = 7200
RULES = (
    ("GET", "/sns/jscode2session", "code2session"),
    ("GET", "/cgi-bin/token", "token"),
    ("POST", "/cgi-bin/stable_token", "stable_token"),
    ("POST", "/wxa/business/getuserphonenumber", "phone"),
    ("POST", "/cgi-bin/message/subscribe/send", "subscribe"),
)


class WeChatAPI:
    """One mini-program's view of the WeChat API."""

    def __init__(self, keys: Keys, faults: Faults, messages: Messages) -> None:
        self.keys, self.faults, self.messages = keys, faults, messages
        self.routes = Map(
            [Rule(path, methods=[method], endpoint=endpoint) for method, path, endpoint in RULES]
        )
        self._lock = threading.Lock()
        self._login_codes: dict[str, str] = {}
        self._phone_codes: dict[str, tuple[str, str]] = {}
        self._used_codes: set[str] = set()
        self._tokens: dict[str, float] = {}
        self._consents: dict[tuple[str, str], int] = defaultdict(int)

    def __call__(self, request: Request, endpoint: str, arguments: dict[str, str]) -> Response:
        """Answer one routed request."""
        fault = self.faults.failure(f"wechat.{endpoint}")
        if fault:
            return _json({"errcode": int(fault.options.get("code", -1)), "errmsg": "system error"})
        return _json(getattr(self, f"_{endpoint}")(request))

    def login_code(self, openid: str) -> str:
        """A code as wx.login gives the mini-program: good once."""
        code = secrets.token_hex(16)
        self._login_codes[code] = openid
        return code

    def phone_code(self, phone: str, country: str = "86") -> str:
        """A code as the getPhoneNumber button gives: good once."""
        code = secrets.token_hex(32)
        self._phone_codes[code] = (country, phone)
        return code

    def consent(self, openid: str, template: str) -> None:
        """The user accepts one message of a template (wx.requestSubscribeMessage)."""
        with self._lock:
            self._consents[openid, template] += 1

    def _code2session(self, request: Request) -> dict[str, Any]:
        arguments = request.args
        if arguments.get("appid") != self.keys.appid:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if arguments.get("secret") != self.keys.app_secret:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        code = arguments.get("js_code", "")
        openid = self._login_codes.pop(code, None)
        if openid is None:
            return self._code_error(code)
        self._used_codes.add(code)
        return {"openid": openid, "session_key": secrets.token_urlsafe(16)}

    def _code_error(self, code: str) -> dict[str, Any]:
        if code in self._used_codes:
            return {"errcode": 40163, "errmsg": "code been used"}
        return {"errcode": 40029, "errmsg": "invalid code"}

    def _issue_token(self, appid: str | None, secret: str | None) -> dict[str, Any]:
        if appid != self.keys.appid:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if secret != self.keys.app_secret:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        token = secrets.token_urlsafe(64)
        with self._lock:
            # A new token ends the old ones: what makes a stampede of refreshers break each other.
            self._tokens = {token: time.time() + TOKEN_SECONDS}
        return {"access_token": token, "expires_in": TOKEN_SECONDS}

    def _token(self, request: Request) -> dict[str, Any]:
        return self._issue_token(request.args.get("appid"), request.args.get("secret"))

    def _stable_token(self, request: Request) -> dict[str, Any]:
        body = json.loads(request.get_data() or b"{}")
        return self._issue_token(body.get("appid"), body.get("secret"))

    def _token_error(self, request: Request) -> dict[str, Any] | None:
        expires = self._tokens.get(request.args.get("access_token", ""))
        if expires is None:
            return {"errcode": 40001, "errmsg": "invalid credential, access_token is invalid or not latest"}
        if expires < time.time():
            return {"errcode": 42001, "errmsg": "access_token expired"}
        return None

    def _phone(self, request: Request) -> dict[str, Any]:
        error = self._token_error(request)
        if error:
            return error
        code = json.loads(request.get_data()).get("code", "")
        found = self._phone_codes.pop(code, None)
        if found is None:
            return self._code_error(code)
        self._used_codes.add(code)
        country, phone = found
        # Numbers of the mainland come without country code.
        shown = phone if country == "86" else f"+{country}{phone}"
        info = {"phoneNumber": shown, "purePhoneNumber": phone, "countryCode": country}
        watermark = {"appid": self.keys.appid, "timestamp": int(time.time())}
        return {"errcode": 0, "errmsg": "ok", "phone_info": {**info, "watermark": watermark}}

    def _subscribe(self, request: Request) -> dict[str, Any]:
        error = self._token_error(request)
        if error:
            return error
        body = json.loads(request.get_data())
        openid, template = body.get("touser", ""), body.get("template_id", "")
        if not openid:
            return {"errcode": 40003, "errmsg": "invalid openid"}
        if not body.get("data"):
            return {"errcode": 47003, "errmsg": "argument invalid! data.* is empty"}
        with self._lock:
            if self._consents[openid, template] < 1:
                return {"errcode": 43101, "errmsg": "user refuse to accept the msg"}
            self._consents[openid, template] -= 1
        number = self.messages.add("wechat", openid, template, body["data"])
        return {"errcode": 0, "errmsg": "ok", "msgid": number}


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), content_type="application/json; charset=utf-8")
