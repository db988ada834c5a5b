"""Closing a month: its late fees and deferred income are posted, its ledger is checked, its totals are written down; then it never changes.

What must be finished before (cashiers' sessions, the gateway's bills) tells so itself, through the hook
`before_month_close`: each of its functions gets market and month, and returns the reasons why not.
"""

from datetime import datetime
from decimal import Decimal

import frappe
from cn_connect.money import to_db, yuan
from frappe import _
from market_mgmt.domain.closing import closable_from, next_to_close
from market_mgmt.domain.periods import Period, month_key
from market_mgmt.services import deferral, ledger
from market_mgmt.services.closed_months import closed_through
from market_mgmt.services.late_fees import accrue_market
from market_mgmt.services.rows import lock
from market_mgmt.services.values import as_date


def next_month(market: str) -> Period | None:
    """The month of a market that is closed next; None when it has no entries yet."""
    first = frappe.get_all(
        "Account Entry", filters={"market": market}, pluck="posting_date", order_by="posting_date", limit=1
    )
    return next_to_close(closed_through(market), as_date(first[0]) if first else None)


def close(market: str, period: str, by: str, now: datetime) -> str:
    """Close the next month of a market, which `period` (YYYY-MM) must be; returns the name of the Month Close.

    Commits the month's late fees, and what of rent of several months is its income, before it locks the market, so that payments in between do not wait for long.
    Raises ValidationError when the month is not the next one, not over for long enough, or not in order.
    """
    month = next_month(market)
    if month is None or month_key(month.start) != period:
        expected = month_key(month.start) if month else "–"
        frappe.throw(_("Months are closed one after the other; the next one is {0}.").format(expected))
    if now.date() < closable_from(month):
        frappe.throw(_("{0} can be closed from {1}.").format(period, closable_from(month)))
    accrue_market(market, month.end)
    deferral.recognise(market, month.end)
    frappe.db.commit()

    lock("Market", [market])
    if frappe.db.exists("Month Close", {"market": market, "period": period}):
        frappe.throw(_("{0} has been closed already.").format(period), frappe.DuplicateEntryError)
    open_matters = _open_matters(market, month)
    if open_matters:
        frappe.throw("\n".join(open_matters), title=_("{0} cannot be closed yet.").format(period))
    totals = account_totals(market, month)
    document = frappe.get_doc(
        {
            "doctype": "Month Close",
            "market": market,
            "period": period,
            "closed_through": month.end,
            "closed_by": by,
            "closed_at": now,
            "entries": sum(count for count, _debit, _credit in totals.values()) // 2,
            "totals": [
                {"account": account, "debit": to_db(debit), "credit": to_db(credit)}
                for account, (_count, debit, credit) in sorted(totals.items())
            ],
        }
    ).insert(ignore_permissions=True)
    frappe.db.set_value("Market", market, "closed_through", month.end)
    return document.name


def account_totals(market: str, month: Period) -> dict[str, tuple[int, Decimal, Decimal]]:
    """What a month moved on each account: number of lines, debit and credit in yuan."""
    totals: dict[str, tuple[int, Decimal, Decimal]] = {}
    for side, (debit, credit) in {"debit": (1, 0), "credit": (0, 1)}.items():
        table = frappe.qb.DocType("Account Entry")
        column = table[f"{side}_account"]
        query = frappe.qb.from_(table).select(column, table.amount)
        query = query.where((table.market == market) & table.posting_date[month.start : month.end])
        for account, amount in query.run():
            count, debits, credits = totals.get(account, (0, Decimal("0.00"), Decimal("0.00")))
            exact = yuan(amount)
            totals[account] = (count + 1, debits + debit * exact, credits + credit * exact)
    return totals


def _open_matters(market: str, month: Period) -> list[str]:
    reasons = [
        reason
        for method in frappe.get_hooks("before_month_close")
        for reason in frappe.get_attr(method)(market=market, month=month)
    ]
    violations = ledger.check(market)
    if violations:
        first = violations[0]
        reasons.append(
            _("The ledger has {0} differences; the first: {1} {2} {3}").format(
                len(violations), first.rule, first.document, first.detail
            )
        )
    return reasons
