"""Each morning WeChat's bills of the day before against our books, and each month what WeChat kept against the contract.

A payment that WeChat has and we do not is asked about and settled at once; what is left is a difference, to be resolved
by a person. A refund counts on the day WeChat accepted it, whatever became of it. Bills are kept as they came. A payee
that several markets share is reconciled once, for the first of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import frappe
from cn_connect.errors import ConfigMissing, GatewayRefused
from cn_connect.money import to_db, yuan
from cn_connect.wechat import bills
from cn_connect.wechat.bills import FundRow, TradeRow
from cn_connect.wechat.gateway import pay_client
from cn_connect.wechat.pay import PayClient
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.periods import Period
from market_mgmt.domain.reconciliation import MISSING_HERE, Difference, differences, expected_fee
from market_mgmt.services import payees as payee_of
from market_mgmt.services import payments, wechat_refunds
from market_mgmt.services.imports.common import attach
from market_mgmt.services.rows import number
from market_mgmt.services.sweeping import sweep_each
from market_mgmt.services.values import as_date

RECONCILIATION, DIFFERENCE = "Market Payment Reconciliation", "Reconciliation Difference"
OPEN, RESOLVED = "Open", "Resolved"
# WeChat makes the bills of a day from nine in the morning on, and promises them for ten.
READY_AT = time(10)
DEFAULT_RATE = Decimal("0.0038")
ACCOUNT_TOTAL = "Account Total"
# What a row of the trade bill does to the account, as the fund bill puts it. Fees are checked by the month.
_MOVED_BY = ((bills.PAYMENT, bills.INCOME, "交易"), (bills.REFUND, bills.EXPENSE, "退款"))


@dataclass(frozen=True)
class Payee:
    """Who is paid by WeChat, with the first market that is."""

    market: str
    mchid: str
    sub_mchid: str | None
    rate: Decimal


def payees() -> list[Payee]:
    """Everybody whom the site's markets are paid by through WeChat."""
    found: dict[tuple[str, str | None], Payee] = {}
    for row in frappe.get_all("Market", fields=["name", "contracted_fee_rate"], order_by="creation"):
        try:
            paid = payee_of.of_market(row.name)
        except ConfigMissing:
            continue
        found.setdefault(paid, Payee(row.name, *paid, number(row.contracted_fee_rate) or DEFAULT_RATE))
    return list(found.values())


def reconcile_due(now: datetime, days_back: int = 7) -> dict[str, int]:
    """Reconcile what is due and not yet done, of the last days; commits day by day. Returns days by outcome."""
    last = now.date() - timedelta(days=1 if now.time() >= READY_AT else 2)
    days = [last - timedelta(days=back) for back in range(days_back - 1, -1, -1)]
    due = [
        (payee, day)
        for payee in payees()
        for day in days
        if not frappe.db.exists(RECONCILIATION, {"day_key": _day_key(payee, day)})
    ]
    return sweep_each(
        due,
        lambda item: str(reconcile(*item, now).status),
        lambda item: f"Reconciling {item[0].sub_mchid or item[0].mchid} on {item[1]}",
    )


def reconcile(payee: Payee, day: date, now: datetime) -> Document:
    """Fetch the bills of a day and compare them with our books; doing it again looks again and keeps what was resolved.

    Raises ValidationError for a day whose bills are not there yet, GatewayUnavailable, BillUnreadable.
    """
    if now < datetime.combine(day + timedelta(days=1), READY_AT):
        frappe.throw(_("WeChat's bills of {0} are there from {1} of the next day.").format(day, READY_AT))
    client = pay_client(payee.mchid)
    trade = client.download_trade_bill(day, payee.sub_mchid)
    fund = _fund_bill(client, payee, day)
    rows = bills.trade_rows(trade)
    found = _compare(payee, day, rows)
    if _ask_about(found, now):
        found = _compare(payee, day, rows)
    found += _account_totals(rows, bills.fund_rows(fund)) if fund else []
    document = _write(payee, day, rows, found, now)
    for name, content in (("trade_bill", trade), ("fund_bill", fund)):
        if content and not document.get(name):
            file_name = f"{payee.sub_mchid or payee.mchid}-{day}-{name}.csv"
            document.db_set(name, attach(content, file_name, RECONCILIATION, document.name))
    return document


def resolve(difference: str, resolution: str, by: str, now: datetime) -> str:
    """Somebody has found out why: the difference is closed with the explanation. Returns the day's status."""
    if not (resolution or "").strip():
        frappe.throw(_("Please note what was found out."))
    row = frappe.get_doc(DIFFERENCE, difference, for_update=True)
    if row.status == OPEN:
        row.update(
            {"status": RESOLVED, "resolution": resolution.strip(), "resolved_by": by, "resolved_at": now}
        )
        row.save(ignore_permissions=True)
    return _refresh_status(row.reconciliation)


def excess_fees(month: Period) -> list[tuple[Payee, Decimal, Decimal]]:
    """(payee, fee kept, fee contracted) of every payee of whom WeChat kept more than the contract in a month."""
    result = []
    for payee in payees():
        days = frappe.get_all(
            RECONCILIATION,
            filters={
                "mchid": payee.mchid,
                "sub_mchid": payee.sub_mchid or "",
                "day": ["between", [month.start, month.end]],
            },
            fields=["fee", "expected_fee"],
        )
        kept = sum((yuan(row.fee) for row in days), yuan(0))
        contracted = sum((yuan(row.expected_fee) for row in days), yuan(0))
        if kept > contracted:
            result.append((payee, kept, contracted))
    return result


def open_matters(market: str, month: Period) -> list[str]:
    """Hook `before_month_close`: days of the month with money moved by WeChat that are not reconciled, or disagree."""
    order = frappe.qb.DocType("Market Payment Order")
    refund = frappe.qb.DocType("Refund")
    ours = (order.market == market) & (order.channel == "WeChat") & order.settled_at.isnotnull()
    first, last = datetime.combine(month.start, time()), datetime.combine(month.end, time.max)
    paid = frappe.qb.from_(order).select(order.paid_at, order.mchid, order.sub_mchid).where(ours)
    back = frappe.qb.from_(refund).join(order).on(order.name == refund.payment_order)
    back = back.select(refund.sent_at, order.mchid, order.sub_mchid).where(
        ours & (refund.channel == "WeChat")
    )
    moved = [*paid.where(order.paid_at[first:last]).run(), *back.where(refund.sent_at[first:last]).run()]
    reasons = []
    for day, mchid, sub_mchid in sorted({(as_date(at), *payee) for at, *payee in moved}, key=str):
        key = _day_key(Payee(market, mchid or "", sub_mchid or None, DEFAULT_RATE), day)
        status = frappe.db.get_value(RECONCILIATION, {"day_key": key}, "status")
        if status is None:
            reasons.append(_("WeChat's bill of {0} has not been reconciled.").format(day))
        elif status != "Matched":
            reasons.append(_("WeChat's bill of {0} has open differences.").format(day))
    return reasons


def _fund_bill(client: PayClient, payee: Payee, day: date) -> bytes:
    """The movements of the payee's account; none of a sub-merchant's that WeChat does not show its provider."""
    try:
        return client.download_fund_bill(day, payee.sub_mchid)
    except GatewayRefused as refused:
        if payee.sub_mchid and refused.code == "NO_AUTH":
            return b""
        raise


def _compare(payee: Payee, day: date, rows: Sequence[TradeRow]) -> list[Difference]:
    return differences(_ours(payee, day), {row.number: row.amount for row in rows})


def _ours(payee: Payee, day: date) -> dict[str, Decimal]:
    """What our books say WeChat paid in on a day, or accepted to pay back, by number."""
    first, last = datetime.combine(day, time()), datetime.combine(day, time.max)
    order, refund = frappe.qb.DocType("Market Payment Order"), frappe.qb.DocType("Refund")
    theirs = (order.mchid == payee.mchid) & (order.channel == "WeChat")
    theirs &= (
        (order.sub_mchid == payee.sub_mchid)
        if payee.sub_mchid
        else (order.sub_mchid.isnull() | (order.sub_mchid == ""))
    )
    paid = frappe.qb.from_(order).select(order.name, order.amount).where(theirs & (order.status == "Paid"))
    found = {name: yuan(amount) for name, amount in paid.where(order.paid_at[first:last]).run()}
    back = frappe.qb.from_(refund).join(order).on(order.name == refund.payment_order)
    back = back.select(refund.name, refund.amount).where(theirs & (refund.channel == "WeChat"))
    back = back.where(refund.sent_at[first:last])
    return found | {name: yuan(amount) for name, amount in back.run()}


def _ask_about(found: Sequence[Difference], now: datetime) -> bool:
    """Payments and refunds that WeChat has and we do not: our own ones are asked about. Whether there were any."""
    asked = False
    for difference in found:
        if difference.kind != MISSING_HERE:
            continue
        if frappe.db.exists("Market Payment Order", difference.number):
            payments.learn(difference.number, now)
            asked = True
        elif frappe.db.exists("Refund", difference.number):
            wechat_refunds.learn(difference.number, now)
            asked = True
    return asked


def _account_totals(trades: Sequence[TradeRow], movements: Sequence[FundRow]) -> list[Difference]:
    """Every payment of the trade bill must have come into the account, every accepted refund must have left it."""
    found = []
    for kind, direction, business in _MOVED_BY:
        traded = sum((row.amount for row in trades if row.kind == kind), yuan(0))
        moved = sum(
            (row.amount for row in movements if (row.direction, row.business) == (direction, business)),
            yuan(0),
        )
        if traded != moved:
            found.append(Difference(ACCOUNT_TOTAL, business, traded, moved))
    return found


def _write(
    payee: Payee, day: date, rows: Sequence[TradeRow], found: Sequence[Difference], now: datetime
) -> Document:
    paid = [row for row in rows if row.kind == bills.PAYMENT]
    back = [row for row in rows if row.kind == bills.REFUND]
    key = _day_key(payee, day)
    name = frappe.db.get_value(RECONCILIATION, {"day_key": key})
    document = frappe.get_doc(RECONCILIATION, name) if name else frappe.new_doc(RECONCILIATION)
    contracted = [expected_fee(row.amount, payee.rate) for row in paid]
    contracted += [-expected_fee(row.amount, payee.rate) for row in back]
    document.update(
        {
            "market": payee.market,
            "mchid": payee.mchid,
            "sub_mchid": payee.sub_mchid or "",
            "day": day,
            "day_key": key,
            "payments": len(paid),
            "amount": to_db(sum((row.amount for row in paid), yuan(0))),
            "refunded": to_db(sum((row.amount for row in back), yuan(0))),
            "fee": to_db(yuan(sum((row.fee for row in rows), Decimal(0)))),
            "expected_fee": to_db(sum(contracted, yuan(0))),
            "reconciled_at": now,
            "status": "Matched",
        }
    )
    document.save(ignore_permissions=True)
    _keep(document, found)
    document.db_set("status", _refresh_status(document.name))
    return document


def _keep(document: Document, found: Sequence[Difference]) -> None:
    """New differences join the queue; those that have gone by themselves are resolved."""
    stands = set()
    for one in found:
        key = f"{document.day_key}|{one.kind}|{one.number}"
        stands.add(key)
        if frappe.db.exists(DIFFERENCE, {"difference_key": key}):
            continue
        frappe.get_doc(
            {
                "doctype": DIFFERENCE,
                "market": document.market,
                "reconciliation": document.name,
                "day": document.day,
                "kind": one.kind,
                "number": one.number,
                "ours": to_db(one.ours or yuan(0)),
                "theirs": to_db(one.theirs or yuan(0)),
                "status": OPEN,
                "difference_key": key,
            }
        ).insert(ignore_permissions=True)
    queued = {"reconciliation": document.name, "status": OPEN}
    for row in frappe.get_all(DIFFERENCE, queued, ["name", "difference_key"]):
        if row.difference_key not in stands:
            resolve(
                row.name, _("Gone when the day was reconciled again"), "Administrator", document.reconciled_at
            )


def _refresh_status(reconciliation: str) -> str:
    left = frappe.db.count(DIFFERENCE, {"reconciliation": reconciliation, "status": OPEN})
    status = "Differences" if left else "Matched"
    frappe.db.set_value(RECONCILIATION, reconciliation, "status", status)
    return status


def _day_key(payee: Payee, day: date) -> str:
    return f"{payee.mchid}|{payee.sub_mchid or ''}|{day}"
