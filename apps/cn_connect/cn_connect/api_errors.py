"""Every error of an API method gets a stable code and a readable message in the user's language."""

import re
from typing import Any, NoReturn

import frappe
from cn_connect.errors import ConnectError, Locked
from frappe import _


class ApiError(frappe.ValidationError):
    """An error with its own code and status, for cases that no class of Frappe stands for."""

    def __init__(self, *args: Any, error_code: str = "INVALID", status: int = 417, **details: Any) -> None:
        super().__init__(*args)
        self.error_code = error_code
        self.http_status_code = status
        self.details = details


# Most special first: the first class that fits names the code.
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (frappe.TimestampMismatchError, "STALE"),
    (frappe.LinkExistsError, "STILL_LINKED"),
    (frappe.MandatoryError, "VALUE_MISSING"),
    (frappe.UniqueValidationError, "DUPLICATE"),
    (frappe.DuplicateEntryError, "DUPLICATE"),
    (frappe.DoesNotExistError, "NOT_FOUND"),
    (frappe.PermissionError, "FORBIDDEN"),
    (frappe.AuthenticationError, "UNAUTHENTICATED"),
    (frappe.TooManyRequestsError, "RATE_LIMITED"),
    (frappe.ValidationError, "INVALID"),
)


def refuse(message: str, error_code: str, status: int = 417, **details: Any) -> NoReturn:
    """Ends the request with a (translated) message for the person and a code for the client."""
    raise _said(message, error_code, status, **details)


def _said(message: str, error_code: str, status: int = 417, **details: Any) -> Exception:
    # frappe.throw would make a new exception of the class and lose what this one carries.
    frappe.msgprint(message, indicator="red")
    error: Any
    if status == 417 and not details:
        error = frappe.ValidationError(message)
        error.error_code = error_code
    else:
        error = ApiError(message, error_code=error_code, status=status, **details)
    return error


def describe(error: Exception) -> Exception:
    """The error to raise instead, with `error_code` (and `retry_after`, …) put into the response body.

    An error of the connectors becomes a Frappe error with a translated message; an unknown one stays as it is (500).
    """
    if isinstance(error, ConnectError):
        error = _readable(error)
    elif isinstance(error, frappe.exceptions.FrappeTypeError):
        error = _wrong_type(error)
    code = getattr(error, "error_code", None) or next(
        (c for cls, c in _CODES if isinstance(error, cls)), "ERROR"
    )
    response = getattr(frappe.local, "response", None)
    if response is not None:
        response["error_code"] = code
        response.update(getattr(error, "details", {}))
    return error


def _readable(error: ConnectError) -> Exception:
    """The same error as Frappe reports it: with a message for the person and a status for the client."""
    details = {"retry_after": error.retry_after} if isinstance(error, Locked) else {}
    return _said(_(error.source).format(*error.params), error.error_code, error.http_status_code, **details)


def _wrong_type(error: Exception) -> Exception:
    """Frappe names the argument in an English sentence and tells only the log."""
    named = re.search(r"'(\w+)'", str(error))
    return _said(
        _("The value of {0} is not of the right type.").format(named[1] if named else "?"),
        "INVALID_ARGUMENTS",
    )
