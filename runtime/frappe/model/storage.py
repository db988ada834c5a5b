"""Rows of documents: values made ready for the database, INSERT and UPDATE."""

from __future__ import annotations

import datetime
import json
from typing import Any

import frappe
from frappe.model import datetime_fields, float_like_fields, optional_fields
from frappe.types import _dict
from frappe.utils import cint, flt, now


class StoredDocument:
    """Mixin of BaseDocument: how a document becomes a row."""

    def get_valid_dict(
        self: Any,
        sanitize: bool = True,
        convert_dates_to_str: bool = False,
        ignore_nulls: bool = False,
        ignore_virtual: bool = False,
    ) -> _dict:
        """Values of all columns with the types that they have in the database (virtual fields evaluated)."""
        values: _dict = _dict()
        meta = self.meta
        for fieldname in meta.get_valid_columns():
            value = self.__dict__.get(fieldname)
            if fieldname == "docstatus":
                value = self.docstatus
            elif value is not None or sanitize:
                df = meta.get_field(fieldname)
                if df is not None:
                    value = self._storable(df, value, sanitize)
            if convert_dates_to_str and isinstance(
                value, datetime.datetime | datetime.date | datetime.time | datetime.timedelta
            ):
                value = str(value)
            if ignore_nulls and value is None:
                continue
            values[fieldname] = value
        if not ignore_virtual:
            for df in meta.virtual_fields:
                values[df.fieldname] = self._virtual_value(df)
        return values

    def _virtual_value(self: Any, df: Any) -> Any:
        """A property of the controller, else the expression in the field's options."""
        if hasattr(type(self), df.fieldname):
            return getattr(self, df.fieldname)
        if df.fieldtype == "Table":
            return None
        if df.options and df.fieldtype not in ("Link", "Select", "Dynamic Link"):
            from frappe.utils.safe_exec import safe_eval

            return safe_eval(df.options, {"doc": self})
        return None

    def _storable(self: Any, df: Any, value: Any, sanitize: bool) -> Any:
        fieldtype = df.fieldtype
        if isinstance(value, list | dict) and fieldtype == "JSON":
            return json.dumps(value, separators=(",", ":"))
        if isinstance(value, list):
            frappe.throw(
                frappe._("Value for {0} cannot be a list").format(frappe._(df.label, context=df.parent))
            )
        if not sanitize:
            return value
        if fieldtype == "Check":
            return 1 if cint(value) else 0
        if fieldtype in ("Int", "Long Int"):
            return value if isinstance(value, int) and not isinstance(value, bool) else cint(value)
        if fieldtype in float_like_fields:
            return value if isinstance(value, float) else flt(value)
        if value == "" and (fieldtype in datetime_fields or df.unique or fieldtype == "JSON"):
            return None
        if fieldtype == "JSON" and value is not None and not isinstance(value, str):
            return json.dumps(value)
        return value

    # -- writing ---------------------------------------------------------------------------------------------

    def db_insert(self: Any, ignore_if_duplicate: bool = False) -> None:
        """INSERT; a hash name that is taken is drawn again, other clashes raise."""
        if not self.name:
            from frappe.model.naming import set_new_name

            set_new_name(self)
        if not self.__dict__.get("creation"):
            self.creation = self.modified = now()
            self.owner = self.modified_by = frappe.session.user
        values = self.get_valid_dict(ignore_virtual=True)
        columns = ", ".join(f"`{column}`" for column in values)
        marks = ", ".join(["%s"] * len(values))
        try:
            frappe.db.sql(
                f"insert into `tab{self.doctype}` ({columns}) values ({marks})",
                list(values.values()),
                debug=False,
            )
        except Exception as error:
            if self._settle_insert_error(error, ignore_if_duplicate):
                return
        self.set("__islocal", False)
        self.__dict__.pop("__islocal", None)

    def _settle_insert_error(self: Any, error: Exception, ignore_if_duplicate: bool) -> bool:
        """True when the row needs no second look; otherwise raises."""
        unique = frappe.db.is_unique_key_violation(error)
        # Of several violated keys MariaDB names the primary one, SQLite any.
        if frappe.db.is_primary_key_violation(error) or (
            unique and frappe.db.exists(self.doctype, self.name)
        ):
            if self.meta.autoname == "hash":
                self.flags.retry_count = (self.flags.retry_count or 0) + 1
                if self.flags.retry_count > 5:
                    raise error
                self.name = None
                self.db_insert()
                return True
            if ignore_if_duplicate:
                return True
            frappe.msgprint(
                frappe._("{0} {1} already exists").format(frappe._(self.doctype), frappe.bold(self.name)),
                title=frappe._("Duplicate Name"),
                indicator="red",
            )
            raise frappe.DuplicateEntryError(self.doctype, self.name, error) from error
        if unique:
            self.show_unique_validation_message(error)
        raise error

    def db_update(self: Any) -> None:
        """UPDATE of all columns; a document that is not in the database yet is inserted."""
        if self.get("__islocal") or not self.name:
            self.db_insert()
            return
        values = self.get_valid_dict(ignore_virtual=True)
        name = values.pop("name")
        for fieldname in optional_fields:
            values.pop(fieldname, None)
        assignments = ", ".join(f"`{column}` = %s" for column in values)
        try:
            frappe.db.sql(
                f"update `tab{self.doctype}` set {assignments} where `name` = %s", [*values.values(), name]
            )
        except Exception as error:
            if frappe.db.is_unique_key_violation(error):
                self.show_unique_validation_message(error)
            raise

    def show_unique_validation_message(self: Any, error: Exception) -> None:
        """Raise UniqueValidationError; the message names the fields that must be unique."""
        from frappe.database.utils import unique_columns_of_error

        columns = unique_columns_of_error(error, self.doctype)
        labels = [frappe._(self.get_label_from_fieldname(column) or column) for column in columns]
        frappe.msgprint(frappe._("{0} must be unique").format(", ".join(labels)))
        raise frappe.UniqueValidationError(self.doctype, self.name, error) from error
