"""Whatever a market does in whatever order, the books balance: random months, checked after every step."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import frappe
from cn_connect.money import yuan
from market_mgmt.domain.ledger import CASH, REFUND_PAYABLE, balance
from market_mgmt.domain.periods import month_key
from market_mgmt.services import billing, closing, counter, deposits, ledger, payments, refunds
from market_mgmt.services.late_fees import accrue_market
from market_mgmt.tests import factories

START = date(2026, 11, 1)
PERIODS = ("2026-09", "2026-10", "2026-11")

amounts = st.decimals(Decimal("0.01"), Decimal("2500"), places=2)
shops = st.integers(0, 1)
steps = st.one_of(
    st.tuples(st.just("bill"), st.sampled_from(PERIODS)),
    st.tuples(st.just("collect"), shops, amounts),
    st.tuples(st.just("wechat"), shops, amounts, st.integers(0, 9), st.booleans()),
    st.tuples(st.just("accrue")),
    st.tuples(st.just("reverse payment"), shops),
    st.tuples(st.just("reverse bill"), shops),
    st.tuples(st.just("waive"), shops, st.sampled_from(("Principal", "Late Fee")), amounts),
    st.tuples(st.just("refund"), shops, amounts, st.booleans(), st.sampled_from(("paid", "failed", "open"))),
    st.tuples(st.just("deposit"), shops, amounts),
    st.tuples(st.just("release deposit"), shops, amounts),
    st.tuples(st.just("close month")),
    st.tuples(st.just("wait"), st.integers(1, 20)),
)


class Office:
    """Two shops of one market, and the clock on the wall."""

    def __init__(self) -> None:
        self.market = factories.market()
        self.shops = [factories.shop(self.market, rent=rent, deposit=5000) for rent in ("1000.00", "333.33")]
        self.now = datetime.combine(START, datetime.min.time()) + timedelta(hours=10)

    def do(self, step: tuple) -> None:
        kind, *rest = step
        getattr(self, kind.replace(" ", "_"))(*rest)

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    def bill(self, period: str) -> None:
        if f"{self.now:%Y-%m}" >= period:
            billing.generate(self.market, period, self.now.date())
            factories.publish(self.market, period, self.now.date())

    def collect(self, shop: int, amount: Decimal) -> None:
        factories.collect(self.shops[shop].merchant, [], "Cash", amount, "Administrator", self.now)

    def wechat(self, shop: int, amount: Decimal, days_late: int, closed: bool) -> None:
        """Paid now, known up to nine days later, for an order that may have been closed; told twice."""
        place = self.shops[shop]
        open_now = [row.name for row in ledger.open_fees(self.now.date(), merchant=place.merchant)]
        status = "Closed" if closed else "Pending"
        order = factories.order(place, open_now, self.now, amount=float(amount), status=status)
        told = factories.transaction(order, self.now)
        self.wait(days_late)
        for _ in range(2):
            payments.settle(told, self.now)

    def accrue(self) -> None:
        accrue_market(self.market, self.now.date())

    def reverse_payment(self, shop: int) -> None:
        filters = {"merchant": self.shops[shop].merchant, "status": "Paid", "channel": "Cash"}
        order = frappe.db.get_value("Market Payment Order", filters)
        if order:
            factories.at_counter(self.market, "Guest", self.now)
            self.unless_refused(lambda: payments.reverse(order, "错账", "Guest", self.now))

    def reverse_bill(self, shop: int) -> None:
        filters = {"merchant": self.shops[shop].merchant, "status": ["!=", "Reversed"]}
        fee = frappe.db.get_value("Fee", filters)
        if fee:
            billing.reverse(fee, "错账", self.now)

    def waive(self, shop: int, part: str, amount: Decimal) -> None:
        merchant = self.shops[shop].merchant
        fee = next((row.name for row in ledger.open_fees(self.now.date(), merchant=merchant)), None)
        if fee:
            self.unless_refused(lambda: self._waive(fee, part, amount))

    def _waive(self, fee: str, part: str, amount: Decimal) -> None:
        waiver = frappe.get_doc("Fee Waiver", factories.waiver(fee, part, str(amount)))
        waiver.status = "Approved"
        waiver.save()

    def refund(self, shop: int, amount: Decimal, reopen: bool, outcome: str) -> None:
        filters = {"merchant": self.shops[shop].merchant, "status": "Paid"}
        order = frappe.db.get_value("Market Payment Order", filters) if reopen else None
        if order or not reopen:
            self.unless_refused(lambda: self._refund(shop, amount, order, outcome))

    def _refund(self, shop: int, amount: Decimal, order: str | None, outcome: str) -> None:
        merchant = self.shops[shop].merchant
        asked = (merchant, amount, "Transfer", "多收", "Guest", self.now, order, bool(order))
        name = refunds.request(*asked)
        refunds.review(name, True, None, "Administrator", self.now)
        if outcome == "paid":
            factories.at_counter(self.market, "Administrator", self.now)
            refunds.pay_out(name, "Administrator", self.now, "BANK-1")
        elif outcome == "failed":
            refunds.give_up(name, "户名不符", self.now)

    def deposit(self, shop: int, amount: Decimal) -> None:
        factories.at_counter(self.market, "Administrator", self.now)
        lease = self.shops[shop].lease
        self.unless_refused(
            lambda: counter.take_deposit(lease, "Transfer", amount, "Administrator", self.now)
        )

    def release_deposit(self, shop: int, amount: Decimal) -> None:
        lease = self.shops[shop].lease
        self.unless_refused(lambda: deposits.release(lease, amount, self.now.date(), "部分退还"))

    def close_month(self) -> None:
        month = closing.next_month(self.market)
        if month:
            self.unless_refused(
                lambda: closing.close(self.market, month_key(month.start), "Administrator", self.now)
            )

    def unless_refused(self, work) -> None:
        """A refusal rolls back, as a request does."""
        frappe.db.savepoint("step")
        try:
            work()
        except frappe.ValidationError:
            frappe.db.rollback(save_point="step")

    def check(self) -> None:
        assert ledger.check(self.market) == []
        entries = [
            entry
            for order in frappe.get_all("Market Payment Order", {"market": self.market}, pluck="name")
            for entry in ledger.entries_of_order(order)
        ]
        taken = {"market": self.market, "status": "Paid"}
        paid = frappe.get_all("Market Payment Order", taken, pluck="amount")
        assert balance(entries, CASH) == sum(map(yuan, paid), yuan(0))
        # what went back is what was refunded, what is under way is held
        done, under_way = (
            sum(
                map(yuan, frappe.get_all("Refund", {"market": self.market, "status": state}, pluck="amount")),
                yuan(0),
            )
            for state in ("Succeeded", "Approved")
        )
        whole = self.entries()
        assert balance(whole, CASH) == balance(entries, CASH) - done
        assert -balance(whole, REFUND_PAYABLE) == under_way

    def entries(self) -> list[SimpleNamespace]:
        fields = ["debit_account", "credit_account", "amount"]
        rows = frappe.get_all("Account Entry", {"market": self.market}, fields)
        return [SimpleNamespace(**{**row, "amount": yuan(row.amount)}) for row in rows]


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(work=st.lists(steps, max_size=14))
def test_the_books_balance_after_every_step(site, work):
    office = Office()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cn_connect.clock.now", lambda: office.now)
        patched.setattr(site.db, "commit", lambda *_: None)  # closing commits before it locks
        _play(site, office, work)


def _play(site, office, work):
    for step in [("bill", "2026-10"), *work]:
        office.do(step)
        office.check()
    # at the end everybody pays what is owed, and nothing is left
    for shop in office.shops:
        owed = sum(
            (row.total for row in ledger.open_fees(office.now.date(), merchant=shop.merchant)), Decimal(0)
        )
        if owed:
            factories.collect(shop.merchant, [], "Cash", owed, "Administrator", office.now)
    office.check()
    assert ledger.open_fees(office.now.date() + timedelta(days=400), market=office.market) == []
    site.db.rollback()
