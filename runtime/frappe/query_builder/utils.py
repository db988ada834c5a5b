"""Names that apps import from `frappe.query_builder.utils`."""

from frappe.query_builder.builder import DocType, get_query_builder
from frappe.query_builder.query import get_query

__all__ = ["DocType", "get_query", "get_query_builder"]
