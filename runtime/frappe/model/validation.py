"""Checks of one document or row: mandatory values, lengths, options, links, permission levels."""

from __future__ import annotations

import datetime
from typing import Any

import frappe
from frappe.model import default_fields, display_fieldtypes, float_like_fields, no_value_fields, table_fields
from frappe.types import _dict
from frappe.utils import cast, cint, cstr, flt, is_html, sanitize_html, strip_html

VARCHAR_TYPES = frozenset(
    {"Data", "Link", "Dynamic Link", "Select", "Read Only", "Color", "Icon", "Phone", "Autocomplete"}
)
NOT_SANITIZED = (
    "Attach",
    "Attach Image",
    "Barcode",
    "Code",
    "Password",
    "JSON",
    "HTML Editor",
    "Geolocation",
)
INT_MAX = 2**31 - 1


class ValidatedDocument:
    """Mixin of BaseDocument: what is checked on every save."""

    # -- mandatory -------------------------------------------------------------------------------------------

    def _get_missing_mandatory_fields(self: Any) -> list[tuple[str, str]]:
        missing = []
        for df in self.meta.fields:
            if not df.reqd:
                continue
            value = self.get(df.fieldname)
            if value in (None, []) or (isinstance(value, str) and not _has_content(df, value)):
                missing.append((df.fieldname, self._mandatory_message(df)))
        if self.meta.istable:
            for fieldname in ("parent", "parenttype"):
                if self.get(fieldname) is None:
                    missing.append((fieldname, self._mandatory_message(_dict(label=fieldname.title()))))
        return missing

    def _mandatory_message(self: Any, df: Any) -> str:
        label = frappe._(df.label, context=self.doctype) if df.label else df.fieldname
        if df.fieldtype in table_fields:
            return "{}: {}: {}".format(frappe._("Error"), frappe._("Data missing in table"), label)
        if self.get("parentfield"):
            return "{}: {} {} #{}: {}: {}".format(
                frappe._("Error"),
                frappe.bold(frappe._(self.doctype)),
                frappe._("Row"),
                self.idx,
                frappe._("Value missing for"),
                label,
            )
        return frappe._("Error: Value missing for {0}: {1}").format(frappe._(self.doctype), label)

    # -- values ----------------------------------------------------------------------------------------------

    def _fix_numeric_types(self: Any) -> None:
        for df in self.meta.fields:
            if df.fieldtype == "Check":
                self.set(df.fieldname, cint(self.get(df.fieldname)))
            elif self.get(df.fieldname) is not None:
                if df.fieldtype in ("Int", "Long Int"):
                    self.set(df.fieldname, cint(self.get(df.fieldname)))
                elif df.fieldtype in float_like_fields:
                    self.set(df.fieldname, flt(self.get(df.fieldname)))

    def _validate_data_fields(self: Any) -> None:
        from frappe.utils import validate_email_address, validate_phone_number, validate_url

        for df in self.meta.get_data_fields():
            value = self.get(df.fieldname)
            option = (df.options or "").strip()
            if not value or not option:
                continue
            if option == "Email":
                if self.owner in frappe.STANDARD_USERS and self.doctype == "User":
                    continue
                for address in frappe.utils.split_emails(value):
                    validate_email_address(address, throw=True)
            elif option == "Phone":
                validate_phone_number(value, throw=True)
            elif option == "URL":
                validate_url(value, throw=True)
        for df in self.meta.get_phone_fields():
            if value := self.get(df.fieldname):
                frappe.utils.validate_phone_number_with_country_code(value, df.fieldname)

    def _validate_selects(self: Any) -> None:
        if frappe.flags.in_import:
            return
        for df in self.meta.get_select_fields():
            if df.fieldname == "naming_series" or not self.get(df.fieldname) or not df.options:
                continue
            options = df.options.split("\n")
            if not any(options):
                continue
            value = cstr(self.get(df.fieldname)).strip()
            self.set(df.fieldname, value)
            if value not in options and not (frappe.flags.in_test and value.startswith("_T-")):
                row = frappe._("Row #{0}:").format(self.idx) + " " if self.get("parentfield") else ""
                allowed = '", "'.join(frappe._(option) for option in options if option)
                frappe.throw(
                    frappe._('{0} {1} cannot be "{2}". It should be one of "{3}"').format(
                        row.strip(), frappe._(df.label, context=df.parent), value, allowed
                    )
                )

    def _validate_non_negative(self: Any) -> None:
        for df in self.meta.fields:
            if df.non_negative and flt(self.get(df.fieldname)) < 0:
                label = frappe.bold(frappe._(df.label, context=df.parent))
                if self.get("parentfield"):
                    message = frappe._("{0} Row #{1}: Value cannot be negative for {2}").format(
                        frappe.bold(frappe._(self.doctype)), self.idx, label
                    )
                else:
                    message = frappe._("Value cannot be negative for {0}: {1}").format(
                        frappe._(self.doctype), label
                    )
                frappe.throw(message, frappe.NonNegativeError, title=frappe._("Negative Value"))

    def _validate_length(self: Any) -> None:
        """What a column cannot hold is refused, never cut."""
        if frappe.flags.in_install or self.meta.issingle:
            return
        self._check_max_length("name", _dict(label="Name"), cstr(self.get("name")), 140)
        for df in self.meta.fields:
            value = self.get(df.fieldname)
            if value is None or df.is_virtual:
                continue
            if df.fieldtype in VARCHAR_TYPES:
                if not isinstance(value, list | dict):
                    self._check_max_length(df.fieldname, df, cstr(value), cint(df.get("length")) or 140)
            elif (
                df.fieldtype in ("Int", "Check")
                and cint(df.get("length")) <= 11
                and abs(cint(value)) > INT_MAX
            ):
                self._throw_too_long(df, cstr(value), 11)

    def _check_max_length(self: Any, fieldname: str, df: Any, value: str, limit: int) -> None:
        if len(value) > limit:
            self._throw_too_long(df, value, limit)

    def _throw_too_long(self: Any, df: Any, value: str, limit: int) -> None:
        if self.get("parentfield"):
            where = frappe._("Row") + f" #{self.idx}"
        else:
            where = f"{frappe._(self.doctype)} {self.get('name') or ''}".strip()
        frappe.throw(
            frappe._("{0}: '{1}' ({3}) will get truncated, as max characters allowed is {2}").format(
                where, frappe.bold(frappe._(df.label)), limit, value
            ),
            frappe.CharacterLengthExceededError,
            title=frappe._("Value too big"),
        )

    def _sync_autoname_field(self: Any) -> None:
        """A DocType named by a field keeps name and field equal."""
        autoname = self.meta.autoname or ""
        if autoname.startswith("field:") and self.name:
            fieldname = autoname[6:]
            if self.get(fieldname) and cstr(self.get(fieldname)) != cstr(self.name):
                self.set(fieldname, self.name)

    def _sanitize_content(self: Any) -> None:
        """HTML in text is reduced to what cannot run script."""
        if frappe.flags.in_install:
            return
        for fieldname, value in list(self.get_valid_dict(ignore_virtual=True).items()):
            if not value or not isinstance(value, str) or ("<" not in value and ">" not in value):
                continue
            if "<!-- markdown -->" in value and not is_html(value):
                continue
            df = self.meta.get_field(fieldname)
            if df and (df.ignore_xss_filter or df.fieldtype in NOT_SANITIZED):
                continue
            if self.docstatus.is_cancelled() or (
                self.docstatus.is_submitted() and df and not df.allow_on_submit
            ):
                continue
            cleaned = sanitize_html(value, linkify=bool(df and df.fieldtype == "Text Editor"))
            self.set(fieldname, cleaned)

    # -- changes ---------------------------------------------------------------------------------------------

    def _validate_update_after_submit(self: Any) -> None:
        """A submitted document changes only in fields that allow it; tables keep their rows."""
        stored_doc = self.parent_doc_before_save_row()
        if stored_doc is None:
            return
        for df in self.meta.fields:
            if df.allow_on_submit or df.is_virtual or df.fieldname in default_fields:
                continue
            stored, value = stored_doc.get(df.fieldname), self.get(df.fieldname)
            if df.fieldtype in table_fields:
                stored, value = len(stored or []), len(value or [])
            elif df.fieldtype in no_value_fields or _same(df, value, stored):
                continue
            if stored != value:
                frappe.throw(
                    frappe._("{0} Not allowed to change {1} after submission from {2} to {3}").format(
                        f"{frappe._('Row')} #{self.idx}:" if self.get("parent") else "",
                        frappe.bold(frappe._(df.label, context=df.parent)),
                        frappe.bold(stored),
                        frappe.bold(value),
                    ),
                    frappe.UpdateAfterSubmitError,
                    title=frappe._("Cannot Update After Submit"),
                )

    def parent_doc_before_save_row(self: Any) -> Any:
        """This row as it is in the database."""
        if self.get("parentfield") and self.parent_doc:
            before = self.parent_doc.get_doc_before_save()
            rows = before.get(self.parentfield) if before else []
            return next((row for row in rows or [] if row.name == self.name), None)
        if self.is_new():
            return None
        return self.get_doc_before_save() or frappe.get_doc(self.doctype, self.name)

    def reset_values_if_no_permlevel_access(self: Any, has_access_to: list[int], fields: list[Any]) -> None:
        """Undo what the user may not write: back to the stored value, or to the default of a new document."""
        to_reset = [
            df
            for df in fields
            if (df.permlevel or 0) not in has_access_to and df.fieldtype not in display_fieldtypes
        ]
        if not to_reset:
            return
        if self.is_new():
            reference: Any = frappe.new_doc(self.doctype)
        else:
            reference = self.parent_doc_before_save_row() or frappe.get_doc(self.doctype, self.name)
        for df in to_reset:
            self.set(df.fieldname, reference.get(df.fieldname))


def _has_content(df: Any, value: str) -> bool:
    """Markup alone is nothing, an image in rich text is something."""
    rich = df.fieldtype == "Text Editor" or (df.fieldtype == "Code" and df.options == "HTML")
    return bool(strip_html(value).strip()) or (rich and "<img" in value)


def _same(df: Any, value: Any, stored: Any) -> bool:
    if df.fieldtype in ("Date", "Datetime", "Time") and value not in (None, "") and stored not in (None, ""):
        return cast(df.fieldtype, value) == cast(df.fieldtype, stored)
    if df.fieldtype in float_like_fields:
        return flt(value, df.get("precision") or 9) == flt(stored, df.get("precision") or 9)
    if df.fieldtype in ("Int", "Check", "Long Int"):
        return cint(value) == cint(stored)
    if isinstance(value, datetime.date):
        return cstr(value) == cstr(stored)
    return (value or "") == (stored or "")
