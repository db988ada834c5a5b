"""Links of one document or row: they must lead somewhere; what they fetch is filled in."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.types import _dict
from frappe.utils import cint, is_html, strip_html


class LinkedDocument:
    """Mixin of BaseDocument."""

    def get_invalid_links(self: Any, is_submittable: bool = False) -> tuple[list, list]:
        """(fieldname, value, message) of links that lead nowhere and of links to cancelled documents.

        On the way names get the spelling of the database and `fetch_from` fields their values.
        """
        invalid: list[tuple] = []
        cancelled: list[tuple] = []
        for df in (*self.meta.get_link_fields(), *self.meta.get_dynamic_link_fields()):
            name = self.get(df.fieldname)
            if not name or df.is_virtual:
                continue
            doctype = df.options if df.fieldtype == "Link" else self.get(df.options)
            if not doctype:
                if df.fieldtype == "Link":
                    frappe.throw(frappe._("Options not set for link field {0}").format(df.fieldname))
                frappe.throw(frappe._("{0} must be set first").format(self.meta.get_label(df.options)))
            self._check_link(df, doctype, name, is_submittable, invalid, cancelled)
        return invalid, cancelled

    def _check_link(
        self: Any, df: Any, doctype: str, name: Any, is_submittable: bool, invalid: list, cancelled: list
    ) -> None:
        meta = frappe.get_meta(doctype)
        fetched = self._fields_to_fetch(df)
        wanted = ["name", *(["docstatus"] if meta.is_submittable else [])]
        wanted += [source for _target, source in fetched if source not in wanted]
        if meta.issingle:
            values = _dict(name=doctype)
        else:
            values = frappe.db.get_value(doctype, name, wanted, as_dict=True) or _dict()
        if not values and fetched:
            return  # as stock Frappe does: a link that fetches is not checked
        message = self._link_message(df, name)
        if not values.get("name"):
            invalid.append((df.fieldname, name, message))
            return
        self.set(df.fieldname, values.name)
        for target, source in fetched:
            if self.is_new() or not target.fetch_if_empty or not self.get(target.fieldname):
                self._set_fetched(target, source, doctype, values)
        cancelled_target = meta.is_submittable and cint(values.docstatus) == 2
        if is_submittable and cancelled_target and df.fieldname != "amended_from":
            cancelled.append((df.fieldname, name, message))

    def _fields_to_fetch(self: Any, df: Any) -> list[tuple[Any, str]]:
        targets = self.meta.get_fields_to_fetch(df.fieldname)
        chosen = [t for t in targets if not t.fetch_if_empty or not self.get(t.fieldname)]
        if self.docstatus.is_submitted() and not self.is_new():
            chosen = [t for t in chosen if t.allow_on_submit]
        return [(target, target.fetch_from.split(".")[-1]) for target in chosen]

    def _set_fetched(self: Any, target: Any, source: str, doctype: str, values: _dict) -> None:
        value = values.get(source)
        source_field = frappe.get_meta(doctype).get_field(source)
        if source_field and source_field.fieldtype == "Check" and target.fieldtype != "Check":
            value = cint(value)
        if isinstance(value, str) and target.fieldtype in ("Data", "Small Text") and is_html(value):
            value = strip_html(value)
        self.set(target.fieldname, value)

    def _link_message(self: Any, df: Any, name: Any) -> str:
        label = frappe._(df.label or df.fieldname, context=df.parent)
        if self.get("parentfield"):
            return "{} #{}: {}: {}".format(frappe._("Row"), self.idx, label, name)
        return f"{label}: {name}"
