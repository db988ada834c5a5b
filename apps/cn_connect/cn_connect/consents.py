"""The ledger of consents to WeChat subscribe messages: one consent, one message.

A consent is taken before a message is sent, given back if it could not be sent, and all of a template are
struck off when WeChat says there is none (43101): then our ledger was wrong.
"""

from collections.abc import Sequence
from datetime import datetime

import frappe
from cn_connect.cn_connect.doctype.wechat_account.wechat_account import WeChatAccount
from cn_connect.wechat import accounts

DOCTYPE = "WeChat Consent"


def grant(account: WeChatAccount, templates: Sequence[str], now: datetime) -> None:
    """One consent more for each of the templates (what wx.requestSubscribeMessage answered with "accept")."""
    for template in templates:
        row = {"doctype": DOCTYPE, "wechat_account": account.name, "template": template, "granted_at": now}
        frappe.get_doc(row).insert(ignore_permissions=True)


def available(openid: str, template: str) -> int:
    """How many messages of that template may be sent to the openid."""
    return frappe.db.count(DOCTYPE, _unused(openid, template))


def take(openid: str, template: str, used_for: str, now: datetime) -> str | None:
    """Uses up the oldest consent and returns its name; None if there is none."""
    name = frappe.db.get_value(
        DOCTYPE, _unused(openid, template), "name", order_by="granted_at asc, name asc", for_update=True
    )
    if name:
        used = {"used_at": now, "outcome": "Used", "used_for": used_for}
        frappe.db.set_value(DOCTYPE, name, used, update_modified=False)
    return name


def give_back(name: str) -> None:
    """The message was not sent, so the consent may be used again."""
    unused = {"used_at": None, "outcome": "", "used_for": None}
    frappe.db.set_value(DOCTYPE, name, unused, update_modified=False)


def strike_off(openid: str, template: str, now: datetime) -> None:
    """WeChat refused for want of consent: whatever the ledger still shows for this template does not exist."""
    refused = {"used_at": now, "outcome": "Refused"}
    frappe.db.set_value(DOCTYPE, _unused(openid, template), refused, update_modified=False)


def _unused(openid: str, template: str) -> dict[str, object]:
    account = frappe.db.get_value(accounts.DOCTYPE, {"openid": openid}, "name")
    return {"wechat_account": account or "", "template": template, "used_at": ("is", "not set")}
