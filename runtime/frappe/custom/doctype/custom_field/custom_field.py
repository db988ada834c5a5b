"""Fields that an app or an administrator adds to a DocType."""

from __future__ import annotations

import re
from typing import Any

import frappe
from frappe.model import no_value_fields
from frappe.model.document import Document

RESTRICTED_DOCTYPES = ("DocType", "DocField", "DocPerm", "Custom Field", "Property Setter", "Module Def")


class CustomField(Document):
    """Named `DocType-fieldname`."""

    fieldname: str
    insert_after: str | None

    def autoname(self) -> None:
        self.set_fieldname()
        self.name = f"{self.dt}-{self.fieldname}"

    def set_fieldname(self) -> None:
        if self.fieldname:
            return
        label = self.label
        if not label:
            if self.fieldtype not in ("Section Break", "Column Break", "Tab Break"):
                frappe.throw(frappe._("Label is mandatory"))
            label = f"{self.fieldtype}_{frappe.generate_hash(length=5)}"
        self.fieldname = "custom_" + re.sub(r"[^a-z0-9_]", "", frappe.scrub(label))

    def before_insert(self) -> None:
        self.set_fieldname()
        if self.dt in RESTRICTED_DOCTYPES and not frappe.flags.in_install:
            frappe.throw(frappe._("Custom Fields cannot be added to core DocTypes."))
        fields = [df.fieldname for df in frappe.get_meta(self.dt, cached=False).fields]
        if self.fieldname in fields and not self.flags.ignore_validate:
            frappe.throw(
                frappe._("A field with the name {0} already exists in {1}").format(
                    frappe.bold(self.fieldname), frappe.bold(self.dt)
                )
            )

    def validate(self) -> None:
        if not self.insert_after or self.insert_after == "append":
            fields = [df.fieldname for df in frappe.get_meta(self.dt, cached=False).fields]
            others = [name for name in fields if name != self.fieldname]
            if self.insert_after == "append" or not self.insert_after:
                self.insert_after = others[-1] if others else None
        if (
            self.fieldtype in no_value_fields
            and self.reqd
            and self.fieldtype not in ("Table", "Table MultiSelect")
        ):
            frappe.throw(frappe._("Field of type {0} cannot be mandatory").format(self.fieldtype))

    def on_update(self) -> None:
        frappe.clear_cache(doctype=self.dt)
        if not self.flags.ignore_updatedb and not frappe.flags.in_create_custom_fields:
            frappe.db.updatedb(self.dt)

    def on_trash(self) -> None:
        frappe.db.delete("Property Setter", {"doc_type": self.dt, "field_name": self.fieldname})
        frappe.clear_cache(doctype=self.dt)

    def after_delete(self) -> None:
        frappe.clear_cache(doctype=self.dt)


def create_custom_field(
    doctype: str, df: Any, ignore_validate: bool = False, is_system_generated: bool = True
) -> Any:
    """Add one field unless it is there."""
    df = frappe._dict(df)
    if not df.fieldname and df.label:
        df.fieldname = frappe.scrub(df.label)
    if frappe.db.get_value("Custom Field", {"dt": doctype, "fieldname": df.fieldname}):
        return None
    field = frappe.get_doc(
        {
            "doctype": "Custom Field",
            "dt": doctype,
            "permlevel": 0,
            "fieldtype": "Data",
            "hidden": 0,
            "is_system_generated": is_system_generated,
            **df,
        }
    )
    field.flags.ignore_validate = ignore_validate
    field.insert(ignore_permissions=True)
    return field


def create_custom_fields(custom_fields: dict, ignore_validate: bool = False, update: bool = True) -> None:
    """`{DocType or tuple of DocTypes: field or list of fields}`; what is there is brought up to date."""
    frappe.flags.in_create_custom_fields = True
    changed: set[str] = set()
    try:
        for doctypes, fields in custom_fields.items():
            for doctype in (doctypes,) if isinstance(doctypes, str) else doctypes:
                changed.add(doctype)
                for df in [fields] if isinstance(fields, dict) else fields:
                    _create_or_update(doctype, df, ignore_validate, update)
    finally:
        frappe.flags.in_create_custom_fields = False
    for doctype in changed:
        frappe.clear_cache(doctype=doctype)
        frappe.db.updatedb(doctype)


def _create_or_update(doctype: str, df: dict, ignore_validate: bool, update: bool) -> None:
    name = frappe.db.get_value("Custom Field", {"dt": doctype, "fieldname": df["fieldname"]})
    if not name:
        create_custom_field(doctype, df, ignore_validate=ignore_validate)
    elif update:
        field = frappe.get_doc("Custom Field", name)
        field.flags.ignore_validate = ignore_validate
        before = field.as_dict()
        field.update(df)
        if any(field.get(key) != before.get(key) for key in df):
            field.save(ignore_permissions=True)
