"""A bill. Drafted, published and settled by `services`; once published it is frozen."""

import frappe
from frappe import _
from frappe.model.document import Document


class Fee(Document):
    def before_insert(self) -> None:
        frappe.throw(
            _("Bills are made by billing; use a one-off fee for anything else."), frappe.PermissionError
        )

    def validate(self) -> None:
        # Drafts are not edited either: what is wrong with them is wrong in the lease, the tariff or the reading.
        frappe.throw(_("A bill is not edited; reverse it and issue it again."), frappe.PermissionError)

    def on_trash(self) -> None:
        if frappe.db.get_value("Fee", self.name, "status") not in ("Draft", "Reviewed"):
            frappe.throw(_("A published bill is never deleted; reverse it."), frappe.PermissionError)

    def before_rename(self, *_args: object, **_kwargs: object) -> None:
        frappe.throw(_("A bill keeps its name."), frappe.PermissionError)
