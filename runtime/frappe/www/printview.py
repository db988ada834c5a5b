"""A document in a print format, as a page: `/printview?doctype=…&name=…&format=…`."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils.print_utils import get_print


def get_context(context: Any) -> dict[str, Any]:
    form = frappe.form_dict
    if not (form.doctype and form.name):
        raise frappe.DoesNotExistError
    return {"html": get_print(form.doctype, form.name, form.get("format"))}
