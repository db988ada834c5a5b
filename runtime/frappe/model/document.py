"""Documents: loading, saving in Frappe's order of events, submitting, cancelling, deleting."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.base_document import BaseDocument, get_controller
from frappe.model.changes import DocumentChanges
from frappe.model.docstatus import DocStatus
from frappe.model.document_access import DocumentAccess
from frappe.model.saving import DocumentSaving
from frappe.types import _dict
from frappe.utils import cstr


def get_doc(*args: Any, **kwargs: Any) -> Any:
    """`get_doc(doctype, name)`, `get_doc(single)`, `get_doc({...})`, `get_doc(doctype=..., ...)`, `get_doc(document)`."""
    if args:
        first = args[0]
        if isinstance(first, BaseDocument):
            return first
        if isinstance(first, str):
            return get_controller(first)(*args, **kwargs)
        if not isinstance(first, dict):
            raise ValueError("First non keyword argument must be a string or dict")
        kwargs = first
    elif len(kwargs) < 2 or "doctype" not in kwargs:
        raise ValueError('"doctype" is a required key')
    doctype = kwargs.get("doctype")
    if not doctype:
        raise ValueError('"doctype" is a required key')
    return get_controller(doctype)(kwargs)


class Document(DocumentSaving, DocumentChanges, DocumentAccess, BaseDocument):
    """Base class of every controller."""

    doctype: str
    name: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__["flags"] = _dict()
        if args and isinstance(args[0], str):
            self.doctype = args[0]
            self.name = args[1] if len(args) > 1 else args[0]
            if isinstance(self.name, dict):  # filters instead of a name
                filters = self.name
                self.name = frappe.db.get_value(self.doctype, filters, "name")
                if self.name is None:
                    frappe.throw(
                        frappe._("{0} {1} not found").format(frappe._(self.doctype), filters),
                        frappe.DoesNotExistError(doctype=self.doctype),
                    )
            if "for_update" in kwargs:
                self.flags.for_update = kwargs["for_update"]
            self.load_from_db()
            return
        values = args[0] if args and args[0] else kwargs
        if isinstance(values, BaseDocument):
            values = values.as_dict()
        super().__init__(values)
        self.init_child_tables()
        self.init_valid_columns()

    def init_child_tables(self) -> None:
        for fieldname in self._table_fieldnames:
            self.__dict__.setdefault(fieldname, [])

    def init_valid_columns(self) -> None:
        values = self.__dict__
        for column in self.meta.get_valid_columns():
            if column not in values:
                values[column] = 0 if column == "idx" else None
        if values.get("docstatus") is None:
            values["docstatus"] = DocStatus.draft()

    # -- loading -----------------------------------------------------------------------------------------------

    def load_from_db(self) -> Document:
        """Values as they are in the database; DoesNotExistError if there are none."""
        self.__dict__["_table_fieldnames"] = set(self.meta._table_doctypes)
        self.__dict__.pop("__islocal", None)
        if self.meta.issingle:
            self._load_single()
        else:
            self._load_row()
        self._load_children()
        if hasattr(self, "__setup__"):
            self.__setup__()
        return self

    def _load_single(self) -> None:
        values = frappe.db.get_singles_dict(self.doctype, for_update=self.flags.for_update)
        if not values:
            values = frappe.new_doc(self.doctype, as_dict=True)
            values["name"] = self.doctype
            values.pop("__islocal", None)
        super().__init__({**values, "doctype": self.doctype, "name": self.doctype})
        self.init_valid_columns()
        self._fix_numeric_types()

    def _load_row(self) -> None:
        rows = frappe.db.sql(
            f"select * from `tab{self.doctype}` where `name` = %s"
            + (" for update" if self.flags.for_update else ""),
            (self.name,),
            as_dict=True,
        )
        if not rows:
            frappe.throw(
                frappe._("{0} {1} not found").format(frappe._(self.doctype), self.name),
                frappe.DoesNotExistError(doctype=self.doctype),
            )
        row = rows[0]
        if self.meta.virtual_fields:
            row = {
                key: value for key, value in row.items() if key in self.meta.valid_column_set or key[0] == "_"
            }
        super().__init__({**row, "doctype": self.doctype})

    def _load_children(self) -> None:
        for df in self.meta.get_table_fields():
            if df.is_virtual:
                self.__dict__[df.fieldname] = []
                continue
            rows = frappe.db.sql(
                f"select * from `tab{df.options}` where parent = %s and parenttype = %s and parentfield = %s"
                " order by idx asc",
                (cstr(self.name), self.doctype, df.fieldname),
                as_dict=True,
            )
            self.set(df.fieldname, rows)

    def reload(self) -> Document:
        """Forget unsaved changes."""
        self.flags.pop("for_update", None)
        return self.load_from_db()

    # -- inserting and saving ------------------------------------------------------------------------------------

    def insert(
        self,
        ignore_permissions: bool | None = None,
        ignore_links: bool | None = None,
        ignore_if_duplicate: bool = False,
        ignore_mandatory: bool | None = None,
        set_name: str | None = None,
        set_child_names: bool = True,
    ) -> Any:
        """Put a new document into the database, with every check and event."""
        if self.flags.in_print:
            return self
        if ignore_permissions is not None:
            self.flags.ignore_permissions = ignore_permissions
        if ignore_links is not None:
            self.flags.ignore_links = ignore_links
        if ignore_mandatory is not None:
            self.flags.ignore_mandatory = ignore_mandatory
        self.set("__islocal", True)
        self._set_defaults()
        self.set_user_and_timestamp()
        self.set_docstatus()
        self.check_if_latest()
        self._validate_links()
        self.check_permission("create")
        self.run_method("before_insert")
        self.set_new_name(set_name=set_name, set_child_names=set_child_names)
        self.set_parent_in_children()
        self.validate_higher_perm_levels()
        self.flags.in_insert = True
        self.run_before_save_methods()
        self._validate()
        self.set_docstatus()
        self.flags.in_insert = False
        if self.meta.issingle:
            self.update_single(self.get_valid_dict(ignore_virtual=True))
        else:
            self.db_insert(ignore_if_duplicate=ignore_if_duplicate)
        for row in self.get_all_children():
            row.db_insert()
        self.run_method("after_insert")
        self.flags.in_insert = True
        if self.get("amended_from"):
            self.copy_attachments_from_amended_from()
        self.run_post_save_methods()
        self.flags.in_insert = False
        self.__dict__.pop("__islocal", None)
        self.__dict__.pop("__unsaved", None)
        return self

    def save(self, ignore_permissions: bool | None = None, ignore_version: bool | None = None) -> Any:
        """Write the changed document; a new one is inserted."""
        if self.flags.in_print:
            return self
        if ignore_permissions is not None:
            self.flags.ignore_permissions = ignore_permissions
        self.flags.ignore_version = frappe.flags.in_test if ignore_version is None else ignore_version
        if self.get("__islocal") or not self.get("name"):
            return self.insert()
        self._set_defaults()
        self.check_permission("write", "save")
        self.set_user_and_timestamp()
        self.set_docstatus()
        self.check_if_latest()
        self.set_parent_in_children()
        self.set_name_in_children()
        self.validate_higher_perm_levels()
        self._validate_links()
        self.run_before_save_methods()
        if self._action != "cancel":
            self._validate()
        if self._action == "update_after_submit":
            self.validate_update_after_submit()
        self.set_docstatus()
        if self.meta.issingle:
            self.update_single(self.get_valid_dict(ignore_virtual=True))
        else:
            self.db_update()
        self.update_children()
        self.run_post_save_methods()
        self.__dict__.pop("__unsaved", None)
        return self

    _save = save

    def update_children(self) -> None:
        for df in self.meta.get_table_fields():
            if not df.is_virtual:
                self.update_child_table(df.fieldname, df)

    def update_child_table(self, fieldname: str, df: Any = None) -> None:
        """Write the rows that are there, delete those that are not."""
        df = df or self.meta.get_field(fieldname)
        rows = self.get(df.fieldname) or []
        for row in rows:
            row.db_update()
        kept = [row.name for row in rows]
        condition = f" and name not in ({', '.join(['%s'] * len(kept))})" if kept else ""
        frappe.db.sql(
            f"delete from `tab{df.options}` where parent = %s and parenttype = %s and parentfield = %s{condition}",
            [cstr(self.name), self.doctype, df.fieldname, *kept],
        )

    def update_single(self, d: dict[str, Any]) -> None:
        frappe.db.delete("Singles", {"doctype": self.doctype})
        rows = [
            (self.doctype, field, cstr(value) if not isinstance(value, bool) else str(int(value)))
            for field, value in d.items()
            if field not in ("doctype", "name", "docstatus", "idx") and value is not None
        ]
        if rows:
            frappe.db.bulk_insert("Singles", ["doctype", "field", "value"], rows)
        frappe.db.value_cache.clear()

    def submit(self) -> Any:
        self.docstatus = DocStatus.submitted()
        return self.save()

    _submit = submit

    def cancel(self) -> Any:
        self.docstatus = DocStatus.cancelled()
        return self.save()

    _cancel = cancel

    def delete(
        self, ignore_permissions: bool = False, force: bool = False, *, delete_permanently: bool = False
    ) -> Any:
        return frappe.delete_doc(
            self.doctype,
            self.name,
            ignore_permissions=ignore_permissions or self.flags.ignore_permissions,
            flags=self.flags,
            force=force,
            delete_permanently=delete_permanently,
        )

    def rename(
        self, name: str, merge: bool = False, force: bool = False, validate_rename: bool = True
    ) -> None:
        from frappe.model.rename_doc import rename_doc

        self.name = rename_doc(doc=self, new=name, merge=merge, force=force, validate=validate_rename)
        self.reload()


def bulk_insert(
    doctype: str, documents: Any, ignore_duplicates: bool = False, chunk_size: int = 10_000
) -> None:
    """INSERT many documents (and their rows) without running their events."""
    groups: dict[str, list[Any]] = {}
    for doc in documents:
        groups.setdefault(doctype, []).append(doc)
        for row in doc.get_all_children():
            groups.setdefault(row.doctype, []).append(row)
    for table, docs in groups.items():
        columns = frappe.get_meta(table).get_valid_columns()
        values = []
        for doc in docs:
            row = doc.get_valid_dict(ignore_virtual=True)
            values.append([row.get(column) for column in columns])
        frappe.db.bulk_insert(
            table, columns, values, ignore_duplicates=ignore_duplicates, chunk_size=chunk_size
        )


__all__ = ["Document", "bulk_insert", "get_controller", "get_doc"]
