"""`frappe.qb`: PyPika with DocTypes for tables and `.run()` for execution."""

from __future__ import annotations

from pypika import (
    Case,
    Criterion,
    CustomFunction,
    DatePart,
    Field,
    JoinType,
    Not,
    Order,
    Table,
)
from pypika.terms import Function, Interval, Term, ValueWrapper

from frappe.query_builder.builder import Builder, DocType, get_query_builder
from frappe.query_builder.query import get_query
from frappe.query_builder.terms import ParameterizedValueWrapper, SubQuery, subqry

__all__ = [
    "Builder",
    "Case",
    "Criterion",
    "CustomFunction",
    "DatePart",
    "DocType",
    "Field",
    "Function",
    "Interval",
    "JoinType",
    "Not",
    "Order",
    "ParameterizedValueWrapper",
    "SubQuery",
    "Table",
    "Term",
    "ValueWrapper",
    "get_query",
    "get_query_builder",
    "subqry",
]
