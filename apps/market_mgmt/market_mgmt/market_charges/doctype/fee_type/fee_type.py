"""A kind of charge: how it is computed, whether late fees run on it, when it is paid among others."""

import re

import frappe
from frappe import _
from frappe.model.document import Document

_CODE = re.compile(r"[A-Z][A-Z0-9]{1,9}")


class FeeType(Document):
    def validate(self) -> None:
        self.code = (self.get("code") or "").strip().upper()
        if not _CODE.fullmatch(self.code):
            frappe.throw(_("The code is 2 to 10 letters A–Z and digits, beginning with a letter."))
