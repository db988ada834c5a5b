"""Versions: what a save changed, for DocTypes that track changes."""

from __future__ import annotations

import datetime
from typing import Any

import frappe
from frappe.model import no_value_fields, table_fields
from frappe.model.document import Document
from frappe.utils import cstr


class Version(Document):
    """`data` is JSON: changed, added, removed, row_changed."""

    def update_version_info(self, old: Any, new: Any) -> bool:
        """Note the difference; False when there is none. A new document is noted as its creation."""
        if not old and new.get("amended_from"):
            old = frappe.get_doc(new.doctype, new.amended_from)
        difference = get_diff(old, new) if old else None
        if not difference:
            return False
        self.ref_doctype = new.doctype
        self.docname = cstr(new.name)
        self.data = frappe.as_json(difference, indent=None, separators=(",", ":"))
        return True

    def get_data(self) -> dict[str, Any]:
        return frappe.parse_json(self.data)


def record_version(doc: Any) -> None:
    """Add a Version for what this save changed."""
    version = frappe.new_doc("Version")
    if version.update_version_info(doc.get_doc_before_save(), doc):
        version.insert(ignore_permissions=True)


def get_diff(
    old: Any, new: Any, for_child: bool = False, compare_cancelled: bool = False
) -> dict[str, Any] | None:
    """Differences between two states of a document, as they are stored in a Version."""
    if not new:
        return None
    out: dict[str, Any] = frappe._dict(
        changed=[], added=[], removed=[], row_changed=[], data_import=None, updater_reference=None
    )
    if not for_child:
        out["updater_reference"] = new.flags.updater_reference
    for df in new.meta.fields:
        if df.fieldtype in no_value_fields and df.fieldtype not in table_fields:
            continue
        before, after = old.get(df.fieldname), new.get(df.fieldname)
        if not for_child and df.fieldtype in table_fields:
            _compare_rows(df, before or [], after or [], out)
        elif before != after and not _same_text(df, before, after):
            out["changed"].append((df.fieldname, _shown(old, df, before), _shown(new, df, after)))
    if not for_child and old.docstatus != new.docstatus:
        out["changed"].append(["docstatus", old.docstatus, new.docstatus])
    if any(out[key] for key in ("changed", "added", "removed", "row_changed")):
        return out
    return None


def _compare_rows(df: Any, before: list[Any], after: list[Any], out: dict[str, Any]) -> None:
    old_rows = {row.name: row for row in before}
    new_names = {row.name for row in after}
    for index, row in enumerate(after):
        if row.name not in old_rows:
            out["added"].append([df.fieldname, row.as_dict()])
            continue
        difference = get_diff(old_rows[row.name], row, for_child=True)
        if difference and difference["changed"]:
            out["row_changed"].append((df.fieldname, index, row.name, difference["changed"]))
    for name, row in old_rows.items():
        if name not in new_names:
            out["removed"].append([df.fieldname, row.as_dict()])


def _same_text(df: Any, before: Any, after: Any) -> bool:
    """None and empty text are the same; a date is the same as its text."""
    if not before and not after and not isinstance(before, bool) and not isinstance(after, bool):
        if df.fieldtype in ("Int", "Float", "Currency", "Percent", "Check"):
            return (before or 0) == (after or 0)
        return (before or "") == (after or "")
    moment = datetime.date | datetime.timedelta | datetime.time
    return (isinstance(before, moment) or isinstance(after, moment)) and cstr(before) == cstr(after)


def _shown(doc: Any, df: Any, value: Any) -> Any:
    if df.fieldtype in ("Currency", "Float", "Percent") and value is not None:
        return doc.get_formatted(df.fieldname)
    return value
