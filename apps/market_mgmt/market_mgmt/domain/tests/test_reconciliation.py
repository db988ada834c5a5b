from decimal import Decimal

from market_mgmt.domain.reconciliation import Difference, differences, expected_fee

D = Decimal


def test_two_sides_that_agree_have_no_differences():
    assert differences({"A": D("1.00")}, {"A": D("1.00")}) == []


def test_each_way_of_disagreeing_is_told_apart():
    ours = {"A": D("1.00"), "B": D("2.00")}
    theirs = {"B": D("2.50"), "C": D("3.00")}
    assert differences(ours, theirs) == [
        Difference("Missing There", "A", D("1.00"), None),
        Difference("Amount Differs", "B", D("2.00"), D("2.50")),
        Difference("Missing Here", "C", None, D("3.00")),
    ]


def test_the_fee_of_a_payment_is_rounded_half_up_to_the_cent():
    assert expected_fee(D("128.50"), D("0.0038")) == D("0.49")
    assert expected_fee(D("1.00"), D("0.0038")) == D("0.00")
    assert expected_fee(D("1.25"), D("0.004")) == D("0.01")
