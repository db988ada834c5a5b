"""Identity, licence and phone numbers: what can be right and what cannot."""

import pytest

from market_mgmt.domain.registration import is_id_number, is_licence_number, is_mobile


@pytest.mark.parametrize("number", ["469099196704300013", "46909919680621006X"])
def test_identity_numbers_with_the_right_check_digit_pass(number):
    assert is_id_number(number)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("469099196704300012", "check digit"),
        ("46909919670430001", "one digit short"),
        ("469099196713300013", "month 13"),
        ("469099196702300011", "30 February"),
        ("46909919680621006x", "lower-case X is not the normal form"),
        ("４69099196704300013", "full-width digit"),
    ],
)
def test_other_identity_numbers_do_not(number, why):
    assert not is_id_number(number), why


@pytest.mark.parametrize("number", ["92469099MAFX00001Y", "460000600123456"])
def test_licence_numbers_old_and_new_pass(number):
    assert is_licence_number(number)


@pytest.mark.parametrize("number", ["92469099MAFX00001Z", "92469099MAFX00001", "92469099MAFX0000IY", ""])
def test_other_licence_numbers_do_not(number):
    assert not is_licence_number(number)


@pytest.mark.parametrize(
    ("number", "good"),
    [("14000000001", True), ("12000000001", False), ("1400000000", False), ("+8614000000001", False)],
)
def test_mobile_numbers(number, good):
    assert is_mobile(number) is good
