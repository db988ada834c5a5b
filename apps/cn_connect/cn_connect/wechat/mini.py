"""The WeChat mini-program's server side: sign-in codes, phone codes, subscribe messages, one access token for all.

Built on wechatpy; own here are the address (from settings), the token, which all processes share and one at a time
renews (a new token ends the old one), and the sorting of errors. Pure of Frappe: the token store is passed in.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from cn_connect.errors import (
    GatewayRefused,
    GatewayUnavailable,
    NoConsent,
    PhoneAgain,
    PhoneForeign,
    SignInAgain,
)

DEFAULT_BASE = "https://api.weixin.qq.com"
TIMEOUT_SECONDS = 10
_TOKEN_INVALID = {40001, 40014, 42001}
_NOT_NOW = {-1, 45009, 45011, 50002}
_NO_CONSENT = 43101
# Wrong, used, or blocked because WeChat takes the account for risky.
_CODE_STALE = {40029, 40163, 40226}
_MAINLAND, _MOBILE = "86", re.compile(r"1\d{10}")
# A token is renewed before it ends, so that none ends on its way to WeChat.
_RENEW_EARLY_SECONDS = 300


class TokenStore(Protocol):
    """Where the access token is kept for all processes, and the lock of its only renewer."""

    def load(self) -> str | None: ...

    def save(self, token: str, seconds: int) -> None: ...

    def lock(self) -> AbstractContextManager[Any]: ...


@dataclass(frozen=True)
class Session:
    """Who signed in. The session key stays here: nothing needs it, so nothing stores it."""

    openid: str
    unionid: str | None


class MiniProgram:
    """One mini-program. Raises GatewayRefused (its `code` is WeChat's errcode), NoConsent, GatewayUnavailable."""

    def __init__(
        self,
        appid: str,
        secret: str,
        store: TokenStore,
        base_url: str = DEFAULT_BASE,
        session: requests.Session | None = None,
    ) -> None:
        self.appid = appid
        self._store = store
        self._client = _Client(appid, secret, base_url.rstrip("/"), session)

    def code2session(self, code: str) -> Session:
        """Who is behind a code of wx.login. Raises SignInAgain for a wrong, used or blocked code."""
        said = _fresh(SignInAgain, lambda: _sorted(lambda: self._client.wxa.code_to_session(code)))
        return Session(str(said["openid"]), said.get("unionid") or None)

    def phone_number(self, code: str) -> str:
        """The mainland number behind a code of the getPhoneNumber button: 11 digits.

        Raises PhoneAgain for a wrong or used code, PhoneForeign for a number of another country: without its country
        code it may look like somebody else's here (+49 151 2345 6789).
        """
        said = _fresh(PhoneAgain, lambda: self._with_token(lambda: self._client.ask_phone(code)))
        info = said.get("phone_info") or {}
        number = str(info.get("purePhoneNumber") or "")
        if str(info.get("countryCode") or "").lstrip("+") != _MAINLAND or not _MOBILE.fullmatch(number):
            raise PhoneForeign("Please use a mobile number of mainland China.")
        return number

    def send_subscribe_message(
        self, openid: str, template: str, data: dict[str, str], page: str | None = None
    ) -> str | None:
        """Sends one message and returns WeChat's message id if it gives one. Raises NoConsent (43101)."""
        values = {name: {"value": value} for name, value in data.items()}
        said = self._with_token(
            lambda: self._client.wxa.send_subscribe_message(openid, template, values, page)
        )
        return str(said["msgid"]) if said.get("msgid") else None

    def _with_token(self, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The call with a valid token; one that WeChat does not accept is renewed once."""
        token = self._store.load() or self._renew(stale=None)
        self._client.token = token
        try:
            return _sorted(call)
        except GatewayRefused as refused:
            if int(refused.code) not in _TOKEN_INVALID:
                raise
        self._client.token = self._renew(stale=token)
        return _sorted(call)

    def _renew(self, stale: str | None) -> str:
        with self._store.lock():
            token = self._store.load()
            if token and token != stale:
                return token  # somebody else was faster
            said = _sorted(self._client.ask_token)
            token, seconds = str(said["access_token"]), int(said.get("expires_in", 7200))
            self._store.save(token, max(seconds - _RENEW_EARLY_SECONDS, 60))
            return token


class _Client(WeChatClient):
    """wechatpy, bound to the configured address, with a token from outside and no retries of its own."""

    def __init__(self, appid: str, secret: str, base_url: str, session: requests.Session | None) -> None:
        super().__init__(appid, secret, timeout=TIMEOUT_SECONDS, auto_retry=False)
        self._base_url = base_url
        if session:
            self._http = session
        self.token = ""

    @property
    def access_token(self) -> str:
        return self.token

    def ask_token(self) -> dict[str, Any]:
        # The keyword keeps wechatpy from adding the old token.
        params = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
            "access_token": None,
        }
        return self.get("cgi-bin/token", params=params)

    def ask_phone(self, code: str) -> dict[str, Any]:
        return self.post("wxa/business/getuserphonenumber", data={"code": code})

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> dict[str, Any]:
        kwargs.pop("api_base_url", None)
        return super()._request(method, f"{self._base_url}/{url_or_endpoint}", **kwargs)


def _fresh(again: type[GatewayRefused], call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The call with a code that is good once; what is wrong with the code is told by an error of its own."""
    try:
        return call()
    except GatewayRefused as refused:
        if int(refused.code) in _CODE_STALE:
            raise again(refused.code, refused.message) from refused
        raise


def _sorted(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        said = call()
    except WeChatClientException as error:
        if error.errcode is None or int(error.errcode) in _NOT_NOW:
            raise GatewayUnavailable(
                "WeChat cannot answer at the moment: {0}", error.errcode or "HTTP"
            ) from error
        kind = NoConsent if int(error.errcode) == _NO_CONSENT else GatewayRefused
        raise kind(str(error.errcode), str(error.errmsg)) from error
    except requests.RequestException as error:
        raise GatewayUnavailable("WeChat did not answer: {0}", type(error).__name__) from error
    if not isinstance(said, dict):
        raise GatewayUnavailable("WeChat gave an unreadable answer.")
    return said
