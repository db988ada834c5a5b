"""Is a DocType's definition sound? The rules by which Frappe refuses one made on the site (files of apps are taken as they are)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NoReturn

import frappe
from frappe.model import display_fieldtypes, table_fields

_TEXT = frozenset(
    {"Text", "Long Text", "Small Text", "Code", "Text Editor", "Markdown Editor", "HTML Editor"}
)
# What looks like an assignment where a comparison is meant.
_ASSIGNMENT = re.compile(r"[\w.:_]+\s*={1}\s*[\w.@'\"]+")
_CONDITIONS = ("depends_on", "mandatory_depends_on", "read_only_depends_on")
_OF_SUBMITTABLE = ("submit", "cancel", "amend")


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


def check(doctype: Any) -> None:
    """ValidationError that names the first fault of a definition (a document, or what a file says)."""
    fields = [frappe._dict(df) if isinstance(df, dict) else df for df in doctype.get("fields") or ()]
    names: set[str] = set()
    for df in fields:
        if df.fieldname and df.fieldname in names:
            _refuse("{0}: Fieldname {1} appears multiple times", UniqueFieldnameError, doctype, df)
        names.add(df.fieldname)
        _check_field(doctype, df)
    _check_named(doctype, names)
    _check_permissions(doctype)


def check_links(doctype: Any) -> None:
    """Link fields name DocTypes that exist, tables child tables. Asked where all of them are known."""
    for df in doctype.get("fields") or ():
        if df.fieldtype not in ("Link", *table_fields) or df.options in ("[Select]", doctype.name):
            continue
        found = frappe.db.get_value("DocType", df.options, ["name", "istable"], as_dict=True)
        if not found:
            _refuse("{0}: Options {2} must be the same as doctype name for the field {1}",
                    WrongOptionsDoctypeLinkError, doctype, df, df.options)  # fmt: skip
        if df.fieldtype in table_fields and not found.istable:
            _refuse(
                "{0}: Option {2} for field {1} is not a child table",
                frappe.ValidationError,
                doctype,
                df,
                df.options,
            )


def _check_field(doctype: Any, df: Any) -> None:
    if df.fieldtype in ("Link", *table_fields) and not df.options:
        _refuse("{0}: Options required for Link or Table type field {1}", DoctypeLinkError, doctype, df)
    if df.reqd and df.fieldtype in display_fieldtypes:
        _refuse(
            "{0}: Field {1} of type {2} cannot be mandatory", IllegalMandatoryError, doctype, df, df.fieldtype
        )
    if df.reqd and df.hidden and not df.default:
        _refuse("{0}: Field {1} cannot be hidden and mandatory without default",
                HiddenAndMandatoryWithoutDefaultError, doctype, df)  # fmt: skip
    if df.unique and df.fieldtype in _TEXT:
        _refuse("{0}: Fieldtype {2} for {1} cannot be unique", NonUniqueError, doctype, df, df.fieldtype)
    for condition in _CONDITIONS:
        if df.get(condition) and _ASSIGNMENT.match(df.get(condition).removeprefix("eval:")):
            _refuse(
                "{0}: Invalid {2} expression set in field {1}", frappe.ValidationError, doctype, df, condition
            )
    if df.fetch_from and df.fetch_from.partition(".")[0] == df.fieldname:
        _refuse("{0}: Field {1} is referring to itself", frappe.ValidationError, doctype, df)


def _check_named(doctype: Any, names: set[str]) -> None:
    """The fields that the definition names are there."""
    known = names | {"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx"}
    for key in ("search_fields", "title_field"):
        for name in (doctype.get(key) or "").split(","):
            if name.strip() and name.strip() not in known and "{" not in name:
                what = frappe._dict(fieldname=name.strip())
                _refuse("{0}: {2} names no field of it: {1}", frappe.ValidationError, doctype, what, key)


def _check_permissions(doctype: Any) -> None:
    rules: set[tuple[Any, ...]] = set()
    for row in doctype.get("permissions") or ():
        if not doctype.get("is_submittable") and any(row.get(right) for right in _OF_SUBMITTABLE):
            what = frappe._dict(fieldname=row.get("role"))
            _refuse(
                "{0}: Cannot set Submit, Cancel, Amend for {1} if not Submittable",
                frappe.ValidationError,
                doctype,
                what,
            )
        rule = (row.get("role"), row.get("permlevel") or 0, row.get("if_owner") or 0)
        if rule in rules:
            what = frappe._dict(fieldname=row.get("role"))
            _refuse(
                "{0}: Only one rule allowed with the same Role, Level and If Owner: {1}",
                frappe.ValidationError,
                doctype,
                what,
            )
        rules.add(rule)


def _refuse(message: str, kind: type[Exception], doctype: Any, df: Any, *more: Iterable[str]) -> NoReturn:
    values = (doctype.get("name"), df.get("fieldname") or df.get("label"), *more)
    frappe.throw(frappe.messages.fill(frappe._(message), *map(frappe.utils.cstr, values)), kind)
    raise AssertionError
