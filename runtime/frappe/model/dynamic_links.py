"""Which Dynamic Link fields may point to a DocType."""

from __future__ import annotations

from typing import Any

import frappe


def get_dynamic_link_map(for_delete: bool = False) -> dict[str, list[Any]]:
    """DocType → fields that point to documents of it now."""
    links: dict[str, list[Any]] = {}
    for df in get_dynamic_links():
        meta = frappe.get_meta(df.parent)
        if meta.issingle:
            target = frappe.db.get_single_value(df.parent, df.options)
            if target:
                links.setdefault(target, []).append(df)
            continue
        rows = frappe.db.sql(f"select distinct `{df.options}` from `tab{df.parent}`")
        for (target,) in rows:
            if target:
                links.setdefault(target, []).append(df)
    return links


def get_dynamic_links() -> list[Any]:
    """All Dynamic Link fields, custom ones included."""
    front = frappe.cache.front("links")
    if "dynamic" not in front:
        fields = frappe.get_all(
            "DocField",
            filters={"fieldtype": "Dynamic Link", "parenttype": "DocType"},
            fields=["parent", "fieldname", "options", "is_virtual"],
        )
        for custom in frappe.get_all(
            "Custom Field",
            {"fieldtype": "Dynamic Link"},
            ["dt as parent", "fieldname", "options", "is_virtual"],
        ):
            fields.append(custom)
        front["dynamic"] = [df for df in fields if not df.is_virtual]
    return front["dynamic"]
