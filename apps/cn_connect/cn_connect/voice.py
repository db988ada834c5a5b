"""Voice calls by Tencent Cloud: an approved template read aloud, or the digits of a code."""

from collections.abc import Sequence
from typing import Any

from tencentcloud.vms.v20200902 import models
from tencentcloud.vms.v20200902.vms_client import VmsClient

from cn_connect import tencent
from cn_connect.config import require_object
from cn_connect.errors import GatewayUnavailable

REQUIRED = ("secret_id", "secret_key", "app_id")
_TIMES_READ = 2


def call(
    phone: str, template: str, values: Sequence[str] = (), settings: dict[str, Any] | None = None
) -> str:
    """Calls and reads the template; returns the provider's id of the call.

    `settings` are those of site_config (`tencent_voice`) unless given. Raises ConfigMissing, GatewayRefused,
    GatewayUnavailable.
    """
    settings = settings or require_object("tencent_voice", *REQUIRED)
    request = models.SendTtsVoiceRequest()
    request.TemplateId = template
    request.TemplateParamSet = [str(value) for value in values]
    return _dial(request, "SendTtsVoice", phone, settings)


def call_code(phone: str, code: str, settings: dict[str, Any] | None = None) -> str:
    """Calls and reads the digits of a sign-in code; returns the provider's id of the call. Raises as `call`."""
    settings = settings or require_object("tencent_voice", *REQUIRED)
    request = models.SendCodeVoiceRequest()
    request.CodeMessage = code
    return _dial(request, "SendCodeVoice", phone, settings)


def _dial(request: Any, action: str, phone: str, settings: dict[str, Any]) -> str:
    request.VoiceSdkAppid = str(settings["app_id"])
    request.CalledNumber = tencent.e164(phone)
    request.PlayTimes = _TIMES_READ
    client = tencent.make_client(VmsClient, settings)
    answer = tencent.ask(lambda: getattr(client, action)(request))
    if not answer.SendStatus:
        raise GatewayUnavailable("The voice service gave an unreadable answer.")
    return str(answer.SendStatus.CallId)
