"""What a client may write into the fields of a document: there, of the field's type, and of a size that can be meant.

Frappe looks at most of this only after the controller, which already reckons with the values.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import frappe
from cn_connect.api_bounds import FIRST_YEAR, LARGEST_AMOUNT, LARGEST_INT, LAST_YEAR, LONGEST_TEXT
from frappe import _
from frappe.model import display_fieldtypes, table_fields
from frappe.model.document import Document
from frappe.utils import get_datetime, getdate


def check(doc: Document) -> None:
    """Raises ValidationError that names the field for a value that is missing, of another type, or out of bounds."""
    for row in (doc, *doc.get_all_children()):
        for field in row.meta.fields:
            if field.fieldtype in display_fieldtypes or field.fieldtype in table_fields:
                continue
            value = row.get(field.fieldname)
            if value is None or value == "":
                # What the system fills in, it fills in later.
                if field.reqd and not field.read_only:
                    _refuse(_("{0} must not be empty."), field, frappe.MandatoryError)
                if value == "" and field.fieldtype in _CHECKS:
                    row.set(field.fieldname, None)
                continue
            if field.fieldtype in _CHECKS:
                _CHECKS[field.fieldtype](field, value)
            else:
                # Controllers reckon with text, as it comes back from the database.
                row.set(field.fieldname, _text(field, value))


def _whole(field: Any, value: Any) -> None:
    number = _number(field, value)
    if number != number.to_integral_value() or abs(number) > LARGEST_INT:
        _refuse(_("{0} must be a whole number."), field)


def _number(field: Any, value: Any) -> Decimal:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        _refuse(_("{0} must be a number."), field)
    if not number.is_finite() or abs(number) >= LARGEST_AMOUNT:
        _refuse(_("{0} must be a number."), field)
    return number


def _date(field: Any, value: Any) -> None:
    _day(field, value, getdate)


def _datetime(field: Any, value: Any) -> None:
    _day(field, value, get_datetime)


def _day(field: Any, value: Any, read: Callable[[Any], Any]) -> None:
    if not isinstance(value, str | date):
        _refuse(_("{0} must be a day."), field)
    try:
        day = read(value)
    except (ValueError, TypeError, OverflowError, frappe.ValidationError):
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        frappe.clear_messages()
        _refuse(_("{0} must be a day."), field)


def _text(field: Any, value: Any) -> str:
    text = str(value)
    if not isinstance(value, str | int | float | Decimal):
        _refuse(_("{0} must be a text."), field)
    if len(text) > LONGEST_TEXT:
        _refuse(_("{0} is too long."), field)
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        _refuse(_("{0} must be a text."), field)
    return text


def _refuse(message: str, field: Any, kind: type[Exception] = frappe.ValidationError) -> NoReturn:
    frappe.throw(message.format(_(field.label or field.fieldname)), kind)


_CHECKS: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("Int", "Check"), _whole),
    **dict.fromkeys(("Currency", "Float", "Percent"), _number),
    "Date": _date,
    "Datetime": _datetime,
}
