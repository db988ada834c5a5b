"""Workflows: which state may follow which, and who may take a document there."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.types import _dict
from frappe.utils import cint
from frappe.utils.safe_exec import get_workflow_safe_globals, safe_eval


class WorkflowStateError(frappe.ValidationError):
    pass


class WorkflowTransitionError(frappe.ValidationError):
    pass


class WorkflowPermissionError(frappe.ValidationError):
    pass


def get_workflow_name(doctype: str) -> str:
    """The active workflow of a DocType, "" when there is none."""
    front = frappe.cache.front("workflows")
    name = front.get(doctype)
    if name is None:
        if frappe.flags.in_install_db:
            return ""
        row = frappe.db.sql(
            "select name from `tabWorkflow` where document_type = %s and is_active = 1 limit 1", (doctype,)
        )
        name = front[doctype] = row[0][0] if row else ""
    return name


def get_workflow(doctype: str) -> Any:
    return frappe.get_cached_doc("Workflow", get_workflow_name(doctype))


def _as_document(doc: Any) -> Any:
    return frappe.get_doc(frappe.parse_json(doc)) if isinstance(doc, str | dict) else doc


@frappe.whitelist()
def get_transitions(doc: Any, workflow: Any = None, raise_exception: bool = False) -> list[_dict]:
    """Transitions that the session's user may take from the document's stored state."""
    doc = _as_document(doc)
    if doc.is_new():
        return []
    doc.load_from_db()
    doc.check_permission("read")
    workflow = workflow or get_workflow(doc.doctype)
    current_state = doc.get(workflow.workflow_state_field)
    if not current_state:
        if raise_exception:
            raise WorkflowStateError
        frappe.throw(frappe._("Workflow State not set"), WorkflowStateError)
    roles = set(frappe.get_roles())
    return [
        transition.as_dict()
        for transition in workflow.transitions
        if transition.state == current_state
        and transition.allowed in roles
        and is_transition_condition_satisfied(transition, doc)
    ]


def is_transition_condition_satisfied(transition: Any, doc: Any) -> bool:
    if not transition.condition:
        return True
    return bool(safe_eval(transition.condition, get_workflow_safe_globals(), {"doc": doc.as_dict()}))


@frappe.whitelist()
def apply_workflow(doc: Any, action: str) -> Any:
    """Take an action: set the next state and save, submit or cancel as that state says."""
    doc = _as_document(doc)
    doc.load_from_db()
    workflow = get_workflow(doc.doctype)
    transition = next((t for t in get_transitions(doc, workflow) if t.action == action), None)
    if transition is None:
        frappe.throw(frappe._("Not a valid Workflow Action"), WorkflowTransitionError)
    if not has_approval_access(frappe.session.user, doc, transition):
        frappe.throw(frappe._("Self approval is not allowed"))
    doc.set(workflow.workflow_state_field, transition.next_state)
    next_state = next(row for row in workflow.states if row.state == transition.next_state)
    if next_state.update_field:
        doc.set(next_state.update_field, next_state.update_value)
    step = (int(doc.docstatus), cint(next_state.doc_status))
    if step in ((0, 0), (1, 1)):
        doc.save()
    elif step == (0, 1):
        doc.submit()
    elif step == (1, 2):
        doc.cancel()
    else:
        frappe.throw(frappe._("Illegal Document Status for {0}").format(next_state.state))
    doc.add_comment("Workflow", frappe._(next_state.state))
    return doc


def has_approval_access(user: str, doc: Any, transition: Any) -> bool:
    """Who made a document may approve it only where the transition allows self approval."""
    return bool(user == "Administrator" or transition.get("allow_self_approval") or user != doc.get("owner"))


def validate_workflow(doc: Any) -> None:
    """On every save: the state may change only along a transition that the user may take."""
    workflow = get_workflow(doc.doctype)
    field = workflow.workflow_state_field
    before = doc.get_doc_before_save()
    current_state = before.get(field) if before else None
    first = workflow.states[0].state
    if not doc.get(field):
        doc.set(field, first)
    next_state = doc.get(field)
    current_state = current_state or first
    if not any(row.state == current_state for row in workflow.states):
        frappe.throw(
            frappe._("{0} is not a valid Workflow State. Please update your Workflow and try again.").format(
                frappe.bold(current_state)
            )
        )
    if current_state == next_state:
        return
    allowed = bool(before) and any(t.next_state == next_state for t in get_transitions(before, workflow))
    if not allowed:
        frappe.throw(
            frappe._("Workflow State transition not allowed from {0} to {1}").format(
                frappe.bold(current_state), frappe.bold(next_state)
            ),
            WorkflowPermissionError,
        )


def set_workflow_state_on_action(doc: Any, workflow_name: str, action: str) -> None:
    """Who submits or cancels without the workflow's button gets the first state of that status."""
    wanted = {"submit": 1, "cancel": 2}.get(action)
    if wanted is None:
        return
    workflow = frappe.get_cached_doc("Workflow", workflow_name)
    field = workflow.workflow_state_field
    if any(row.state == doc.get(field) and cint(row.doc_status) == wanted for row in workflow.states):
        return
    for row in workflow.states:
        if cint(row.doc_status) == wanted:
            doc.set(field, row.state)
            return
