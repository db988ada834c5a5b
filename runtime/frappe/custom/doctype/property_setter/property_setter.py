"""Changed properties of DocTypes and fields."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.document import Document

SCHEMA_PROPERTIES = ("unique", "search_index", "length", "fieldtype", "default")


class PropertySetter(Document):
    """Named `DocType-field-property`; a new one takes the place of the old."""

    def autoname(self) -> None:
        self.name = f"{self.doc_type}-{self.field_name or 'main'}-{self.property}"

    def before_insert(self) -> None:
        same = {"doc_type": self.doc_type, "property": self.property}
        frappe.db.delete("Property Setter", {**same, "field_name": self.field_name or ("is", "not set")})

    def on_update(self) -> None:
        frappe.clear_cache(doctype=self.doc_type)
        if self.property in SCHEMA_PROPERTIES:
            frappe.db.updatedb(self.doc_type)

    def after_delete(self) -> None:
        frappe.clear_cache(doctype=self.doc_type)


def make_property_setter(
    doctype: str,
    fieldname: str | None,
    property: str,
    value: Any,
    property_type: str,
    for_doctype: bool = False,
) -> Any:
    """Set one property of a field, or of the DocType itself."""
    values = {"doc_type": doctype, "field_name": fieldname, "property": property, "value": value}
    kind = "DocType" if for_doctype else "DocField"
    setter = frappe.get_doc(
        {
            "doctype": "Property Setter",
            "doctype_or_field": kind,
            "property_type": property_type,
            "is_system_generated": 1,
            **values,
        }
    )
    return setter.insert(ignore_permissions=True)
