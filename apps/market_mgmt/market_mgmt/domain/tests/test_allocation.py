from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_mgmt.domain.allocation import OpenFee, Share, allocate

D = Decimal
OCTOBER, NOVEMBER = date(2026, 10, 8), date(2026, 11, 8)

RENT = OpenFee("RENT-11", NOVEMBER, 10, D("1000.00"), D("3.00"))
WATER = OpenFee("WATER-11", NOVEMBER, 30, D("80.00"), D("0.00"))
OLD = OpenFee("ELEC-10", OCTOBER, 40, D("200.00"), D("5.00"))


def test_the_oldest_due_date_is_paid_first_then_priority():
    shares, rest = allocate(D("1500.00"), [WATER, RENT, OLD])
    assert [share.fee for share in shares] == ["ELEC-10", "RENT-11", "WATER-11"]
    assert rest == D("212.00")


def test_names_break_a_tie():
    twins = [OpenFee(name, NOVEMBER, 10, D("10.00"), D("0.00")) for name in ("b", "a")]
    assert [share.fee for share in allocate(D("20.00"), twins)[0]] == ["a", "b"]


def test_within_a_fee_late_fee_comes_before_principal():
    assert allocate(D("2.00"), [RENT]) == ([Share("RENT-11", D("0.00"), D("2.00"))], D("0.00"))
    assert allocate(D("10.00"), [RENT]) == ([Share("RENT-11", D("7.00"), D("3.00"))], D("0.00"))


def test_the_payers_choice_goes_first_and_the_rest_pays_other_fees():
    # given the payer chose the water bill, which by itself would come last
    shares, rest = allocate(D("100.00"), [OLD, RENT, WATER], ["WATER-11"])
    assert shares == [
        Share("WATER-11", D("80.00"), D("0.00")),
        Share("ELEC-10", D("15.00"), D("5.00")),
    ]
    assert rest == 0


def test_choice_keeps_the_order_among_the_chosen():
    shares, _ = allocate(D("1283.00"), [WATER, RENT, OLD], ["WATER-11", "RENT-11"])
    assert [share.fee for share in shares] == ["RENT-11", "WATER-11", "ELEC-10"]


def test_a_fee_that_is_not_open_any_more_is_passed_over():
    assert allocate(D("50.00"), [], ["GONE"]) == ([], D("50.00"))


def test_a_negative_amount_is_refused():
    with pytest.raises(ValueError, match="negative"):
        allocate(D("-1.00"), [RENT])


cents = st.decimals(0, 5000, places=2)
fees = st.lists(
    st.builds(
        OpenFee,
        name=st.text("abcdef", min_size=1, max_size=4),
        due_date=st.sampled_from([OCTOBER, NOVEMBER]),
        priority=st.sampled_from([10, 20, 30]),
        principal=cents,
        late_fee=cents,
    ),
    max_size=8,
    unique_by=lambda fee: fee.name,
)


@given(cents, fees, st.sets(st.text("abcdef", min_size=1, max_size=2), max_size=3))
def test_nothing_is_lost_and_nothing_is_overpaid(amount, open_fees, chosen):
    shares, rest = allocate(amount, open_fees, chosen)
    by_name = {fee.name: fee for fee in open_fees}
    assert sum((share.amount for share in shares), rest) == amount
    for share in shares:
        assert 0 <= share.principal <= by_name[share.fee].principal
        assert 0 <= share.late_fee <= by_name[share.fee].late_fee
        assert share.principal == 0 or share.late_fee == by_name[share.fee].late_fee
    # money is left only when everything is paid
    assert rest == 0 or sum((s.amount for s in shares), D(0)) == sum((f.total for f in open_fees), D(0))


@given(cents, fees)
def test_choosing_everything_changes_nothing(amount, open_fees):
    assert allocate(amount, open_fees, [fee.name for fee in open_fees]) == allocate(amount, open_fees)
