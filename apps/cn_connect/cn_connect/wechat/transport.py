"""Requests to WeChat Pay: signed, sent to the configured address, answers verified, failures sorted into own errors.

`wechatpayv3` knows the paths and parameters; its transport is replaced here, because it is bound to one
address, loads certificates while being constructed, trusts signatures of any age and raises bare Exceptions.
"""

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import rsa_sign

from cn_connect.china_time import china_now, epoch
from cn_connect.errors import GatewayRefused, GatewayUnavailable
from cn_connect.wechat.pay_account import PayAccount
from cn_connect.wechat.signature import CertificateStore, Verifier, decrypt_certificates

TIMEOUT_SECONDS = (3.05, 10)
_SCHEME = "WECHATPAY2-SHA256-RSA2048"


class Transport(Core):
    """The part of wechatpayv3 that talks; made for one account. `clock` gives the time for signing and verifying."""

    def __init__(
        self,
        account: PayAccount,
        store: CertificateStore | None = None,
        session: requests.Session | None = None,
        clock: Callable[[], datetime] = china_now,
    ) -> None:
        # Core's own __init__ is left out on purpose: it would go to the network. These are what its methods read.
        self._gate_way = account.base_url
        self._mchid = account.mchid
        self._private_key = account.private_key
        self._apiv3_key = account.apiv3_key
        self._account = account
        self._session = session or requests.Session()
        self._clock = clock
        self.verifier = Verifier(account, download=self.download_certificates, store=store)

    def request(
        self,
        path: str,
        method: RequestType = RequestType.GET,
        data: dict[str, Any] | None = None,
        skip_verify: bool = False,
        **unused: Any,
    ) -> tuple[int, bytes]:
        """Status and body of a verified answer; wechatpayv3's methods call this.

        Raises GatewayRefused (WeChat said no), GatewayUnavailable (no or no usable answer), SignatureInvalid.
        """
        body = json.dumps(data, ensure_ascii=False) if data is not None else ""
        # A read may be repeated when the connection broke; a write only by whoever knows it to be idempotent.
        tries = 2 if method == RequestType.GET else 1
        response = self._send(method.value, path, body, tries)
        if response.status_code >= 300:
            raise refusal(response.status_code, response.content)
        if not skip_verify:
            self.verifier.verify(response.headers, response.content, self._clock())
        return response.status_code, response.content

    def download_certificates(self) -> list[str]:
        """The platform certificates (PEM) of this account, opened with the APIv3 key."""
        _status, body = self.request("/v3/certificates", skip_verify=True)
        return decrypt_certificates(body, self._account.apiv3_key)

    def _send(self, verb: str, path: str, body: str, tries: int) -> requests.Response:
        while True:
            tries -= 1
            try:
                return self._session.request(
                    verb,
                    self._gate_way + path,
                    data=body.encode() if body else None,
                    headers=self._headers(verb, path, body),
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                if tries <= 0:
                    raise GatewayUnavailable(
                        "WeChat Pay did not answer: {0}", type(error).__name__
                    ) from error

    def _headers(self, verb: str, path: str, body: str) -> dict[str, str]:
        timestamp, nonce = str(epoch(self._clock())), secrets.token_hex(16)
        signature = rsa_sign(self._private_key, f"{verb}\n{path}\n{timestamp}\n{nonce}\n{body}\n")
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "cn_connect",
            "Authorization": (
                f'{_SCHEME} mchid="{self._mchid}",nonce_str="{nonce}",signature="{signature}",'
                f'timestamp="{timestamp}",serial_no="{self._account.serial_no}"'
            ),
        }
        if self._account.public_key_id:
            headers["Wechatpay-Serial"] = self._account.public_key_id  # asks for answers signed with this key
        return headers


def refusal(status: int, body: bytes) -> GatewayRefused | GatewayUnavailable:
    """The error an answer of status 300 or more stands for: WeChat's decision, or a passing fault."""
    try:
        said = json.loads(body)
        code, message = str(said["code"]), str(said.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        code, message = f"HTTP_{status}", ""
    if (
        status >= 500
        or status == 429
        or code in {"SYSTEM_ERROR", "FREQUENCY_LIMITED"}
        or code == f"HTTP_{status}"
    ):
        return GatewayUnavailable("WeChat Pay cannot answer at the moment: {0} {1}", code, message)
    return GatewayRefused(code, message)
