"""The data of a measured site, made by the target's own Python: `python -m benchmarks.data SITE` in `sites/`.

One market, forty let stalls with a published rent bill each, a clerk and a merchant who sign in by password.
Prints what the requests need as one line of JSON.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import datetime

import frappe

SHOPS = 40
NOW = datetime(2026, 11, 20, 10)


def make() -> dict[str, object]:
    """Everything is committed by the caller."""
    from frappe.utils.password import update_password
    from market_mgmt.tests import factories, people

    market = factories.market()
    shops = [factories.shop(market) for _ in range(SHOPS)]
    bills = factories.bills(market, "2026-10", datetime(2026, 11, 1).date())
    clerk = factories.staff(market, "Market Administrator")
    merchant, _openid = people.tenant(shops[0], NOW)
    password = secrets.token_hex(12)
    for user in (clerk, merchant):
        update_password(user, password)
    areas = [factories.area(market, code) for code in "AB"]
    return {
        "market": market,
        "fee": bills[0],
        "areas": areas,
        "clerk": clerk,
        "merchant": merchant,
        "password": password,
    }


def main() -> None:
    frappe.init(site=sys.argv[1], sites_path=".")
    frappe.connect()
    made = make()
    frappe.db.commit()
    frappe.destroy()
    print(json.dumps(made))


if __name__ == "__main__":
    main()
