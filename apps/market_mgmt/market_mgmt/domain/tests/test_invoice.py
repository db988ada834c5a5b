import pytest

from market_mgmt.domain.invoice import is_number, is_tax_number, may_become


@pytest.mark.parametrize(
    ("text", "right"), [("2" * 20, True), ("2" * 19, False), ("2" * 19 + "x", False), ("", False)]
)
def test_the_number_of_a_digital_invoice_has_twenty_digits(text, right):
    assert is_number(text) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [("91460000MA5T8X1234", True), ("460000123456789", True), ("12345", False), ("", False)],
)
def test_a_tax_number_has_fifteen_to_twenty_digits_and_letters(text, right):
    assert is_tax_number(text) is right


def test_what_was_rejected_is_not_issued():
    assert not may_become("Rejected", "Issued")
    assert may_become("Requested", "Issued")
