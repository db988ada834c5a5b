"""Going through what waits, one transaction each: one that fails is tried again the next time and leaves the others alone."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import frappe
from cn_connect.errors import GatewayUnavailable

Item = TypeVar("Item")
FAILED = "error"


def sweep_each(
    items: Iterable[Item], work: Callable[[Item], str], title: Callable[[Item], str]
) -> dict[str, int]:
    """Do the work for every item and commit; returns how many ended in which state, "error" for those that failed.

    A failure is rolled back and logged under `title`, unless it is only the gateway that cannot be asked.
    """
    counts: dict[str, int] = {}
    for item in items:
        try:
            state = work(item)
            frappe.db.commit()
        except Exception as error:
            frappe.db.rollback()
            state = FAILED
            if not isinstance(error, GatewayUnavailable):
                frappe.log_error(title=title(item))
                frappe.db.commit()
        counts[state] = counts.get(state, 0) + 1
    return counts
