"""What counts as charged, waived and received, for every reader of the ledger."""

from decimal import Decimal

from market_mgmt.domain.collection import Figures, figures
from market_mgmt.domain.ledger import INCOME, PREPAID, WAIVED

D = Decimal


def test_a_waiver_is_never_received():
    # given a bill of 1,000 of which 500 is waived and nothing is paid
    found = figures({INCOME: D("1000.00"), WAIVED: D("-500.00")})
    # then nothing is received of the 500 that are to be paid
    assert (found.charged, found.waived, found.received) == (D("1000.00"), D("500.00"), D("0.00"))
    assert (found.due, found.outstanding, found.rate) == (D("500.00"), D("500.00"), D(0))


def test_what_is_left_of_a_waived_bill_can_be_paid_in_full():
    found = figures({INCOME: D("1000.00"), WAIVED: D("-500.00"), PREPAID: D("-500.00")})
    assert (found.received, found.outstanding, found.rate) == (D("500.00"), D("0.00"), D(1))


def test_a_bill_that_is_waived_as_a_whole_is_charged_and_has_no_rate():
    found = figures({INCOME: D("80.00"), WAIVED: D("-80.00")})
    assert (found.charged, found.due, found.outstanding, found.rate) == (D("80.00"), D(0), D(0), None)


def test_income_of_another_account_is_charged_too():
    """Rent of a quarter is charged at once, though it is income of three months."""
    found = figures({"Deferred Income": D("3000.00"), PREPAID: D("-1000.00")})
    assert (found.charged, found.received, found.outstanding) == (D("3000.00"), D("1000.00"), D("2000.00"))


def test_figures_add_up():
    one, other = Figures(D(10), D(2), D(3)), Figures(D(5), D(0), D(5))
    assert one + other == Figures(D(15), D(2), D(8))
    assert (one + other).rate == D(8) / D(13)
