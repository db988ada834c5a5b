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
        frappe.clear_cache(doctype=self.dt)
        if not self.flags.ignore_updatedb:
            frappe.db.updatedb(self.dt)

    def after_delete(self) -> None:
        frappe.db.delete("Property Setter", {"doc_type": self.dt, "field_name": self.fieldname})
        frappe.clear_cache(doctype=self.dt)


def create_custom_field(doctype: str, df: dict[str, Any]) -> Any:
    """Add one field unless it is there."""
    if frappe.db.exists("Custom Field", {"dt": doctype, "fieldname": df["fieldname"]}):
        return None
    field = frappe.get_doc({"doctype": "Custom Field", "dt": doctype, "is_system_generated": 1, **df})
    return field.insert(ignore_permissions=True)


def create_custom_fields(custom_fields: dict[str, dict | list[dict]]) -> None:
    """`{DocType: field or list of fields}`; what is there is brought up to date."""
    for doctype, fields in custom_fields.items():
        for df in [fields] if isinstance(fields, dict) else fields:
            if not create_custom_field(doctype, df):
                field = frappe.get_doc("Custom Field", {"dt": doctype, "fieldname": df["fieldname"]})
                field.update(df).save(ignore_permissions=True)
