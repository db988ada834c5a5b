"""One document of each DocType for each market, so that every DocType takes part in the matrix by itself.

What the world of the tests made is used; of the rest a bare row is written, without the controller: it only has to be
there, and whoever reads it has no right to.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from types import ModuleType
from typing import Any

MISSING = "PROBE-NOT-THERE"
# Rows of these make the site itself; the matrix asks for what is there and writes none.
_OF_THE_SITE = {"DocType", "Module Def", "Patch Log", "Scheduled Job Type", "Language", "Role", "Report"}


@dataclass(frozen=True)
class Document:
    """A document to ask for: `market` None when its DocType carries none. A row belongs to its `parent` DocType."""

    doctype: str
    name: str
    market: str | None
    parent: str | None = None


def of_every_doctype(frappe: ModuleType, markets: list[str]) -> list[Document]:
    """Documents of all DocTypes that have a table, one per market where they carry one."""
    found = []
    for doctype in frappe.get_all("DocType", filters={"issingle": 0}, pluck="name", order_by="name"):
        meta = frappe.get_meta(doctype)
        if getattr(meta, "is_virtual", 0):
            continue
        if meta.istable:
            found += _row(frappe, meta)
            continue
        for market in markets if doctype == "Market" or meta.has_field("market") else [None]:
            name = _existing(frappe, doctype, market) or _bare_row(frappe, meta, market)
            if name:
                found.append(Document(doctype, str(name), market))
    singles = frappe.get_all("DocType", filters={"issingle": 1}, pluck="name", order_by="name")
    return [*found, *(Document(single, single, None) for single in singles)]


def _row(frappe: ModuleType, meta: Any) -> list[Document]:
    """A row of a child table with the market of its document; a bare one belongs to nobody."""
    fields = ["name", "parenttype", "parent"]
    of_documents = frappe.get_all("DocType", filters={"istable": 0, "name": ["!=", "DocType"]}, pluck="name")
    filters = {"parenttype": ["in", of_documents]}  # defaults of the site name none
    rows = frappe.db.get_all(meta.name, fields=fields, filters=filters, limit=1)
    if not rows:
        name = _bare_row(frappe, meta, None)
        return [Document(meta.name, name, None, "DocType")] if name else []
    row = rows[0]
    scoped = frappe.get_meta(row.parenttype).has_field("market")
    market = frappe.db.get_value(row.parenttype, row.parent, "market") if scoped else None
    return [Document(meta.name, str(row.name), market, row.parenttype)]


def _existing(frappe: ModuleType, doctype: str, market: str | None) -> str | None:
    if doctype == "Market":
        return market
    rows = frappe.get_all(doctype, filters={"market": market} if market else {}, pluck="name", limit=1)
    return rows[0] if rows else None


def _bare_row(frappe: ModuleType, meta: Any, market: str | None) -> str | None:
    """A row written past the controller; its mandatory and unique columns are filled with something."""
    if meta.name in _OF_THE_SITE:
        return None
    mark = f"probe-{secrets.token_hex(5)}"
    doc = frappe.new_doc(meta.name)
    # Some of Frappe's own count their rows instead of naming them.
    doc.name = 10**9 + secrets.randbelow(10**9) if meta.autoname == "autoincrement" else mark
    for field in meta.fields:
        if field.unique and field.fieldtype in ("Data", "Link", "Small Text"):
            doc.set(field.fieldname, mark)
    if market:
        doc.market = market
    if meta.istable:
        doc.update({"parent": mark, "parenttype": "DocType", "parentfield": "fields"})
    doc.db_insert()
    return str(doc.name)
