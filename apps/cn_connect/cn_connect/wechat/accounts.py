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
    name = _name_of(openid)
    account = cast(WeChatAccount, frappe.get_doc(DOCTYPE, name) if name else frappe.new_doc(DOCTYPE))
    account.openid = openid
    account.appid = appid or account.appid
    account.unionid = unionid or account.unionid
    account.last_login_at = now
    account.save(ignore_permissions=True)
    return account


def link(openid: str, user: str | None) -> None:
    """Lets the openid stand for that user (None: for nobody). Raises DoesNotExistError for an unknown openid."""
    account = frappe.get_doc(DOCTYPE, _name_of(openid) or openid)
    account.update({"user": user})
    account.save(ignore_permissions=True)


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
