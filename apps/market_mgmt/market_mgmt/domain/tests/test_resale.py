from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_mgmt.domain.amounts import ZERO, round_cents
from market_mgmt.domain.resale import CENT, Rounded, lose_a_cent, register_prices, resale_price

D = Decimal


def rounded(*exact: str, fixed: bool = False) -> list[Rounded]:
    return [Rounded(round_cents(D(one)), D(one), fixed) for one in exact]


def cut(bills: list[Rounded], losing: list[int]) -> list[Decimal]:
    return [bill.amount - CENT * (index in losing) for index, bill in enumerate(bills)]


def test_a_resold_unit_never_costs_more_than_the_supplier_asks():
    assert resale_price(D("1000.00"), D("1500")) == D("0.6666")
    assert resale_price(D("1000.00"), D("800")) == D("1.2500")


@given(st.decimals("0.01", 100_000, places=2), st.integers(1, 200_000), st.integers(0, 50))
def test_units_up_to_the_bill_s_never_bring_in_more_than_the_bill(amount, units, fewer):
    used = D(max(units - fewer, 0))
    assert resale_price(amount, D(units)) * used <= amount


def test_ten_halves_of_a_cent_come_off_the_first_five():
    # given 10 units for 5.05, one for each of ten stalls: 0.505 each, 5.10 in all
    assert lose_a_cent(rounded(*["0.505"] * 10), D("5.05")) == [0, 1, 2, 3, 4]


def test_the_bill_that_gained_most_loses_first():
    # 1.005 and 2.008 and 3.007, in all 6.02, were rounded to 6.03
    assert lose_a_cent(rounded("2.008", "1.005", "3.007"), D("6.02")) == [1]


def test_nothing_comes_off_within_the_limit():
    assert lose_a_cent(rounded("0.505", "0.505"), D("1.02")) == []


def test_more_than_the_limit_before_rounding_is_not_mended():
    assert lose_a_cent(rounded("0.505", "0.505"), D("1.00")) is None


def test_what_stands_already_keeps_its_amount():
    standing = rounded("0.505", "0.505", fixed=True)
    assert lose_a_cent([*standing, *rounded("0.505", "0.505")], D("2.02")) == [2, 3]
    assert lose_a_cent([*standing, *rounded("0.505")], D("1.51")) is None


def test_no_bill_comes_to_nothing():
    assert lose_a_cent(rounded("0.005", "0.005"), D("0.01")) is None


@given(
    st.lists(st.decimals("0.010", 500, places=3), min_size=1, max_size=60).filter(any),
    st.decimals("0.01", 100_000, places=2),
)
def test_all_units_at_cost_never_exceed_the_supplier_and_each_stays_within_a_cent(units, amount):
    # given a supplier's bill of just these units
    price = resale_price(amount, sum(units, D(0)))
    bills = [Rounded(round_cents(used * price), used * price) for used in units]
    bills = [bill for bill in bills if bill.amount > CENT]
    # when the last cents come off
    losing = lose_a_cent(bills, amount)
    assert losing is not None
    left = cut(bills, losing)
    # then the sum is within the bill, no cent lower than it must be, and each bill within a cent
    assert sum(left, ZERO) <= amount
    assert not losing or sum(left, ZERO) == amount
    assert all(abs(after - bill.exact) < CENT and after > 0 for after, bill in zip(left, bills, strict=True))


def test_registers_of_the_supplier_s_bill_have_their_prices_and_the_rest_is_shoulder():
    parts = {"Peak": (D(100), D("100.00")), "Valley": (D(300), D("100.00")), "Sharp": (D(0), D(0))}
    assert register_prices(D("260.00"), D(500), parts) == (D("0.6000"), {"Peak": D(1), "Valley": D("0.3333")})


def test_a_bill_that_is_all_registers_leaves_nothing_else():
    parts = {"Peak": (D(100), D("100.00")), "Valley": (D(100), D("30.00"))}
    assert register_prices(D("130.00"), D(200), parts)[0] == D("0.3000")


@pytest.mark.parametrize(
    "peak",
    [(D(600), D("100.00")), (D(100), D("300.00")), (D(100), D(0)), (D(0), D("1.00")), (D(500), D("1.00"))],
)
def test_registers_that_do_not_fit_into_the_bill_are_refused(peak):
    with pytest.raises(ValueError, match="register"):
        register_prices(D("260.00"), D(500), {"Peak": peak})
