"""Changed properties of DocTypes and fields."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import cint


class PropertySetter(Document):
    """Named `DocType-field-property`; a new one takes the place of the old."""

    def autoname(self) -> None:
        target = self.field_name or self.row_name or "main"
        self.name = f"{self.doc_type}-{target}-{self.property}"

    def before_insert(self) -> None:
        delete_property_setter(self.doc_type, self.property, self.field_name, self.row_name)

    def validate(self) -> None:
        if self.is_new() and self.property == "options" and not self.value:
            frappe.throw(frappe._("Value is mandatory"))

    def on_update(self) -> None:
        frappe.clear_cache(doctype=self.doc_type)
        if self.property in ("unique", "search_index", "length", "fieldtype", "default") and self.field_name:
            frappe.db.updatedb(self.doc_type)

    def on_trash(self) -> None:
        frappe.clear_cache(doctype=self.doc_type)

    def after_delete(self) -> None:
        frappe.clear_cache(doctype=self.doc_type)


def make_property_setter(
    doctype: str,
    fieldname: str | None,
    property: str,
    value: Any,
    property_type: str,
    for_doctype: bool = False,
    validate_fields_for_doctype: bool = True,
    is_system_generated: bool = True,
) -> Any:
    """Set one property of a field, or of the DocType itself."""
    setter = frappe.get_doc(
        {
            "doctype": "Property Setter",
            "doctype_or_field": "DocType" if for_doctype else "DocField",
            "doc_type": doctype,
            "field_name": fieldname,
            "property": property,
            "value": cint(value) if isinstance(value, bool) else value,
            "property_type": property_type,
            "is_system_generated": int(is_system_generated),
        }
    )
    setter.flags.ignore_permissions = True
    setter.insert()
    return setter


def delete_property_setter(
    doc_type: str, property: str | None = None, field_name: str | None = None, row_name: str | None = None
) -> None:
    filters = {"doc_type": doc_type, "property": property, "field_name": field_name, "row_name": row_name}
    frappe.db.delete("Property Setter", {key: value for key, value in filters.items() if value})
    frappe.clear_cache(doctype=doc_type)
