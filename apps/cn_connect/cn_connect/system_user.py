"""Work that no person asked for (a verified gateway message, a job) is done in the name of Administrator."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe


@contextmanager
def as_administrator() -> Iterator[None]:
    """The session's user is Administrator inside and who it was before afterwards."""
    user = frappe.session.user
    frappe.set_user("Administrator")
    try:
        yield
    finally:
        frappe.set_user(user)
