"""A market's money as the rules describe it, in memory: no SQL, no services, only `market_mgmt.domain`.

`test_ledger_properties` plays the same random months here and on the site and compares the two. What is written here
is the bookkeeper's view: bills with what reduces them, one balance per merchant, deposits, money that is going back.
"""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

from market_mgmt.domain import deferral, late_fee
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
    Brought,
    Order,
    Refund,
    Refused,
    Tenancy,
)
from market_mgmt.tests.ledger_model_purse import Holding, Purse

# Code and allocation priority of the two fee types.
RENT, ONE_OFF = ("RENT", 10), ("SANI", 50)


class Model:
    """All books at once. Days are the caller's; every method that may not be raises Refused halfway."""

    def __init__(self) -> None:
        self.tenancies: dict[str, Tenancy] = {}
        self.bills: dict[str, Bill] = {}
        self.orders: list[Order] = []
        self.refunds: list[Refund] = []
        self.purses: defaultdict[str, Purse] = defaultdict(Purse)
        self.going_back: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self.cash: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)

    # -- bills ---------------------------------------------------------------------------------------------------

    def bill_month(self, market: str, period: str, on: date, lease: str | None = None) -> list[str]:
        """Bill the rents of a month that are not billed; their merchants' balances pay what they can."""
        month, made = month_of(period), []
        for tenancy in self.tenancies.values():
            days = billed_in(month, tenancy.start, tenancy.cycle)
            billed = any(
                bill.tenancy is tenancy and bill.period == period and bill.generated and not bill.reversed
                for bill in self.bills.values()
            )
            if tenancy.market != market or lease not in (None, tenancy.lease) or billed or not days:
                continue
            rent = rent_for(days, tenancy.start, tenancy.last_day, tenancy.rent)
            if rent.amount > 0:
                made.append(self._published(tenancy, RENT, period, days.start, days.end, rent.amount, on))
                found = deferral.shares([(line.month or "", line.amount) for line in rent.lines], on)
                made[-1].shares = found if deferral.is_deferred(found) else []
                made[-1].recognise(on)
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
        purse = self.purses[bill.tenancy.merchant]
        for holding in purse.holdings:
            if holding.bill is bill:
                purse.give_back(holding, holding.amount, on)
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

    def recognise(self, market: str, through: date) -> None:
        for bill in self.bills.values():
            if bill.tenancy.market == market and not bill.reversed:
                bill.recognise(through)

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
        if tenancy.ended or tenancy.held + amount > tenancy.deposit:
            raise Refused
        order = self.order(tenancy.merchant, amount, COUNTER, now)
        self._receive(order, now.date(), now, allocated=False)
        self.purses[tenancy.merchant].hold(amount, order, deposit_of=tenancy)
        tenancy.held += amount
        tenancy.moved = True

    def open(self, lease: str, deposit: Decimal | None, balance: Decimal | None, on: date) -> None:
        """What a lease brought along from before this system; said again, the new amount counts."""
        tenancy = self.tenancies[lease]
        if deposit is not None:
            tenancy.moved |= deposit > 0
            tenancy.held += deposit - (tenancy.opening_deposit or ZERO)
            tenancy.opening_deposit = deposit
            if not ZERO <= tenancy.held <= tenancy.deposit:
                raise Refused
        if balance is not None and balance != sum(tenancy.opening_balance.values(), ZERO):
            self._open_balance(tenancy, balance - sum(tenancy.opening_balance.values(), ZERO), on)
            self._use_balances(on, {tenancy.merchant})

    def _open_balance(self, tenancy: Tenancy, more: Decimal, on: date) -> None:
        """It is money like that of a payment; less than before is taken from the last entry, and its own money first."""
        purse, opened = self.purses[tenancy.merchant], tenancy.opening_balance
        if more > 0:
            opened[Brought()] = more
            purse.bring(list(opened)[-1], more, on)
        for entry in list(opened)[::-1]:
            part = min(-more, opened[entry])
            if part > 0:
                purse.take(part, entry, newest=True)
                opened[entry] -= part
                more += part

    def _presume_deposit(self, tenancy: Tenancy) -> None:
        """A lease older than the books has paid its deposit, unless these know better."""
        first_bill = next(bill for bill in self.bills.values() if bill.tenancy.market == tenancy.market)
        books_since = first_bill.due - timedelta(days=late_fee.DEFAULT_START_AFTER_DAYS)
        if tenancy.opening_deposit is None and not tenancy.moved and tenancy.start < books_since:
            tenancy.opening_deposit, tenancy.moved = tenancy.deposit, True
            tenancy.held += tenancy.deposit

    def _receive(self, order: Order, on: date, now: datetime, allocated: bool) -> None:
        order.state = PAID
        self.cash[self._market_of(order.merchant)] += order.amount
        self.purses[order.merchant].bring(order, order.amount, on)
        if allocated:
            self._pay(order.merchant, order.amount, on, order.chosen, order)
        order.receipt = (self._market_of(order.merchant), now.year)

    # -- money back ----------------------------------------------------------------------------------------------

    def reverse_payment(self, number: int, on: date) -> None:
        """A counter payment never was: all that its money paid is open again, whenever it paid that."""
        order = self.orders[number]
        if order.channel != COUNTER or order.state != PAID or self._gone(order):
            raise Refused
        purse = self.purses[order.merchant]
        own = purse.lot_of(order)
        assert own
        others = [lot.since for lot in purse.lots if lot is not own and lot.free]
        for holding in purse.holdings:
            amount = holding.parts.get(own, ZERO)
            if holding.deposit_of:
                holding.deposit_of.held -= amount
            if holding.bill:
                self._open_again(holding, amount, holding.on)
            if holding.deposit_of or holding.bill:
                purse.give_back(holding, amount, on, own)
        purse.take(order.amount, order, newest=True)
        self.cash[self._market_of(order.merchant)] -= order.amount
        order.state, order.void = REVERSED, True
        if others:
            self._use_balances(min(max(others), on), {order.merchant})

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
        purse = self.purses[merchant]
        if order and reopen:
            self._take_off_last(order, amount, now.date())
        held = purse.hold(amount, order)
        self.going_back[merchant] += amount
        self.refunds.append(Refund(merchant, amount, channel, order, now.date(), held))
        if reopen:
            self._use_balances(now.date(), {merchant})

    def refund_ends(self, number: int, succeeded: bool, on: date) -> None:
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
            self.purses[refund.merchant].give_back(refund.held, refund.amount, on)
            self._use_balances(refund.held_on, {refund.merchant})
            return
        self.cash[self._market_of(refund.merchant)] -= refund.amount
        if order := refund.order:
            gone = [r.amount for r in self.refunds if r.order is order and r.state == SUCCEEDED]
            order.void = order.void or sum(gone, ZERO) == order.amount

    def release_deposit(self, lease: str, amount: Decimal, on: date) -> None:
        tenancy = self.tenancies[lease]
        if amount > tenancy.held:
            raise Refused
        tenancy.held -= amount
        purse = self.purses[tenancy.merchant]
        for holding in purse.holdings:
            if holding.deposit_of is tenancy:
                amount -= purse.give_back(holding, amount, on)
        if amount:
            purse.bring(Brought(), amount, on)  # what no payment here has brought

    def settle_deposit(self, lease: str, on: date) -> None:
        """At the end of a lease, once it is billed to its end, its deposit pays its debts, then others that are due."""
        tenancy = self.tenancies[lease]
        if not tenancy.ended or self._unbilled(tenancy):
            raise Refused
        self._presume_deposit(tenancy)
        self.release_deposit(lease, tenancy.held, on)
        if self.balance(tenancy.merchant) > 0:
            bills = self.open_bills(tenancy.merchant)
            own = tuple(bill.name for bill in bills if bill.tenancy is tenancy)
            due = tuple(bill.name for bill in bills if bill.due <= on)
            self._pay(tenancy.merchant, self.balance(tenancy.merchant), on, own, only={*own, *due})

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
            days = billed_in(month, tenancy.start, tenancy.cycle)
            due = bool(days) and rent_for(days, tenancy.start, tenancy.last_day, tenancy.rent).amount > 0
            if due and month_key(month.start) not in billed:
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

    def balance(self, merchant: str) -> Decimal:
        return self.purses[merchant].balance

    def _pay(
        self,
        merchant: str,
        amount: Decimal,
        on: date,
        chosen: tuple[str, ...] = (),
        order: Order | None = None,
        only: set[str] | None = None,
    ) -> None:
        """By the money of an order, or by the balance."""
        bills, purse = self.open_bills(merchant), self.purses[merchant]
        posted_until = [day for bill in bills if (day := bill.unwind(on))]
        for bill in bills:
            bill.accrue(on)
        payable = [bill.open_fee(on) for bill in bills if only is None or bill.name in only]
        shares, _rest = allocate(amount, payable, chosen)
        for share in shares:
            bill = self.bills[share.fee]
            for late, part in ((True, share.late_fee), (False, share.principal)):
                if part:
                    purse.hold(part, order, bill=bill, late=late, on=on)
            bill.late_settled += share.late_fee
            if share.principal:
                bill.reductions.append((on, share.principal))
        for bill in bills if posted_until else []:
            bill.accrue(max(posted_until))

    def _use_balances(self, on: date, merchants: set[str]) -> None:
        for merchant in sorted(merchants):
            if self.balance(merchant) > 0:
                self._pay(merchant, self.balance(merchant), on)

    def _open_again(self, holding: Holding, amount: Decimal, on: date) -> None:
        """Part of what was paid of a bill is owed again, as of a day."""
        bill = holding.bill
        if bill and holding.late:
            bill.late_settled -= amount
        elif bill and amount:
            bill.reductions.append((on, -amount))

    def _take_off_last(self, order: Order, amount: Decimal, on: date) -> None:
        """Open what a payment paid last, until so much of it is balance."""
        purse = self.purses[order.merchant]
        own = purse.lot_of(order)
        for holding in reversed(purse.holdings):
            if own and holding.bill and own.free < amount:
                self._open_again(holding, purse.give_back(holding, amount - own.free, on, own), on)

    def _gone(self, order: Order) -> Decimal:
        """What of a payment was refunded or is being refunded."""
        return sum((r.amount for r in self.refunds if r.order is order and r.state != FAILED), ZERO)

    def _market_of(self, merchant: str) -> str:
        return next(t.market for t in self.tenancies.values() if t.merchant == merchant)
