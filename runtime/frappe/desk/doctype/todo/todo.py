"""A task: seen by whom it is for and from, not by everybody whose role lets them have tasks."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.document import Document
from frappe.permissions import AUTOMATIC_ROLES

_PEOPLE = ("allocated_to", "assigned_by", "owner")


class ToDo(Document):
    pass


def _sees_all(user: str, right: str) -> bool:
    """By a role that somebody was given; everybody has the automatic ones."""
    rules = frappe.get_meta("ToDo").permissions
    roles = {rule.role for rule in rules if rule.get(right)} - set(AUTOMATIC_ROLES)
    return user == "Administrator" or not roles.isdisjoint(frappe.get_roles(user))


def has_permission(doc: Any, ptype: str | None = None, user: str | None = None) -> bool:
    user = user or frappe.session.user
    if ptype == "create":
        return True
    return _sees_all(user, ptype or "read") or user in [doc.get(person) for person in _PEOPLE]


def get_permission_query_conditions(user: str | None = None) -> str:
    user = user or frappe.session.user
    if _sees_all(user, "read"):
        return ""
    name = frappe.db.escape(user)
    return "(" + " or ".join(f"`tabToDo`.`{person}` = {name}" for person in _PEOPLE) + ")"
