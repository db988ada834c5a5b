"""What Desk hangs on a document by writing into it: refused on the ledger, left to Frappe on all others.

Comments and assignments are documents, so their hooks refuse; tags and likes are methods of Frappe's, overridden here.
"""

from collections.abc import Callable
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from market_mgmt.services.ledger_guard import refuse_annotation


def before_insert(doc: Document, _event: str | None = None) -> None:
    """Of a Comment (reference_doctype) or a ToDo (reference_type)."""
    refuse_annotation(doc.get("reference_doctype") or doc.get("reference_type"))


def _of_desk(name: str) -> Callable[..., Any]:
    """Frappe's own method; DoesNotExistError where there is no Desk, as in the embedded profile."""
    try:
        return frappe.get_attr(name)
    except ImportError:
        frappe.throw(_("There is no Desk here."), frappe.DoesNotExistError)


@frappe.whitelist()
def add_tag(tag: str, dt: str, dn: str, color: str | None = None) -> Any:
    refuse_annotation(dt)
    return _of_desk("frappe.desk.doctype.tag.tag.add_tag")(tag, dt, dn, color)


@frappe.whitelist()
def add_tags(tags: str | list, dt: str, docs: str | list, color: str | None = None) -> Any:
    refuse_annotation(dt)
    return _of_desk("frappe.desk.doctype.tag.tag.add_tags")(tags, dt, docs, color)


@frappe.whitelist()
def toggle_like(doctype: str, name: str, add: str | bool = False) -> Any:
    refuse_annotation(doctype)
    return _of_desk("frappe.desk.like.toggle_like")(doctype, name, add)
