"""A deadlock or lock time-out undoes a whole transaction, so the whole piece of work is done again, a few times."""

import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

import frappe
from cn_connect.api_errors import refuse
from frappe import _

ATTEMPTS = 3
PAUSE_SECONDS = 0.05

T = TypeVar("T")


# What two that make or change the same at once run into; the one who comes second finds it made the next time.
CONFLICTS = (frappe.DuplicateEntryError, frappe.UniqueValidationError, frappe.TimestampMismatchError)


def whole(
    work: Callable[[], T],
    attempts: int = ATTEMPTS,
    pause: Callable[[float], Any] = time.sleep,
    also: tuple[type[Exception], ...] = (),
) -> T:
    """Does `work`; after a deadlock, a lock time-out or an error of `also` rolls everything back and starts again.

    For the outermost caller only (request or job): it gives up the transaction. Raises ApiError BUSY (503) at last.
    """
    again: tuple[type[Exception], ...] = (frappe.QueryDeadlockError, frappe.QueryTimeoutError, *also)
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except again:
            frappe.db.rollback()
            frappe.clear_messages()
            if attempt < attempts:
                # Two that met once should not meet again: wait a different while each.
                pause(PAUSE_SECONDS * attempt * (1 + random.random()))
    refuse(_("The system is busy. Please try again in a moment."), "BUSY", 503)
