"""People for tests: signed-in merchants and office staff."""

import secrets
from datetime import datetime

import frappe
from cn_connect import consents
from cn_connect.crypto.fields import plain_value
from cn_connect.wechat import accounts
from market_mgmt.services import bindings, merchant_users, privacy
from market_mgmt.tests.factories import Shop


def new_phone() -> str:
    """A mobile number of its own: codes and locks are counted per phone, in a cache that no rollback empties."""
    return f"138{secrets.randbelow(10**8):08d}"


def wechat_user(now: datetime, agreed: bool = True) -> tuple[str, str]:
    """(user, openid) of a WeChat account that signed in, and agreed to the privacy text unless told otherwise."""
    openid = f"o{secrets.token_hex(13)}"
    user = merchant_users.sign_in(openid, None, "wx-test", now)
    if agreed:
        privacy.accept(user, privacy.current().version, now)
    return user, openid


def set_phone(shop: Shop) -> str:
    """Puts a phone on file for the merchant of a shop, and returns it."""
    merchant = frappe.get_doc("Merchant", shop.merchant)
    merchant.phone = phone = new_phone()
    merchant.save(ignore_permissions=True)
    return phone


def tenant(shop: Shop, now: datetime) -> tuple[str, str]:
    """(user, openid) of the merchant of a shop, bound by phone."""
    phone = plain_value(frappe.get_doc("Merchant", shop.merchant), "phone") or set_phone(shop)
    user, openid = wechat_user(now)
    bindings.bind(user, openid, shop.stall, phone, bindings.PROOF_PHONE, now)
    return user, openid


def consent(openid: str, template: str, now: datetime) -> None:
    """The account agrees to one message of a template."""
    name = frappe.db.get_value(accounts.DOCTYPE, {"openid": openid})
    consents.grant(frappe.get_doc(accounts.DOCTYPE, name), [template], now)


def staff_user(*roles: str, markets: tuple[str, ...] = ()) -> str:
    """A desk user with these roles, limited to `markets` as the office does it: by staff records."""
    email = f"{secrets.token_hex(6)}@example.com"
    user = frappe.get_doc(
        {
            "doctype": "User",
            "email": email,
            "first_name": "职员",
            "send_welcome_email": 0,
            "roles": [{"role": role} for role in roles],
        }
    ).insert(ignore_permissions=True)
    for market in markets:
        frappe.get_doc(
            {"doctype": "Market Staff", "market": market, "staff_name": "职员", "user": user.name}
        ).insert(ignore_permissions=True)
    return user.name
