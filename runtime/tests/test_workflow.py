"""Workflows: states, transitions by role and condition, self approval, docstatus."""

from __future__ import annotations

import pytest

import frappe
from frappe.model.workflow import (
    WorkflowPermissionError,
    WorkflowTransitionError,
    apply_workflow,
    get_transitions,
)

STATES = ("RT Draft", "RT Pending", "RT Approved", "RT Rejected", "RT Void")


@pytest.fixture
def request_doctype(make_doctype) -> str:
    rights = {"read": 1, "write": 1, "create": 1, "submit": 1, "cancel": 1}
    doctype = make_doctype(
        "Request",
        [
            {"fieldname": "title", "fieldtype": "Data"},
            {"fieldname": "amount", "fieldtype": "Currency", "allow_on_submit": 1},
            {"fieldname": "outcome", "fieldtype": "Data"},
            {
                "fieldname": "workflow_state",
                "fieldtype": "Link",
                "options": "Workflow State",
                "allow_on_submit": 1,
            },
        ],
        is_submittable=1,
        autoname="hash",
        permissions=[
            {"role": "System Manager", **rights},
            {"role": "RT Clerk", **rights},
            {"role": "RT Boss", **rights},
        ],
    )
    for state in STATES:
        if not frappe.db.exists("Workflow State", state):
            frappe.get_doc({"doctype": "Workflow State", "workflow_state_name": state}).insert()
    for action in ("RT Ask", "RT Approve", "RT Reject", "RT Cancel"):
        if not frappe.db.exists("Workflow Action Master", action):
            frappe.get_doc({"doctype": "Workflow Action Master", "workflow_action_name": action}).insert()
    frappe.get_doc(
        {
            "doctype": "Workflow",
            "workflow_name": "RT Request",
            "document_type": doctype,
            "is_active": 1,
            "workflow_state_field": "workflow_state",
            "states": [
                {"state": "RT Draft", "doc_status": "0", "allow_edit": "RT Clerk"},
                {"state": "RT Pending", "doc_status": "0", "allow_edit": "RT Boss"},
                {
                    "state": "RT Approved",
                    "doc_status": "1",
                    "allow_edit": "RT Boss",
                    "update_field": "outcome",
                    "update_value": "yes",
                },
                {"state": "RT Rejected", "doc_status": "0", "allow_edit": "RT Boss"},
                {"state": "RT Void", "doc_status": "2", "allow_edit": "RT Boss"},
            ],
            "transitions": [
                {"state": "RT Draft", "action": "RT Ask", "next_state": "RT Pending", "allowed": "RT Clerk"},
                {
                    "state": "RT Pending",
                    "action": "RT Approve",
                    "next_state": "RT Approved",
                    "allowed": "RT Boss",
                    "allow_self_approval": 0,
                    "condition": "doc.amount < 100",
                },
                {
                    "state": "RT Pending",
                    "action": "RT Reject",
                    "next_state": "RT Rejected",
                    "allowed": "RT Boss",
                },
                {
                    "state": "RT Approved",
                    "action": "RT Cancel",
                    "next_state": "RT Void",
                    "allowed": "RT Boss",
                },
            ],
        }
    ).insert()
    return doctype


@pytest.fixture
def clerk(request_doctype, make_user) -> str:
    return make_user("rt-clerk@example.com", "RT Clerk")


@pytest.fixture
def boss(request_doctype, make_user) -> str:
    return make_user("rt-boss@example.com", "RT Boss", "RT Clerk")


def ask(doctype: str, user: str, **values):
    frappe.set_user(user)
    doc = frappe.get_doc({"doctype": doctype, "title": "please", **values}).insert()
    return apply_workflow(doc, "RT Ask")


def test_first_state(request_doctype, clerk):
    frappe.set_user(clerk)
    doc = frappe.get_doc({"doctype": request_doctype}).insert()
    assert doc.workflow_state == "RT Draft"
    assert [t.action for t in get_transitions(doc)] == ["RT Ask"]
    assert get_transitions(frappe.get_doc({"doctype": request_doctype, "__islocal": 1})) == []


def test_the_whole_way(request_doctype, clerk, boss):
    doc = ask(request_doctype, clerk, amount=50)
    assert doc.workflow_state == "RT Pending" and doc.docstatus == 0
    assert get_transitions(doc) == []
    frappe.set_user(boss)
    assert sorted(t.action for t in get_transitions(doc)) == ["RT Approve", "RT Reject"]
    doc = apply_workflow(doc, "RT Approve")
    assert (doc.workflow_state, doc.docstatus, doc.outcome) == ("RT Approved", 1, "yes")
    assert frappe.db.exists("Comment", {"reference_name": doc.name, "comment_type": "Workflow"})
    doc = apply_workflow(doc, "RT Cancel")
    assert (doc.workflow_state, doc.docstatus) == ("RT Void", 2)


def test_condition(request_doctype, clerk, boss):
    doc = ask(request_doctype, clerk, amount=500)
    frappe.set_user(boss)
    assert [t.action for t in get_transitions(doc)] == ["RT Reject"]
    with pytest.raises(WorkflowTransitionError):
        apply_workflow(doc, "RT Approve")


def test_role(request_doctype, clerk):
    doc = ask(request_doctype, clerk, amount=5)
    with pytest.raises(WorkflowTransitionError):
        apply_workflow(doc, "RT Approve")


def test_self_approval(request_doctype, boss):
    doc = ask(request_doctype, boss, amount=5)
    with pytest.raises(frappe.ValidationError):
        apply_workflow(doc, "RT Approve")
    assert apply_workflow(doc, "RT Reject").workflow_state == "RT Rejected"


def test_state_cannot_be_set_by_hand(request_doctype, clerk, boss):
    doc = ask(request_doctype, clerk, amount=5)
    doc.workflow_state = "RT Approved"
    with pytest.raises(WorkflowPermissionError):
        doc.save()
    frappe.set_user(clerk)
    with pytest.raises(WorkflowPermissionError):
        frappe.get_doc({"doctype": request_doctype, "workflow_state": "RT Pending"}).insert()


def test_document_may_come_as_json(request_doctype, clerk):
    frappe.set_user(clerk)
    doc = frappe.get_doc({"doctype": request_doctype}).insert()
    assert apply_workflow(frappe.as_json(doc.as_dict()), "RT Ask").workflow_state == "RT Pending"


def test_only_one_is_active(request_doctype):
    workflow = frappe.copy_doc(frappe.get_doc("Workflow", "RT Request"))
    workflow.workflow_name = "RT Second"
    workflow.insert()
    assert frappe.db.get_value("Workflow", "RT Request", "is_active") == 0


def test_a_document_is_judged_as_it_is_in_memory(request_doctype, clerk, boss):
    doc = ask(request_doctype, clerk, amount=500)
    frappe.set_user(boss)
    doc.amount = 50
    assert sorted(t.action for t in get_transitions(doc)) == ["RT Approve", "RT Reject"]
    assert doc.amount == 50
    assert [t.action for t in get_transitions(doc.as_json())] == ["RT Reject"]


def test_a_condition_that_cannot_be_read_is_refused(request_doctype):
    workflow = frappe.get_doc("Workflow", "RT Request")
    workflow.transitions[0].condition = 'doc.title =! "x"'
    with pytest.raises(frappe.ValidationError, match="line 1"):
        workflow.save()
