"""Short ways to documents and their metadata: `frappe.get_doc`, `frappe.get_cached_value`, `frappe.new_doc`, …"""

from __future__ import annotations

import copy
from typing import Any

import frappe
from frappe.context import local
from frappe.model.create_new import new_values
from frappe.model.delete_doc import delete_doc
from frappe.model.document import Document, get_doc
from frappe.model.meta import get_meta
from frappe.model.rename_doc import rename_doc  # noqa: F401
from frappe.types import _dict
from frappe.utils import cstr


def new_doc(doctype: str, **kwargs: Any) -> Document:
    """A document, not yet saved, with its defaults filled in."""
    return get_doc(new_values(doctype)).update(kwargs)


def get_last_doc(doctype: str, filters: Any = None, order_by: str = "creation desc") -> Document:
    names = frappe.get_all(doctype, filters=filters, limit_page_length=1, order_by=order_by, pluck="name")
    if not names:
        raise frappe.DoesNotExistError
    return get_doc(doctype, names[0])


def get_single(doctype: str) -> Document:
    return get_doc(doctype, doctype)


# -- cached documents ----------------------------------------------------------------------------------------


# Documents that are read often and written rarely: kept as live objects by every process.
KEPT_BY_PROCESS = frozenset(
    ("Country", "Currency", "Language", "Notification", "Print Format", "Role", "Workflow")
)


def is_kept_by_process(doctype: str) -> bool:
    return doctype in KEPT_BY_PROCESS or bool(get_meta(doctype).issingle)


def get_cached_doc(doctype: str, name: Any = None) -> Document:
    """As `get_doc`, kept for the request and, if settings-like, for the process. Not to be changed."""
    name = doctype if name is None else name
    key = (doctype, cstr(name))
    known = local.request_cache["cached_docs"]
    if key not in known:
        front = frappe.cache.front("documents") if is_kept_by_process(doctype) else {}
        known[key] = front.get(key) or get_doc(doctype, name)
        if not local.db.transaction_writes:
            front[key] = known[key]
    return known[key]


def clear_document_cache(doctype: str, name: str | None = None) -> None:
    """Forget the cached document (or all of a DocType) here, and in every process when it is kept there."""
    if local.flags.in_install_db:
        return
    known = local.request_cache["cached_docs"]
    for key in [key for key in known if key[0] == doctype and name in (None, key[1])]:
        del known[key]
    if is_kept_by_process(doctype):
        frappe.cache.invalidate_fronts()


def get_cached_value(
    doctype: str, name: str, fieldname: str | list | tuple = "name", as_dict: bool = False
) -> Any:
    """One or more values of a cached document; None when it does not exist."""
    if not is_kept_by_process(doctype):
        # One short query costs less than loading the document with its child tables.
        return local.db.get_value(doctype, name, fieldname, as_dict=as_dict)
    try:
        doc = get_cached_doc(doctype, name)
    except frappe.DoesNotExistError:
        frappe.clear_last_message()
        return None
    if isinstance(fieldname, str):
        return doc.get(fieldname)
    values = [doc.get(field) for field in fieldname]
    return _dict(zip(fieldname, values, strict=True)) if as_dict else values


def get_system_settings(key: str) -> Any:
    """One value of System Settings."""
    if local.flags.in_install_db or not getattr(local, "db", None):
        return None
    return get_cached_doc("System Settings").get(key)


# -- changing ------------------------------------------------------------------------------------------------


def copy_doc(doc: Document) -> Document:
    """A copy that is not yet saved: own name, draft, without the fields marked `no_copy`."""
    cleared = ["name", "owner", "creation", "modified", "modified_by", "amended_from"]
    if not local.flags.in_test:
        cleared.append("docstatus")
    copied = get_doc(copy.deepcopy(doc.as_dict()))
    for each in (copied, *copied.get_all_children()):
        each.set("__islocal", 1)
        for fieldname in [*cleared, *(df.fieldname for df in each.meta.fields if df.no_copy)]:
            each.set(fieldname, None)
    return copied


def delete_doc_if_exists(doctype: str, name: str, force: bool = False) -> None:
    """Delete the document; nothing happens when there is none."""
    if local.db.exists(doctype, name):
        delete_doc(doctype, name, force=force)


# -- queries -------------------------------------------------------------------------------------------------


def get_list(doctype: str, *args: Any, **kwargs: Any) -> list:
    """Documents that the session's user may read."""
    import frappe.model.db_query

    return frappe.model.db_query.DatabaseQuery(doctype).execute(*args, **kwargs)


def get_all(doctype: str, *args: Any, **kwargs: Any) -> list:
    """As `get_list` without permission checks and without a limit."""
    kwargs["ignore_permissions"] = True
    if "limit_page_length" not in kwargs and "limit" not in kwargs:
        kwargs["limit_page_length"] = 0
    return get_list(doctype, *args, **kwargs)


def get_value(*args: Any, **kwargs: Any) -> Any:
    return local.db.get_value(*args, **kwargs)
