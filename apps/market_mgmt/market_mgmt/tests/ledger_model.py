"""A market's money as the rules describe it, in memory: no SQL, no services, only `market_mgmt.domain`.

`test_ledger_properties` plays the same random months here and on the site and compares the two. What is written here
is the bookkeeper's view: bills with what reduces them, one balance per merchant, deposits, money that is going back.
"""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from market_mgmt.domain import late_fee
from market_mgmt.domain.allocation import allocate
from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.billing import rent_for
from market_mgmt.domain.periods import billed_in, month_containing, month_key, month_of
from market_mgmt.tests.ledger_model_parts import (
    CLOSED,
    COUNTER,
    FAILED,
    PAID,
    PENDING,
    QUARANTINED,
    REVERSED,
    SUCCEEDED,
    UNDER_WAY,
    WECHAT,
    Bill,
    Order,
    Refund,
    Refused,
    Share,
    Tenancy,
)

# Code and allocation priority of the two fee types.
RENT, ONE_OFF = ("RENT", 10), ("SANI", 50)


class Model:
    """All books at once. Days are the caller's; every method that may not be raises Refused halfway."""

    def __init__(self) -> None:
        self.tenancies: dict[str, Tenancy] = {}
        self.bills: dict[str, Bill] = {}
        self.orders: list[Order] = []
        self.refunds: list[Refund] = []
        self.prepaid: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self.going_back: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self._shares: list[Share] = []
        self.cash: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)

    # -- bills ---------------------------------------------------------------------------------------------------

    def bill_month(self, market: str, period: str, on: date, lease: str | None = None) -> list[str]:
        """Bill the rents of a month that are not billed; their merchants' balances pay what they can."""
        month, made = month_of(period), []
        for tenancy in self.tenancies.values():
            days = billed_in(month, tenancy.start, "Monthly")
            billed = any(
                bill.tenancy is tenancy and bill.period == period and bill.generated and not bill.reversed
                for bill in self.bills.values()
            )
            if tenancy.market != market or lease not in (None, tenancy.lease) or billed or not days:
                continue
            amount = rent_for(days, tenancy.start, tenancy.last_day, tenancy.rent).amount
            if amount > 0:
                made.append(self._published(tenancy, RENT, period, days.start, days.end, amount, on))
        self._use_balances(on, {bill.tenancy.merchant for bill in made})
        return [bill.name for bill in made]

    def bill_one_off(self, lease: str, amount: Decimal, on: date) -> None:
        tenancy = self.tenancies[lease]
        self._published(tenancy, ONE_OFF, month_key(on), on, on, amount, on)
        self._use_balances(on, {tenancy.merchant})

    def reverse_bill(self, name: str, on: date) -> None:
        """What was paid on it pays what else is owed, or is balance again."""
        bill = self.bills[name]
        if bill.reversed:
            raise Refused
        bill.reversed = True
        for share in self._shares:
            if share.bill is bill and share.stands:
                share.stands = False
                self.prepaid[bill.tenancy.merchant] += share.amount
        self._use_balances(on, {bill.tenancy.merchant})

    def waive(self, name: str, late: bool, amount: Decimal, on: date) -> None:
        bill = self.bills[name]
        if not bill.is_open or amount > (bill.late_due(on) if late else bill.principal):
            raise Refused
        bill.accrue(on)
        if late:
            bill.late_settled += amount
        else:
            bill.reductions.append((on, amount))
            bill.waived += amount

    def accrue(self, market: str, on: date) -> None:
        for bill in self.bills.values():
            if bill.tenancy.market == market:
                bill.accrue(on)

    def _published(
        self,
        tenancy: Tenancy,
        kind: tuple[str, int],
        period: str,
        first: date,
        last: date,
        amount: Decimal,
        on: date,
    ) -> Bill:
        code, priority = kind
        key = f"{tenancy.lease}-{code}-{first:%Y%m%d}-"
        due = on + timedelta(days=late_fee.DEFAULT_START_AFTER_DAYS)
        runs = kind == RENT
        terms = late_fee.Terms(due + timedelta(days=1), late_fee.MIN_DAILY_RATE, late_fee.DEFAULT_CAP_SHARE)
        revision = 1 + sum(name.startswith(key) for name in self.bills)
        name = f"{key}{revision}"
        bill = Bill(name, tenancy, period, last, runs, due, priority, amount, terms if runs else None)
        bill.waived = min(self._waived_before(bill), amount)
        if bill.waived:
            bill.reductions.append((on, bill.waived))
        self.bills[name] = bill
        return bill

    def _waived_before(self, bill: Bill) -> Decimal:
        """What was waived of the last bill that was taken back and that this one replaces."""
        replaced = [
            other
            for other in self.bills.values()
            if (other.tenancy, other.period, other.generated) == (bill.tenancy, bill.period, True)
        ]
        return replaced[-1].waived if bill.generated and replaced else ZERO

    # -- money in ------------------------------------------------------------------------------------------------

    def collect(self, merchant: str, amount: Decimal, now: datetime) -> None:
        self._receive(self.order(merchant, amount, COUNTER, now), now.date(), now, allocated=True)

    def order(
        self, merchant: str, amount: Decimal, channel: str, now: datetime, chosen: tuple[str, ...] = ()
    ) -> Order:
        self.orders.append(Order(len(self.orders), merchant, amount, channel, now, chosen))
        return self.orders[-1]

    def told_paid(self, number: int, amount: Decimal, now: datetime) -> None:
        """WeChat's word that an order was paid when it was placed. Only the first time counts."""
        order = self.orders[number]
        if order.state not in (PENDING, CLOSED):
            return
        if amount != order.amount:
            order.state = QUARANTINED
            return
        if order.state == CLOSED:
            order.chosen = ()
        self._receive(order, order.placed.date(), now, allocated=True)

    def told_closed(self, number: int) -> None:
        order = self.orders[number]
        if order.state == PENDING:
            order.state = CLOSED

    def take_deposit(self, lease: str, amount: Decimal, now: datetime) -> None:
        tenancy = self.tenancies[lease]
        if tenancy.held + amount > tenancy.deposit:
            raise Refused
        order = self.order(tenancy.merchant, amount, COUNTER, now)
        order.deposit_of = tenancy
        self._receive(order, now.date(), now, allocated=False)
        self.prepaid[tenancy.merchant] -= amount
        tenancy.held += amount

    def _receive(self, order: Order, on: date, now: datetime, allocated: bool) -> None:
        order.state = PAID
        self.cash[self._market_of(order.merchant)] += order.amount
        self.prepaid[order.merchant] += order.amount
        if allocated:
            order.shares = self._pay(order.merchant, order.amount, on, order.chosen)
        order.receipt = (self._market_of(order.merchant), now.year)

    # -- money back ----------------------------------------------------------------------------------------------

    def reverse_payment(self, number: int, on: date) -> None:
        """A counter payment is taken back: its bills are open again."""
        order = self.orders[number]
        if order.channel != COUNTER or order.state != PAID or self._gone(order):
            raise Refused
        self._take_off(order.shares, on)
        if order.deposit_of:
            order.deposit_of.held -= order.amount
            self.prepaid[order.merchant] += order.amount
        self.prepaid[order.merchant] -= order.amount
        self.cash[self._market_of(order.merchant)] -= order.amount
        if self.prepaid[order.merchant] < 0 or (order.deposit_of and order.deposit_of.held < 0):
            raise Refused
        order.state, order.void = REVERSED, True

    def refund(
        self,
        merchant: str,
        amount: Decimal,
        channel: str,
        number: int | None,
        reopen: bool,
        now: datetime,
    ) -> None:
        """Asked for and approved: the money is held until it has left or could not."""
        order = None if number is None else self.orders[number]
        if order:
            too_old = channel == WECHAT and now - order.placed > timedelta(days=365)
            if order.state != PAID or too_old or self._gone(order) + amount > order.amount:
                raise Refused
        if order and reopen and not self._take_off(order.shares, now.date()):
            # after an earlier part went back, what was left of the payment paid its bills as balance
            bills = {share.bill.name for share in order.shares}
            by_balance = [share for share in self._shares if share.by_balance and share.bill.name in bills]
            self._take_off(by_balance, now.date())
        if self.prepaid[merchant] < amount:
            raise Refused
        self.prepaid[merchant] -= amount
        self.going_back[merchant] += amount
        self.refunds.append(Refund(merchant, amount, channel, order, now.date()))
        if reopen:
            self._use_balances(now.date(), {merchant})

    def refund_ends(self, number: int, succeeded: bool) -> None:
        """WeChat may say so again, or say otherwise later: the first word counts. The office says it once.

        Money that could not go was there all the time.
        """
        refund = self.refunds[number]
        if refund.state != UNDER_WAY:
            if refund.channel == COUNTER:
                raise Refused
            return
        self.going_back[refund.merchant] -= refund.amount
        refund.state = SUCCEEDED if succeeded else FAILED
        if not succeeded:
            self.prepaid[refund.merchant] += refund.amount
            self._use_balances(refund.held_on, {refund.merchant})
            return
        self.cash[self._market_of(refund.merchant)] -= refund.amount
        if order := refund.order:
            gone = [r.amount for r in self.refunds if r.order is order and r.state == SUCCEEDED]
            order.void = order.void or sum(gone, ZERO) == order.amount

    def release_deposit(self, lease: str, amount: Decimal) -> None:
        tenancy = self.tenancies[lease]
        if amount > tenancy.held:
            raise Refused
        tenancy.held -= amount
        self.prepaid[tenancy.merchant] += amount

    def settle_deposit(self, lease: str, on: date) -> None:
        """At the end of a lease, once it is billed to its end, its deposit pays its debts, then others that are due."""
        tenancy = self.tenancies[lease]
        if not tenancy.ended or self._unbilled(tenancy):
            raise Refused
        self.release_deposit(lease, tenancy.held)
        if self.prepaid[tenancy.merchant] > 0:
            bills = self.open_bills(tenancy.merchant)
            own = tuple(bill.name for bill in bills if bill.tenancy is tenancy)
            due = tuple(bill.name for bill in bills if bill.due <= on)
            self._pay(tenancy.merchant, self.prepaid[tenancy.merchant], on, own, True, {*own, *due})

    def _unbilled(self, tenancy: Tenancy) -> bool:
        """Whether a month of a lease has no rent bill: any from the first that was billed in its market to its last."""
        last = month_key(tenancy.last_day)
        billed = {
            bill.period
            for bill in self.bills.values()
            if bill.tenancy is tenancy and bill.generated and not bill.reversed
        }
        known = [
            bill.period
            for bill in self.bills.values()
            if bill.generated and bill.tenancy.market == tenancy.market
        ]
        month = month_of(max(month_key(tenancy.start), min([last, *known])))
        while month_key(month.start) <= last:
            amount = rent_for(month, tenancy.start, tenancy.last_day, tenancy.rent).amount
            if amount > 0 and month_key(month.start) not in billed:
                return True
            month = month_containing(month.end + timedelta(days=1))
        return False

    # -- tenants -------------------------------------------------------------------------------------------------

    def terminate(self, lease: str, last_day: date) -> None:
        """Bills beyond the last day are taken back and made anew up to it."""
        tenancy = self.tenancies[lease]
        if tenancy.ended or not tenancy.start <= last_day <= tenancy.last_day:
            raise Refused
        tenancy.ended, tenancy.last_day = True, last_day
        beyond = [
            bill
            for bill in self.bills.values()
            if bill.tenancy is tenancy and bill.generated and not bill.reversed and bill.last_day > last_day
        ]
        for bill in beyond:
            self.reverse_bill(bill.name, last_day)
        for period in sorted({month_key(last_day), *(bill.period for bill in beyond)}):
            self.bill_month(tenancy.market, period, last_day, lease)

    # -- what they share -----------------------------------------------------------------------------------------

    def open_bills(self, merchant: str) -> list[Bill]:
        return [bill for bill in self.bills.values() if bill.tenancy.merchant == merchant and bill.is_open]

    def _pay(
        self,
        merchant: str,
        amount: Decimal,
        on: date,
        chosen: tuple[str, ...] = (),
        by_balance: bool = False,
        only: set[str] | None = None,
    ) -> list[Share]:
        bills = self.open_bills(merchant)
        posted_until = [day for bill in bills if (day := bill.unwind(on))]
        for bill in bills:
            bill.accrue(on)
        payable = [bill.open_fee(on) for bill in bills if only is None or bill.name in only]
        paid, _rest = allocate(amount, payable, chosen)
        shares = [Share(self.bills[share.fee], share.principal, share.late_fee, by_balance) for share in paid]
        for share in shares:
            share.bill.late_settled += share.late_fee
            if share.principal:
                share.bill.reductions.append((on, share.principal))
            self.prepaid[merchant] -= share.amount
        for bill in bills if posted_until else []:
            bill.accrue(max(posted_until))
        self._shares += shares
        return shares

    def _use_balances(self, on: date, merchants: set[str]) -> None:
        for merchant in sorted(merchants):
            if self.prepaid[merchant] > 0:
                self._pay(merchant, self.prepaid[merchant], on, by_balance=True)

    def _take_off(self, shares: list[Share], on: date) -> bool:
        """Open what was paid again, its money being balance; whether there was anything."""
        standing = [share for share in shares if share.stands]
        for share in standing:
            share.stands = False
            share.bill.late_settled -= share.late_fee
            if share.principal:
                share.bill.reductions.append((on, -share.principal))
            self.prepaid[share.bill.tenancy.merchant] += share.amount
        return bool(standing)

    def _gone(self, order: Order) -> Decimal:
        """What of a payment was refunded or is being refunded."""
        return sum((r.amount for r in self.refunds if r.order is order and r.state != FAILED), ZERO)

    def _market_of(self, merchant: str) -> str:
        return next(t.market for t in self.tenancies.values() if t.merchant == merchant)
