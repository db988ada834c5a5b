"""Types for the generated annotations of controllers: `amount: DF.Currency`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    # A table field is a list of child documents, a select a choice of literals.
    from typing import Literal as Select  # noqa: F401

_ChildTable = TypeVar("_ChildTable")

Data = Text = SmallText = LongText = TextEditor = Code = JSON = str | None
Attach = AttachImage = DynamicLink = Link = Password = ReadOnly = str
Date = str | date
Datetime = str | datetime
Time = str | timedelta
Int = Check = int
Float = Currency = Percent = Duration = float
Table = list[_ChildTable]
