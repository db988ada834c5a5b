"""Methods of `frappe.client` that stock Frappe answers without asking who may know; named in
`override_whitelisted_methods`.

Annotations are not postponed here: Frappe checks argument types only where they are real objects.
"""

from typing import Any

import frappe
import frappe.client
from cn_connect.access.calls import parsed
from cn_connect.access.documents import is_doctype
from frappe import _


@frappe.whitelist()
def get(doctype: str, name: Any = None, filters: Any = None, parent: str | None = None) -> Any:
    """One document by name, or the first one that fits the filters among those that the user may read."""
    if name in (None, "") and filters not in (None, ""):
        found = frappe.get_list(doctype, filters=parsed(filters), pluck="name", limit_page_length=1)
        if not found:
            frappe.throw(_("Nothing was found."), frappe.DoesNotExistError)
        name = found[0]
    return frappe.call(frappe.client.get, doctype=doctype, name=name or None, parent=parent)


@frappe.whitelist()
def get_count(doctype: str, filters: Any = None) -> int:
    """How many documents a list would show to the user."""
    count = f"count(distinct `tab{doctype}`.`name`) as total"
    rows = frappe.get_list(
        doctype, filters=parsed(filters), fields=[count], order_by=None, limit_page_length=0
    )
    return int(rows[0].total) if rows else 0


@frappe.whitelist()
def has_permission(doctype: str, docname: str, perm_type: str = "read") -> dict[str, bool]:
    """Whether the user has the right; no for what does not exist."""
    if not is_doctype(doctype) or not frappe.db.exists(doctype, docname):
        return {"has_permission": False}
    return {"has_permission": bool(frappe.has_permission(doctype, perm_type.lower(), docname))}
