"""Changed properties of DocTypes and fields."""

from __future__ import annotations

import frappe
from frappe.model.document import Document


class PropertySetter(Document):
    """Named `DocType-field-property`; a new one takes the place of the old."""

    def autoname(self) -> None:
        self.name = f"{self.doc_type}-{self.field_name or 'main'}-{self.property}"

    def before_insert(self) -> None:
        same = {"doc_type": self.doc_type, "property": self.property}
        frappe.db.delete("Property Setter", {**same, "field_name": self.field_name or ("is", "not set")})

    def on_update(self) -> None:
        frappe.db.updatedb(self.doc_type)
