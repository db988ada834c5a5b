"""The bills of the month equal, to the cent, what is computed from the Excel files without any product code."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.cycle import amounts
from tests.cycle.amounts import Lease, cents, differences, expected_bills
from tests.cycle.billed import billed_bills
from tests.sites import ROOT

FIXTURES = ROOT / "fixtures"
PERIOD = "2026-10"
FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 10, 31)


@pytest.fixture(scope="module")
def expected():
    return expected_bills(FIXTURES, PERIOD)


def test_every_bill_of_every_stall_is_equal_to_the_cent(site, expected):
    from market_mgmt.demo import month

    month.open_market()
    month.import_form(FIXTURES)
    month.import_history(FIXTURES, "Administrator")
    month.import_readings(FIXTURES, PERIOD)
    month.confirm_held(PERIOD, "Administrator")
    month.bill()

    assert differences(expected, billed_bills(month.MARKET, PERIOD)) == []


def test_the_month_has_the_bills_that_the_files_call_for(expected):
    kinds = [kind for _stall, kind in expected]
    # 301 leases touch October; G29 is rent-free; three readings were rejected and one meter stood still.
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"Rent": 300, "Water": 299, "Electricity": 299}


@pytest.mark.parametrize(
    ("start", "end", "free", "days"),
    [
        ("2024-01-01", "2028-12-31", 0, 31),
        ("2026-10-12", "2028-10-11", 0, 20),
        ("2023-10-16", "2026-10-15", 0, 15),
        ("2026-10-05", "2026-10-25", 0, 21),
        ("2026-10-31", "2027-10-30", 0, 1),
        ("2026-09-15", "2028-09-14", 30, 17),
        ("2026-10-01", "2028-09-30", 31, 0),
        ("2026-11-16", "2028-11-15", 0, 0),
        ("2024-10-01", "2026-09-30", 0, 0),
    ],
)
def test_days_of_rent(start, end, free, days):
    lease = Lease("A01", Decimal("1000.00"), dt.date.fromisoformat(start), dt.date.fromisoformat(end), free)
    assert amounts.rent(lease, FIRST, LAST) == cents(Fraction(1000 * days, 31))


def test_half_a_cent_is_rounded_up():
    assert (cents(Fraction(5, 1000)), cents(Fraction(4999, 10**6))) == (Decimal("0.01"), Decimal("0.00"))


def test_a_difference_of_a_cent_is_found(expected):
    key = next(iter(expected))
    assert len(differences(expected, {**expected, key: expected[key] + Decimal("0.01")})) == 1
    assert len(differences(expected, {k: v for k, v in expected.items() if k != key})) == 1
