"""How values look on the wire: amounts as strings, dates as ISO 8601, times with China's offset. Pure."""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from cn_connect.china_time import aware
from cn_connect.money import CENT


def to_wire(value: Any) -> Any:
    """The value with everything inside it in the form the API contract prescribes; what it doesn't know stays."""
    if isinstance(value, Enum):
        return to_wire(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return aware(value).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_wire(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_wire(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_wire(entry) for entry in value]
    return value


def decimal_text(value: Decimal) -> str:
    """An amount with two decimals; a finer number, such as a daily rate, keeps its digits."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -2:
        value = value.quantize(CENT)
    return format(value, "f")
