"""Whatever a market does in whatever order, the books balance, and say what the pure rules say: random months.

Each example plays its steps on the site and in a model of plain Python (`office`, `ledger_model`), checked after every
step: bills and what is owed on them, late fees, balances, deposits, refunds under way, receipts, cash, and every
invariant of the ledger. At the end every report, the start page and the histories must show what the entries say.
"""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from market_mgmt.services import ledger
from market_mgmt.tests import factories, figures
from market_mgmt.tests.office import CASHIER, Office

D = Decimal

amounts = st.one_of(*(st.decimals(D("0.01"), most, places=2) for most in (2, 60, 2500)))
markets = st.integers(0, 1)
shops = st.sampled_from((0, 0, 1, 2, 3, 4))
numbers = st.sampled_from((0, 0, 1, 2, 3, 5, 8))
yes_or_no = st.booleans()
few_days = st.integers(0, 12)
steps = st.one_of(
    st.tuples(st.just("bill"), markets, st.integers(0, 2)),
    st.tuples(st.just("one off"), shops, amounts),
    st.tuples(st.just("reverse bill"), numbers),
    st.tuples(st.just("waive"), numbers, st.sampled_from(("Principal", "Late Fee")), amounts),
    st.tuples(st.just("accrue"), markets),
    st.tuples(st.just("close month"), markets),
    st.tuples(st.just("recognise"), markets),
    st.tuples(st.just("collect"), shops, amounts),
    st.tuples(st.just("order"), shops, amounts, st.integers(0, 15)),
    st.tuples(st.just("pay"), shops, amounts, st.integers(0, 15), few_days),
    st.tuples(st.just("notify"), numbers, st.sampled_from((0, 0, 0, 1)).map(D)),
    st.tuples(st.just("notify closed"), numbers),
    st.tuples(st.just("reverse payment"), numbers),
    st.tuples(st.just("refund"), numbers, amounts, yes_or_no, yes_or_no),
    st.tuples(st.just("give back"), numbers, amounts, yes_or_no, yes_or_no, yes_or_no),
    st.tuples(st.just("end refund"), numbers, yes_or_no),
    st.tuples(st.just("deposit"), shops, amounts),
    st.tuples(st.just("release deposit"), shops, amounts),
    st.tuples(st.just("opening"), shops, st.none() | amounts, st.none() | amounts),
    st.tuples(st.just("change tenant"), shops, amounts),
    st.tuples(st.just("wait"), st.sampled_from((1, 3, 8, 9, 20, 45, 400))),
)


# Turns that chance takes too seldom. The first two bills are published, and it is 9 November.
AFTER_ITS_LATE_FEES_WERE_PAID = [
    ("order", 0, D("400.00"), 1),
    ("wait", 9),
    ("collect", 0, D("2.00")),
    ("notify", 0, D(0)),
]
AFTER_ITS_MONTH_WAS_CLOSED = [
    ("order", 2, D("20.00"), 1),
    ("wait", 45),
    ("close month", 0),
    ("notify", 0, D(0)),
]
TENANTS_IN_MID_MONTH = [
    ("bill", 0, 0),
    ("deposit", 0, D("500.00")),
    ("collect", 0, D("2300.00")),
    ("change tenant", 0, D("800.00")),
    ("release deposit", 0, D("1.00")),
    ("wait", 20),
    ("bill", 0, 1),
    ("wait", 20),
    ("bill", 0, 1),
]
WAIVED_THEN_REVERSED = [
    ("waive", 0, "Principal", D("60.00")),
    ("waive", 0, "Late Fee", D("0.01")),
    ("reverse bill", 0),
    ("bill", 0, 1),
    ("change tenant", 0, D("800.00")),
    ("deposit", 1, D("100.00")),
]
A_QUARTER_TAKEN_BACK_AND_GIVEN_UP = [
    ("recognise", 0),
    ("wait", 45),
    ("recognise", 0),
    ("close month", 0),
    ("reverse bill", 2),
    ("bill", 0, 2),
    ("change tenant", 2, D("60.00")),
    ("recognise", 0),
]
OPENED_CORRECTED_AND_SETTLED = [
    ("opening", 0, D("700.00"), D("20.00")),
    ("opening", 0, D("600.00"), None),
    ("opening", 0, None, D("1.00")),
    ("opening", 1, D("5000.01"), None),
    ("opening", 2, D("0.00"), None),
    ("release deposit", 0, D("1.00")),
    ("change tenant", 0, D("800.00")),
    ("change tenant", 2, D("800.00")),
    ("bill", 0, 0),
    ("release deposit", 0, D("1.00")),
    ("release deposit", 1, D("1.00")),
    ("change tenant", 3, D("800.00")),
    ("release deposit", 3, D("1.00")),
]
GIVEN_BACK_AS_A_WHOLE = [
    ("collect", 2, D("60.00")),
    ("give back", 0, D("60.00"), False, True, True),
    ("pay", 3, D("3000.00"), 1, 2),
    ("give back", 1, D("1000.00"), False, True, True),
    ("refund", 1, D("500.00"), False, True),
    ("give back", 1, D("1500.00"), False, True, False),
    ("give back", 1, D("1500.00"), False, True, True),
    ("end refund", 2, True),
]
TAKEN_BACK_AFTER_ITS_REST_PAID_LATER_BILLS = [
    ("collect", 3, D("2000.00")),
    ("collect", 3, D("2500.00")),
    ("wait", 20),
    ("bill", 1, 0),
    ("wait", 9),
    ("collect", 3, D("1700.00")),
    ("bill", 1, 1),
    ("reverse payment", 1),
    ("wait", 3),
    ("reverse payment", 0),
    ("reverse payment", 2),
]
A_DEPOSIT_THAT_HAD_PAID_ARREARS_NEVER_CAME = [
    ("deposit", 3, D("2500.00")),
    ("release deposit", 3, D("60.00")),
    ("change tenant", 3, D("800.00")),
    ("release deposit", 3, D("1.00")),
    ("wait", 8),
    ("reverse payment", 0),
]
HELD_WHILE_LATE_FEES_RAN = [
    ("collect", 3, D("5000.00")),
    ("refund", 0, D("2000.00"), True, False),
    ("bill", 1, 0),
    ("wait", 20),
    ("accrue", 1),
    ("end refund", 0, False),
]


@example(work=TAKEN_BACK_AFTER_ITS_REST_PAID_LATER_BILLS)
@example(work=A_DEPOSIT_THAT_HAD_PAID_ARREARS_NEVER_CAME)
@example(work=HELD_WHILE_LATE_FEES_RAN)
@example(work=AFTER_ITS_LATE_FEES_WERE_PAID)
@example(work=AFTER_ITS_MONTH_WAS_CLOSED)
@example(work=TENANTS_IN_MID_MONTH)
@example(work=WAIVED_THEN_REVERSED)
@example(work=OPENED_CORRECTED_AND_SETTLED)
@example(work=GIVEN_BACK_AS_A_WHOLE)
@example(work=A_QUARTER_TAKEN_BACK_AND_GIVEN_UP)
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(work=st.lists(steps, min_size=12, max_size=24))
def test_the_books_balance_and_agree_with_the_rules_after_every_step(site, work):
    office = Office()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cn_connect.clock.now", lambda: office.now)
        patched.setattr(site.db, "commit", lambda *_: None)  # closing commits before it locks
        _play(office, work)
    site.db.rollback()


def _play(office, work):
    for step in [("bill", 0, 1), ("bill", 1, 1), ("wait", 8), *work]:
        office.do(step)
        office.check()
    for market in office.markets:
        figures.compare(market, office.today)
    # at the end everybody pays what is owed, and nothing is left, on that day or ever after
    for merchant in {tenancy.merchant for tenancy in office.model.tenancies.values()}:
        owed = sum((row.total for row in ledger.open_fees(office.today, merchant=merchant)), D(0))
        if owed:
            factories.collect(merchant, [], "Cash", owed, CASHIER, office.now)
    for market in office.markets:
        assert ledger.check(market) == []
        assert ledger.open_fees(office.today.replace(year=office.today.year + 2), market=market) == []
