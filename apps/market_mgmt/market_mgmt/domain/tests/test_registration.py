"""Identity, licence and phone numbers: what can be right and what cannot."""

import pytest

from market_mgmt.domain.registration import (
    is_credit_code,
    is_id_number,
    is_identity,
    is_licence_number,
    is_mobile,
)


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


@pytest.mark.parametrize(
    "number",
    [
        *("469099196704300013", "830000199001010012"),  # a citizen; a resident from Taiwan
        *("92469099MAFX00001Y", "91350100M000100Y43"),
        *("H12345678", "M1234567801", "12345678", "0123456789A", "CHN110123456789", "911156199001010010"),
        *("E12345678", "EA1234567", "G28233515", "K0123456"),
    ],
)
def test_who_is_no_citizen_is_known_by_another_number(number):
    assert is_identity(number)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("469099196704300014", "an identity card with a wrong check digit is no credit code by chance"),
        ("510112198001010019", "neither"),
        ("91350100M000100Y44", "wrong check character"),
        ("9135O100M000100Y43", "the letter O is not used"),
        ("46909919670430001", "one digit short"),
        ("460000670430001", "15 digits ended in 2013"),
        ("ABCDEFGHI", "no digits"),
        ("123456789", "no letter"),
        ("无", ""),
        ("", ""),
    ],
)
def test_what_is_nobodys_number(number, why):
    assert not is_identity(number), why


def test_no_wrong_digit_of_an_identity_card_passes_for_another_document():
    right = "511124198001010014"
    others = [right[:-1] + last for last in "0123456789X"]
    assert sum(map(is_identity, others)) == 1


def test_the_first_characters_of_a_credit_code_are_those_of_the_standard():
    assert is_credit_code("91350100M000100Y43") and not is_credit_code("01350100M000100Y43")
