"""DocTypes made or changed on the site itself (those of apps come from files, see import_doctype)."""

from __future__ import annotations

import re

import frappe
from frappe.core.doctype.doctype import definition
from frappe.model import child_table_fields, default_fields, optional_fields
from frappe.model.document import Document

NAME_PATTERN = re.compile(r"[^\W\d_][\w \-]{0,60}")
FIELDNAME_PATTERN = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
# Names that the table or the document itself uses.
RESERVED = frozenset((*default_fields, *child_table_fields, *optional_fields, "flags", *dir(Document)))


class DocType(Document):
    """Names are checked, as they become names of tables and columns, and the definition by Frappe's rules."""

    def validate(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name or ""):
            message = frappe._(
                "Letters, then digits, spaces, hyphens, underscores: {0} cannot name a DocType"
            )
            frappe.throw(frappe.messages.fill(message, self.name), frappe.NameError)
        for df in self.fields:
            df.fieldname = df.fieldname or f"{frappe.scrub(df.fieldtype)}_{df.idx}"
            if df.fieldname in RESERVED or not FIELDNAME_PATTERN.fullmatch(df.fieldname):
                frappe.throw(frappe.messages.fill(frappe._("Fieldname {0} is restricted"), df.fieldname))
        definition.check(self)
        definition.check_links(self)

    def on_update(self) -> None:
        frappe.db.updatedb(self.name, self)
