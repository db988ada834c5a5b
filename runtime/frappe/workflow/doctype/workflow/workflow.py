"""Workflows of DocTypes."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.utils import cint


class Workflow(Document):
    """One workflow of a DocType is active; the DocType gets a field for the state."""

    def validate(self) -> None:
        self.set_active()
        self.create_custom_field_for_workflow_state()
        self.update_default_workflow_status()
        self.validate_docstatus()

    def on_update(self) -> None:
        frappe.clear_cache(doctype=self.document_type)

    def on_trash(self) -> None:
        frappe.clear_cache(doctype=self.document_type)

    def after_delete(self) -> None:
        frappe.clear_cache(doctype=self.document_type)

    def create_custom_field_for_workflow_state(self) -> None:
        if frappe.get_meta(self.document_type, cached=False).has_field(self.workflow_state_field):
            return
        frappe.get_doc(
            {
                "doctype": "Custom Field",
                "dt": self.document_type,
                "__islocal": 1,
                "fieldname": self.workflow_state_field,
                "label": self.workflow_state_field.replace("_", " ").title(),
                "hidden": 1,
                "allow_on_submit": 1,
                "no_copy": 1,
                "fieldtype": "Link",
                "options": "Workflow State",
                "owner": "Administrator",
            }
        ).insert(ignore_permissions=True)
        frappe.msgprint(
            frappe._("Created Custom Field {0} in {1}").format(self.workflow_state_field, self.document_type)
        )

    def update_default_workflow_status(self) -> None:
        """Documents without a state get the first state of their status."""
        done: set[int] = set()
        for row in self.get("states"):
            status = cint(row.doc_status)
            if status not in done and not row.is_optional_state:
                frappe.db.sql(
                    f"update `tab{self.document_type}` set `{self.workflow_state_field}` = %s"
                    f" where ifnull(`{self.workflow_state_field}`, '') = '' and docstatus = %s",
                    (row.state, status),
                )
                done.add(status)

    def validate_docstatus(self) -> None:
        status = {row.state: cint(row.doc_status) for row in self.states}
        for transition in self.transitions:
            for state in (transition.state, transition.next_state):
                if state not in status:
                    frappe.throw(frappe._("{0} not a valid State").format(state))
            before, after = status[transition.state], status[transition.next_state]
            if before == 2:
                message = frappe._("Cannot change state of Cancelled Document ({0} State)")
            elif before == 1 and after == 0:
                message = frappe._("Submitted Document cannot be converted back to draft ({0} State)")
            elif before == 0 and after == 2:
                message = frappe._("Cannot cancel before submitting while transitioning from {0} State")
            else:
                continue
            frappe.throw(message.format(frappe.bold(transition.state)))

    def set_active(self) -> None:
        if cint(self.is_active):
            frappe.db.sql(
                "update `tabWorkflow` set is_active = 0 where document_type = %s and name != %s",
                (self.document_type, self.name or ""),
            )
