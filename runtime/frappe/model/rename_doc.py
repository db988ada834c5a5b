"""Renaming and merging documents, with everything that refers to them."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.dynamic_links import get_dynamic_link_map
from frappe.model.naming import validate_name
from frappe.utils import cint, cstr


def rename_doc(
    doctype: str | None = None,
    old: str | None = None,
    new: str | None = None,
    force: bool = False,
    merge: bool = False,
    ignore_permissions: bool = False,
    ignore_if_exists: bool = False,
    show_alert: bool = True,
    rebuild_search: bool = True,
    doc: Any = None,
    validate: bool = True,
) -> str:
    """Give a document another name (or merge it into an existing one); returns the name it has now."""
    if doc is not None:
        doctype, old = doc.doctype, doc.name
    if not doctype or not old or not new:
        raise TypeError("doctype, old and new name are needed")
    force, merge = cint(force), cint(merge)  # type: ignore[assignment]
    old_doc = doc or frappe.get_doc(doctype, old)
    out = old_doc.run_method("before_rename", old, new, merge) or {}
    if isinstance(out, dict):
        new = out.get("new", new)
    if validate:
        new = validate_rename(
            doctype, old, cstr(new), merge, force, ignore_permissions, ignore_if_exists, old_doc
        )
    meta = frappe.get_meta(doctype)
    if not merge:
        _rename_row(doctype, old, new)
    update_links(doctype, old, new, meta)
    if doctype == "DocType":
        frappe.db.rename_table(old, new)
        _rename_doctype_references(old, new)
    _rename_belongings(doctype, old, new, merge)
    new_doc = frappe.get_doc(doctype, new)
    autoname = meta.autoname or ""
    if autoname.startswith("field:") and not merge:
        frappe.db.set_value(doctype, new, autoname[6:], new, update_modified=False)
    new_doc.run_method("after_rename", old, new, merge)
    if merge:
        frappe.delete_doc(doctype, old, force=True, ignore_permissions=True)
    new_doc.add_comment(
        "Edit", frappe._("renamed from {0} to {1}").format(frappe.bold(old), frappe.bold(new))
    )
    frappe.clear_document_cache(doctype, old)
    frappe.clear_document_cache(doctype, new)
    frappe.db.value_cache.clear()
    if doctype == "DocType":
        frappe.clear_cache()
    if show_alert and not frappe.flags.in_test:
        frappe.msgprint(
            frappe._("Document renamed from {0} to {1}").format(frappe.bold(old), frappe.bold(new)),
            alert=True,
            indicator="green",
        )
    return new


def validate_rename(
    doctype: str,
    old: str,
    new: str,
    merge: bool,
    force: bool = False,
    ignore_permissions: bool = False,
    ignore_if_exists: bool = False,
    old_doc: Any = None,
) -> str:
    """The cleaned new name, or ValidationError."""
    meta = frappe.get_meta(doctype)
    new = cstr(validate_name(doctype, new))
    exists = frappe.db.get_value(doctype, new, "name", for_update=True)
    exists = exists if exists == new else None
    if not frappe.db.exists(doctype, old):
        frappe.throw(
            frappe._("Can't rename {0} to {1} because {0} doesn't exist.").format(
                *(frappe.bold(name) for name in (old, new))
            )
        )
    if old == new:
        frappe.throw(frappe._("No changes made because old and new name are the same.").format(old, new))
    if exists and not merge:
        frappe.throw(
            frappe._("Another {0} with name {1} exists, select another name").format(frappe._(doctype), new)
        )
    if merge and not exists:
        frappe.throw(frappe._("{0} {1} does not exist, select a new target to merge").format(doctype, new))
    if not ignore_permissions and not frappe.has_permission(doctype, "write", old_doc):
        frappe.throw(frappe._("You need write permission to rename"), frappe.PermissionError)
    if not (force or ignore_permissions) and not meta.allow_rename:
        frappe.throw(frappe._("{0} not allowed to be renamed").format(frappe._(doctype)))
    return new


def _rename_row(doctype: str, old: str, new: str) -> None:
    frappe.db.sql(f"update `tab{doctype}` set name = %s where name = %s", (new, old))


# -- references ------------------------------------------------------------------------------------------------


def get_link_fields(doctype: str) -> list[dict[str, Any]]:
    """Every Link field that points to the DocType: parent, fieldname, issingle."""
    front = frappe.cache.front("links")
    by_target = front.get("static")
    if by_target is None:
        by_target = front["static"] = _read_link_fields()
    return by_target.get(doctype, [])


def _read_link_fields() -> dict[str, list[dict[str, Any]]]:
    singles = set(frappe.get_all("DocType", {"issingle": 1}, pluck="name"))
    found: dict[tuple[str, str], str] = {}
    standard = frappe.get_all(
        "DocField",
        {"fieldtype": "Link", "parenttype": "DocType", "is_virtual": 0},
        ["parent", "fieldname", "options"],
    )
    custom = frappe.get_all(
        "Custom Field", {"fieldtype": "Link", "is_virtual": 0}, ["dt as parent", "fieldname", "options"]
    )
    for df in [*standard, *custom]:
        found[(df.parent, df.fieldname)] = df.options
    for setter in frappe.get_all(
        "Property Setter", {"property": "options"}, ["doc_type", "field_name", "value"]
    ):
        if (setter.doc_type, setter.field_name) in found:
            found[(setter.doc_type, setter.field_name)] = setter.value
    by_target: dict[str, list[dict[str, Any]]] = {}
    for (parent, fieldname), target in found.items():
        by_target.setdefault(target, []).append(
            {"parent": parent, "fieldname": fieldname, "issingle": int(parent in singles)}
        )
    return by_target


def update_links(doctype: str, old: str, new: str, meta: Any) -> None:
    """Point links, dynamic links and child rows to the new name."""
    for link in get_link_fields(doctype):
        if link["issingle"]:
            frappe.db.sql(
                "update `tabSingles` set value = %s where doctype = %s and field = %s and value = %s",
                (new, link["parent"], link["fieldname"], old),
            )
        else:
            frappe.db.sql(
                f"update `tab{link['parent']}` set `{link['fieldname']}` = %s where `{link['fieldname']}` = %s",
                (new, old),
            )
    for df in get_dynamic_link_map().get(doctype, []):
        if frappe.get_meta(df.parent).issingle:
            values = frappe.db.get_singles_dict(df.parent)
            if values.get(df.options) == doctype and values.get(df.fieldname) == old:
                frappe.db.set_single_value(df.parent, df.fieldname, new)
        else:
            frappe.db.sql(
                f"update `tab{df.parent}` set `{df.fieldname}` = %s"
                f" where `{df.options}` = %s and `{df.fieldname}` = %s",
                (new, doctype, old),
            )
    for df in meta.get_table_fields():
        frappe.db.sql(
            f"update `tab{df.options}` set parent = %s where parent = %s and parenttype = %s",
            (new, old, doctype),
        )


def _rename_belongings(doctype: str, old: str, new: str, merge: bool) -> None:
    for table, type_column, name_column in (
        ("File", "attached_to_doctype", "attached_to_name"),
        ("Version", "ref_doctype", "docname"),
        ("Comment", "reference_doctype", "reference_name"),
        ("User Permission", "allow", "for_value"),
    ):
        frappe.db.sql(
            f"update `tab{table}` set `{name_column}` = %s where `{type_column}` = %s and `{name_column}` = %s",
            (new, doctype, old),
        )
    if not merge:
        frappe.db.sql("update `__Auth` set name = %s where doctype = %s and name = %s", (new, doctype, old))


def _rename_doctype_references(old: str, new: str) -> None:
    """What names a DocType in plain text columns."""
    for table, column in (
        ("DocField", "parent"),
        ("DocPerm", "parent"),
        ("Custom Field", "dt"),
        ("Property Setter", "doc_type"),
        ("Custom DocPerm", "parent"),
        ("Singles", "doctype"),
        ("Version", "ref_doctype"),
        ("File", "attached_to_doctype"),
    ):
        frappe.db.sql(f"update `tab{table}` set `{column}` = %s where `{column}` = %s", (new, old))
    for table in ("DocField", "Custom Field"):
        frappe.db.sql(
            f"update `tab{table}` set options = %s where options = %s"
            " and fieldtype in ('Link', 'Table', 'Table MultiSelect')",
            (new, old),
        )
    frappe.cache.invalidate_fronts()
    for df in frappe.get_meta(new).get_table_fields():
        frappe.db.sql(f"update `tab{df.options}` set parenttype = %s where parenttype = %s", (new, old))
