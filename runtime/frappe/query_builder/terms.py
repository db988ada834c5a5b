"""Values of a query are bound, never written into its text; terms that PyPika lacks."""

from __future__ import annotations

from typing import Any

from pypika.queries import QueryBuilder
from pypika.terms import Criterion, Term, ValueWrapper
from pypika.utils import format_alias_sql

_written_value = ValueWrapper.get_value_sql


class Parameters(dict):
    """The values met while a query is written, by the name of their placeholder."""

    def add(self, value: Any) -> str:
        name = f"param{len(self) + 1}"
        self[name] = value
        return f"%({name})s"


def _value_sql(self: ValueWrapper, parameters: Parameters | None = None, **kwargs: Any) -> str:
    if parameters is None or isinstance(self.value, Term):
        if parameters is not None:
            kwargs["parameters"] = parameters
        return _written_value(self, **kwargs)
    return parameters.add(self.value)


# PyPika wraps constants in this class in many places, so binding has to be taught to the class itself.
ValueWrapper.get_value_sql = _value_sql
ParameterizedValueWrapper = ValueWrapper


class SubQuery(Criterion):
    """A query as an operand of a comparison."""

    def __init__(self, subq: QueryBuilder, alias: str | None = None) -> None:
        super().__init__(alias)
        self.subq = subq

    def get_sql(self, **kwargs: Any) -> str:
        kwargs["subquery"] = True
        return self.subq.get_sql(**kwargs)


subqry = SubQuery


class ConstantColumn(Term):
    """A constant in the select list."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def get_sql(self, quote_char: str | None = None, **kwargs: Any) -> str:
        text = "'" + str(self.value).replace("'", "''") + "'"
        return format_alias_sql(text, self.alias or str(self.value), quote_char=quote_char, **kwargs)
