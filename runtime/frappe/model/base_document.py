"""A document or a row of a child table as data: values, rows, dictionaries, and its row in the database.

What happens on saving is in `document`, what a value must be like in `validation`.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import frappe
from frappe.model.docstatus import DocStatus
from frappe.model.naming import set_new_name
from frappe.types import _dict
from frappe.utils import cint, flt, now

# Attributes that are no values of the document: a dictionary, from a request perhaps, cannot set them.
INTERNAL = frozenset(
    {"meta", "flags", "parent_doc", "_parent_doc", "_doc_before_save", "_original_modified", "_action"}
)
PRIVATE_SHOWN = ("_user_tags", "__islocal", "__unsaved")
NUMBERS: dict[str, Callable[[Any], int | float]] = {
    "Check": lambda value: int(bool(cint(value))),
    "Int": lambda value: value if type(value) is int else cint(value),
    **dict.fromkeys(("Currency", "Float", "Percent"), lambda v: v if type(v) is float else flt(v)),
}
EMPTY_IS_NULL = ("Date", "Datetime", "Time", "JSON")


def get_controller(doctype: str) -> Any:
    """The class of a DocType; ImportError when an app's module has none."""
    front = frappe.cache.front("controllers")
    if doctype not in front:
        front[doctype] = _import_controller(doctype)
    return front[doctype]


def _import_controller(doctype: str) -> type:
    from frappe.model.document import Document

    meta = frappe.get_meta(doctype)
    if meta.custom:
        return Document
    app, name = frappe.installed.get_module_app(meta.module), frappe.scrub(doctype)
    file = frappe.get_module_path(meta.module, "doctype", name, f"{name}.py")
    if app == "frappe" and not os.path.exists(file):
        # DocTypes of this runtime without behaviour of their own have no controller; those of apps always have one.
        return Document
    module = frappe.get_module(f"{app}.{frappe.scrub(meta.module)}.doctype.{name}.{name}")
    controller = getattr(module, doctype.replace(" ", "").replace("-", ""), None)
    if controller is None:
        raise ImportError(f"{doctype}: no class in {module}")
    return controller


class BaseDocument:
    """Values are attributes; so are child tables, as lists of documents."""

    doctype: str
    name: Any

    if TYPE_CHECKING:
        # A document's fields are known to its DocType, not to the type checker.
        def __getattr__(self, fieldname: str) -> Any: ...

        def __setattr__(self, fieldname: str, value: Any) -> None: ...

    @property
    def meta(self) -> Any:
        meta = self.__dict__.get("meta")
        if meta is None:
            meta = self.__dict__["meta"] = frappe.get_meta(self.doctype)
        return meta

    @property
    def parent_doc(self) -> Any:
        """The document that this row belongs to; held weakly, so that documents are freed without a collector."""
        reference = self.__dict__.get("_parent_doc")
        return reference() if reference else None

    @parent_doc.setter
    def parent_doc(self, value: Any) -> None:
        self.__dict__["_parent_doc"] = weakref.ref(value)

    @property
    def docstatus(self) -> DocStatus:
        return DocStatus(cint(self.__dict__.get("docstatus")))

    @docstatus.setter
    def docstatus(self, value: Any) -> None:
        self.__dict__["docstatus"] = DocStatus(cint(value))

    def __repr__(self) -> str:
        return f"<{self.doctype}: {self.__dict__.get('name') or 'unsaved'}>"

    def is_new(self) -> bool:
        return bool(self.__dict__.get("__islocal"))

    # -- values ----------------------------------------------------------------------------------------------

    def update(self, values: dict[str, Any]) -> Any:
        """Set the values of a dictionary; `name` first, as rows are told their parent."""
        if "name" in values:
            self.name = values["name"]
        for key, value in values.items():
            self.set(key, value)
        return self

    def update_if_missing(self, values: dict[str, Any]) -> None:
        """Set only what is None."""
        for key, value in values.items():
            if value is not None and self.get(key) is None:
                self.set(key, value)

    def get(self, key: str, filters: Any = None, default: Any = None) -> Any:
        """A value; of a child table, with filters, the rows that pass."""
        if isinstance(filters, dict):
            return filter_rows(self.__dict__.get(key) or [], filters)
        return self.__dict__.get(key, default if filters is None else filters)

    def set(self, key: str, value: Any) -> None:
        if key in INTERNAL:
            return
        if key in self.meta.table_doctypes:
            self.__dict__[key] = []
            self.extend(key, value or ())
        elif key == "docstatus":
            self.docstatus = value
        else:
            self.__dict__[key] = value

    # -- child tables ----------------------------------------------------------------------------------------

    def append(self, key: str, value: Any = None) -> Any:
        """Add a row, given as a dictionary or document, to a child table; the row is returned."""
        rows = self.__dict__.setdefault(key, [])
        row = {} if value is None else value
        if not isinstance(row, BaseDocument):
            doctype = self.meta.table_doctypes[key]
            row = get_controller(doctype)({**row, "doctype": doctype})
        row.parent, row.parenttype, row.parentfield = self.get("name"), self.doctype, key
        row.parent_doc = self
        row.idx = row.get("idx") or len(rows) + 1
        if not row.get("name"):
            row.__dict__["__islocal"] = 1
        rows.append(row)
        return row

    def extend(self, key: str, rows: Iterable[Any]) -> None:
        """Add rows to a child table; ValueError when they are none."""
        if not isinstance(rows, Iterable):
            raise ValueError
        for row in rows:
            self.append(key, row)

    def remove(self, row: Any) -> None:
        rows = self.get(row.parentfield)
        rows.remove(row)
        for idx, other in enumerate(rows, 1):
            other.idx = idx

    def get_all_children(self) -> list[Any]:
        """Rows of all child tables, in the order of the fields."""
        return [row for fieldname in self.meta.table_doctypes for row in self.__dict__.get(fieldname) or ()]

    # -- conversion ------------------------------------------------------------------------------------------

    def get_valid_dict(self, ignore_nulls: bool = False) -> _dict:
        """Values of all columns with the types that they have in the database."""
        values: _dict = _dict()
        own = self.__dict__
        for column, df in self.meta.columns.items():
            value = own.get(column)
            if df is not None:
                value = _storable(df, value)
            elif column == "docstatus":
                value = self.docstatus
            if not (ignore_nulls and value is None):
                values[column] = value
        return values

    def as_dict(self, no_nulls: bool = False) -> _dict:
        """All values, those of child rows included."""
        values = self.get_valid_dict(ignore_nulls=no_nulls)
        values["doctype"] = self.doctype
        for fieldname in self.meta.table_doctypes:
            values[fieldname] = [row.as_dict(no_nulls) for row in self.__dict__.get(fieldname) or ()]
        for key in PRIVATE_SHOWN:
            if value := self.__dict__.get(key):
                values[key] = value
        return values

    def as_json(self) -> str:
        return frappe.as_json(self.as_dict())

    # -- the row in the database -------------------------------------------------------------------------------

    def db_insert(self) -> None:
        """INSERT; DuplicateEntryError or UniqueValidationError for what is there already."""
        if not self.name:
            set_new_name(self)
        if not self.__dict__.get("creation"):
            self.creation = self.modified = now()
            self.owner = self.modified_by = frappe.session.user
        values = self.get_valid_dict()
        columns = ", ".join(f"`{column}`" for column in values)
        marks = ", ".join(["%s"] * len(values))
        try:
            frappe.db.sql(
                f"insert into `tab{self.doctype}` ({columns}) values ({marks})",
                frappe.db.stored_values(self.doctype, values),
            )
        except Exception as error:
            unique = frappe.db.is_unique_key_violation(error)
            # Of several violated keys MariaDB names the primary one, SQLite any.
            if frappe.db.is_primary_key_violation(error) or (
                unique and frappe.db.exists(self.doctype, self.name)
            ):
                message = frappe._("{0} {1} already exists")
                frappe.msgprint(frappe.messages.fill(message, frappe._(self.doctype), frappe.bold(self.name)))
                raise frappe.DuplicateEntryError(self.doctype, self.name, error) from error
            self._raise_unique(error)
        self.__dict__.pop("__islocal", None)

    def db_update(self) -> None:
        """UPDATE of all columns; a document that is not in the database yet is inserted."""
        if self.is_new() or not self.name:
            self.db_insert()
            return
        values = self.get_valid_dict()
        name = values.pop("name")
        assignments = ", ".join(f"`{column}` = %s" for column in values)
        try:
            stored = frappe.db.stored_values(self.doctype, values)
            frappe.db.sql(f"update `tab{self.doctype}` set {assignments} where `name` = %s", [*stored, name])
        except Exception as error:
            self._raise_unique(error)

    def _raise_unique(self, error: Exception) -> None:
        """UniqueValidationError that names the fields, if that is the error; else the error itself."""
        if not frappe.db.is_unique_key_violation(error):
            raise error
        from frappe.database.errors import unique_columns_of_error

        columns = unique_columns_of_error(error, frappe.db.get_table_columns(self.doctype))
        labels = ", ".join(frappe._(self.meta.get_label(column)) for column in columns)
        frappe.msgprint(frappe._("{0} must be unique").format(labels))
        raise frappe.UniqueValidationError(self.doctype, self.name, error) from error


def _storable(df: Any, value: Any) -> Any:
    """A field's value as the database holds it."""
    fieldtype = df.fieldtype
    if isinstance(value, list | dict):
        if fieldtype == "JSON":
            return json.dumps(value, separators=(",", ":"))
        frappe.throw(frappe._("Value for {0} cannot be a list").format(frappe._(df.label, context=df.parent)))
    if fieldtype in NUMBERS:
        return NUMBERS[fieldtype](value)
    if value == "" and (df.unique or fieldtype in EMPTY_IS_NULL):
        return None
    return value


def filter_rows(rows: Iterable[Any], filters: dict[str, Any]) -> list[Any]:
    """Rows that have these values."""
    return [row for row in rows if all(row.get(key) == value for key, value in filters.items())]
