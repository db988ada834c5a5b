"""The database as apps see it, `frappe.db`: one base class, one subclass per kind of server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import frappe
from frappe.database.reading import ReadMixin, table_name
from frappe.database.singles import SinglesMixin
from frappe.database.transaction import TransactionMixin, savepoint
from frappe.database.writing import WriteMixin
from frappe.types.frappedict import _dict

__all__ = ["Database", "savepoint"]

_NO_VALUES: Any = object()
_DDL = frozenset({"create", "alter", "drop", "truncate", "rename"})
_ESCAPED = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\0", "\x1a": "\\Z"}
_NEEDS_ESCAPE = re.compile("[\\\\'\"\\n\\r\\0\\x1a]")


class Database(ReadMixin, WriteMixin, SinglesMixin, TransactionMixin):
    """SQL in, rows out; the transaction opens with the first statement and ends with commit or rollback."""

    db_type = ""
    MAX_WRITES_PER_TRANSACTION = 200_000
    MAX_COLUMN_LENGTH = 64
    VARCHAR_LEN = 140
    STANDARD_VARCHAR_COLUMNS = ("name", "owner", "modified_by")
    DEFAULT_COLUMNS = ("name", "creation", "modified", "modified_by", "owner", "docstatus", "idx")
    CHILD_TABLE_COLUMNS = ("parent", "parenttype", "parentfield")
    OPTIONAL_COLUMNS = ("_user_tags", "_comments", "_assign", "_liked_by")

    def __init__(self) -> None:
        super().__init__()
        self.last_query = ""
        self.auto_commit_on_many_writes = 0

    # What a subclass provides
    def connect(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def execute(self, query: str, values: Any) -> tuple[list[tuple], list[str] | None]:
        """Run one statement; its rows and column names (None when it gives no rows)."""
        raise NotImplementedError

    def execute_many(self, query: str, rows: Iterable[Sequence[Any]], chunk_size: int) -> None:
        raise NotImplementedError

    def statement_kind(self, query: str) -> str:
        raise NotImplementedError

    def mogrify(self, query: Any, values: Any = None) -> str:
        """The statement with its values written into it, for logs and `run=False`."""
        raise NotImplementedError

    def sql(
        self,
        query: Any,
        values: Any = _NO_VALUES,
        *,
        as_dict: bool | int = 0,
        as_list: bool | int = 0,
        debug: bool | int = 0,
        ignore_ddl: bool | int = 0,
        auto_commit: bool | int = 0,
        update: dict | None = None,
        explain: bool = False,
        run: bool = True,
        pluck: bool = False,
        as_iterator: bool = False,
    ) -> Any:
        """Run a statement written for MariaDB.

        `values`: a tuple or list for %s, a dict for %(name)s; a list among the values fills an IN.
        Gives a tuple of tuples, or dicts, lists, first values as asked.
        """
        if not isinstance(query, str):
            from frappe.query_builder.execution import compile_query

            query, values = compile_query(query)
        query = query.strip()
        if values is _NO_VALUES:
            values = ()
        elif not isinstance(values, (tuple, list, dict)):
            # None fills a placeholder like any other value
            values = (values,) if values is not None or "%s" in query else ()
        if not run:
            return self.mogrify(query, values)
        kind = self.statement_kind(query)
        self._check_transaction(kind, ignore_ddl)
        self.last_query = query
        if debug:
            frappe.errprint(self.mogrify(query, values))
        rows, columns = self.execute(query, values)
        if auto_commit:
            self.commit()
        if columns is None:
            return ()
        return self._shape(rows, columns, as_dict, as_list, update, pluck, as_iterator)

    def _shape(
        self,
        rows: list[tuple],
        columns: list[str],
        as_dict: Any,
        as_list: Any,
        update: dict | None,
        pluck: bool,
        as_iterator: bool,
    ) -> Any:
        out: Any
        if pluck:
            out = [row[0] for row in rows]
        elif as_dict:
            out = [_dict(zip(columns, row, strict=False)) for row in rows]
            if update:
                for row in out:
                    row.update(update)
        elif as_list:
            out = [list(row) for row in rows]
        else:
            out = tuple(rows)
        return iter(out) if as_iterator else out

    def _check_transaction(self, kind: str, ignore_ddl: Any) -> None:
        if kind in ("insert", "update", "delete", "replace"):
            self.transaction_writes += 1
            if self.transaction_writes > self.MAX_WRITES_PER_TRANSACTION:
                if not self.auto_commit_on_many_writes:
                    raise frappe.TooManyWritesError("Too many changes to database in single action.")
                self.commit()
        elif kind in _DDL and self.transaction_writes and not ignore_ddl:
            # MariaDB would commit what was written so far
            raise frappe.ImplicitCommitError("This statement can cause implicit commit", {"statement": kind})

    def sql_list(self, query: Any, values: Any = (), debug: bool = False, **kwargs: Any) -> list:
        """The first column."""
        return [row[0] for row in self.sql(query, values, **kwargs, debug=debug)]

    def sql_ddl(self, query: str, debug: bool = False) -> None:
        """Run a statement that changes the schema; commits before and after, as MariaDB does."""
        self.commit()
        self.sql(query, debug=debug, ignore_ddl=1)
        self.commit()

    def multisql(self, sql_dict: dict[str, Any], values: Any = (), **kwargs: Any) -> Any:
        """Run the statement written for this kind of database; MariaDB's is the common tongue."""
        query = sql_dict.get(self.db_type) or sql_dict.get("mariadb") or sql_dict["*"]
        return self.sql(query, values, **kwargs)

    def escape(self, s: Any, percent: bool = True) -> str:
        """A literal to be put into a statement. Prefer bound values."""
        if s is None:
            return "''"
        text = _NEEDS_ESCAPE.sub(lambda m: _ESCAPED[m.group()], str(s))
        return "'" + (text.replace("%", "%%") if percent else text) + "'"

    @staticmethod
    def format_date(date: Any) -> str:
        return frappe.utils.getdate(date).strftime("%Y-%m-%d")

    @staticmethod
    def format_datetime(datetime: Any) -> str:
        if not datetime:
            return "0001-01-01 00:00:00.000000"
        return frappe.utils.get_datetime(datetime).strftime("%Y-%m-%d %H:%M:%S.%f")

    def table_exists(self, doctype: str, cached: bool = True) -> bool:
        # another process may have made it since
        table = table_name(doctype)
        return table in self.get_tables(cached=cached) or (cached and table in self.get_tables(cached=False))

    def has_table(self, doctype: str) -> bool:
        return self.table_exists(doctype)

    def get_tables(self, cached: bool = True) -> list[str]:
        raise NotImplementedError

    def column_types(self, table: str) -> dict[str, str]:
        """Declared type of each column; empty for a table that does not exist."""
        raise NotImplementedError

    def column_value(self, column_type: str | None, value: Any) -> Any:
        """`value` as a column of that type stores it; raises what the server raises when it cannot."""
        return value

    def get_db_table_columns(self, table: str) -> list[str]:
        return list(self.column_types(table))

    def get_table_columns(self, doctype: str) -> list[str]:
        columns = self.get_db_table_columns(table_name(doctype))
        if not columns:
            raise self.TableMissingError("DocType", doctype)  # type: ignore[attr-defined]
        return columns

    def has_column(self, doctype: str, column: str) -> bool:
        if column in self.get_table_columns(doctype):
            return True
        self.forget_schema()  # another process may have added it since
        return column in self.get_table_columns(doctype)

    def forget_schema(self) -> None:
        """Tables and columns are remembered; read them afresh."""

    def get_column_type(self, doctype: str, column: str) -> str | None:
        return self.column_types(table_name(doctype)).get(column)

    def field_exists(self, dt: str, fn: str) -> str | None:
        return self.exists("DocField", {"fieldname": fn, "parent": dt})

    def get_index_name(self, fields: Sequence[str]) -> str:
        return re.sub(r"\(\d+\)", "", "_".join(fields) + "_index").replace(" ", "_")

    def get_last_created(self, doctype: str) -> Any:
        return self.get_value(doctype, {}, "creation", order_by="creation desc")

    def updatedb(self, doctype: str, meta: Any = None) -> None:
        """Create the DocType's table or bring it up to date."""
        from frappe.database.schema import sync_table

        sync_table(self, meta or frappe.get_meta(doctype))
