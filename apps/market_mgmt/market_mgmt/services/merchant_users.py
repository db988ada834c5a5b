"""The website user behind a WeChat account. It carries no personal data: a name made of the openid's keyed hash."""

from datetime import datetime

import frappe
from cn_connect.crypto import keys
from cn_connect.wechat import accounts
from frappe import _
from frappe.model.document import Document
from market_mgmt.setup.roles import MERCHANT_ROLE

# A reserved top-level domain (RFC 2606): no mail can ever be sent there.
_DOMAIN = "wechat.invalid"
_NAME_DIGITS = 32


def sign_in(openid: str, unionid: str | None, appid: str, now: datetime) -> str:
    """The user of a WeChat account, made at its first sign-in. Raises AuthenticationError for a disabled one."""
    account = accounts.remember(openid, now, unionid, appid)
    user = account.user
    if not user:
        user = _user_of(openid)
        accounts.link(openid, user)
    if not frappe.db.get_value("User", user, "enabled"):
        frappe.throw(_("This account is disabled."), frappe.AuthenticationError)
    return user


def _user_of(openid: str) -> str:
    digest = keys.hash_of(openid, "text")[:_NAME_DIGITS]
    name = f"wx-{digest}@{_DOMAIN}"
    return name if frappe.db.exists("User", name) else _make(name).name


def _make(name: str) -> Document:
    user = frappe.get_doc(
        {
            "doctype": "User",
            "email": name,
            "first_name": _("WeChat user"),
            "user_type": "Website User",
            "send_welcome_email": 0,
            "roles": [{"role": MERCHANT_ROLE}],
        }
    )
    user.flags["no_welcome_mail"] = True
    return user.insert(ignore_permissions=True)
