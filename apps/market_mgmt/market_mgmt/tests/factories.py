"""Quick, readable worlds for tests: a market with stalls, merchants, leases, meters, prices and bills.

Every factory returns the name of what it made. Markets get codes of their own, so tests that must commit do not meet.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

import frappe
from cn_connect.money import to_db
from cn_connect.wechat.pay_messages import Transaction
from market_mgmt.services import billing, cashiers, lease_changes, payments, readings, waivers
from market_mgmt.services.readings import ReadingRow

MCHID = "1900000001"
START, END = date(2025, 1, 1), date(2028, 12, 31)

_numbers = count(1)


@dataclass(frozen=True)
class Shop:
    """A leased stall."""

    market: str
    stall: str
    merchant: str
    lease: str


def _make(doctype: str, **values: Any) -> str:
    return frappe.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True).name


def market(**values: Any) -> str:
    """A market with a payee of its own settings; its seeding brings the default late fee rule."""
    code = values.pop("code", None) or f"T{secrets.token_hex(4)}"
    defaults = {
        "market_name": f"市场 {code}",
        "timezone": "Asia/Shanghai",
        "receipt_title": f"市场 {code}",
        "mchid": MCHID,
        "allow_partial_payment": 1,
        "payment_expiry_minutes": 15,
    }
    return _make("Market", code=code, **{**defaults, **values})


def area(market: str, code: str = "A", **values: Any) -> str:
    """An area of a market; asking twice for the same code gives the same area."""
    name = frappe.db.exists("Market Area", {"market": market, "area_code": code})
    return name or _make(
        "Market Area", market=market, area_code=code, **{"area_name": f"{code} 区", "floor": "1", **values}
    )


def stall(market: str, stall_no: str | None = None, **values: Any) -> str:
    values.setdefault("area", area(market))
    return _make("Stall", market=market, stall_no=stall_no or f"A{next(_numbers):04d}", **values)


def merchant(market: str, **values: Any) -> str:
    return _make("Merchant", market=market, **{"merchant_name": f"商户{next(_numbers)}", **values})


def lease(market: str, merchant: str, stall: str, rent: str = "3000.00", **values: Any) -> str:
    """An active lease over the years of the tests, with the late fee clause."""
    defaults = {
        "start_date": START,
        "end_date": END,
        "cycle": "Monthly",
        "status": "Active",
        "late_fee_clause": 1,
    }
    terms = {**defaults, "monthly_rent": to_db(Decimal(rent)), **values}
    return _make("Lease", market=market, merchant=merchant, stall=stall, **terms)


def shop(
    at: str | None = None, rent: str = "3000.00", merchant_name: str | None = None, **values: Any
) -> Shop:
    """A stall let to a merchant of its own (or to `merchant_name`), in market `at` or a new one."""
    place = at or market()
    tenant = merchant_name or merchant(place)
    where = stall(place)
    return Shop(place, where, tenant, lease(place, tenant, where, rent, **values))


def terminate(lease: str, last_day: date) -> None:
    """The tenant leaves on a day."""
    lease_changes.terminate(lease, last_day, "提前退租", datetime.combine(last_day, time(18)))


def meter(shop: Shop, fee_type: str = "Water", **values: Any) -> str:
    number = values.pop("meter_no", None) or f"{fee_type[0]}{next(_numbers):05d}"
    return _make("Meter", market=shop.market, stall=shop.stall, fee_type=fee_type, meter_no=number, **values)


def tariff(
    market: str, fee_type: str, price: str, since: date = START, stall: str | None = None, **values: Any
) -> str:
    terms = {"fee_type": fee_type, "unit_price": float(price), "effective_from": since, "stall": stall}
    return _make("Tariff", market=market, **terms, **values)


def late_fee_rule(market: str, since: date = START, **values: Any) -> str:
    """A rule that takes effect on a day; half a yuan a day on each thousand unless told otherwise."""
    defaults = {"start_after_days": 7, "daily_rate": 0.0005, "cap_share": 0.2}
    return _make("Late Fee Rule", market=market, effective_from=since, **{**defaults, **values})


def reading(meter: str, period: str, current: str, on: date | None = None) -> readings.Recorded:
    """One reading, recorded as an import would."""
    day = on or date.fromisoformat(f"{period}-28")
    place = frappe.db.get_value("Meter", meter, "market")
    return readings.record(place, period, [ReadingRow(meter, Decimal(current), day)], as_of=day)


def publish(market: str, period: str, on: date, names: list[str] | None = None) -> int:
    """The drafts of a period (or those in `names`) reviewed and published on a day; how many."""
    drafts = frappe.get_all("Fee", {"market": market, "period": period, "status": "Draft"}, pluck="name")
    billing.review(drafts if names is None else names, "Administrator", datetime.combine(on, time(9)))
    return billing.publish(market, period, on, names)


def bills(market: str, period: str, on: date) -> list[str]:
    """The bills of a period, drafted, reviewed and published on a day; the names of all published ones."""
    billing.generate(market, period, on)
    publish(market, period, on)
    filters = {"market": market, "period": period, "status": ["not in", ("Draft", "Reviewed", "Reversed")]}
    return frappe.get_all("Fee", filters=filters, pluck="name", order_by="name")


def rent_bill(shop: Shop, period: str = "2026-10", on: date = date(2026, 11, 1)) -> str:
    """The published rent bill of a shop; due a week after `on` by the default rule."""
    bills(shop.market, period, on)
    return frappe.db.get_value("Fee", {"lease": shop.lease, "fee_type": "Rent", "period": period})


def order(shop: Shop, fees: list[str], now: datetime, **values: Any) -> str:
    """A WeChat order as `payments.create` leaves it, without asking the gateway."""
    from market_mgmt.services import ledger

    rows = {row.name: row for row in ledger.open_fees(now.date(), merchant=shop.merchant)}
    lines = [
        {
            "fee": fee,
            "principal": to_db(rows[fee].principal),
            "late_fee": to_db(rows[fee].late_fee),
            "amount": to_db(rows[fee].total),
        }
        for fee in fees
    ]
    defaults = {
        "channel": "WeChat",
        "amount": to_db(sum((rows[fee].total for fee in fees), Decimal(0))),
        "status": "Pending",
        "mchid": MCHID,
        "created_at": now,
        "expires_at": now,
        "fees": lines,
    }
    terms = {**defaults, **values}
    return _make("Market Payment Order", market=shop.market, merchant=shop.merchant, **terms)


def at_counter(market: str, cashier: str, now: datetime) -> str:
    """The cashier's open session of that day; one of an earlier day is counted and closed."""
    found = frappe.db.get_value(
        "Cashier Session", {"open_key": f"{market}|{cashier}"}, ["name", "opened_at"], as_dict=True
    )
    if found and found.opened_at.date() == now.date():
        return found.name
    if found:
        cashiers.close_session(found.name, cashiers.expected(found.name), cashier, now)
    return cashiers.open_session(market, cashier, Decimal("200.00"), now)


def collect(
    merchant: str, fees: list[str], channel: str, amount: Decimal, by: str, now: datetime
) -> payments.SettleResult:
    """Money taken at the counter, in a session that is opened when there is none."""
    at_counter(frappe.db.get_value("Merchant", merchant, "market"), by, now)
    return payments.collect(merchant, fees, channel, amount, by, now)


def waiver(fee: str, part: str, amount: str) -> str:
    """A waiver that somebody of the finance office has asked for."""
    asking = staff(frappe.db.get_value("Fee", fee, "market"), "Market Finance")
    user = frappe.session.user
    frappe.set_user(asking)
    try:
        return waivers.request(fee, part, Decimal(amount), "减免")
    finally:
        frappe.set_user(user)


def transaction(order: str, at: datetime, **values: Any) -> Transaction:
    """What WeChat says when an order has been paid in full."""
    amount = Decimal(str(frappe.db.get_value("Market Payment Order", order, "amount"))).quantize(
        Decimal("0.01")
    )
    defaults = {
        "out_trade_no": order,
        "transaction_id": f"4200{secrets.randbelow(10**12):012d}",
        "trade_state": "SUCCESS",
        "amount": amount,
        "payer_openid": "o-test",
        "success_time": at,
        "mchid": MCHID,
    }
    return Transaction(**{**defaults, **values})


def tenant(shop: Shop, openid: str | None = None, user: str | None = None) -> str:
    """The user whose WeChat account is bound to a shop; asking twice gives the same one. One `user` may hold several."""
    bound = frappe.db.get_value("Stall Binding", {"lease": shop.lease, "revoked": 0}, "user")
    if bound:
        return bound
    if user is None:
        email = f"tenant-{secrets.token_hex(6)}@wechat.invalid"
        roles = [{"role": "Market Merchant"}]
        values = {"email": email, "first_name": "商户", "user_type": "Website User", "roles": roles}
        user = _make("User", send_welcome_email=0, **values)
    _make(
        "Stall Binding",
        user=user,
        openid=openid or f"o-{secrets.token_hex(8)}",
        proof="Clerk",
        bound_at=datetime(2026, 1, 1),
        **vars(shop),
    )
    return user


def staff(market: str | None, *roles: str) -> str:
    """A user of the office with these roles in one market; limited to none when it is None."""
    email = f"staff-{secrets.token_hex(6)}@office.invalid"
    given = [{"role": role} for role in roles]
    user = _make("User", email=email, first_name="员工", roles=given, send_welcome_email=0)
    if market:
        _make("User Permission", user=user, allow="Market", for_value=market, apply_to_all_doctypes=1)
    return user
