"""How large the arguments of API methods may be: one place for all, so that none reaches a database or a calendar that
cannot hold it.

Whole numbers fit a database's integer, amounts its decimal; days lie in times that people are alive in; texts are
what somebody types, not what fills a disk.
"""

import functools
import inspect
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from cn_connect.api_errors import refuse
from frappe import _

LARGEST_INT = 2**31 - 1
# Currency columns hold twelve digits before the point; ten are more than any market turns over.
LARGEST_AMOUNT = Decimal(10) ** 10
FIRST_YEAR, LAST_YEAR = 1950, 2199
LONGEST_TEXT = 1000
MOST_ITEMS = 20_000


def bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its arguments, already of their types, checked first. Raises ValidationError INVALID_ARGUMENTS."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            check(name, value)
        return function(*args, **kwargs)

    return checked


def check(name: str, value: Any) -> None:
    """Raises ValidationError (INVALID_ARGUMENTS) that names the argument when it, or what it holds, is out of bounds."""
    if isinstance(value, str):
        _check_text(name, value)
    elif isinstance(value, int):
        if abs(value) > LARGEST_INT:
            _refuse(_("{0} must lie between {1} and {2}."), name, -LARGEST_INT, LARGEST_INT)
    elif isinstance(value, Decimal | float):
        number = Decimal(value)
        if number.is_nan() or abs(number) >= LARGEST_AMOUNT:
            _refuse(_("{0} must lie between {1} and {2}."), name, -LARGEST_AMOUNT, LARGEST_AMOUNT)
    elif isinstance(value, date):
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            _refuse(_("{0} must lie between {1} and {2}."), name, FIRST_YEAR, LAST_YEAR)
    elif isinstance(value, dict):
        _check_many(name, [*value, *value.values()])
    elif isinstance(value, list | tuple | set):
        _check_many(name, value)


def _check_text(name: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        _refuse(_("{0} has more than {1} characters."), name, LONGEST_TEXT)
    # Halves of characters and NUL can be written as JSON, but nowhere else.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        _refuse(_("{0} holds characters that are none."), name)


def _check_many(name: str, values: Any) -> None:
    if len(values) > MOST_ITEMS:
        _refuse(_("{0} has more than {1} entries."), name, MOST_ITEMS)
    for value in values:
        check(name, value)


def _refuse(message: str, *values: object) -> None:
    refuse(message.format(*values), "INVALID_ARGUMENTS")
