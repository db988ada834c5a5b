"""The error that says a lock was not to be had in time (Frappe's module path)."""

from frappe.exceptions import ValidationError


class LockTimeoutError(ValidationError):
    """Another process held the lock longer than one was ready to wait."""
