"""Accounts of the demo site: one per role of the office, with passwords that are printed."""

from __future__ import annotations

from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils.password import check_password
from market_mgmt.demo.month import MARKET

# (login, name, role, what the role is called)
OFFICE = (
    ("leader@demo.market", "林主任", "Market Leader", "领导"),
    ("supervisor@demo.market", "符督导", "Market Supervisor", "督导（复核）"),
    ("finance@demo.market", "陈会计", "Market Finance", "财务"),
    ("cashier@demo.market", "王收银", "Market Cashier", "收银"),
    ("clerk@demo.market", "吴抄表", "Market Clerk", "抄表员"),
    ("admin@demo.market", "李管理", "Market Administrator", "市场管理员"),
)
PASSWORD = "caishichang2026"


def create() -> list[dict[str, str]]:
    """The office's users, each limited to the demo market; returns what to show at the start."""
    for login, name, role, _label in OFFICE:
        if frappe.db.exists("User", login):
            continue
        values = {
            "doctype": "User",
            "email": login,
            "first_name": name,
            "language": "zh",
            "user_type": "System User",
            "send_welcome_email": 0,
            "new_password": PASSWORD,
            "roles": [{"role": role}],
        }
        user = frappe.get_doc(values)
        # A demo password is meant to be easy to type.
        user.flags.ignore_password_policy = True
        user.insert(ignore_permissions=True)
        permission = {"doctype": "User Permission", "user": login, "allow": "Market", "for_value": MARKET}
        frappe.get_doc(permission).insert(ignore_permissions=True)
    return [{"role": label, "user": login, "password": PASSWORD} for login, _name, _role, label in OFFICE]


def refuse_known_password(login_manager: Any) -> None:
    """Hook `on_login`: once a site is no demo any more, nobody gets in by the password that everybody knows."""
    user = login_manager.user
    if _is_demo() or frappe.db.get_value("User", user, "user_type") != "System User":
        return
    try:
        check_password(user, PASSWORD)
    except frappe.AuthenticationError:
        return
    frappe.throw(
        _("The password of the demo is not valid here. Please have the administrator set a new one."),
        frappe.AuthenticationError,
    )


def refuse_new_password(user: Document, method: str | None = None) -> None:
    """Hook of User: elsewhere than on a demo site the demo's password cannot be chosen either."""
    if user.get("new_password") == PASSWORD and not _is_demo() and not user.flags.ignore_password_policy:
        frappe.throw(_("This password is too easy to guess. Please choose another one."))


def _is_demo() -> bool:
    return bool(frappe.conf.get("demo_accounts"))
