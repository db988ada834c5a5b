"""Fields that an app or an administrator adds to a DocType."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model import META_DOCTYPES
from frappe.model.document import Document


class CustomField(Document):
    """Named `DocType-fieldname`."""

    fieldname: str
    insert_after: str | None

    def autoname(self) -> None:
        self.name = f"{self.dt}-{self.fieldname}"

    def before_insert(self) -> None:
        self.fieldname = self.fieldname or "custom_" + frappe.scrub(self.label or "")
        if self.dt in META_DOCTYPES:
            frappe.throw(frappe._("Custom Fields cannot be added to core DocTypes."))
        fields = [df.fieldname for df in frappe.get_meta(self.dt, cached=False).fields]
        if self.fieldname in fields:
            message = frappe._("A field with the name {0} already exists in {1}")
            frappe.throw(message.format(frappe.bold(self.fieldname), frappe.bold(self.dt)))
        self.insert_after = self.insert_after or (fields[-1] if fields else None)

    def on_update(self) -> None:
        frappe.db.updatedb(self.dt)

    def after_delete(self) -> None:
        frappe.db.delete("Property Setter", {"doc_type": self.dt, "field_name": self.fieldname})


def create_custom_fields(custom_fields: dict[str, dict | list[dict]]) -> None:
    """`{DocType: field or list of fields}`; what is there is brought up to date."""
    for doctype, fields in custom_fields.items():
        for df in [fields] if isinstance(fields, dict) else fields:
            known = frappe.db.exists("Custom Field", {"dt": doctype, "fieldname": df["fieldname"]})
            new = {"doctype": "Custom Field", "dt": doctype, "is_system_generated": 1}
            field: Any = frappe.get_doc("Custom Field", known) if known else frappe.get_doc(new)
            field.update(df).save(ignore_permissions=True)
