"""Workflows of DocTypes."""

from __future__ import annotations

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.model.document import Document
from frappe.utils import cint
from frappe.utils.safe_exec import validate_expression


class Workflow(Document):
    """One workflow of a DocType is active; the DocType gets a field for the state."""

    def validate(self) -> None:
        if self.is_active:
            others = {"document_type": self.document_type, "name": ("!=", self.name)}
            frappe.db.set_value("Workflow", others, "is_active", 0, update_modified=False)
        for transition in self.transitions:
            if transition.condition:
                validate_expression(transition.condition)
        field = self.workflow_state_field
        if not frappe.get_meta(self.document_type, cached=False).has_field(field):
            df = {"fieldname": field, "label": field.replace("_", " ").title(), "fieldtype": "Link"}
            df |= {"options": "Workflow State", "hidden": 1, "allow_on_submit": 1, "no_copy": 1}
            create_custom_fields({self.document_type: df})
        # Documents without a state get the first state of their status.
        first = {cint(row.doc_status): row.state for row in reversed(self.states)}
        for status, state in first.items():
            frappe.db.sql(
                f"update `tab{self.document_type}` set `{field}` = %s"
                f" where ifnull(`{field}`, '') = '' and docstatus = %s",
                (state, status),
            )
