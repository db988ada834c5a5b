"""How documents get their names: series, field, format, hash, prompt, autoincrement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import frappe
from frappe.utils import cint, cstr, now_datetime

BRACED = re.compile(r"\{([\w |#]+)\}")
DATE_PARTS = {"YY": "%y", "YYYY": "%Y", "MM": "%m", "DD": "%d"}


def set_new_name(doc: Any) -> None:
    """Give `doc` its name: `before_naming`, the controller's `autoname`, else the DocType's rule."""
    doc.run_method("before_naming")
    rule = doc.meta.autoname or ""
    if rule.lower() != "prompt" and not frappe.flags.in_import:
        doc.name = None
    if rule.lower() == "autoincrement":
        doc.name = int(getseries(f"{doc.doctype}_id_seq", 1))
        return
    if doc.meta.issingle:
        doc.name = doc.doctype
    if not doc.name:
        doc.run_method("autoname")
    if not doc.name:
        doc.name = _name_by_rule(rule, doc)
    doc.name = validate_name(doc.doctype, doc.name)


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
        return _join(((text, i % 2 == 1) for i, text in enumerate(BRACED.split(argument))), doc)
    return make_autoname(rule if "#" in rule else "hash", doc.doctype, doc)


def make_autoname(key: str = "", doctype: str = "", doc: Any = None) -> str:
    """`hash`, or a series such as `INV-.YYYY.-.#####`; the number is taken from tabSeries."""
    if key == "hash":
        return frappe.generate_hash(length=10)
    series = key if "#" in key else f"{key}.#####"
    return _join(((part, True) for part in series.split(".")), doc)


def _join(parts: Iterable[tuple[str, bool]], doc: Any) -> str:
    """Parts that are parameters stand for a date part, a field or (`##`) the next number after the text before it."""
    name = ""
    for text, is_parameter in parts:
        if is_parameter and text.startswith("#"):
            name += getseries(name, len(text))
        elif is_parameter and text in DATE_PARTS:
            name += now_datetime().strftime(DATE_PARTS[text])
        else:
            value = doc.get(text) if is_parameter and doc else None
            name += text if value is None else cstr(value).strip()
    return name


def getseries(key: str, digits: int) -> str:
    """The next number of a series; its row stays locked until the transaction ends."""
    row = frappe.db.sql("select `current` from `tabSeries` where `name` = %s for update", (key,))
    current = cint(row[0][0]) + 1 if row else 1
    if row:
        frappe.db.sql("update `tabSeries` set `current` = %s where `name` = %s", (current, key))
    else:
        frappe.db.sql("insert into `tabSeries` (`name`, `current`) values (%s, 1)", (key,))
    return f"{current:0{digits}d}"


def validate_name(doctype: str, name: Any) -> str:
    """The name without spaces around it; raises when it is empty or has characters that break addresses."""
    name = cstr(name).strip()
    if not name:
        frappe.throw(frappe.messages.fill(frappe._("No Name Specified for {0}"), doctype))
    if "<" in name or ">" in name:
        message = frappe.messages.fill(frappe._("Name cannot contain special characters like {0}"), "<, >")
        frappe.throw(message, frappe.NameError)
    return name
