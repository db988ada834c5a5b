"""What is going on when the process is killed: a shop, what WeChat or a cashier is about to say, and how it ends.

Each story is played again and again, each time in a market of its own; what is `told` in the end was counted by hand.
It is half past seven on 11 November 2026, in the quiet hours, three days after the rent of 1000.00 was due: 1.50 of
late fees.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests

import frappe
from cn_connect.money import to_db
from cn_connect.wechat.gateway import pay_client
from frappe.utils.password import set_encrypted_password
from market_mgmt.services import billing, dunning, late_fees, payments, red_cards, refunds, wechat_refunds
from market_mgmt.tests import factories, people
from market_mgmt.tests.factories import Shop
from simulators.keys import Keys
from tests import notifications
from tests.reliability.killing import Act, Job, Request, call

D = Decimal
NOW = datetime(2026, 11, 11, 7, 30)
RENT, SEPTEMBER = "RENT-20261001-1", "RENT-20260901-1"
SUPERVISOR = "Administrator"


@dataclass(frozen=True)
class Case:
    """A shop and what is about to happen to it; each of `repeats` is a way in which it is made up for."""

    shop: Shop
    act: Act
    repeats: tuple[Act, ...]


@dataclass(frozen=True)
class Story:
    """`told`: how some of the books read in the end, see `books.told`."""

    name: str
    title: str
    prepare: Callable[[Gateway], Case]
    told: tuple[str, ...]


STORIES: dict[str, Story] = {}


def story(title: str, *told: str) -> Callable[[Callable[[Gateway], Case]], Callable[[Gateway], Case]]:
    def add(prepare: Callable[[Gateway], Case]) -> Callable[[Gateway], Case]:
        STORIES[prepare.__name__] = Story(prepare.__name__, title, prepare, told)
        return prepare

    return add


@dataclass(frozen=True)
class Gateway:
    """WeChat as the simulators play it; its notifications get lost, so that ours come when we say so."""

    base: str
    keys: Keys

    def paid_order(
        self, shop: Shop, fees: list[str], amount: str, at: datetime = NOW, **values: Any
    ) -> tuple[str, Request]:
        """An order placed and paid, and the notification of it that is under way."""
        placed = at - timedelta(minutes=2)
        terms = {"mchid": self.keys.mchid, "amount": to_db(D(amount)), **values}
        order = factories.order(shop, fees, placed, **terms)
        client = pay_client()
        prepay = client.create_jsapi_order(order, "摊位费", D(amount), "o-payer", at + timedelta(minutes=15))
        answer = self._post(
            "_payer/pay", pay_params=client.pay_params(prepay, placed), at=f"{at:%Y-%m-%dT%H:%M:%S}"
        )
        told = notifications.paid(self.keys, order, amount, at, transaction_id=answer["transaction_id"])
        return order, _notification("notify", told)

    def end_refund(self, refund: str, order: str, amount: str, status: str) -> Request:
        """The bank has answered; gives the notification of it that is under way."""
        self._post("_control/end_refund", out_refund_no=refund, status=status)
        told = notifications.refunded(self.keys, refund, order, amount, refund_status=status)
        return _notification("refund_notify", told)

    def begin(self) -> None:
        """Its clock stands still like ours, and its notifications get lost."""
        self._post("_control/clock", at=NOW.isoformat())
        self._post("_control/fault", target="wechat_pay.notify", mode="drop", count=10**9)

    def _post(self, action: str, **arguments: Any) -> Any:
        answer = requests.post(f"{self.base}/{action}", json=arguments, timeout=30)
        answer.raise_for_status()
        return answer.json()


def _notification(method: str, told: notifications.Notification) -> Request:
    return Request(f"/api/method/cn_connect.api.wechat_pay.{method}", told.body, told.headers)


def _shop(**values: Any) -> tuple[Shop, str]:
    """A shop whose October rent of 1000.00 was due on 8 November."""
    shop = factories.shop(rent="1000.00", **values)
    return shop, factories.rent_bill(shop)


def _told_again(shop: Shop, told: Request) -> Case:
    """WeChat repeats itself, or our sweeper asks, whichever comes first."""
    return Case(shop, told, (told, Job("sweep_payments")))


@story(
    "支付部分欠费",
    "Balance 0.00",
    f"Fee {RENT} Partly Paid 601.50 0.00",
    "Receipt 1 Issued 400.00",
    f"Receipt Line Fee {RENT} 398.50 1.50",
)
def partial(wechat: Gateway) -> Case:
    shop, rent = _shop()
    return _told_again(shop, wechat.paid_order(shop, [rent], "400.00")[1])


@story(
    "一次支付多项费用及滞纳金",
    "Balance 0.00",
    f"Fee {SEPTEMBER} Paid 0.00 0.00 17.00",
    f"Fee {RENT} Paid 0.00 0.00 1.50",
    "Fee SANI-20261101-1 Paid 0.00 0.00 0.00",
    "Receipt 1 Issued 2068.50",
)
def several(wechat: Gateway) -> Case:
    shop = factories.shop(rent="1000.00")
    september = factories.rent_bill(shop, "2026-09", date(2026, 10, 1))
    rent = factories.rent_bill(shop)
    key = billing.create_one_off(shop.lease, "Sanitation", D("50.00"), "补办钥匙", date(2026, 11, 1))
    factories.publish(shop.market, "2026-11", date(2026, 11, 1), [key])
    return _told_again(shop, wechat.paid_order(shop, [rent, september, key], "2068.50")[1])


@story(
    "付款被轮询任务发现时进程被杀死",
    "Balance 0.00",
    f"Fee {RENT} Paid 0.00 0.00 1.50",
    "Receipt 1 Issued 1001.50",
)
def sweeper(wechat: Gateway) -> Case:
    shop, rent = _shop()
    told = wechat.paid_order(shop, [rent], "1001.50")[1]
    return Case(shop, Job("sweep_payments"), (Job("sweep_payments"), told))


@story(
    "多付，余款成为预存款",
    "Balance 200.00",
    f"Fee {RENT} Paid 0.00 0.00",
    "Receipt 1 Issued 1201.50",
    "Receipt Line Prepayment None 0.00 0.00 200.00",
)
def overpaid(wechat: Gateway) -> Case:
    shop, rent = _shop()
    return _told_again(shop, wechat.paid_order(shop, [rent], "1201.50")[1])


@story(
    "支付单已关闭，款项抵仍欠的费用",
    "Balance 0.00",
    f"Fee {RENT} Paid 0.00 0.00 1.50",
    "Receipt 1 Issued 1001.50",
)
def closed(wechat: Gateway) -> Case:
    shop, rent = _shop()
    told = wechat.paid_order(shop, [rent], "1001.50", status="Closed")[1]
    return Case(shop, told, (told,))


@story(
    "缴清欠费，摘除红牌，撤回待发通知",
    "Balance 0.00",
    "Red Card Lifted 2026-11-11 07:30:00",
    "Dunning Notice Late Fee WeChat Failed",
    "Dunning Notice Red Card WeChat Failed",
    "Outbox Message WeChat tmpl-late_fee Failed WITHDRAWN 0",
    "Outbox Message WeChat tmpl-overdue Failed WITHDRAWN 0",
    "Receipt 1 Issued 1005.00",
)
def red_card(wechat: Gateway) -> Case:
    """Due on 1 November: ten days of late fees, a published card, and messages that wait for the morning."""
    shop = factories.shop(rent="1000.00")
    _user, openid = people.tenant(shop, NOW)
    for template in ("tmpl-late_fee", "tmpl-overdue"):
        people.consent(openid, template, NOW)
    rent = factories.rent_bill(shop, on=date(2026, 10, 25))
    (card,) = dunning.run(shop.market, NOW - timedelta(hours=1)).red_cards
    red_cards.review(card, True, None, SUPERVISOR, NOW - timedelta(minutes=30))
    return _told_again(shop, wechat.paid_order(shop, [rent], "1005.00")[1])


@story(
    "付款晚两天才得知，滞纳金重算",
    "Balance 0.00",
    f"Fee {RENT} Paid 0.00 0.00 0.50",
    "Receipt 1 Issued 1000.50",
)
def known_late(wechat: Gateway) -> Case:
    shop, rent = _shop()
    told = wechat.paid_order(shop, [rent], "1000.50", at=NOW - timedelta(days=2))[1]
    late_fees.accrue_market(shop.market, NOW.date())
    return _told_again(shop, told)


@story(
    "付款所在月份已结账",
    "Balance 0.00",
    "Account Entry Payment Cash Prepaid 1011.00 None 2026-11-01 2026-10-30",
    f"Fee {SEPTEMBER} Paid 0.00 0.00 11.00",
    "Receipt 1 Issued 1011.00",
)
def closed_month(wechat: Gateway) -> Case:
    shop = factories.shop(rent="1000.00")
    september = factories.rent_bill(shop, "2026-09", date(2026, 10, 1))
    told = wechat.paid_order(shop, [september], "1011.00", at=datetime(2026, 10, 30, 9))[1]
    late_fees.accrue_market(shop.market, date(2026, 10, 31))
    frappe.db.set_value("Market", shop.market, "closed_through", date(2026, 10, 31))
    return _told_again(shop, told)


@story(
    "金额不符，隔离",
    "Balance 0.00",
    f"Fee {RENT} Published 1000.00 0.00",
    "Market Payment Order Quarantined",
    "Error Log Payment quarantined",
)
def quarantined(wechat: Gateway) -> Case:
    shop, rent = _shop()
    order = factories.order(shop, [rent], NOW, mchid=wechat.keys.mchid)
    told = _notification("notify", notifications.paid(wechat.keys, order, "1001.49", NOW))
    return Case(shop, told, (told,))


def _refund_under_way(wechat: Gateway, amount: str) -> tuple[Shop, str, str]:
    """The rent was paid, its bill reversed, and `amount` of the 1001.50 is going back; gives refund and order, too."""
    shop, rent = _shop()
    order, _told = wechat.paid_order(shop, [rent], "1001.50")
    payments.learn(order, NOW)
    billing.reverse(rent, "租金录入错误", NOW)
    refund = refunds.request(shop.merchant, D(amount), "WeChat", "多收", "Guest", NOW, order)
    refunds.review(refund, True, None, SUPERVISOR, NOW)
    assert wechat_refunds.send(refund, NOW) == "Processing"
    return shop, order, refund


@story(
    "退款成功，收据作废",
    "Balance 0.00",
    "Refund Succeeded 1001.50",
    "Receipt 1 Void 1001.50",
    "Account Entry Refund Refund Payable Cash 1001.50",
)
def refund_succeeded(wechat: Gateway) -> Case:
    shop, order, refund = _refund_under_way(wechat, "1001.50")
    told = wechat.end_refund(refund, order, "1001.50", "SUCCESS")
    return Case(shop, told, (told, Job("sweep_refunds")))


@story(
    "退款失败，款项退回余额并抵扣欠费",
    "Balance 1.50",
    "Refund Failed 1001.50",
    "Fee RENT-20261001-2 Paid 0.00 0.00",
    "Receipt 1 Issued 1001.50",
)
def refund_failed(wechat: Gateway) -> Case:
    shop, order, refund = _refund_under_way(wechat, "1001.50")
    factories.rent_bill(shop, on=NOW.date())
    told = wechat.end_refund(refund, order, "1001.50", "CLOSED")
    return Case(shop, told, (told, Job("sweep_refunds")))


@story(
    "柜台收款，重试带同一幂等键",
    "Balance 98.50",
    f"Fee {RENT} Paid 0.00 0.00",
    "Receipt 1 Issued 1100.00",
)
def at_the_counter(_wechat: Gateway) -> Case:
    shop, rent = _shop()
    cashier = factories.staff(shop.market, "Market Cashier")
    factories.at_counter(shop.market, cashier, NOW)
    taken = {"merchant": shop.merchant, "fees": [rent], "channel": "Cash", "amount": "1100.00"}
    collect = _call("collect", cashier, **taken)
    return Case(shop, collect, (collect,))


@story(
    "冲正柜台收款",
    "Balance 0.00",
    "Market Payment Order Reversed",
    f"Fee {RENT} Published 1000.00 1.50",
    "Receipt 1 Void 1001.50",
)
def reversed_payment(_wechat: Gateway) -> Case:
    shop, rent = _shop()
    result = factories.collect(shop.merchant, [rent], "Cash", D("1001.50"), "Guest", NOW)
    finance = factories.staff(shop.market, "Market Finance")
    factories.at_counter(shop.market, finance, NOW)
    take_back = _call("reverse_payment", finance, payment_order=result.order, reason="错账")
    return Case(shop, take_back, (take_back,))


@story(
    "冲正账单，放出来的钱抵另一张",
    "Balance 0.00",
    f"Fee {RENT} Partly Paid 1.50 0.00",
    "Fee RENT-20261101-1 Reversed 0.00 0.00",
)
def freed_by_a_reversal(_wechat: Gateway) -> Case:
    """November's bill was paid by mistake; October's owes 1001.50."""
    shop, _rent = _shop()
    [november] = factories.bills(shop.market, "2026-11", NOW.date())
    factories.collect(shop.merchant, [november], "Transfer", D("1000.00"), "Guest", NOW)
    finance = factories.staff(shop.market, "Market Finance")
    reverse = _call("reverse_bill", finance, name=november, reason="重复")
    return Case(shop, reverse, (reverse,))


@story(
    "转账退票，连同余款付的下一张账单",
    "Balance 0.00",
    "Market Payment Order Reversed",
    f"Fee {RENT} Published 1000.00 1.50",
    "Fee RENT-20261101-1 Published 1000.00 0.00",
    "Receipt 1 Void 1500.00",
)
def bounced(_wechat: Gateway) -> Case:
    shop, _rent = _shop()
    result = factories.collect(shop.merchant, [], "Transfer", D("1500.00"), "Guest", NOW)
    factories.bills(shop.market, "2026-11", NOW.date())
    finance = factories.staff(shop.market, "Market Finance")
    factories.at_counter(shop.market, finance, NOW)
    take_back = _call("reverse_payment", finance, payment_order=result.order, reason="退票")
    return Case(shop, take_back, (take_back,))


@story(
    "结班，少五元",
    "Cashier Session Closed -5.00",
    "Account Entry Cash Over/Short Cash Over/Short Cash 5.00",
)
def counted(_wechat: Gateway) -> Case:
    shop, _rent = _shop()
    cashier = factories.staff(shop.market, "Market Cashier")
    session = factories.at_counter(shop.market, cashier, NOW)
    close = _call("close_session", cashier, name=session, counted={"Cash": "195.00"}, note="找零错")
    return Case(shop, close, (close,))


def _call(method: str, user: str, **arguments: Any) -> Request:
    key, secret = secrets.token_hex(8), secrets.token_hex(8)
    frappe.db.set_value("User", user, "api_key", key)
    set_encrypted_password("User", user, secret, "api_secret")
    return call(f"market_mgmt.api.staff.{method}", f"{key}:{secret}", secrets.token_hex(8), **arguments)
