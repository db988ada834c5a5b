"""A closed month of a market: from then on nothing is booked into it. Written by `services.closing` only."""

import frappe
from frappe import _
from frappe.model.document import Document


class MonthClose(Document):
    def validate(self) -> None:
        if not self.is_new():
            _refuse()

    def on_trash(self) -> None:
        _refuse()

    def before_rename(self, *_args: object, **_kwargs: object) -> None:
        _refuse()


def _refuse() -> None:
    frappe.throw(
        _("A closed month stays closed; book a correction in an open month."), frappe.PermissionError
    )
