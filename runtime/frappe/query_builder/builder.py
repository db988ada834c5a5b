"""The builder class behind `frappe.qb`, in MariaDB's dialect (the database layer speaks it on every server)."""

from __future__ import annotations

from typing import Any

from pypika import Field, Order, Query, Schema, Table
from pypika import functions as pypika_functions
from pypika import terms as pypika_terms
from pypika.dialects import MySQLQuery, MySQLQueryBuilder
from pypika.queries import _SetOperation

import frappe
from frappe.query_builder.execution import compile_query


class Executable:
    """What can be run: a query or a union of queries."""

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Execute and give the rows; takes what frappe.db.sql takes (as_dict, pluck, as_list, debug, …)."""
        text, values = compile_query(self)
        return frappe.db.sql(text, values, *args, **kwargs)

    def walk(self) -> tuple[str, dict[str, Any]]:
        """The text with placeholders, and their values."""
        return compile_query(self)


class SetOperation(Executable, _SetOperation):
    pass


class DocTypeQueryBuilder(Executable, MySQLQueryBuilder):
    """PyPika's builder with `.run()`; tables given as text are DocTypes."""

    def union(self, other: Any) -> SetOperation:
        return self._set_operation("union", other)

    def union_all(self, other: Any) -> SetOperation:
        return self._set_operation("union_all", other)

    def intersect(self, other: Any) -> SetOperation:
        return self._set_operation("intersect", other)

    def _set_operation(self, name: str, other: Any) -> SetOperation:
        from pypika.enums import SetOperation as Kind

        return SetOperation(self, other, getattr(Kind, name), wrapper_cls=self._wrapper_cls)


class Builder(MySQLQuery):
    """`frappe.qb`: where every query begins."""

    Field = Field
    Schema = Schema
    terms = pypika_terms
    functions = pypika_functions
    desc = Order.desc
    asc = Order.asc

    @classmethod
    def _builder(cls, **kwargs: Any) -> DocTypeQueryBuilder:
        return DocTypeQueryBuilder(**kwargs)

    @staticmethod
    def DocType(table_name: str, *args: Any, **kwargs: Any) -> Table:
        return DocType(table_name, *args, **kwargs)

    @staticmethod
    def Table(table_name: str, *args: Any, **kwargs: Any) -> Table:
        return Table(table_name, *args, query_cls=Builder, **kwargs)

    @classmethod
    def from_(cls, table: Any, *args: Any, **kwargs: Any) -> DocTypeQueryBuilder:
        return super().from_(_table(table), *args, **kwargs)

    @classmethod
    def into(cls, table: Any, *args: Any, **kwargs: Any) -> DocTypeQueryBuilder:
        return super().into(_table(table), *args, **kwargs)

    @classmethod
    def update(cls, table: Any, *args: Any, **kwargs: Any) -> DocTypeQueryBuilder:
        return super().update(_table(table), *args, **kwargs)

    @staticmethod
    def get_query(*args: Any, **kwargs: Any) -> DocTypeQueryBuilder:
        from frappe.query_builder.query import get_query

        return get_query(*args, **kwargs)

    @staticmethod
    def max(dt: str, fieldname: str, filters: Any = None, **kwargs: Any) -> Any:
        return _aggregate("Max", dt, fieldname, filters, **kwargs)

    @staticmethod
    def min(dt: str, fieldname: str, filters: Any = None, **kwargs: Any) -> Any:
        return _aggregate("Min", dt, fieldname, filters, **kwargs)

    @staticmethod
    def avg(dt: str, fieldname: str, filters: Any = None, **kwargs: Any) -> Any:
        return _aggregate("Avg", dt, fieldname, filters, **kwargs)

    @staticmethod
    def sum(dt: str, fieldname: str, filters: Any = None, **kwargs: Any) -> Any:
        return _aggregate("Sum", dt, fieldname, filters, **kwargs)


def DocType(table_name: str, *args: Any, **kwargs: Any) -> Table:
    """The table of a DocType as a PyPika table."""
    from frappe.database.reading import table_name as name_of

    kwargs.setdefault("query_cls", Builder)
    return Table(name_of(table_name), *args, **kwargs)


def _table(table: Any) -> Any:
    return DocType(table) if isinstance(table, str) else table


def _aggregate(function: str, dt: str, fieldname: str, filters: Any, **kwargs: Any) -> Any:
    table = DocType(dt)
    term = getattr(pypika_functions, function)(table[fieldname])
    return Builder.get_query(dt, fields=[term], filters=filters).run(**kwargs)[0][0] or 0


def get_query_builder(type_of_db: str) -> type[Query]:
    """The builder for a kind of database; all speak MariaDB's dialect here."""
    return Builder
