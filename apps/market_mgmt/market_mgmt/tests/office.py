"""An office whose every step is taken twice, on the site and in the model.

A step is a name and random numbers; which shop, bill, payment or refund they mean is found in the model.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.wechat import pay_messages
from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.periods import month_key
from market_mgmt.services import (
    billing,
    closing,
    counter,
    deferral,
    deposits,
    late_fees,
    lease_changes,
    ledger,
    openings,
    payments,
    refunds,
    wechat_refunds,
)
from market_mgmt.tests import factories
from market_mgmt.tests.ledger_model_parts import COUNTER, WECHAT, Tenancy
from market_mgmt.tests.side_by_side import SideBySide

START = datetime(2026, 11, 1, 10)
CASHIER, FINANCE, SUPERVISOR = "Administrator", "Guest", "Administrator"
DEPOSIT = Decimal("5000")


class Office(SideBySide):
    """Two markets: in one a merchant with two stalls and a neighbour who pays by the quarter, in the other a single merchant."""

    def __init__(self) -> None:
        super().__init__(START, [factories.market(), factories.market()])
        first = self._let(0, "1000.00")
        self._let(0, "333.33", merchant=first.merchant)
        self._let(0, "50.01", cycle="Quarterly")
        self._let(1, "3000.00")

    def do(self, step: tuple) -> None:
        kind, *rest = step
        getattr(self, kind.replace(" ", "_"))(*rest)

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    # -- bills ---------------------------------------------------------------------------------------------------

    def bill(self, market: int, months_ago: int) -> None:
        """The rents of one of the last months."""
        first = self.today.replace(day=1)
        for _month in range(months_ago):
            first = (first - timedelta(days=1)).replace(day=1)
        period, place = month_key(first), self.markets[market]
        self.both(
            lambda: self.model.bill_month(place, period, self.today),
            lambda: factories.bills(place, period, self.today),
        )

    def one_off(self, shop: int, amount: Decimal) -> None:
        place = self._shop(shop)

        def work() -> None:
            name = billing.create_one_off(place.lease, "Sanitation", amount, "清运垃圾", self.today)
            factories.publish(place.market, month_key(self.today), self.today, [name])

        self.both(lambda: self.model.bill_one_off(place.lease, amount, self.today), work)

    def reverse_bill(self, number: int) -> None:
        if name := _chosen(list(self.model.bills), number):
            self.both(
                lambda: self.model.reverse_bill(name, self.today),
                lambda: billing.reverse(name, "错账", self.now),
            )

    def waive(self, number: int, part: str, amount: Decimal) -> None:
        if name := _chosen(list(self.model.bills), number):

            def work() -> None:
                waiver = frappe.get_doc("Fee Waiver", factories.waiver(name, part, str(amount)))
                waiver.status = "Approved"
                waiver.save()

            self.both(lambda: self.model.waive(name, part == "Late Fee", amount, self.today), work)

    def accrue(self, market: int) -> None:
        place = self.markets[market]
        self.both(
            lambda: self.model.accrue(place, self.today),
            lambda: late_fees.accrue_market(place, self.today),
        )

    def close_month(self, market: int) -> None:
        """The site says whether it can be closed; then the month's late fees are posted."""
        place = self.markets[market]
        month = closing.next_month(place)
        if month and not self.refused(
            lambda: closing.close(place, month_key(month.start), CASHIER, self.now)
        ):
            self.model.accrue(place, month.end)
            self.model.recognise(place, month.end)

    def recognise(self, market: int) -> None:
        place = self.markets[market]
        self.both(
            lambda: self.model.recognise(place, self.today),
            lambda: deferral.recognise(place, self.today),
        )

    # -- payments ------------------------------------------------------------------------------------------------

    def collect(self, shop: int, amount: Decimal) -> None:
        merchant = self._shop(shop).merchant

        def work() -> None:
            self.orders.append(factories.collect(merchant, [], COUNTER, amount, CASHIER, self.now).order)
            self.told.append(factories.transaction(self.orders[-1], self.now))

        self.both(lambda: self.model.collect(merchant, amount, self.now), work)

    def order(self, shop: int, amount: Decimal, bills: int) -> None:
        """An order by WeChat for some of the open bills; `bills` says which, bit by bit."""
        place = self._shop(shop)
        open_now = sorted(row.name for row in ledger.open_fees(self.today, merchant=place.merchant))
        chosen = tuple(name for bit, name in enumerate(open_now) if bills >> bit & 1)
        shop_of = factories.Shop(place.market, "", place.merchant, place.lease)

        def work() -> None:
            self.orders.append(factories.order(shop_of, list(chosen), self.now, amount=float(amount)))
            self.told.append(factories.transaction(self.orders[-1], self.now))

        self.both(lambda: self.model.order(place.merchant, amount, WECHAT, self.now, chosen), work)

    def pay(self, shop: int, amount: Decimal, bills: int, days_late: int) -> None:
        """Ordered and paid now, known some days later, when late fees have been posted already, and told twice."""
        self.order(shop, amount, bills)
        latest = sum(order.channel == WECHAT for order in self.model.orders) - 1
        self.wait(days_late)
        self.accrue(self.markets.index(self._shop(shop).market))
        for _time in range(2):
            self.notify(latest, ZERO)

    def notify(self, number: int, difference: Decimal) -> None:
        """WeChat tells, or repeats, that any of the orders was paid; perhaps with another amount."""
        if order := _chosen([order for order in self.model.orders if order.channel == WECHAT], number):
            told = self.told[order.number]
            amount = told.amount + difference
            said = pay_messages.Transaction(**{**vars(told), "amount": amount})
            self.both(
                lambda: self.model.told_paid(order.number, amount, self.now),
                lambda: payments.settle(said, self.now),
            )

    def notify_closed(self, number: int) -> None:
        if order := _chosen([order for order in self.model.orders if order.channel == WECHAT], number):
            said = pay_messages.Transaction(**{**vars(self.told[order.number]), "trade_state": "CLOSED"})
            self.both(lambda: self.model.told_closed(order.number), lambda: payments.settle(said, self.now))

    def reverse_payment(self, number: int) -> None:
        if order := _chosen(self.model.orders, number):

            def work() -> None:
                factories.at_counter(self._market_of(order.merchant), FINANCE, self.now)
                payments.reverse(self.orders[order.number], "错账", FINANCE, self.now)

            self.both(lambda: self.model.reverse_payment(order.number, self.today), work)

    # -- refunds and deposits ------------------------------------------------------------------------------------

    def refund(self, number: int, amount: Decimal, of_balance: bool, reopen: bool) -> None:
        """Of a payment, by the way it came, or of its merchant's balance; mostly no more than there is."""
        if not (order := _chosen(self.model.orders, number)):
            return
        there = self.model.balance(order.merchant) if of_balance else order.amount
        amount = min(amount, there) or amount
        given = None if of_balance else order.number
        channel = COUNTER if of_balance else order.channel
        reopened = reopen and not of_balance

        def work() -> None:
            payment = None if given is None else self.orders[given]
            asked = (order.merchant, amount, channel, "多收", FINANCE, self.now, payment, reopened)
            name = refunds.request(*asked)
            refunds.review(name, True, None, SUPERVISOR, self.now)
            self.refunds.append(name)

        self.both(lambda: self.model.refund(order.merchant, amount, channel, given, reopened, self.now), work)

    def give_back(self, number: int, amount: Decimal, of_balance: bool, reopen: bool, first: bool) -> None:
        """A refund to its end; by WeChat with a contradiction afterwards, by the office with a second attempt."""
        before = len(self.model.refunds)
        self.refund(number, amount, of_balance, reopen)
        for succeeded in (first, not first) if len(self.model.refunds) > before else ():
            self.end_refund(before, succeeded)

    def end_refund(self, number: int, succeeded: bool) -> None:
        """The office has paid, or could not; or WeChat says so, whatever it said before."""
        if refund := _chosen(self.model.refunds, number):
            index = self.model.refunds.index(refund)
            name = self.refunds[index]

            def work() -> None:
                if refund.channel == WECHAT:
                    order = frappe.db.get_value("Refund", name, "payment_order")
                    state = "SUCCESS" if succeeded else "CLOSED"
                    said = pay_messages.Refund(name, "5030", order, "4200", state, refund.amount, self.now)
                    wechat_refunds.take_in(said, self.now)
                elif succeeded:
                    factories.at_counter(self._market_of(refund.merchant), CASHIER, self.now)
                    refunds.pay_out(name, CASHIER, self.now, "BANK-1")
                else:
                    refunds.give_up(name, "户名不符", self.now)

            self.both(lambda: self.model.refund_ends(index, succeeded, self.today), work)

    def deposit(self, shop: int, amount: Decimal) -> None:
        place = self._shop(shop)

        def work() -> None:
            factories.at_counter(place.market, CASHIER, self.now)
            taken = counter.take_deposit(place.lease, COUNTER, amount, CASHIER, self.now)
            self.orders.append(taken.order)
            self.told.append(factories.transaction(taken.order, self.now))

        self.both(lambda: self.model.take_deposit(place.lease, amount, self.now), work)

    def opening(self, shop: int, deposit: Decimal | None, balance: Decimal | None) -> None:
        """What a lease brought along from before this system, or a correction of it."""
        lease = self._shop(shop).lease
        self.both(
            lambda: self.model.open(lease, deposit, balance, self.today),
            lambda: openings.record(lease, openings.Opening(deposit, balance), self.now, "期初"),
        )

    def release_deposit(self, shop: int, amount: Decimal) -> None:
        """Of a lease that has one; all of it, and it pays what is owed, once the lease has ended."""
        held = [one for one in self.model.tenancies.values() if one.held or not one.moved]
        place = _chosen(held, shop) or self._shop(shop)
        lease = place.lease
        if place.ended:
            self.both(
                lambda: self.model.settle_deposit(lease, self.today),
                lambda: deposits.settle(lease, self.today, "退租"),
            )
            return
        self.both(
            lambda: self.model.release_deposit(lease, amount, self.today),
            lambda: deposits.release(lease, amount, self.today, "部分退还"),
        )

    def change_tenant(self, shop: int, rent: Decimal) -> None:
        """The tenant leaves today with last bills up to today; another moves in tomorrow."""
        place = self._shop(shop)
        if place.start > self.today and not place.ended:
            return  # who has not begun withdraws, which the tests of leases show

        def work() -> None:
            ended = lease_changes.terminate(place.lease, self.today, "退租", self.now)
            for period in sorted(set(frappe.get_all("Fee", {"name": ["in", ended.drafted]}, pluck="period"))):
                factories.publish(place.market, period, self.today, list(ended.drafted))

        if self.both(lambda: self.model.terminate(place.lease, self.today), work):
            stall = frappe.db.get_value("Lease", place.lease, "stall")
            start = self.today + timedelta(days=1)
            self._let(self.markets.index(place.market), str(rent), stall=stall, start_date=start)

    # -- who is meant ---------------------------------------------------------------------------------------------

    def _let(self, market: int, rent: str, merchant: str | None = None, **values: Any) -> Tenancy:
        place = self.markets[market]
        values.setdefault("start_date", factories.START)
        stall = values.pop("stall", None) or factories.stall(place)
        tenant = merchant or factories.merchant(place)
        lease = factories.lease(place, tenant, stall, rent, deposit=float(DEPOSIT), **values)
        start = values["start_date"]
        cycle = values.get("cycle", "Monthly")
        tenancy = Tenancy(lease, place, tenant, Decimal(rent), start, factories.END, DEPOSIT, cycle=cycle)
        self.model.tenancies[lease] = tenancy
        return tenancy

    def _shop(self, number: int) -> Tenancy:
        return list(self.model.tenancies.values())[number % len(self.model.tenancies)]

    def _market_of(self, merchant: str) -> str:
        return next(t.market for t in self.model.tenancies.values() if t.merchant == merchant)


def _chosen(items: list, number: int) -> Any:
    """One of these, None if there are none."""
    return items[number % len(items)] if items else None
