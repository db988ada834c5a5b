"""From a query object to SQL with bound values."""

from __future__ import annotations

from typing import Any

from frappe.query_builder.terms import Parameters


def compile_query(query: Any) -> tuple[str, dict[str, Any]]:
    """The text of a query and the values of its %(name)s placeholders."""
    parameters = Parameters()
    return query.get_sql(parameters=parameters), dict(parameters)
