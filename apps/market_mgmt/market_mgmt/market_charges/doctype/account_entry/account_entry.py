"""A line of the ledger. Written by `services.ledger` only; never changed, deleted or renamed, by nobody."""

import frappe
from frappe import _
from frappe.model.document import Document


class AccountEntry(Document):
    def before_insert(self) -> None:
        frappe.throw(_("Account entries are written by the ledger only."), frappe.PermissionError)

    def validate(self) -> None:
        _refuse()

    def on_trash(self) -> None:
        _refuse()

    def before_cancel(self) -> None:
        _refuse()

    def before_rename(self, *_args: object, **_kwargs: object) -> None:
        _refuse()


def _refuse() -> None:
    frappe.throw(
        _("Account entries are never changed or deleted; post a reversal instead."), frappe.PermissionError
    )
