from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.billing import rent_for
from market_mgmt.domain.deferral import Share, due, is_deferred, shares
from market_mgmt.domain.periods import billed_in, month_of

D = Decimal
QUARTER = [("2026-08", D("1000.00")), ("2026-09", D("1000.00")), ("2026-10", D("1000.00"))]


def days(found: list[Share]) -> list[date]:
    return [share.day for share in found]


def test_the_first_month_is_income_with_the_bill_the_others_at_their_end():
    found = shares(QUARTER, date(2026, 8, 1))
    assert days(found) == [date(2026, 8, 1), date(2026, 9, 30), date(2026, 10, 31)]
    assert sum((share.amount for share in found), ZERO) == D("3000.00")


def test_what_is_over_when_it_is_billed_is_income_at_once():
    assert days(shares(QUARTER, date(2026, 10, 5))) == [date(2026, 10, 5)] * 2 + [date(2026, 10, 31)]


def test_nothing_is_income_before_its_month_has_begun():
    # given a first month that is free of rent
    found = shares(QUARTER[1:], date(2026, 8, 1))
    assert days(found) == [date(2026, 9, 1), date(2026, 10, 31)]


def test_lines_of_one_month_are_one_share():
    found = shares([("2026-08", D("400.00")), ("2026-08", D("600.00"))], date(2026, 8, 1))
    assert found == [Share("2026-08", D("1000.00"), date(2026, 8, 1))]
    assert not is_deferred(found)


def test_what_is_in_the_books_is_not_due_again():
    found = shares(QUARTER, date(2026, 8, 1))
    assert [share.month for share in due(found, 1, date(2026, 9, 30))] == ["2026-09"]
    assert list(due(found, 2, date(2026, 9, 30))) == []
    assert list(due(found, 1, date(2026, 9, 29))) == []


@given(
    st.decimals("0.01", 100_000, places=2),
    st.integers(0, 60),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_the_shares_of_a_year_add_up_to_its_bill(rent, free, start, bill_date):
    days = billed_in(month_of(f"{start:%Y-%m}"), start, "Yearly")
    bill = rent_for(days, start, date(2030, 12, 31), rent, free)
    found = shares([(line.month or "", line.amount) for line in bill.lines], bill_date)
    assert sum((share.amount for share in found), ZERO) == bill.amount
    assert [share.day for share in found] == sorted(share.day for share in found)
    assert all(share.day >= max(bill_date, month_of(share.month).start) for share in found)
