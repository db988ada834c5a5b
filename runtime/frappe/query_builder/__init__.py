"""`frappe.qb`: PyPika with DocTypes for tables and `.run()` for execution, in MariaDB's dialect."""

from __future__ import annotations

from contextvars import ContextVar
from enum import Enum
from typing import Any

from pypika import Case, Criterion, CustomFunction, Field, Order, Table
from pypika.dialects import MySQLQuery, MySQLQueryBuilder
from pypika.terms import Term, ValueWrapper

import frappe
from frappe.database.fields import table_name

__all__ = ["Builder", "Case", "Criterion", "CustomFunction", "DocType", "Field", "Order"]


class Parameters(dict):
    """The values met while a query is written, by the name of their placeholder."""

    def add(self, value: Any) -> str:
        name = f"param{len(self) + 1}"
        self[name] = value
        return f"%({name})s"


# Set while `walk` writes a query. PyPika hands its own options down from term to term, and some terms (functions among
# them) keep what they do not know to themselves: an option would not reach the values inside of them.
_parameters: ContextVar[Parameters | None] = ContextVar("parameters", default=None)
_written_value = ValueWrapper.get_value_sql


def _value_sql(self: ValueWrapper, **kwargs: Any) -> str:
    parameters = _parameters.get()
    if parameters is None or isinstance(self.value, Term):
        return _written_value(self, **kwargs)
    return parameters.add(self.value.value if isinstance(self.value, Enum) else self.value)


# Values are bound, never written into the text. PyPika wraps constants in this class in many places, so binding has
# to be taught to the class itself.
ValueWrapper.get_value_sql = _value_sql


class DocTypeQueryBuilder(MySQLQueryBuilder):
    """PyPika's builder with `.run()`."""

    def walk(self) -> tuple[str, dict[str, Any]]:
        """The text with placeholders, and their values."""
        parameters = Parameters()
        token = _parameters.set(parameters)
        try:
            return self.get_sql(), dict(parameters)
        finally:
            _parameters.reset(token)

    def run(self, **kwargs: Any) -> Any:
        """Execute and give the rows; takes what frappe.db.sql takes (as_dict, pluck)."""
        return frappe.db.sql(self, **kwargs)


def DocType(doctype: str) -> Table:
    """The table of a DocType as a PyPika table."""
    return Table(table_name(doctype), query_cls=Builder)


class Builder(MySQLQuery):
    """`frappe.qb`: where every query begins."""

    DocType = staticmethod(DocType)
    desc = Order.desc
    asc = Order.asc

    @classmethod
    def _builder(cls, **kwargs: Any) -> DocTypeQueryBuilder:
        return DocTypeQueryBuilder(**kwargs)
