"""Tencent Cloud API 3.0 for SMS (SendSms, 2021-01-11) and voice (SendTtsVoice, 2020-09-02).

Every request's TC3-HMAC-SHA256 signature is recomputed as the documentation of API 3.0 describes it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from datetime import datetime, timezone
from typing import Any

from werkzeug.wrappers import Request, Response

from simulators.faults import Faults
from simulators.keys import Keys
from simulators.messages import Messages

CLOCK_SKEW_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/]+)/([^/]+)/([^/]+)/tc3_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)"
)
_CHINESE_MOBILE = re.compile(r"^(?:\+86|0086|86)?(1\d{10})$")


class TencentCloud:
    """Accepts SMS and voice calls at POST /."""

    def __init__(self, keys: Keys, faults: Faults, messages: Messages) -> None:
        self.keys, self.faults, self.messages = keys, faults, messages

    def __call__(self, request: Request) -> Response:
        refusal = self._signature_error(request)
        if refusal:
            return _error(*refusal)
        action = request.headers.get("X-TC-Action", "")
        body = json.loads(request.get_data() or b"{}")
        if action == "SendSms":
            return self._send_sms(body)
        if action == "SendTtsVoice":
            return self._send_voice(body)
        return _error("InvalidAction", f"The action {action} is not supported")

    def _signature_error(self, request: Request) -> tuple[str, str] | None:
        match = _AUTHORIZATION.match(request.headers.get("Authorization", ""))
        if not match:
            return "AuthFailure.InvalidAuthorization", "The Authorization header is malformed"
        secret_id, day, service, signed, signature = match.groups()
        if secret_id != self.keys.tencent_secret_id:
            return "AuthFailure.SecretIdNotFound", "The SecretId is not found"
        timestamp = request.headers.get("X-TC-Timestamp", "0")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > CLOCK_SKEW_SECONDS:
            return "AuthFailure.SignatureExpire", "The signature has expired"
        expected = self._signature(request, timestamp, day, service, signed)
        if not hmac.compare_digest(expected, signature):
            return "AuthFailure.SignatureFailure", "The provided credentials could not be validated"
        return None

    def _signature(self, request: Request, timestamp: str, day: str, service: str, signed: str) -> str:
        headers = "".join(
            f"{name}:{(request.headers.get(name) or '').strip().lower()}\n" for name in signed.split(";")
        )
        payload = hashlib.sha256(request.get_data()).hexdigest()
        query = request.query_string.decode()
        canonical = f"{request.method}\n{request.path}\n{query}\n{headers}\n{signed}\n{payload}"
        scope = f"{day}/{service}/tc3_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        key = ("TC3" + self.keys.tencent_secret_key).encode()
        date = datetime.fromtimestamp(int(timestamp), timezone.utc).strftime("%Y-%m-%d")
        for part in (date, service, "tc3_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _send_sms(self, body: dict[str, Any]) -> Response:
        for field in ("PhoneNumberSet", "SmsSdkAppId", "SignName", "TemplateId"):
            if not body.get(field):
                return _error("MissingParameter", f"The request is missing the parameter `{field}`")
        fault = self.faults.failure("sms.send")
        statuses = []
        for number in body["PhoneNumberSet"]:
            mobile = _CHINESE_MOBILE.match(number)
            code = "Ok" if mobile else "InvalidParameterValue.IncorrectPhoneNumber"
            if fault:
                code = fault.options.get("code", "FailedOperation.InsufficientBalanceInSmsPackage")
            serial = ""
            if code == "Ok" and mobile:
                content = body.get("TemplateParamSet") or []
                index = self.messages.add("sms", mobile[1], body["TemplateId"], content)
                serial = f"sim:{index}:{secrets.token_hex(6)}"
            message = "send success" if code == "Ok" else code
            statuses.append(
                {
                    "SerialNo": serial,
                    "PhoneNumber": number,
                    "Fee": 1 if code == "Ok" else 0,
                    "SessionContext": body.get("SessionContext", ""),
                    "Code": code,
                    "Message": message,
                    "IsoCode": "CN",
                }
            )
        return _answer({"SendStatusSet": statuses})

    def _send_voice(self, body: dict[str, Any]) -> Response:
        for field in ("TemplateId", "CalledNumber", "VoiceSdkAppid"):
            if not body.get(field):
                return _error("MissingParameter", f"The request is missing the parameter `{field}`")
        mobile = _CHINESE_MOBILE.match(body["CalledNumber"])
        if not mobile:
            return _error("InvalidParameterValue.CalledNumberVerifyFail", "Called number is incorrect")
        fault = self.faults.failure("voice.call")
        if fault:
            return _error(fault.options.get("code", "InternalError"), "the call could not be made")
        self.messages.add("voice", mobile[1], body["TemplateId"], body.get("TemplateParamSet") or [])
        call = {"CallId": secrets.token_hex(16), "SessionContext": body.get("SessionContext", "")}
        return _answer({"SendStatus": call})


def _answer(content: dict[str, Any]) -> Response:
    text = json.dumps({"Response": {**content, "RequestId": secrets.token_hex(16)}}, ensure_ascii=False)
    return Response(text, content_type="application/json")


def _error(code: str, message: str) -> Response:
    return _answer({"Error": {"Code": code, "Message": message}})
