"""What SMS and voice of Tencent Cloud have in common: credentials, address, sorting of errors."""

from collections.abc import Callable
from typing import Any, TypeVar

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from cn_connect.errors import GatewayRefused, GatewayUnavailable

DEFAULT_REGION = "ap-guangzhou"
TIMEOUT_SECONDS = 10
_NOT_NOW = (
    "InternalError",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ClientNetworkError",
    "ServerNetworkError",
    # What the SDK makes of an answer it cannot read: the name of the exception.
    "JSONDecodeError",
    "KeyError",
    "TypeError",
)

Client = TypeVar("Client")
Answer = TypeVar("Answer")


def make_client(kind: Callable[..., Client], settings: dict[str, Any]) -> Client:
    """A client of the SDK for `settings` (secret_id, secret_key, optional region, endpoint, scheme)."""
    http = HttpProfile(
        protocol=settings.get("scheme"), endpoint=settings.get("endpoint"), reqTimeout=TIMEOUT_SECONDS
    )
    credential = Credential(settings["secret_id"], settings["secret_key"])
    return kind(credential, settings.get("region") or DEFAULT_REGION, ClientProfile(httpProfile=http))


def ask(call: Callable[[], Answer]) -> Answer:
    """The answer of a call. Raises GatewayUnavailable for passing faults, GatewayRefused for decisions."""
    try:
        return call()
    except TencentCloudSDKException as error:
        raise failure(str(error.code), str(error.message)) from error


def failure(code: str, message: str) -> GatewayRefused | GatewayUnavailable:
    """The error a code of Tencent Cloud stands for."""
    if code.startswith(_NOT_NOW):
        return GatewayUnavailable("Tencent Cloud cannot answer at the moment: {0} {1}", code, message)
    return GatewayRefused(code, message)


def e164(phone: str) -> str:
    """A mainland number as Tencent Cloud takes it."""
    return phone if phone.startswith("+") else f"+86{phone}"
