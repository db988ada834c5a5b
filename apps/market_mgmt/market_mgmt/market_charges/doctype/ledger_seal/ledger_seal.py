"""A link of the chain over the ledger: the hash of the link before and of every entry since. Never changed or deleted."""

import frappe
from frappe import _
from frappe.model.document import Document


class LedgerSeal(Document):
    def validate(self) -> None:
        if not self.is_new():
            _refuse()

    def on_trash(self) -> None:
        _refuse()

    def before_rename(self, *_args: object, **_kwargs: object) -> None:
        _refuse()


def _refuse() -> None:
    frappe.throw(_("A seal of the ledger is never changed or deleted."), frappe.PermissionError)
