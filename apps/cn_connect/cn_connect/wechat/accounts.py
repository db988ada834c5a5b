"""WeChat identities of this site: which openid signed in, and which user it stands for."""

from datetime import datetime
from typing import cast

import frappe
from cn_connect.cn_connect.doctype.wechat_account.wechat_account import WeChatAccount

DOCTYPE = "WeChat Account"


def remember(
    openid: str, now: datetime, unionid: str | None = None, appid: str | None = None
) -> WeChatAccount:
    """The account of that openid, made at the first sign-in; notes the time of this one."""
    told = {"appid": appid, "unionid": unionid, "last_login_at": now}
    name = _name_of(openid)
    if name:
        # Only what was learnt is written: sign-ins on two devices at once do not find each other's document changed.
        frappe.db.set_value(DOCTYPE, name, {field: value for field, value in told.items() if value})
        return cast(WeChatAccount, frappe.get_doc(DOCTYPE, name))
    account = frappe.get_doc({"doctype": DOCTYPE, "openid": openid, **told})
    return cast(WeChatAccount, account.insert(ignore_permissions=True))


def link(openid: str, user: str | None) -> None:
    """Lets the openid stand for that user (None: for nobody). Raises DoesNotExistError for an unknown openid."""
    name = _name_of(openid) or frappe.get_doc(DOCTYPE, openid).name
    frappe.db.set_value(DOCTYPE, name, "user", user)


def user_of(openid: str) -> str | None:
    """The user that openid stands for, or None."""
    name = _name_of(openid)
    return frappe.db.get_value(DOCTYPE, name, "user") if name else None


def openid_of(user: str) -> str | None:
    """The openid with which that user signed in last, or None."""
    return frappe.db.get_value(DOCTYPE, {"user": user}, "openid", order_by="last_login_at desc")


def account_of(openid: str) -> WeChatAccount | None:
    """The account of that openid, or None if it never signed in."""
    name = _name_of(openid)
    return cast(WeChatAccount, frappe.get_doc(DOCTYPE, name)) if name else None


def _name_of(openid: str) -> str | None:
    """openid tells upper from lower case, the database does not: compare again here."""
    row = frappe.db.get_value(DOCTYPE, {"openid": openid}, ["name", "openid"], as_dict=True)
    return row.name if row and row.openid == openid else None
