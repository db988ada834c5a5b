"""How documents get their names: series, field, format, hash, prompt, autoincrement, amendment."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import frappe
from frappe.utils import cint, cstr, now_datetime

AUTOINCREMENT = re.compile(r"^autoincrement$", re.IGNORECASE)
NAMING_SERIES_PATTERN = re.compile(r"^[\w\- \/.#{}]+$", re.UNICODE)
BRACED_PARAMS = re.compile(r"(\{[\w | #]+\})")


class InvalidNamingSeriesError(frappe.ValidationError):
    pass


def set_new_name(doc: Any) -> None:
    """Give `doc` its name: `before_naming`, the controller's `autoname`, else the DocType's rule."""
    doc.run_method("before_naming")
    meta = frappe.get_meta(doc.doctype)
    autoname = meta.autoname or ""
    if autoname.lower() not in ("prompt", "uuid") and not frappe.flags.in_import:
        doc.name = None
    if is_autoincremented(doc.doctype, meta):
        doc.name = frappe.db.get_next_sequence_val(doc.doctype)
        return
    if getattr(doc, "amended_from", None):
        _set_amended_name(doc)
        if doc.name:
            return
    elif meta.issingle:
        doc.name = doc.doctype
    if not doc.name:
        doc.run_method("autoname")
    if not doc.name and autoname:
        set_name_from_naming_options(autoname, doc)
    if (not doc.name and autoname == "hash") or not doc.name:
        doc.name = make_autoname("hash", doc.doctype)
    doc.name = validate_name(doc.doctype, doc.name)


def is_autoincremented(doctype: str, meta: Any = None) -> bool:
    """Is the name a running integer?"""
    meta = meta or frappe.get_meta(doctype)
    return not meta.issingle and (meta.autoname or "").lower() == "autoincrement"


def set_name_from_naming_options(autoname: str, doc: Any) -> None:
    """Apply the `autoname` of the DocType."""
    rule = autoname.lower()
    if rule.startswith("field:"):
        doc.name = _field_autoname(autoname, doc)
    elif rule.startswith("naming_series:"):
        set_name_by_naming_series(doc)
    elif rule.startswith("prompt"):
        if not doc.name:
            frappe.throw(frappe._("Please set the document name"))
    elif rule.startswith("format:"):
        doc.name = _format_autoname(autoname, doc)
    elif "#" in autoname:
        doc.name = make_autoname(autoname, doc=doc)
    elif rule == "hash":
        doc.name = make_autoname("hash", doc.doctype)


def set_name_by_naming_series(doc: Any) -> None:
    """Name by the field `naming_series`; the first series of the DocType if it is empty."""
    if not doc.naming_series:
        doc.naming_series = get_default_naming_series(doc.doctype)
    if not doc.naming_series:
        frappe.throw(frappe._("Naming Series mandatory"))
    doc.name = make_autoname(doc.naming_series + ".#####", "", doc)


def get_default_naming_series(doctype: str) -> str | None:
    df = frappe.get_meta(doctype).get_field("naming_series")
    series = [line for line in (df.options or "").split("\n") if line] if df else []
    return (df.default or (series[0] if series else None)) if df else None


def make_autoname(key: str = "", doctype: str = "", doc: Any = "", *, ignore_validate: bool = False) -> str:
    """`hash`, or a series such as `INV-.YYYY.-.#####`; the number is taken from tabSeries."""
    if key == "hash":
        return frappe.generate_hash(length=10)
    if "#" not in key:
        key += ".#####"
    elif "." not in key:
        frappe.throw(
            frappe._("Invalid naming series (. missing)") + (f" for {doctype}" if doctype else ""),
            InvalidNamingSeriesError,
        )
    return parse_naming_series(key, doctype=doctype, doc=doc or None)


def parse_naming_series(
    parts: list[str] | str,
    doctype: str | None = None,
    doc: Any = None,
    number_generator: Callable[[str, int], str] | None = None,
) -> str:
    """Replace date parts, field values and the digits (`#`) of a series."""
    number_generator = number_generator or getseries
    if isinstance(parts, str):
        if doctype and "#" not in parts:
            parts += ".#####"
        parts = parts.split(".")
    name = ""
    number_taken = False
    today = now_datetime()
    for part in parts:
        if not part:
            continue
        if part.startswith("#"):
            if number_taken:
                continue
            digits = len(part)
            part = number_generator(name, digits)
            number_taken = True
        else:
            part = _series_part(part, today, doc)
        if isinstance(part, str):
            name += part.strip() if part != " " else part
        else:
            name += cstr(part)
    return name


def _series_part(part: str, today: datetime.datetime, doc: Any) -> Any:
    if part == "YY":
        return today.strftime("%y")
    if part == "MM":
        return today.strftime("%m")
    if part == "DD":
        return today.strftime("%d")
    if part == "YYYY":
        return today.strftime("%Y")
    if part == "WW":
        return determine_consecutive_week_number(today)
    if part == "timestamp":
        return str(today)
    if part == "FY":
        return frappe.defaults.get_user_default("fiscal_year")
    parsers = frappe.get_hooks("naming_series_variables", {}).get(part)
    if parsers:
        return frappe.get_attr(parsers[0])(doc, part)
    if doc and (part.startswith("{") or doc.get(part) is not None):
        fieldname = part.strip("{}")
        value = doc.get(fieldname)
        return part if value is None and not part.startswith("{") else cstr(value)
    return part


def determine_consecutive_week_number(moment: datetime.datetime) -> str:
    """Two digits; days before the first week belong to week 00, later ones run on."""
    month = moment.strftime("%m")
    iso_week = moment.strftime("%V")
    if iso_week == "01" and month == "12":
        return "53"
    if iso_week in ("52", "53") and month == "01":
        return "00"
    return iso_week


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
    if ".#" in key:
        prefix, hashes = key.rsplit(".", 1)
        if "#" not in hashes:
            found = re.search("#+", key)
            if not found:
                return
            name = name.replace(hashes, "")
            prefix = prefix.replace(found.group(), "")
    else:
        prefix = key
    if "." in prefix:
        prefix = parse_naming_series(prefix.split("."), doc=doc)
    count = cint(name.replace(prefix, ""))
    current = frappe.db.sql("select `current` from `tabSeries` where `name` = %s for update", (prefix,))
    if current and current[0][0] == count:
        frappe.db.sql("update `tabSeries` set `current` = `current` - 1 where `name` = %s", (prefix,))


def revert_series_of(doc: Any) -> None:
    """What deleting `doc` means for its series."""
    rule = doc.meta.autoname or ""
    if rule.startswith("naming_series:") and doc.get("naming_series"):
        revert_series_if_last(doc.naming_series, doc.name, doc)
    elif (
        rule.lower().split(":")[0] not in ("format", "field", "prompt", "hash", "autoincrement")
        and "#" in rule
    ):
        revert_series_if_last(rule, doc.name, doc)


def get_default_name_parts(name: str) -> tuple[str, int]:
    match = re.match(r"^(.*?)-(\d+)$", name)
    return (match.group(1), int(match.group(2))) if match else (name, 0)


def validate_name(doctype: str, name: Any) -> Any:
    """A usable name; raises when it is empty or has characters that break addresses."""
    if not name:
        frappe.throw(frappe._("No Name Specified for {0}").format(doctype))
    if isinstance(name, int):
        if is_autoincremented(doctype):
            return name
        frappe.throw(frappe._("Invalid name type (integer) for varchar name column"), frappe.NameError)
    if name.startswith("New " + doctype):
        frappe.throw(
            frappe._("There were some errors setting the name, please contact the administrator"),
            frappe.NameError,
        )
    name = name.strip()
    if doctype == name and not frappe.get_meta(doctype).issingle:
        frappe.throw(frappe._("Name of {0} cannot be {1}").format(doctype, name), frappe.NameError)
    special = [char for char in "<>" if char in name]
    if special:
        message = ", ".join(f"'{char}'" for char in special)
        frappe.throw(
            frappe._("Name cannot contain special characters like {0}").format(message), frappe.NameError
        )
    return name


def append_number_if_name_exists(
    doctype: str, value: str, fieldname: str = "name", separator: str = "-", filters: dict | None = None
) -> str:
    """`value`, or `value-1`, `value-2`, … when it is taken."""
    conditions = {**(filters or {}), fieldname: value}
    if not frappe.db.exists(doctype, conditions):
        return value
    pattern = f"{value}{separator}%"
    taken = frappe.get_all(doctype, {**(filters or {}), fieldname: ["like", pattern]}, pluck=fieldname)
    numbers = [
        int(m.group(1)) for t in taken if (m := re.fullmatch(re.escape(value + separator) + r"(\d+)", t))
    ]
    return f"{value}{separator}{max(numbers, default=0) + 1}"


def _set_amended_name(doc: Any) -> str:
    """`NAME-1` for the first amendment, `NAME-2` for the amendment of that, …"""
    number = 1
    prefix = doc.amended_from
    if frappe.db.get_value(doc.doctype, doc.amended_from, "amended_from"):
        prefix, current = get_default_name_parts(doc.amended_from)
        number = current + 1
    doc.name = f"{prefix}-{number}"
    return doc.name


def _field_autoname(autoname: str, doc: Any) -> str:
    fieldname = autoname[6:].strip()
    value = cstr(doc.get(fieldname)).strip()
    if not value:
        label = doc.meta.get_label(fieldname) or fieldname
        frappe.throw(frappe._("{0} is required").format(frappe._(label)))
    return value


def _format_autoname(autoname: str, doc: Any) -> str:
    """`format:LEASE-{stall}-{##}`: parameters in braces are fields, date parts or digits."""
    pattern = autoname.split(":", 1)[1]
    prefix = ""

    def replace(match: re.Match) -> str:
        text = match.group()[1:-1]
        return parse_naming_series(
            [text], doc=doc, number_generator=lambda _key, digits: getseries(prefix, digits)
        )

    result = ""
    position = 0
    for match in BRACED_PARAMS.finditer(pattern):
        result += pattern[position : match.start()]
        prefix = result
        value = doc.get(match.group()[1:-1])
        result += cstr(value) if value is not None else replace(match)
        position = match.end()
    return result + pattern[position:]


class NamingSeries:
    """One series, such as `INV-.YYYY.-`."""

    def __init__(self, series: str) -> None:
        self.series = series
        if "#" not in series:
            self.series += ".#####"

    def validate(self) -> None:
        if "." not in self.series:
            frappe.throw(
                frappe._("Invalid naming series {}: dot (.) missing").format(frappe.bold(self.series)),
                exc=InvalidNamingSeriesError,
            )
        if not NAMING_SERIES_PATTERN.match(self.series):
            frappe.throw(
                frappe._("Special Characters are not allowed in naming series"), exc=InvalidNamingSeriesError
            )

    def get_prefix(self) -> str:
        prefix = ""

        def note(key: str, digits: int) -> str:
            nonlocal prefix
            prefix = key
            return "0" * digits

        parse_naming_series(self.series, number_generator=note)
        return prefix

    def get_current_value(self) -> int:
        row = frappe.db.sql("select `current` from `tabSeries` where `name` = %s", (self.get_prefix(),))
        return cint(row[0][0]) if row else 0

    def update_counter(self, new_count: int) -> None:
        prefix = self.get_prefix()
        if frappe.db.sql("select 1 from `tabSeries` where `name` = %s", (prefix,)):
            frappe.db.sql("update `tabSeries` set `current` = %s where `name` = %s", (new_count, prefix))
        else:
            frappe.db.sql("insert into `tabSeries` (`name`, `current`) values (%s, %s)", (prefix, new_count))
