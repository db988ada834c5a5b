"""Workflows that an office may change: seeded once, never overwritten."""

import frappe

WAIVER_WORKFLOW = "Fee Waiver Approval"
_STATES = (
    ("Requested", "Market Finance", ""),
    ("Approved", "Market Supervisor", "Success"),
    ("Rejected", "Market Supervisor", "Danger"),
)
_ACTIONS = (("Approve", "Approved"), ("Reject", "Rejected"))


def seed_workflows() -> None:
    """Create the approval of fee waivers unless the site has a workflow for them, active or not."""
    if frappe.db.exists("Workflow", {"document_type": "Fee Waiver"}):
        return
    for state, _role, style in _STATES:
        _ensure("Workflow State", workflow_state_name=state, style=style)
    for action, _state in _ACTIONS:
        _ensure("Workflow Action Master", workflow_action_name=action)
    frappe.get_doc(
        {
            "doctype": "Workflow",
            "workflow_name": WAIVER_WORKFLOW,
            "document_type": "Fee Waiver",
            "is_active": 1,
            "workflow_state_field": "status",
            "states": [
                {"state": state, "doc_status": "0", "allow_edit": role} for state, role, _style in _STATES
            ],
            "transitions": [
                {
                    "state": "Requested",
                    "action": action,
                    "next_state": state,
                    "allowed": "Market Supervisor",
                    "allow_self_approval": 0,
                }
                for action, state in _ACTIONS
            ],
        }
    ).insert(ignore_permissions=True)


def _ensure(doctype: str, **values: str) -> None:
    name = next(iter(values.values()))
    if not frappe.db.exists(doctype, name):
        meta = frappe.get_meta(doctype)
        known = {field: value for field, value in values.items() if meta.has_field(field)}
        frappe.get_doc({"doctype": doctype, **known}).insert(ignore_permissions=True)
