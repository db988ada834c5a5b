"""Hooks of `bench start`: fill a site that bench-config.json marks as a demo, and print its accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import frappe
from frappe.installer import update_site_config
from market_mgmt.demo import accounts, month
from market_mgmt.demo.calendar import DUE_DATE, DUNNING_DAYS, PAYING_DAY, PERIOD, RED_CARD_DAY, at
from market_mgmt.services import cashiers, dunning, ledger, payments, red_cards

CASHIER, SUPERVISOR = "cashier@demo.market", "supervisor@demo.market"
# Of every ten merchants so many pay at the counter: in time, late, and only after the red card.
IN_TIME, LATE, AFTER_CARD = 6, 8, 9
OPENING_FLOAT = Decimal("500.00")
CHANNELS = ("Cash", "Cash", "POS", "Transfer")


def prepare(options: dict[str, Any], say: Callable[[str], object]) -> None:
    """Plays the demonstration month on a new site whose options name the folder with the office's files."""
    if not options.get("demo"):
        return
    files = Path(frappe.local.sites_path).resolve().parent / options["demo"]
    say("→ 导入演示数据：信息采集表、抄表、期初欠费")
    month.open_market()
    shown = accounts.create()
    month.import_form(files)
    month.import_history(files, SUPERVISOR)
    month.import_arrears(files)
    month.import_readings(files, PERIOD)
    month.confirm_held(PERIOD, SUPERVISOR)
    say("→ 出账、催缴、收款、红牌")
    month.bill()
    play()
    update_site_config("demo_accounts", shown)


def play() -> None:
    """What happens after the bills are out: most pay in time, some late, a few get a red card."""
    merchants = sorted(set(frappe.get_all("Fee", filters={"market": month.MARKET}, pluck="merchant")))
    groups = [(merchant, index % 10) for index, merchant in enumerate(merchants)]
    _collect([m for m, place in groups if place < IN_TIME], DUE_DATE)
    for day in DUNNING_DAYS:
        dunning.run(month.MARKET, at(day))
    _collect([m for m, place in groups if IN_TIME <= place < LATE], RED_CARD_DAY)
    dunning.run(month.MARKET, at(RED_CARD_DAY))
    for card in frappe.get_all("Red Card", filters={"status": "Drafted"}, pluck="name"):
        red_cards.review(card, True, None, SUPERVISOR, at(RED_CARD_DAY, 15))
    _collect([m for m, place in groups if LATE <= place < AFTER_CARD], PAYING_DAY)


def _collect(merchants: list[str], day: date) -> None:
    """These merchants pay everything at the counter, in one session that is counted in the evening."""
    session = cashiers.open_session(month.MARKET, CASHIER, OPENING_FLOAT, at(day, 8))
    for number, merchant in enumerate(merchants):
        rows = ledger.open_fees(day, merchant=merchant)
        total = sum((row.total for row in rows), Decimal(0))
        if total:
            moment = at(day, 8) + timedelta(hours=9) * number / len(merchants)
            channel = CHANNELS[number % len(CHANNELS)]
            payments.collect(merchant, [row.name for row in rows], channel, total, CASHIER, moment)
    cashiers.close_session(session, cashiers.expected(session), CASHIER, at(day, 18))


def banner() -> list[str]:
    """Lines about the demo accounts for the terminal."""
    shown = frappe.conf.get("demo_accounts") or []
    if not shown:
        return []
    return ["\n演示账号（数据均为虚构）："] + [
        f"  {account['role']}\t{account['user']} / {account['password']}" for account in shown
    ]
