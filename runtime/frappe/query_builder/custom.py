"""Terms under the path Frappe has them at."""

from frappe.query_builder.terms import ConstantColumn

__all__ = ["ConstantColumn"]
