"""Types for the generated annotations of controllers: `amount: DF.Currency`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    # A table field is a list of child documents, a select a choice of literals.
    from typing import Literal as Select  # noqa: F401

_ChildTable = TypeVar("_ChildTable")

Data = str | None
Text = SmallText = LongText = MarkdownEditor = TextEditor = HTMLEditor = Code = str | None
Autocomplete = Attach = AttachImage = Barcode = Color = DynamicLink = Icon = Link = Password = Phone = str
ReadOnly = Signature = str
Date = str | date
Datetime = str | datetime
Time = str | timedelta
Int = Check = int
Float = Currency = Percent = float
Duration = Rating = float | int
JSON = str | dict[str, Any] | list[Any]
Table = list[_ChildTable]
TableMultiSelect = list[_ChildTable]
