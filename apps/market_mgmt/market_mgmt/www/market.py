"""The page at `/`: what this is, this month's figures, where to go, and on a demo site its accounts."""

from __future__ import annotations

from typing import Any

import frappe
from cn_connect import clock
from market_mgmt.services import overview

no_cache = 1


def get_context(context: Any) -> None:
    """Guests see figures only on a demo site; elsewhere a market's staff see their own markets'."""
    # The page is written in Chinese; a browser that asks for another language must not get a mixture.
    frappe.local.lang = "zh"
    demo = bool(frappe.conf.get("demo_accounts"))
    staff = frappe.session.user != "Guest" and overview.is_staff(frappe.session.user)
    context.demo_accounts = frappe.conf.get("demo_accounts") or []
    # Not `user`: stock Frappe fills that in itself, for guests, too.
    context.signed_in_as = frappe.utils.get_fullname() if frappe.session.user != "Guest" else ""
    context.staff = staff
    context.services = overview.services(clock.now())
    context.markets = overview.markets(demo and not staff, clock.today()) if (demo or staff) else []
    context.receipts = overview.latest_receipts(10) if staff else []
    context.simulators = frappe.conf.get("wechat_api_base") if demo else ""
