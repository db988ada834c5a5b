"""Amounts: rounding, conversion, spelling out."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cn_connect.money import capital_rmb, fen, format_yuan, from_fen, to_db, yuan

amounts = st.decimals(min_value="-999999999.99", max_value="999999999.99", places=2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "0.00"),
        (0, "0.00"),
        ("12.345", "12.35"),
        ("-12.345", "-12.35"),
        (2.675, "2.68"),  # as binary it is slightly less; a person wrote 2.675
        (1.005, "1.01"),
        (0.1 + 0.2, "0.30"),
        (Decimal("0.005"), "0.01"),
        ("-0.001", "0.00"),
        (" 8 ", "8.00"),
    ],
)
def test_yuan_rounds_half_up_to_the_cent(value, expected):
    assert str(yuan(value)) == expected


@pytest.mark.parametrize("value", ["", "abc", "1,234.5", "NaN", "Infinity", float("nan"), float("inf"), True])
def test_what_is_no_amount_is_refused(value):
    with pytest.raises(ValueError, match="not an amount"):
        yuan(value)


@given(amounts)
def test_an_amount_survives_the_database_and_the_gateway(amount):
    assert yuan(to_db(amount)) == amount
    assert from_fen(fen(amount)) == amount


def test_fen_are_whole():
    with pytest.raises(ValueError, match="count of fen"):
        from_fen(1.5)  # type: ignore[arg-type]


def test_format_groups_thousands():
    assert format_yuan(Decimal("1234.5")) == "1,234.50"
    assert format_yuan(Decimal("-1234567.891")) == "-1,234,567.89"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        # The examples of Annex 1 of 《支付结算办法》
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        # and what receipts meet besides
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("0.56", "伍角陆分"),
        ("10", "壹拾元整"),
        ("15", "壹拾伍元整"),
        ("100", "壹佰元整"),
        ("101", "壹佰零壹元整"),
        ("1001", "壹仟零壹元整"),
        ("1010", "壹仟零壹拾元整"),
        ("10000", "壹万元整"),
        ("10001", "壹万零壹元整"),
        ("100100", "壹拾万零壹佰元整"),
        ("20001000", "贰仟万壹仟元整"),
        ("100000000", "壹亿元整"),
        ("100000001", "壹亿零壹元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1000000000000", "壹万亿元整"),
        ("1000100000000", "壹万零壹亿元整"),
        ("-128.50", "负壹佰贰拾捌元伍角"),
    ],
)
def test_capital_rmb(amount, text):
    assert capital_rmb(Decimal(amount)) == text


def test_an_amount_too_large_to_spell_is_refused():
    with pytest.raises(ValueError, match="too large"):
        capital_rmb(Decimal(10) ** 16)


@given(st.integers(min_value=1, max_value=10**15))
def test_capitals_never_double_or_end_in_zero(number):
    text = capital_rmb(Decimal(number))

    assert "零零" not in text
    assert text.endswith("元整")
    assert not text.removesuffix("元整").endswith("零")
    assert _read(text.removesuffix("元整")) == number


def _read(text):
    """The number that capitals stand for, read by the rule of position alone."""
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾")):
        if name in text:
            high, low = text.split(name, 1) if name != "亿" else text.rsplit(name, 1)
            return (_read(high) or 1) * unit + _read(low)
    digits = text.strip("零")
    return "零壹贰叁肆伍陆柒捌玖".index(digits) if digits else 0
