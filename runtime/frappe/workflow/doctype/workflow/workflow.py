"""Workflows of DocTypes."""

from __future__ import annotations

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_field
from frappe.model.document import ACTIONS, Document
from frappe.utils import cint


class Workflow(Document):
    """One workflow of a DocType is active; the DocType gets a field for the state."""

    def validate(self) -> None:
        self._validate_transitions()
        if self.is_active:
            frappe.db.sql(
                "update `tabWorkflow` set is_active = 0 where document_type = %s and name != %s",
                (self.document_type, self.name),
            )
        if not frappe.get_meta(self.document_type, cached=False).has_field(self.workflow_state_field):
            field = {
                "fieldname": self.workflow_state_field,
                "label": self.workflow_state_field.replace("_", " ").title(),
            }
            field |= {"fieldtype": "Link", "options": "Workflow State"}
            create_custom_field(
                self.document_type, {**field, "hidden": 1, "allow_on_submit": 1, "no_copy": 1}
            )
        self._give_states()

    def _validate_transitions(self) -> None:
        status = {row.state: cint(row.doc_status) for row in self.states}
        for transition in self.transitions:
            for state in (transition.state, transition.next_state):
                if state not in status:
                    frappe.throw(frappe._("{0} not a valid State").format(state))
            step = (status[transition.state], status[transition.next_state])
            if step not in ACTIONS:
                message = frappe._("A document cannot go from state {0} to state {1}: see their status")
                frappe.throw(
                    message.format(frappe.bold(transition.state), frappe.bold(transition.next_state))
                )

    def _give_states(self) -> None:
        """Documents without a state get the first state of their status."""
        field = self.workflow_state_field
        first = {
            cint(row.doc_status): row.state for row in reversed(self.states) if not row.is_optional_state
        }
        for status, state in first.items():
            frappe.db.sql(
                f"update `tab{self.document_type}` set `{field}` = %s"
                f" where ifnull(`{field}`, '') = '' and docstatus = %s",
                (state, status),
            )

    def on_update(self) -> None:
        frappe.clear_cache(doctype=self.document_type)

    def after_delete(self) -> None:
        frappe.clear_cache(doctype=self.document_type)
