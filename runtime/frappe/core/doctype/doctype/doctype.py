"""DocTypes made or changed on the site itself (those of apps come from files, see import_doctype)."""

from __future__ import annotations

import re

import frappe
from frappe.model import child_table_fields, default_fields, optional_fields
from frappe.model.document import Document

NAME_PATTERN = re.compile(r"[^\W\d_][\w \-]{0,60}")
FIELDNAME_PATTERN = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
# Names that the table or the document itself uses.
RESERVED = frozenset((*default_fields, *child_table_fields, *optional_fields, "flags", *dir(Document)))


class DocType(Document):
    """Checks protect the site's data; that a definition makes sense is its author's business."""

    def validate(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name or ""):
            frappe.throw(
                frappe._(
                    "DocType's name should start with a letter and can only consist of letters, numbers,"
                    " spaces, underscores and hyphens"
                ),
                frappe.NameError,
            )
        if self.issingle and self.istable:
            frappe.throw(frappe._("A DocType cannot be single and a child table at once"))
        if self.is_submittable and not any(df.fieldname == "amended_from" for df in self.fields):
            amended = {"fieldname": "amended_from", "fieldtype": "Link", "options": self.name}
            self.append("fields", {**amended, "label": "Amended From", "read_only": 1, "no_copy": 1})
        seen: set[str] = set()
        for df in self.fields:
            df.fieldname = df.fieldname or f"{frappe.scrub(df.fieldtype)}_{df.idx}"
            self._check_field(df, seen)
            seen.add(df.fieldname)
        for row in self.permissions:
            if not frappe.db.exists("Role", row.role):
                frappe.get_doc({"doctype": "Role", "role_name": row.role}).insert(ignore_permissions=True)

    def _check_field(self, df: Document, seen: set[str]) -> None:
        if df.fieldname in RESERVED or not FIELDNAME_PATTERN.fullmatch(df.fieldname):
            frappe.throw(frappe._("Fieldname {0} is restricted").format(df.fieldname))
        if df.fieldname in seen:
            message = frappe._("{0}: Fieldname {1} appears multiple times in rows")
            frappe.throw(message.format(self.name, df.fieldname))
        if df.unique and df.fieldtype not in ("Data", "Link", "Read Only", "Int"):
            message = frappe._("{0}: Fieldtype {1} for {2} cannot be unique")
            frappe.throw(message.format(self.name, df.fieldtype, df.fieldname))

    def on_update(self) -> None:
        frappe.clear_cache(doctype=self.name)
        if not self.issingle:
            frappe.db.updatedb(self.name, self)
        frappe.clear_cache(doctype=self.name)

    def after_delete(self) -> None:
        frappe.clear_cache(doctype=self.name)
