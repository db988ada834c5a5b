"""How documents get their names: series, field, format, hash, prompt, autoincrement, amendment."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import frappe
from frappe.utils import cint, cstr, now_datetime

BRACED = re.compile(r"\{([\w |#]+)\}")
DATE_PARTS = {"YY": "%y", "YYYY": "%Y", "MM": "%m", "DD": "%d"}


class InvalidNamingSeriesError(frappe.ValidationError):
    pass


def set_new_name(doc: Any) -> None:
    """Give `doc` its name: `before_naming`, the controller's `autoname`, else the DocType's rule."""
    doc.run_method("before_naming")
    rule = doc.meta.autoname or ""
    if rule.lower() != "prompt" and not frappe.flags.in_import:
        doc.name = None
    if is_autoincremented(doc.meta):
        doc.name = int(getseries(f"{doc.doctype}_id_seq", 1))
        return
    if doc.get("amended_from"):
        doc.name = _amended_name(doc)
    elif doc.meta.issingle:
        doc.name = doc.doctype
    if not doc.name:
        doc.run_method("autoname")
    if not doc.name:
        doc.name = _name_by_rule(rule, doc)
    doc.name = validate_name(doc.doctype, doc.name)


def is_autoincremented(meta: Any) -> bool:
    """Is the name a running integer?"""
    return not meta.issingle and (meta.autoname or "").lower() == "autoincrement"


def _name_by_rule(rule: str, doc: Any) -> str:
    """Apply the `autoname` of the DocType; a hash where it says nothing."""
    kind, _colon, argument = rule.partition(":")
    kind = kind.lower()
    if kind == "field":
        name = cstr(doc.get(argument)).strip()
        if not name:
            frappe.throw(frappe._("{0} is required").format(frappe._(doc.meta.get_label(argument))))
        return name
    if kind == "naming_series":
        if not doc.naming_series:
            df = doc.meta.get_field("naming_series")
            doc.naming_series = df.default or (df.options or "").strip().split("\n")[0]
        return make_autoname(doc.naming_series, "", doc)
    if kind == "prompt":
        frappe.throw(frappe._("Please set the document name"))
    if kind == "format":
        return _format_autoname(argument, doc)
    return make_autoname(rule if "#" in rule else "hash", doc.doctype, doc)


def make_autoname(key: str = "", doctype: str = "", doc: Any = None) -> str:
    """`hash`, or a series such as `INV-.YYYY.-.#####`; the number is taken from tabSeries."""
    if key == "hash":
        return frappe.generate_hash(length=10)
    if "#" not in key:
        key += ".#####"
    elif "." not in key:
        frappe.throw(frappe._("Invalid naming series (. missing)") + f" {doctype}", InvalidNamingSeriesError)
    return parse_naming_series(key, doc=doc)


def parse_naming_series(
    parts: list[str] | str, doc: Any = None, number_generator: Callable[[str, int], str] | None = None
) -> str:
    """Replace date parts, field values and the first digits (`#`) of a series."""
    name = ""
    number_taken = False
    today = now_datetime()
    for part in parts.split(".") if isinstance(parts, str) else parts:
        if not part.startswith("#"):
            name += cstr(_series_part(part, today, doc)).strip()
        elif not number_taken:
            name += (number_generator or getseries)(name, len(part))
            number_taken = True
    return name


def _series_part(part: str, today: datetime.datetime, doc: Any) -> Any:
    if part in DATE_PARTS:
        return today.strftime(DATE_PARTS[part])
    fieldname = part.strip("{}")
    value = doc.get(fieldname) if doc and fieldname else None
    return "" if value is None and part.startswith("{") else part if value is None else value


def _format_autoname(pattern: str, doc: Any) -> str:
    """`LEASE-{stall}-{##}`: parameters in braces are fields, date parts or digits."""
    result = ""
    for i, text in enumerate(BRACED.split(pattern)):
        if i % 2 == 0:
            result += text
        elif text.startswith("#"):
            result += getseries(result, len(text))
        else:
            value = doc.get(text)
            result += cstr(_series_part(text, now_datetime(), None) if value is None else value)
    return result


def getseries(key: str, digits: int) -> str:
    """The next number of a series; its row stays locked until the transaction ends."""
    row = frappe.db.sql("select `current` from `tabSeries` where `name` = %s for update", (key,))
    if row and row[0][0] is not None:
        frappe.db.sql("update `tabSeries` set `current` = `current` + 1 where `name` = %s", (key,))
        current = cint(row[0][0]) + 1
    else:
        frappe.db.sql("insert into `tabSeries` (`name`, `current`) values (%s, 1)", (key,))
        current = 1
    return f"{current:0{digits}d}"


def revert_series_if_last(key: str, name: str, doc: Any = None) -> None:
    """Give the number back when the last document of a series is deleted."""
    prefix = parse_naming_series(key.split(".#", 1)[0], doc)
    count = cint(name.removeprefix(prefix))
    current = frappe.db.sql("select `current` from `tabSeries` where `name` = %s for update", (prefix,))
    if current and current[0][0] == count:
        frappe.db.sql("update `tabSeries` set `current` = `current` - 1 where `name` = %s", (prefix,))


def revert_series_of(doc: Any) -> None:
    """What deleting `doc` means for its series."""
    rule = doc.meta.autoname or ""
    if rule.startswith("naming_series:") and doc.get("naming_series"):
        revert_series_if_last(doc.naming_series, doc.name, doc)
    elif ".#" in rule and not rule.startswith(("format:", "field:")):
        revert_series_if_last(rule, doc.name, doc)


def validate_name(doctype: str, name: Any) -> Any:
    """A usable name; raises when it is empty or has characters that break addresses."""
    meta = frappe.get_meta(doctype)
    if not name:
        frappe.throw(frappe._("No Name Specified for {0}").format(doctype))
    if isinstance(name, int):
        if is_autoincremented(meta):
            return name
        frappe.throw(frappe._("Invalid name type (integer) for varchar name column"), frappe.NameError)
    name = name.strip()
    if name.startswith("New " + doctype) or (name == doctype and not meta.issingle):
        frappe.throw(frappe._("Name of {0} cannot be {1}").format(doctype, name), frappe.NameError)
    if "<" in name or ">" in name:
        message = frappe._("Name cannot contain special characters like {0}").format("<, >")
        frappe.throw(message, frappe.NameError)
    return name


def _amended_name(doc: Any) -> str:
    """`NAME-1` for the first amendment, `NAME-2` for the amendment of that, …"""
    previous = doc.amended_from
    if frappe.db.get_value(doc.doctype, previous, "amended_from"):
        prefix, _dash, number = previous.rpartition("-")
        return f"{prefix}-{cint(number) + 1}"
    return f"{previous}-1"
