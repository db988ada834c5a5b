"""Workflows: which state may follow which, and who may take a document there."""

from __future__ import annotations

from typing import Any

import frappe
import frappe.client
from frappe.model.document import Document
from frappe.types import _dict
from frappe.utils import cint
from frappe.utils.safe_exec import get_workflow_safe_globals, safe_eval


class WorkflowTransitionError(frappe.ValidationError):
    pass


class WorkflowPermissionError(frappe.ValidationError):
    pass


def get_workflow(doctype: str) -> Any:
    if not frappe.get_meta(doctype).workflow:
        frappe.throw(
            frappe._("There is no workflow for {0}").format(frappe._(doctype)), frappe.DoesNotExistError
        )
    return frappe.get_cached_doc("Workflow", frappe.get_meta(doctype).workflow)


def _stored(doc: Any) -> Any:
    """The document that was sent as JSON, as it is in the database; a Document as it is."""
    if not isinstance(doc, Document):
        sent = frappe.client.document(doc)
        return sent if sent.is_new() else frappe.client.permitted(sent.doctype, sent.name, "read")
    return doc


@frappe.whitelist()
def get_transitions(doc: Any) -> list[_dict]:
    """Transitions that the session's user may take from the document's state: the stored one of what is sent."""
    doc = _stored(doc)
    if doc.is_new():
        return []
    doc.check_permission("read")
    workflow = get_workflow(doc.doctype)
    state = doc.get(workflow.workflow_state_field)
    roles = frappe.get_roles()
    return [
        transition.as_dict()
        for transition in workflow.transitions
        if transition.state == state
        and transition.allowed in roles
        and (
            not transition.condition
            or safe_eval(transition.condition, get_workflow_safe_globals(), {"doc": doc.as_dict()})
        )
    ]


@frappe.whitelist()
def apply_workflow(doc: Any, action: str) -> Any:
    """Take an action: set the next state and save, submit or cancel as that state says."""
    doc = _stored(doc)
    if not doc.is_new():
        doc.load_from_db()
    workflow = get_workflow(doc.doctype)
    transition = next((t for t in get_transitions(doc) if t.action == action), None)
    if transition is None:
        frappe.throw(frappe._("Not a valid Workflow Action"), WorkflowTransitionError)
    own = doc.owner == frappe.session.user != "Administrator"
    if own and not transition.allow_self_approval:
        frappe.throw(frappe._("Self approval is not allowed"))
    doc.set(workflow.workflow_state_field, transition.next_state)
    next_state = next(row for row in workflow.states if row.state == transition.next_state)
    if next_state.update_field:
        doc.set(next_state.update_field, next_state.update_value)
    doc.docstatus = next_state.doc_status
    doc.save()
    doc.add_comment("Workflow", frappe._(next_state.state))
    return doc


def validate_workflow(doc: Any) -> None:
    """On every save: the state may change only along a transition that the user may take."""
    workflow = get_workflow(doc.doctype)
    field = workflow.workflow_state_field
    before = doc.get_doc_before_save()
    first = workflow.states[0].state
    current = (before.get(field) if before else None) or first
    wanted = doc.get(field) or first
    doc.set(field, wanted)
    possible = [current]
    if before and current != wanted:
        possible += [transition.next_state for transition in get_transitions(before)]
    if wanted not in possible:
        message = frappe._("Workflow State transition not allowed from {0} to {1}")
        frappe.throw(
            frappe.messages.fill(message, frappe.bold(current), frappe.bold(wanted)), WorkflowPermissionError
        )
    # Who submits without the workflow's button gets the first state of that status.
    states = [row.state for row in workflow.states if cint(row.doc_status) == doc.docstatus]
    if states and not doc.docstatus.is_draft() and wanted not in states:
        doc.set(field, states[0])
