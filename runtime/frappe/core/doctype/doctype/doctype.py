"""DocTypes made or changed on the site itself (those of apps come from files, see import_doctype)."""

from __future__ import annotations

import re
from typing import Any

import frappe
from frappe.model import META_DOCTYPES, default_fields, display_fieldtypes, no_value_fields, table_fields
from frappe.model.document import Document

NAME_PATTERN = re.compile(r"^[^\W\d_][\w \-]*$")
RESERVED_FIELDNAMES = frozenset(
    {
        "parent",
        "parenttype",
        "parentfield",
        "name",
        "owner",
        "creation",
        "modified",
        "modified_by",
        "docstatus",
        "idx",
        "doctype",
        "flags",
        "meta",
        "get",
        "set",
        "save",
        "insert",
        "submit",
        "cancel",
        "delete",
    }
)


class InvalidFieldNameError(frappe.ValidationError):
    pass


class UniqueFieldnameError(frappe.ValidationError):
    pass


class IllegalMandatoryError(frappe.ValidationError):
    pass


class DoctypeLinkError(frappe.ValidationError):
    pass


class WrongOptionsDoctypeLinkError(frappe.ValidationError):
    pass


class HiddenAndMandatoryWithoutDefaultError(frappe.ValidationError):
    pass


class NonUniqueError(frappe.ValidationError):
    pass


class CannotIndexedError(frappe.ValidationError):
    pass


class CannotCreateStandardDoctypeError(frappe.ValidationError):
    pass


class DocType(Document):
    def validate(self) -> None:
        self.check_developer_mode()
        self.validate_name()
        if self.issingle and self.istable:
            frappe.throw(frappe._("A DocType cannot be single and a child table at once"))
        self.set_fieldnames()
        self.validate_fields()
        if self.is_submittable and not any(df.fieldname == "amended_from" for df in self.fields):
            self.append(
                "fields",
                {
                    "label": "Amended From",
                    "fieldname": "amended_from",
                    "fieldtype": "Link",
                    "options": self.name,
                    "read_only": 1,
                    "print_hide": 1,
                    "no_copy": 1,
                },
            )
        self.validate_search_fields()
        self.validate_permissions()

    def check_developer_mode(self) -> None:
        """Standard DocTypes are made in files; a site makes custom ones."""
        if frappe.flags.in_patch or frappe.flags.in_test or frappe.flags.in_install or self.custom:
            return
        if not frappe.conf.get("developer_mode"):
            frappe.throw(
                frappe._("Not in Developer Mode! Set in site_config.json or make 'Custom' DocType."),
                CannotCreateStandardDoctypeError,
            )

    def validate_name(self) -> None:
        if len(self.name or "") > 61 or not NAME_PATTERN.match(self.name or ""):
            frappe.throw(
                frappe._(
                    "DocType's name should start with a letter and can only consist of letters, numbers,"
                    " spaces, underscores and hyphens"
                ),
                frappe.NameError,
            )

    def set_fieldnames(self) -> None:
        """A field without a name is named by its label, a break by its kind and place."""
        taken = {df.fieldname for df in self.fields if df.fieldname}
        for idx, df in enumerate(self.fields, 1):
            if not df.fieldname:
                base = (
                    re.sub(r"\W", "", frappe.scrub(df.label or "")) or f"{frappe.scrub(df.fieldtype)}_{idx}"
                )
                name = f"{base}1" if base in RESERVED_FIELDNAMES else base
                number = 1
                while name in taken:
                    name, number = f"{base}{number}", number + 1
                df.fieldname = name
                taken.add(name)
            df.fieldname = re.sub(r"['\",./%@()<>{}]", "", df.fieldname.strip())
            if df.permlevel is None:
                df.permlevel = 0

    def validate_fields(self) -> None:
        seen: set[str] = set()
        for df in self.fields:
            if df.fieldname in seen:
                frappe.throw(
                    frappe._("{0}: Fieldname {1} appears multiple times in rows").format(
                        self.name, df.fieldname
                    ),
                    UniqueFieldnameError,
                )
            seen.add(df.fieldname)
            if df.fieldname in RESERVED_FIELDNAMES:
                frappe.throw(
                    frappe._("Fieldname {0} is restricted").format(df.fieldname), InvalidFieldNameError
                )
            self._validate_field(df)

    def _validate_field(self, df: Any) -> None:
        label = df.label or df.fieldname
        if df.fieldtype in no_value_fields and df.fieldtype not in table_fields and df.reqd:
            frappe.throw(
                frappe._("{0}: Field {1} of type {2} cannot be mandatory").format(
                    self.name, label, df.fieldtype
                ),
                IllegalMandatoryError,
            )
        if df.fieldtype in ("Link", *table_fields):
            if not df.options:
                frappe.throw(
                    frappe._("{0}: Options required for Link or Table type field {1} in row {2}").format(
                        self.name, label, df.idx
                    ),
                    DoctypeLinkError,
                )
            if df.options not in ("[Select]", self.name) and not frappe.db.exists("DocType", df.options):
                frappe.throw(
                    frappe._("{0}: Options must be a valid DocType for field {1} in row {2}").format(
                        self.name, label, df.idx
                    ),
                    WrongOptionsDoctypeLinkError,
                )
        if df.hidden and df.reqd and not df.default and df.fieldtype not in display_fieldtypes:
            frappe.throw(
                frappe._("{0}: Field {1} in row {2} cannot be hidden and mandatory without default").format(
                    self.name, label, df.idx
                ),
                HiddenAndMandatoryWithoutDefaultError,
            )
        if df.unique and df.fieldtype not in ("Data", "Link", "Read Only", "Int"):
            frappe.throw(
                frappe._("{0}: Fieldtype {1} for {2} cannot be unique").format(
                    self.name, df.fieldtype, label
                ),
                NonUniqueError,
            )
        if df.search_index and df.fieldtype in ("Text", "Long Text", "Small Text", "Code", "Text Editor"):
            frappe.throw(
                frappe._("{0}:Fieldtype {1} for {2} cannot be indexed").format(
                    self.name, df.fieldtype, label
                ),
                CannotIndexedError,
            )

    def validate_search_fields(self) -> None:
        by_name = {df.fieldname: df for df in self.fields}
        for fieldname in filter(None, (name.strip() for name in (self.search_fields or "").split(","))):
            df = by_name.get(fieldname)
            if fieldname not in default_fields and (df is None or df.fieldtype in no_value_fields):
                frappe.throw(frappe._("Search field {0} is not valid").format(fieldname))

    def validate_permissions(self) -> None:
        for row in self.get("permissions"):
            if row.permlevel is None:
                row.permlevel = 0
            if row.role and not frappe.db.exists("Role", row.role):
                frappe.get_doc({"doctype": "Role", "role_name": row.role}).insert(ignore_permissions=True)

    def on_update(self) -> None:
        frappe.clear_cache(doctype=self.name)
        if not self.issingle:
            frappe.db.updatedb(self.name, self)
        frappe.clear_cache(doctype=self.name)

    def on_trash(self) -> None:
        if self.name in META_DOCTYPES:
            frappe.throw(frappe._("Core DocTypes cannot be deleted"))

    def after_delete(self) -> None:
        frappe.clear_cache(doctype=self.name)

    def before_rename(self, old: str, new: str, merge: bool = False) -> None:
        if merge:
            frappe.throw(frappe._("DocTypes can not be merged"))
        if not self.custom and not frappe.conf.get("developer_mode") and not frappe.flags.in_test:
            frappe.throw(frappe._("Standard DocType can not be renamed."))


def validate_fields_for_doctype(doctype: str) -> None:
    frappe.get_doc("DocType", doctype).validate_fields()
