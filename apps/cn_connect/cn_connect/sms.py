"""Text messages by Tencent Cloud (SendSms). Templates and sign name are those the provider approved."""

from collections.abc import Sequence
from typing import Any

from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from cn_connect import tencent
from cn_connect.config import require_object
from cn_connect.errors import GatewayUnavailable

REQUIRED = ("secret_id", "secret_key", "app_id", "sign_name")


def send(
    phone: str, template: str, values: Sequence[str] = (), settings: dict[str, Any] | None = None
) -> str:
    """Sends one message and returns the provider's id for it.

    `settings` are those of site_config (`tencent_sms`) unless given. Raises ConfigMissing, GatewayRefused,
    GatewayUnavailable.
    """
    settings = settings or require_object("tencent_sms", *REQUIRED)
    request = models.SendSmsRequest()
    request.SmsSdkAppId = str(settings["app_id"])
    request.SignName = settings["sign_name"]
    request.TemplateId = template
    request.TemplateParamSet = [str(value) for value in values]
    request.PhoneNumberSet = [tencent.e164(phone)]
    client = tencent.make_client(SmsClient, settings)
    answer = tencent.ask(lambda: client.SendSms(request))
    if not answer.SendStatusSet:
        raise GatewayUnavailable("The SMS service gave an unreadable answer.")
    status = answer.SendStatusSet[0]
    if status.Code != "Ok":
        raise tencent.failure(str(status.Code), str(status.Message))
    return str(status.SerialNo)
