"""Values on the wire."""

from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum

from cn_connect.wire import to_wire


class Level(Enum):
    DUE = "Due"


@dataclass
class Line:
    amount: Decimal
    on: date


def test_amounts_have_two_decimals_and_finer_numbers_keep_theirs():
    assert to_wire(Decimal("128.5")) == "128.50"
    assert to_wire(Decimal("3")) == "3.00"
    assert to_wire(Decimal("1E+3")) == "1000.00"
    assert to_wire(Decimal("0.0005")) == "0.0005"


def test_times_carry_chinas_offset():
    assert to_wire(datetime(2026, 11, 20, 9, 30, 1, 500)) == "2026-11-20T09:30:01+08:00"
    assert to_wire(datetime(2026, 11, 20, 1, 30, tzinfo=timezone.utc)) == "2026-11-20T09:30:00+08:00"
    assert to_wire(date(2026, 11, 20)) == "2026-11-20"


def test_what_is_inside_is_converted_too():
    said = {"lines": [Line(Decimal("1"), date(2026, 1, 2))], "level": Level.DUE, 3: (None, True, 1.5, "x")}

    assert to_wire(said) == {
        "lines": [{"amount": "1.00", "on": "2026-01-02"}],
        "level": "Due",
        "3": [None, True, 1.5, "x"],
    }
