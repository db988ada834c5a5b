"""Permissions that an administrator changed; they take the place of all those of the DocType."""

from __future__ import annotations

import frappe
from frappe.model.document import Document


class CustomDocPerm(Document):
    def on_update(self) -> None:
        frappe.clear_cache(doctype=self.parent)

    def on_trash(self) -> None:
        frappe.clear_cache(doctype=self.parent)
