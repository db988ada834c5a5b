"""Dunning Notices: one row per recipient, channel and level, the message behind it, and the fallback when it fails.

A WeChat message needs a consent; without one, or when WeChat refuses it, the notice in the app takes its place. Template
ids are the provider's, so they come from site_config: `dunning_templates`, by channel and level. A channel or level
without a template is not used; its place is taken by the notice in the app too.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import frappe
from cn_connect import consents, outbox
from cn_connect.crypto import keys
from cn_connect.crypto.fields import plain_value
from cn_connect.money import to_db
from cn_connect.wechat import accounts
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain import dunning as rules
from market_mgmt.domain.dunning import IN_APP, VOICE, WECHAT, Level
from market_mgmt.services import arrears
from market_mgmt.services.arrears import FeeGroup
from market_mgmt.services.values import as_date, as_datetime

DOCTYPE = "Dunning Notice"
QUEUED, SENT, DELIVERED, FAILED, FALLBACK = "Queued", "Sent", "Delivered", "Failed", "Fallback"

# Which template a level uses; WeChat counts consents by template, so levels that say the same share one.
TEMPLATE_OF_LEVEL = {
    rules.BEFORE_DUE: "before_due",
    rules.DUE: "due",
    rules.OVERDUE_1: "overdue",
    rules.OVERDUE_3: "overdue",
    rules.LATE_FEE: "late_fee",
    rules.RED_CARD: "overdue",
}
# The fields of a subscribe-message template, by what they show; an office whose templates differ configures its own.
DEFAULT_FIELDS = {"thing1": "stall", "amount2": "amount", "date3": "due_date", "thing4": "remark"}
_THING_LENGTH = 20


def send(group: FeeGroup, level: Level, now: datetime, suffix: str = "") -> list[str]:
    """Writes the notices of a level for a group of fees and queues their messages. Returns the channels used.

    What was written before is not written again. `suffix` tells apart what may recur for a group (a red card).
    """
    used = [
        channel for wanted in level.channels for channel in _by_channel(wanted, group, level, now, suffix)
    ]
    return used or _in_app(group, level, now, suffix)


def follow(message: Document) -> None:
    """Takes over what became of a message; one that failed is replaced by the notice in the app."""
    name = frappe.db.get_value(DOCTYPE, {"outbox_message": message.name}, "name", for_update=True)
    if not name:
        return
    notice = frappe.get_doc(DOCTYPE, name)
    notice.update({"gateway_id": message.gateway_id, "error": message.error})
    if message.state in (outbox.SENT, outbox.DELIVERED):
        notice.state = message.state
        notice.sent_at = message.sent_at or message.delivered_at
    elif message.state == outbox.FAILED:
        notice.state = FALLBACK if notice.channel != IN_APP else FAILED
        notice.sent_at = message.sent_at
    notice.save(ignore_permissions=True)
    if notice.state == FALLBACK:
        level = Level(notice.level, 0, ())
        _in_app(
            _group_of(notice),
            level,
            as_datetime(message.failed_at or message.modified),
            notice.occasion or "",
        )


def withdraw_settled(lease: str, now: datetime) -> None:
    """Takes back the messages of a lease that still wait (over quiet hours) for groups of fees that are paid by now."""
    waiting = frappe.get_all(
        DOCTYPE,
        filters={"lease": lease, "state": QUEUED, "outbox_message": ("is", "set")},
        fields=["name", "due_date", "outbox_message"],
    )
    if not waiting:
        return
    reason = _("Settled before it was sent")
    owed = {group.due_date for group in arrears.of_lease(lease, now.date(), lock=True)}
    for row in waiting:
        if as_date(row.due_date) not in owed and outbox.withdraw(row.outbox_message, reason, now):
            frappe.db.set_value(DOCTYPE, row.name, {"state": FAILED, "error": reason})


def templates(channel: str) -> dict[str, Any]:
    """The configured templates of a channel; empty when there are none."""
    configured = frappe.conf.get("dunning_templates") or {}
    return configured.get(channel) or {}


def consent_templates() -> dict[str, str]:
    """What a mini-program may ask consent for: the id of the WeChat template of each kind of notice."""
    return {kind: _template_id(template) for kind, template in templates(WECHAT).items()}


def record_consents(openid: str, accepted: Sequence[str], now: datetime) -> int:
    """Notes one consent for each accepted template; returns how many. Raises ValidationError for an unknown one."""
    unknown = sorted(set(accepted) - set(consent_templates().values()))
    if unknown:
        frappe.throw(_("There is no message template {0}.").format(unknown[0]))
    account = accounts.account_of(openid)
    if account:
        consents.grant(account, sorted(set(accepted)), now)
    return len(set(accepted)) if account else 0


def _template_id(template: Any) -> str:
    return str(template["id"] if isinstance(template, dict) else template)


def _by_channel(channel: str, group: FeeGroup, level: Level, now: datetime, suffix: str) -> list[str]:
    """Uses one channel for every recipient it reaches; empty if it reaches none."""
    template = templates(channel).get(TEMPLATE_OF_LEVEL[level.name])
    if not template:
        return []
    if channel == WECHAT:
        return _wechat(template, group, level, now, suffix)
    merchant = frappe.get_doc("Merchant", group.merchant)
    phone = plain_value(merchant, "phone")
    if not phone:
        return []
    # Voice is read aloud to whoever answers: no variables. SMS names the stall, nothing about the person.
    payload = [] if channel == VOICE else [_stall_no(group.stall)]
    return _write(
        channel, group, level, now, suffix, keys.hash_of(phone, "phone"), str(template), payload, phone=phone
    )


def _wechat(template: Any, group: FeeGroup, level: Level, now: datetime, suffix: str) -> list[str]:
    settings = template if isinstance(template, dict) else {}
    template_id = _template_id(template)
    shown = _shown(group, level)
    payload = {field: shown[what] for field, what in (settings.get("fields") or DEFAULT_FIELDS).items()}
    used: list[str] = []
    filters = {"lease": group.lease, "revoked": 0, "openid": ("is", "set")}
    for openid in sorted(set(frappe.get_all("Stall Binding", filters=filters, pluck="openid"))):
        if consents.available(openid, template_id):
            person = keys.hash_of(openid, "text")
            used += _write(WECHAT, group, level, now, suffix, person, template_id, payload, openid=openid)
    return used


def _write(
    channel: str,
    group: FeeGroup,
    level: Level,
    now: datetime,
    occasion: str,
    recipient_hash: str | None,
    template: str = "",
    payload: dict | list | None = None,
    **recipient: str,
) -> list[str]:
    """One notice and its message; nothing if it was written before. Returns the channel if written."""
    key = "|".join(
        (group.lease, str(group.due_date), level.name, channel, (recipient_hash or "")[:16], occasion)
    )
    if frappe.db.exists(DOCTYPE, {"dunning_key": key}):
        return []
    not_before = rules.allowed_from(now)
    notice = frappe.get_doc(
        {
            "doctype": DOCTYPE,
            "market": group.market,
            "merchant": group.merchant,
            "stall": group.stall,
            "lease": group.lease,
            "level": level.name,
            "channel": channel,
            "amount": to_db(group.amount),
            "due_date": group.due_date,
            "state": QUEUED,
            "queued_at": now,
            "not_before": not_before if not_before > now else None,
            "recipient_hash": recipient_hash,
            "occasion": occasion,
            "dunning_key": key,
        }
    )
    if channel == IN_APP:
        # It disturbs nobody: it is there when the merchant opens the app.
        notice.update({"state": DELIVERED, "sent_at": now, "not_before": None})
    notice.insert(ignore_permissions=True)
    if channel != IN_APP:
        message = outbox.queue(
            channel,
            template,
            payload if payload is not None else [],
            dedupe_key=f"dunning|{key}",
            now=now,
            not_before=not_before,
            reference=(DOCTYPE, notice.name),
            **recipient,
        )
        frappe.db.set_value(DOCTYPE, notice.name, "outbox_message", message, update_modified=False)
    return [channel]


def _in_app(group: FeeGroup, level: Level, now: datetime, suffix: str) -> list[str]:
    return _write(IN_APP, group, level, now, suffix, None)


def _shown(group: FeeGroup, level: Level) -> dict[str, str]:
    """What a template may show, in the forms that WeChat's field types take (thing: at most 20 characters)."""
    remark = {
        rules.BEFORE_DUE: _("Payment is due soon"),
        rules.DUE: _("Payment is due today"),
        rules.LATE_FEE: _("Late fees have started to run"),
        rules.RED_CARD: _("A red card was published for this stall"),
    }.get(level.name, _("Payment is overdue, please pay soon"))
    return {
        "stall": _stall_no(group.stall)[:_THING_LENGTH],
        "amount": f"{group.amount}",
        "due_date": group.due_date.isoformat(),
        "remark": remark[:_THING_LENGTH],
    }


def _stall_no(stall: str) -> str:
    return frappe.db.get_value("Stall", stall, "stall_no") or stall


def _group_of(notice: Document) -> FeeGroup:
    due_date: date = as_date(notice.due_date)
    return FeeGroup(
        notice.market,
        notice.merchant,
        notice.lease,
        notice.stall,
        due_date,
        Decimal(str(notice.amount or 0)),
        (),
    )
