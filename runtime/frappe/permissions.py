"""Who may do what: roles with permission levels, if_owner, User Permissions, and the has_permission hook.

`get_list` turns the same rules into conditions of its query: see frappe.model.query_permissions.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import frappe
from frappe.permission_rules import (  # noqa: F401  their public place is here
    RIGHTS,
    add_permission,
    add_user_permission,
    clear_user_permissions_for_doctype,
    copy_perms,
    remove_user_permission,
    reset_perms,
    setup_custom_perms,
    update_permission_property,
)
from frappe.types.frappedict import _dict

rights = RIGHTS
GUEST_ROLE = "Guest"
ALL_USER_ROLE = "All"
SYSTEM_USER_ROLE = "Desk User"
ADMIN_ROLE = "Administrator"
AUTOMATIC_ROLES = (GUEST_ROLE, ALL_USER_ROLE, SYSTEM_USER_ROLE, ADMIN_ROLE)


def has_permission(
    doctype: str,
    ptype: str = "read",
    doc: Any = None,
    user: str | None = None,
    raise_exception: bool = True,
    *,
    parent_doctype: str | None = None,
    debug: bool = False,
    print_logs: bool | None = None,
) -> bool:
    """Whether the user has the right on the DocType, or on the document `doc` (an object or a name).

    Never raises for a refusal: with `raise_exception` it leaves a message that says why.
    """
    user = user or frappe.session.user
    if user == "Administrator":
        return True
    if ptype == "share" and frappe.get_system_settings("disable_document_sharing"):
        return False
    if not doc and hasattr(doctype, "doctype"):
        doc, doctype = doctype, doctype.doctype
    meta = frappe.get_meta(doctype)
    if meta.istable:
        return has_child_permission(doctype, ptype, doc, user, raise_exception, parent_doctype)
    if doc:
        if isinstance(doc, (str, int)):
            doc = frappe.get_doc(doctype, doc)
        allowed = bool(get_doc_permissions(doc, user=user, ptype=ptype).get(ptype))
        why = frappe._("User {0} does not have access to this document").format(frappe.bold(user))
        why = f"{why}: {frappe._(doctype)} - {doc.name}"
    else:
        if ptype == "submit" and not meta.is_submittable:
            return False
        if ptype == "import" and not meta.allow_import:
            return False
        allowed = bool(get_role_permissions(meta, user=user).get(ptype))
        why = frappe._("User {0} does not have doctype access via role permission for document {1}").format(
            frappe.bold(user), frappe.bold(frappe._(doctype))
        )
    if not allowed and (raise_exception if print_logs is None else print_logs):
        frappe.msgprint(why)
    return allowed


def get_doc_permissions(
    doc: Any, user: str | None = None, ptype: str | None = None, debug: bool = False
) -> dict:
    """Right → 0 or 1 for one document."""
    user = user or frappe.session.user
    if frappe.is_table(doc.doctype):
        return {"read": 1, "write": 1}
    if has_controller_permissions(doc, ptype, user=user) is False:
        return {ptype: 0}
    meta = frappe.get_meta(doc.doctype)
    owner = (doc.get("owner") or "").lower() == user.lower()
    permissions = copy(get_role_permissions(meta, user=user, is_owner=owner))
    if permissions.get("has_if_owner_enabled"):
        permissions.update(permissions["if_owner"])
    if not meta.is_submittable:
        permissions["submit"] = 0
    if not meta.allow_import:
        permissions["import"] = 0
    if not has_user_permission(doc, user):
        if not owner:
            return {}
        # one's own document stays within reach when if_owner grants it
        permissions = permissions.get("if_owner") or {}
    return permissions


def get_role_permissions(
    doctype_meta: Any, user: str | None = None, is_owner: bool | None = None, debug: bool = False
) -> dict:
    """Right → 0 or 1 by the user's roles at permission level 0.

    `if_owner` holds the rights that only owners have. Without knowing the owner, an if_owner rule lets the user see
    the list (which shows own documents only) and create.
    """
    meta = frappe.get_meta(doctype_meta) if isinstance(doctype_meta, str) else doctype_meta
    user = user or frappe.session.user
    if user == "Administrator":
        return allow_everything()
    known = frappe.local.role_permissions
    key = (meta.name, user, bool(is_owner))
    if key not in known:
        known[key] = _role_permissions(meta, set(frappe.get_roles(user)), bool(is_owner))
    return known[key]


def _role_permissions(meta: Any, roles: set[str], is_owner: bool) -> dict:
    rules = [p for p in meta.permissions or () if p.role in roles and not p.permlevel]
    limited = any(p.if_owner for p in rules)
    perms: dict[str, Any] = _dict(if_owner=_dict(), has_if_owner_enabled=limited)
    for right in rights:
        granted = int(any(p.get(right) for p in rules))
        perms[right] = granted
        only_owner = limited and not any(p.get(right) and not p.if_owner for p in rules)
        if granted and only_owner and right != "create":
            perms["if_owner"][right] = int(is_owner)
            perms[right] = int(is_owner or right in ("select", "read"))
    return perms


def has_user_permission(doc: Any, user: str | None = None, debug: bool = False) -> bool:
    """Whether User Permissions let the user at this document: itself, and what its link fields point to."""
    rules = get_user_permissions(user or frappe.session.user)
    if not rules:
        return True
    strict = _strict()
    doctype, name = doc.get("doctype"), doc.get("name")
    if doctype in rules and not _linked_allowed(rules[doctype], doctype, name) and not doc.get("__islocal"):
        return False
    if not _links_allowed(doc, rules, strict, doctype):
        return False
    children = doc.get_all_children() if hasattr(doc, "get_all_children") else ()
    return all(_links_allowed(row, rules, strict, doctype) for row in children)


def _links_allowed(doc: Any, rules: dict, strict: bool, parent: str) -> bool:
    for field in frappe.get_meta(doc.doctype).get_link_fields():
        if field.ignore_user_permissions or field.options not in rules:
            continue
        value = doc.get(field.fieldname)
        if not value and not strict:
            continue
        if not _linked_allowed(rules[field.options], parent, value):
            _explain_link(doc, field, value)
            return False
    return True


def _explain_link(doc: Any, field: Any, value: Any) -> None:
    frappe.flags.error_message = frappe._(
        "You are not allowed to access this {0} record because it is linked to {1} '{2}' in field {3}"
    ).format(
        frappe._(doc.doctype), frappe._(field.options), value or "", frappe._(field.label or field.fieldname)
    )


def _linked_allowed(rules: list, doctype: str, value: Any) -> bool:
    allowed = get_allowed_docs_for_doctype(rules, doctype)
    # rules that apply to other DocTypes only do not limit this one
    return not allowed or str(value) in allowed


def _strict() -> bool:
    return bool(frappe.get_system_settings("apply_strict_user_permissions"))


def has_controller_permissions(
    doc: Any, ptype: str | None, user: str | None = None, debug: bool = False
) -> Any:
    """What the has_permission hooks say: False refuses, True allows what roles allow, None has no opinion."""
    hooks = frappe.get_hooks("has_permission") or {}
    for method in reversed([*hooks.get(doc.doctype, []), *hooks.get("*", [])]):
        verdict = frappe.call(method, doc=doc, ptype=ptype, user=user or frappe.session.user)
        if verdict is not None:
            return verdict
    return None


def has_child_permission(
    child_doctype: str,
    ptype: str = "read",
    child_doc: Any = None,
    user: str | None = None,
    raise_exception: bool = True,
    parent_doctype: str | None = None,
    *,
    debug: bool = False,
) -> bool:
    """Rows have the permissions of the document they belong to, and of the permission level of their table."""
    parent = None
    if isinstance(child_doc, (str, int)):
        child_doc = frappe.db.get_value(
            child_doctype, child_doc, ("parenttype", "parent", "parentfield"), as_dict=True
        )
    if child_doc:
        parent_doctype = child_doc.get("parenttype") or parent_doctype
        parent = getattr(child_doc, "parent_doc", None) or child_doc.get("parent")
    if not parent_doctype:
        return False
    meta = frappe.get_meta(parent_doctype)
    table = next((f for f in meta.get_table_fields() if f.options == child_doctype), None)
    if meta.istable or not table:
        return False
    if table.permlevel and table.permlevel not in meta.get_permlevel_access(ptype, user=user):
        return False
    return has_permission(parent_doctype, ptype, doc=parent, user=user, raise_exception=raise_exception)


def get_user_permissions(user: str | None) -> dict[str, list]:
    """DocType → rules {doc, applicable_for, is_default} that limit the user."""
    from frappe.core.doctype.user_permission.user_permission import get_user_permissions as read

    return read(user)


def filter_allowed_docs_for_doctype(
    user_permissions: list, doctype: str, with_default_doc: bool = True
) -> Any:
    """Names that the rules allow where they apply to `doctype`, and the default among them."""
    allowed = [r.get("doc") for r in user_permissions if r.get("applicable_for") in (None, "", doctype)]
    default = next(
        (r.get("doc") for r in user_permissions if r.get("is_default") and r.get("doc") in allowed), None
    )
    if default is None and len(allowed) == 1:
        default = allowed[0]
    return (allowed, default) if with_default_doc else allowed


def get_allowed_docs_for_doctype(user_permissions: list, doctype: str) -> list[str]:
    return filter_allowed_docs_for_doctype(user_permissions, doctype, with_default_doc=False)


def get_roles(user: str | None = None, with_standard: bool = True) -> list[str]:
    """The user's roles, with those everybody has unless told otherwise."""
    user = user or frappe.session.user
    if user == "Guest" or not user:
        return [GUEST_ROLE] if with_standard else []
    cached = frappe.cache.front("roles")
    if user not in cached:
        cached[user] = _read_roles(user)
    roles = cached[user]
    return list(roles) if with_standard else [r for r in roles if r not in AUTOMATIC_ROLES]


def _read_roles(user: str) -> list[str]:
    if user == "Administrator":
        return frappe.db.sql("SELECT name FROM `tabRole`", pluck=True)
    roles = frappe.db.sql(
        "SELECT role FROM `tabHas Role` WHERE parent = %s AND parenttype = 'User' AND role NOT IN %s ORDER BY idx",
        (user, AUTOMATIC_ROLES),
        pluck=True,
    )
    roles += [ALL_USER_ROLE, GUEST_ROLE]
    if is_system_user(user):
        roles.append(SYSTEM_USER_ROLE)
    return roles


def is_system_user(user: str | None = None) -> bool:
    user = user or frappe.session.user
    return user == "Administrator" or frappe.get_cached_value("User", user, "user_type") == "System User"


def allow_everything() -> dict:
    """The rights of Administrator."""
    return _dict(dict.fromkeys(rights, 1), if_owner=_dict(), has_if_owner_enabled=False)


def get_valid_perms(doctype: str | None = None, user: str | None = None) -> list[_dict]:
    """The rules that the user's roles have, of one DocType or of all."""
    roles = set(get_roles(user))
    if doctype:
        return [p for p in frappe.get_meta(doctype).permissions or () if p.role in roles]
    custom = set(get_doctypes_with_custom_docperms())
    rules = frappe.get_all("DocPerm", fields=["*"], filters={"role": ("in", list(roles)), "docstatus": 0})
    own = frappe.get_all("Custom DocPerm", fields=["*"], filters={"role": ("in", list(roles))})
    return [r for r in rules if r.parent not in custom] + own


def get_doctypes_with_custom_docperms() -> list[str]:
    return frappe.get_all("Custom DocPerm", pluck="parent", distinct=True)


def get_doctypes_with_read() -> list[str]:
    """DocTypes that the session's user may read."""
    return list({p.parent for p in get_valid_perms() if p.read and p.parent})


def get_doctype_roles(doctype: str, access_type: str = "read") -> list[str]:
    """Roles that have the right on the DocType."""
    return [p.role for p in frappe.get_meta(doctype).permissions or () if p.get(access_type)]


def get_linked_doctypes(dt: str) -> list[str]:
    """The DocType itself and those its link fields point to."""
    meta = frappe.get_meta(dt)
    linked = [
        f.options for f in meta.get_link_fields() if not f.ignore_user_permissions and f.options != "[Select]"
    ]
    return list(dict.fromkeys([dt, *linked]))


def can_export(doctype: str, raise_exception: bool = False, is_owner: bool = False) -> bool:
    return _may("export", doctype, raise_exception, is_owner)


def can_import(doctype: str, raise_exception: bool = False) -> bool:
    return _may("import", doctype, raise_exception)


def _may(right: str, doctype: str, raise_exception: bool, is_owner: bool = False) -> bool:
    allowed = bool(get_role_permissions(doctype, is_owner=is_owner).get(right))
    if not allowed and raise_exception:
        raise frappe.PermissionError(
            frappe._("You are not allowed to {0} {1} doctype").format(right, frappe._(doctype))
        )
    return allowed
