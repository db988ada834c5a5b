"""How each channel sends an Outbox Message. A sender returns the provider's id or raises an error of `cn_connect.errors`."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cn_connect import consents
from cn_connect.cn_connect.doctype.outbox_message.outbox_message import OutboxMessage
from cn_connect.crypto.fields import plain_value
from cn_connect.errors import GatewayRefused, NoConsent
from cn_connect.wechat import gateway

Sender = Callable[[OutboxMessage, datetime], str | None]


def senders_of_site() -> dict[str, Sender]:
    """The senders that use the gateways in site_config."""
    return {"WeChat": send_wechat, "SMS": send_sms, "Voice": send_voice, "In-App": send_in_app}


def send_wechat(message: OutboxMessage, now: datetime) -> str | None:
    """A subscribe message for one consent, which comes back unless the message went out. Raises NoConsent."""
    consent = consents.take(message.openid, message.template, message.name, now)
    if not consent:
        raise NoConsent("43101", "no consent in the ledger")
    values = payload(message)
    page = values.pop("page", None)
    try:
        return gateway.mini_program().send_subscribe_message(message.openid, message.template, values, page)
    except NoConsent:
        consents.strike_off(message.openid, message.template, now)
        raise
    except Exception:
        consents.give_back(consent)
        raise


def send_sms(message: OutboxMessage, _now: datetime) -> str:
    """A text message to the sealed phone number."""
    from cn_connect import sms  # with Tencent's SDK, which only the process that sends needs

    return sms.send(_phone(message), message.template, list(payload(message)))


def send_voice(message: OutboxMessage, _now: datetime) -> str:
    """A voice call to the sealed phone number."""
    from cn_connect import voice

    return voice.call(_phone(message), message.template, list(payload(message)))


def send_in_app(_message: OutboxMessage, _now: datetime) -> None:
    """Nothing to send: the row itself is the notice that the app shows."""


def payload(message: OutboxMessage) -> Any:
    """The template's values: a dict for WeChat and In-App, a list for SMS and Voice."""
    return json.loads(message.payload or "{}")


def _phone(message: OutboxMessage) -> str:
    phone = plain_value(message, "recipient")
    if not phone:
        raise GatewayRefused("NO_PHONE", "the message has no phone number")
    return phone
