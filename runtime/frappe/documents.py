"""Short ways to documents and their metadata: `frappe.get_doc`, `frappe.get_cached_value`, `frappe.new_doc`, …"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import frappe
from frappe.context import local
from frappe.types import _dict

if TYPE_CHECKING:
    from frappe.model.document import Document
    from frappe.model.meta import Meta


def get_doc(*args: Any, **kwargs: Any) -> Document:
    """By DocType and name, from a dictionary, or from keyword arguments."""
    import frappe.model.document

    return frappe.model.document.get_doc(*args, **kwargs)


def new_doc(
    doctype: str,
    *,
    parent_doc: Document | None = None,
    parentfield: str | None = None,
    as_dict: bool = False,
    **kwargs: Any,
) -> Document:
    """A document, not yet saved, with its defaults filled in."""
    from frappe.model.create_new import get_new_doc

    doc = get_new_doc(doctype, parent_doc, parentfield, as_dict=as_dict)
    return doc.update(kwargs)


def get_last_doc(
    doctype: str, filters: Any = None, order_by: str = "creation desc", *, for_update: bool = False
) -> Document:
    names = frappe.get_all(doctype, filters=filters, limit_page_length=1, order_by=order_by, pluck="name")
    if not names:
        raise frappe.DoesNotExistError(doctype=doctype)
    return get_doc(doctype, names[0], for_update=for_update)


def get_single(doctype: str) -> Document:
    return get_doc(doctype, doctype)


def get_meta(doctype: str, cached: bool = True) -> Meta:
    import frappe.model.meta

    return frappe.model.meta.get_meta(doctype, cached=cached)


def get_meta_module(doctype: str) -> Any:
    from frappe.modules.utils import load_doctype_module

    return load_doctype_module(doctype)


def is_table(doctype: str) -> bool:
    return bool(get_meta(doctype).istable)


def get_precision(doctype: str, fieldname: str, currency: str | None = None, doc: Any = None) -> int:
    from frappe.model.meta import get_field_precision

    return get_field_precision(get_meta(doctype).get_field(fieldname), doc, currency)


# -- cached documents ----------------------------------------------------------------------------------------


def get_document_cache_key(doctype: str, name: str) -> str:
    return f"document_cache::{doctype}::{name}"


def can_cache_doc(args: tuple) -> str | None:
    """The key under which a document may be kept, None if it cannot be."""
    if not args:
        return None
    doctype = args[0]
    name = doctype if len(args) == 1 else args[1]
    if isinstance(doctype, str) and isinstance(name, str | int):
        return get_document_cache_key(doctype, str(name))
    return None


# Documents that are read often and written rarely: kept as live objects by every process.
KEPT_BY_PROCESS = frozenset(
    {
        "Workflow",
        "Print Format",
        "Letter Head",
        "Notification",
        "Role",
        "Currency",
        "Language",
        "Country",
        "Report",
    }
)


def is_kept_by_process(doctype: str) -> bool:
    return doctype in KEPT_BY_PROCESS or bool(get_meta(doctype).issingle)


def get_cached_doc(*args: Any, **kwargs: Any) -> Document:
    """As `get_doc`, kept for the request and, if settings-like, for the process. Not to be changed."""
    key = can_cache_doc(args)
    if not key:
        return get_doc(*args, **kwargs)
    known = local.request_cache["cached_docs"]
    doc = known.get(key)
    if doc is None and is_kept_by_process(args[0]):
        front = frappe.cache.front("documents")
        doc = front.get(key)
        if doc is None:
            doc = get_doc(*args, **kwargs)
            if not local.db.transaction_writes:
                front[key] = doc
    if doc is None:
        doc = get_doc(*args, **kwargs)
    known[key] = doc
    return doc


def clear_document_cache(doctype: str, name: str | None = None) -> None:
    """Forget the cached document (or all of a DocType) here, and in every process when it is kept there."""
    if local.flags.in_install_db:
        return
    known = local.request_cache["cached_docs"]
    if name is None:
        prefix = get_document_cache_key(doctype, "")
        for key in [key for key in known if key.startswith(prefix)]:
            del known[key]
    else:
        known.pop(get_document_cache_key(doctype, str(name)), None)
    if is_kept_by_process(doctype):
        frappe.cache.invalidate_fronts()


def get_cached_value(
    doctype: str, name: str, fieldname: str | list | tuple = "name", as_dict: bool = False
) -> Any:
    """One or more values of a cached document; None when it does not exist."""
    if isinstance(fieldname, str) and as_dict:
        raise ValueError("Cannot make dict for single fieldname")
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


def set_value(doctype: str, docname: str, fieldname: Any, value: Any = None) -> Any:
    """Set values and save the document with all its checks."""
    import frappe.client

    return frappe.client.set_value(doctype, docname, fieldname, value)


def delete_doc(
    doctype: str | None = None,
    name: Any = None,
    force: bool = False,
    ignore_doctypes: list[str] | None = None,
    for_reload: bool = False,
    ignore_permissions: bool = False,
    flags: dict | None = None,
    ignore_on_trash: bool = False,
    ignore_missing: bool = True,
    delete_permanently: bool = False,
) -> Any:
    import frappe.model.delete_doc

    return frappe.model.delete_doc.delete_doc(
        doctype,
        name,
        force,
        ignore_doctypes,
        for_reload,
        ignore_permissions,
        flags,
        ignore_on_trash,
        ignore_missing,
        delete_permanently,
    )


def delete_doc_if_exists(doctype: str, name: str, force: bool = False) -> None:
    delete_doc(doctype, name, force=force, ignore_missing=True)


def rename_doc(
    doctype: str,
    old: str,
    new: str,
    force: bool = False,
    merge: bool = False,
    *,
    ignore_if_exists: bool = False,
    show_alert: bool = True,
    rebuild_search: bool = True,
) -> str:
    from frappe.model.rename_doc import rename_doc as rename

    return rename(
        doctype, old, new, force=force, merge=merge, ignore_if_exists=ignore_if_exists, show_alert=show_alert
    )


def reload_doctype(doctype: str, force: bool = False, reset_permissions: bool = False) -> None:
    from frappe.modules.utils import reload_doctype as reload

    reload(doctype, force=force, reset_permissions=reset_permissions)


def reload_doc(
    module: str,
    dt: str | None = None,
    dn: str | None = None,
    force: bool = False,
    reset_permissions: bool = False,
) -> Any:
    from frappe.modules import reload_doc as reload

    return reload(module, dt, dn, force=force, reset_permissions=reset_permissions)


def import_doc(path: str) -> None:
    """Insert or update the documents of a JSON file or of all JSON files of a folder."""
    from frappe.modules.import_file import import_doc as import_path

    import_path(path)


def copy_doc(doc: Any, ignore_no_copy: bool = True) -> Document:
    """A copy that is not yet saved: own name, draft, without the fields marked `no_copy`."""
    fields_to_clear = ["name", "owner", "creation", "modified", "modified_by"]
    if not local.flags.in_test:
        fields_to_clear.append("docstatus")
    values = copy.deepcopy(doc if isinstance(doc, dict) else doc.as_dict())
    copied = get_doc(values)
    copied.set("__islocal", 1)
    for fieldname in [*fields_to_clear, "amended_from", "amendment_date"]:
        copied.set(fieldname, None)
    _clear_uncopied(copied, ignore_no_copy)
    for child in copied.get_all_children():
        child.set("__islocal", 1)
        for fieldname in fields_to_clear:
            child.set(fieldname, None)
        _clear_uncopied(child, ignore_no_copy)
    return copied


def _clear_uncopied(doc: Any, ignore_no_copy: bool) -> None:
    if ignore_no_copy:
        for df in doc.meta.get("fields", {"no_copy": 1}):
            if hasattr(doc, df.fieldname):
                doc.set(df.fieldname, None)


def make_property_setter(
    args: dict,
    ignore_validate: bool = False,
    validate_fields_for_doctype: bool = True,
    is_system_generated: bool = True,
) -> None:
    from frappe.custom.doctype.property_setter.property_setter import make_property_setter as make

    args = _dict(args)
    make(
        args.doctype or args.doc_type,
        args.fieldname or args.field_name,
        args.property,
        args.value,
        args.property_type or "Data",
        for_doctype=args.doctype_or_field == "DocType",
        validate_fields_for_doctype=validate_fields_for_doctype,
    )


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
