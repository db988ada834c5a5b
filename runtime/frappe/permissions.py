"""Who may do what: roles with permission levels, if_owner, User Permissions, and the has_permission hook.

`get_list` makes conditions of its query from the same rules: see frappe.model.query_permissions. What is derived from
roles and rules lives in the process until somebody changes users, rules or metadata (`frappe.cache.front`).
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe.context import local
from frappe.types.frappedict import _dict

rights = (
    "select", "read", "write", "create", "delete", "submit", "cancel", "amend", "print", "email", "report", "import",
    "export", "share",
)  # fmt: skip
AUTOMATIC_ROLES = ("Guest", "All", "Desk User", "Administrator")


def has_permission(
    doctype: str,
    ptype: str = "read",
    doc: Any = None,
    user: str | None = None,
    *,
    parent_doctype: str | None = None,
    print_logs: bool = True,
) -> bool:
    """Whether the user has the right on the DocType, or on the document: `doc` is an object or a name.

    Never raises for a refusal: with `print_logs` it leaves a message that says why.
    """
    user = user or local.session.user
    if user == "Administrator":
        return True
    meta = frappe.get_meta(doctype)
    # Who has no right on any document of the DocType is not told which there are.
    by_role = meta.istable or bool(get_role_permissions(meta, user, is_owner=bool(doc)).get(ptype))
    if by_role and doc and isinstance(doc, (str, int)):
        doc = frappe.get_doc(doctype, doc)
    if meta.istable:
        return _has_child_permission(doctype, ptype, doc, user, parent_doctype, print_logs)
    allowed = by_role and (_may(doc, meta, ptype, user) if doc else True)
    if not allowed and print_logs:
        message = frappe._("User {0} has no access to {1}")
        frappe.msgprint(message.format(frappe.bold(user), frappe.bold(frappe._(doctype))))
    return allowed


def _may(doc: Any, meta: Any, ptype: str, user: str) -> bool:
    """Hooks can only refuse; roles grant, perhaps to the owner alone; User Permissions limit the rest."""
    if _refused_by_hook(doc, ptype, user):
        return False
    is_owner = (doc.get("owner") or "").lower() == user.lower()
    granted = get_role_permissions(meta, user, is_owner)
    as_owner = granted["if_owner"].get(ptype)
    if not (granted.get(ptype) if as_owner is None else as_owner):
        return False
    # one's own document stays within reach when if_owner grants it
    return has_user_permission(doc, user) or bool(is_owner and as_owner)


def _refused_by_hook(doc: Any, ptype: str, user: str) -> bool:
    """Whether the has_permission hook of the last app that has an opinion (not None) says no."""
    hooks = frappe.get_hooks("has_permission", {})
    for method in reversed([*hooks.get(doc.doctype, ()), *hooks.get("*", ())]):
        verdict = frappe.call(method, doc=doc, ptype=ptype, user=user)
        if verdict is not None:
            return verdict is False
    return False


def _has_child_permission(
    child_doctype: str, ptype: str, child: Any, user: str, parent_doctype: str | None, print_logs: bool
) -> bool:
    """Rows have the permissions of the document they belong to, and of the permission level of their table."""
    parent = None
    if child:
        parent_doctype = child.get("parenttype") or parent_doctype
        parent = getattr(child, "parent_doc", None) or child.get("parent")
    if not parent_doctype:
        return False
    meta = frappe.get_meta(parent_doctype)
    table = next((f for f in meta.get_table_fields() if f.options == child_doctype), None)
    if meta.istable or not table:
        return False
    if table.permlevel and table.permlevel not in meta.get_permlevel_access(ptype, user=user):
        return False
    return has_permission(parent_doctype, ptype, parent, user, print_logs=print_logs)


# -- roles -------------------------------------------------------------------------------------------------------


def get_roles(user: str | None = None) -> list[str]:
    """The user's roles, with those everybody has."""
    user = user or local.session.user
    if user == "Guest":
        return ["Guest"]
    known = frappe.cache.front("permissions")
    if user not in known:
        known[user] = _read_roles(user)
    return list(known[user])


def _read_roles(user: str) -> list[str]:
    if user == "Administrator":
        return frappe.db.sql("SELECT name FROM `tabRole`", pluck=True)
    roles = frappe.db.sql(
        "SELECT role FROM `tabHas Role` WHERE parent = %s AND parenttype = 'User' AND role NOT IN %s"
        " AND role NOT IN (SELECT name FROM `tabRole` WHERE disabled = 1) ORDER BY idx",
        (user, AUTOMATIC_ROLES),
        pluck=True,
    )
    is_staff = frappe.get_cached_value("User", user, "user_type") == "System User"
    return [*roles, "All", "Guest", *(["Desk User"] if is_staff else [])]


def get_role_permissions(meta: Any, user: str | None = None, is_owner: bool = False) -> _dict:
    """Right → 0 or 1 by the user's roles at permission level 0. Shared: not to be changed.

    `if_owner` holds the rights that only owners have. Without knowing the owner, an if_owner rule lets the user see
    the list (which shows own documents only) and create.
    """
    user = user or local.session.user
    known, key = frappe.cache.front("permissions"), (meta.name, user, is_owner)
    if key not in known:
        known[key] = _role_permissions(meta, user, is_owner)
    return known[key]


def _role_permissions(meta: Any, user: str, is_owner: bool) -> _dict:
    roles = get_roles(user)
    rules = [rule for rule in meta.permissions or () if rule.role in roles and not rule.permlevel]
    perms = _dict(if_owner={})
    for right in rights:
        granting = [rule for rule in rules if rule.get(right)]
        perms[right] = int(bool(granting))
        if granting and right != "create" and all(rule.if_owner for rule in granting):
            perms.if_owner[right] = int(is_owner)
            perms[right] = int(is_owner or right in ("select", "read"))
    return perms


# -- User Permissions --------------------------------------------------------------------------------------------


def has_user_permission(doc: Any, user: str) -> bool:
    """Whether User Permissions let the user at this document: itself, and what it and its rows link to."""
    if not get_user_permissions(user):
        return True
    rows = (doc, *doc.get_all_children())
    limits = {doctype: get_limits(doctype, doc.doctype, user) for doctype in {row.doctype for row in rows}}
    for row in rows:
        for fieldname, allowed in limits[row.doctype].items():
            value = row.get(fieldname)
            if str(value) in allowed or not (value or is_strict()):
                continue
            if fieldname == "name" and doc.get("__islocal"):
                continue
            return False
    return True


def get_limits(doctype: str, parent: str, user: str) -> dict[str, list[str]]:
    """Field → the names it may have by the User Permissions that apply to the document's DocType `parent`.

    Link fields, and `name` of the document itself. An empty link is allowed, too, unless `is_strict`.
    """
    known, key = frappe.cache.front("permissions"), (doctype, parent, user, "limits")
    if key not in known:
        rules = get_user_permissions(user)
        links = frappe.get_meta(doctype).get_link_fields()
        fields = {field.fieldname: field.options for field in links if not field.ignore_user_permissions}
        if doctype == parent:
            fields["name"] = doctype
        allowed = {
            fieldname: [
                str(rule.doc) for rule in rules.get(options, ()) if rule.applicable_for in (None, "", parent)
            ]
            for fieldname, options in fields.items()
        }
        # rules that apply to other DocTypes only do not limit this one
        known[key] = {fieldname: names for fieldname, names in allowed.items() if names}
    return known[key]


def is_strict() -> bool:
    """Whether User Permissions hide documents whose link is empty."""
    return bool(frappe.get_system_settings("apply_strict_user_permissions"))


def get_user_permissions(user: str | None = None) -> dict[str, list[_dict]]:
    """DocType → rules (doc, applicable_for) that limit the user; none for Administrator and guests."""
    user = user or local.session.user
    if user in frappe.STANDARD_USERS:
        return {}
    front = frappe.cache.front("user_permissions")
    if user not in front:
        rules: dict[str, list[_dict]] = {}
        query = (
            "select allow, for_value as doc,"
            " case when apply_to_all_doctypes = 1 then null else applicable_for end as applicable_for"
            " from `tabUser Permission` where user = %s order by creation"
        )
        for rule in frappe.db.sql(query, (user,), as_dict=True):
            rules.setdefault(rule.pop("allow"), []).append(rule)
        front[user] = rules
    return front[user]


def add_user_permission(
    doctype: str, name: str, user: str, ignore_permissions: bool = False, applicable_for: str | None = None
) -> None:
    """Limit the user to the document; harmless when the rule exists."""
    rules = get_user_permissions(user).get(doctype, ())
    if any(rule.doc == name and (rule.applicable_for or None) == applicable_for for rule in rules):
        return
    limit = {"user": user, "allow": doctype, "for_value": name, "applicable_for": applicable_for}
    rule = frappe.get_doc(doctype="User Permission", **limit, apply_to_all_doctypes=int(not applicable_for))
    rule.insert(ignore_permissions=ignore_permissions)


def remove_user_permission(doctype: str, name: str, user: str) -> None:
    rule = frappe.db.get_value("User Permission", {"user": user, "allow": doctype, "for_value": name})
    frappe.delete_doc("User Permission", rule)
