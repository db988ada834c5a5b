"""The life of a document: loading, inserting, saving, submitting, cancelling, deleting.

Inserting and saving run in this order; everything may raise, and then the caller's transaction is undone:

1. defaults (new documents and rows), time and user of the change
2. the stored document is locked and read, it must be the one that was loaded; which action is this?
3. permission (`write`, `submit`, `cancel`), what is beyond the user's permission level goes back, links are checked
4. on insert: permission (`create`), `before_insert`, the name, what is beyond the user's permission level goes back
5. `before_validate`, `validate`, `before_save` (or `before_submit`, `before_cancel`, `before_update_after_submit`)
6. mandatory fields, values, passwords, workflow, what may not change any more
7. INSERT or UPDATE of the document and its rows, on insert `after_insert`
8. `on_update`, `on_submit`, `on_cancel` or `on_update_after_submit`; a Version; `on_change`

An event is the controller's method followed by the `doc_events` of all apps.
"""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.base_document import BaseDocument, get_controller
from frappe.model.create_new import new_values
from frappe.model.docstatus import DocStatus
from frappe.model.document_access import DocumentAccess
from frappe.model.links import validate_links
from frappe.model.naming import set_new_name
from frappe.model.validation import (
    keep_origin,
    undo_forbidden_changes,
    validate_mandatory,
    validate_set_only_once,
    validate_update_after_submit,
    validate_values,
)
from frappe.types import _dict
from frappe.utils import cstr, now

STATUS_NAMES = {0: "Draft", 1: "Submitted", 2: "Cancelled"}
# What it is called to go from one status to another; everything else is refused.
ACTIONS = {(0, 0): "save", (0, 1): "submit", (1, 1): "update_after_submit", (1, 2): "cancel"}
BEFORE_EVENTS = {
    "save": ("before_validate", "validate", "before_save"),
    "submit": ("before_validate", "validate", "before_submit"),
    "cancel": ("before_cancel",),
    "update_after_submit": ("before_update_after_submit",),
}
AFTER_EVENTS = {
    "save": ("on_update",),
    "submit": ("on_update", "on_submit"),
    "cancel": ("on_cancel",),
    "update_after_submit": ("on_update_after_submit",),
}


def get_doc(*args: Any, **kwargs: Any) -> Any:
    """`get_doc(doctype, name)`, `get_doc(single)`, `get_doc({...})`, `get_doc(doctype=..., ...)`, `get_doc(document)`."""
    first = args[0] if args else kwargs
    if isinstance(first, BaseDocument):
        return first
    if isinstance(first, str):
        return get_controller(first)(*args, **kwargs)
    return get_controller(first["doctype"])(first)


class Document(DocumentAccess):
    """Base class of every controller."""

    _action = "save"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__["flags"] = _dict()
        first = args[0] if args else kwargs
        if isinstance(first, str):
            self.doctype, self.name = first, args[1] if len(args) > 1 else first
            self.flags.for_update = kwargs.get("for_update")
            self.load_from_db()
            return
        self.doctype = first["doctype"]
        self.update(first)
        self._complete()

    def _complete(self) -> None:
        values = self.__dict__
        for column in self.meta.columns:
            if values.get(column) is None:
                values[column] = 0 if column in ("idx", "docstatus") else None
        for fieldname in self.meta.table_doctypes:
            values.setdefault(fieldname, [])

    # -- loading -----------------------------------------------------------------------------------------------

    def load_from_db(self) -> Document:
        """Values as they are in the database; DoesNotExistError if there are none."""
        self.__dict__.pop("__islocal", None)
        if self.meta.issingle:
            self._load_single()
        else:
            lock = " for update" if self.flags.for_update else ""
            if isinstance(self.name, dict):  # filters instead of a name
                self.name = frappe.db.get_value(self.doctype, self.name, "name")
            query = f"select * from `tab{self.doctype}` where `name` = %s{lock}"
            rows = frappe.db.sql(query, (self.name,), as_dict=True)
            if not rows:
                message = frappe.messages.fill(
                    frappe._("{0} {1} not found"), frappe._(self.doctype), self.name
                )
                frappe.throw(message, frappe.DoesNotExistError)
            self.__dict__.update(rows[0])
        for fieldname, doctype in self.meta.table_doctypes.items():
            self.__dict__[fieldname] = self._stored_rows(fieldname, doctype)
        return self

    def _stored_rows(self, fieldname: str, doctype: str) -> list[Document]:
        """Rows as they come from the database, where nothing is missing or of another type."""
        query = (
            f"select * from `tab{doctype}` where parent = %s and parenttype = %s and parentfield = %s"
            " order by idx"
        )
        rows = []
        controller, meta = get_controller(doctype), frappe.get_meta(doctype)
        for values in frappe.db.sql(query, (cstr(self.name), self.doctype, fieldname), as_dict=True):
            row = controller.__new__(controller)
            row.__dict__.update(values, doctype=doctype, meta=meta, flags=_dict())
            row.parent_doc = self
            rows.append(row)
        return rows

    def _load_single(self) -> None:
        values = frappe.db.get_singles_dict(self.doctype, for_update=self.flags.for_update)
        if not values:
            values = new_values(self.doctype)
            values.pop("__islocal")
        self.update({**values, "name": self.doctype})
        self._complete()
        self.__dict__.update(self.get_valid_dict())

    def reload(self) -> Document:
        """Forget unsaved changes."""
        self.flags.pop("for_update", None)
        return self.load_from_db()

    # -- inserting and saving ------------------------------------------------------------------------------------

    def insert(
        self,
        ignore_permissions: bool | None = None,
        ignore_links: bool | None = None,
        ignore_mandatory: bool | None = None,
    ) -> Any:
        """Put a new document into the database, with every check and event."""
        given = {"permissions": ignore_permissions, "links": ignore_links, "mandatory": ignore_mandatory}
        self.flags.update({f"ignore_{what}": flag for what, flag in given.items() if flag is not None})
        self.set("__islocal", True)
        self._begin()
        self.check_permission("create")
        self.run_method("before_insert")
        for doc in (self, *self.get_all_children()):
            set_new_name(doc)
        undo_forbidden_changes(self)
        self._check_and_write()
        return self

    def save(self, ignore_permissions: bool | None = None, ignore_version: bool | None = None) -> Any:
        """Write the changed document; a new one is inserted."""
        if ignore_permissions is not None:
            self.flags.ignore_permissions = ignore_permissions
        self.flags.ignore_version = frappe.flags.in_test if ignore_version is None else ignore_version
        if self.is_new() or not self.get("name"):
            return self.insert()
        saving = (self.doctype, self.name)
        frappe.flags.currently_saving.append(saving)  # `db_set` in an event must not change the time again
        try:
            self.check_permission("write")
            self._begin()
            self._check_and_write()
        finally:
            frappe.flags.currently_saving.remove(saving)
        return self

    def submit(self) -> Any:
        self.docstatus = DocStatus.SUBMITTED
        return self.save()

    def cancel(self) -> Any:
        self.docstatus = DocStatus.CANCELLED
        return self.save()

    def delete(self, ignore_permissions: bool = False, force: bool = False) -> None:
        frappe.delete_doc(self.doctype, self.name, force, False, ignore_permissions, self.flags)

    def _begin(self) -> None:
        self._set_defaults()
        self._set_user_and_timestamp()
        self.check_if_latest()
        if not self.is_new():
            undo_forbidden_changes(self)
        if self._action != "cancel" and not self.flags.ignore_links:
            validate_links(self)

    def _set_defaults(self) -> None:
        if frappe.flags.in_import:
            return
        if self.is_new():
            self.update_if_missing(new_values(self.doctype))
        for fieldname, doctype in self.meta.table_doctypes.items():
            rows = [row for row in self.get(fieldname) or () if row.is_new()]
            template = new_values(doctype) if rows else {}
            for row in rows:
                row.update_if_missing(template)

    def _set_user_and_timestamp(self) -> None:
        self._original_modified = self.modified
        stamp = {"modified": now(), "modified_by": frappe.session.user}
        flags, is_new = frappe.flags, self.is_new()
        if is_new and not (flags.in_install or flags.in_patch or flags.in_migrate):
            self.update(
                {"creation": None, "owner": None}
            )  # whoever inserts does not say since when, and whose
        for doc in (self, *self.get_all_children()):
            doc.__dict__.update(stamp)
            if is_new or doc is not self:
                doc.creation = doc.get("creation") or (self.creation or self.modified)
                doc.owner = doc.get("owner") or (self.owner or self.modified_by)

    def check_if_latest(self) -> None:
        """Refuse to overwrite what somebody else saved meanwhile; decide which action this is."""
        self.load_doc_before_save()
        before = self._doc_before_save
        if before and cstr(before.modified) != cstr(self._original_modified):
            message = frappe._("Error: Document has been modified after you have opened it")
            advice = frappe._("Please refresh to get the latest document.")
            frappe.throw(f"{message} ({before.modified}). {advice}", frappe.TimestampMismatchError)
        keep_origin(self)
        self._action = "save"
        if not self.meta.issingle:
            self._check_docstatus(int(before.docstatus) if before else DocStatus.DRAFT)

    def _check_docstatus(self, before: int) -> None:
        step = (before, int(self.docstatus))
        if before == DocStatus.CANCELLED:
            frappe.throw(frappe._("Cannot edit cancelled document"))
        if step not in ACTIONS:
            names = [frappe._(STATUS_NAMES.get(status, str(status))) for status in step]
            message = frappe._("Cannot change docstatus from {0} to {1}").format(*names)
            frappe.throw(message, frappe.DocstatusTransitionError)
        self._action = ACTIONS[step]
        if self._action != "save":
            self.check_permission("cancel" if self._action == "cancel" else "submit")

    def _tell_rows(self) -> None:
        for row in self.get_all_children():
            row.parent, row.parenttype, row.docstatus = self.name, self.doctype, self.docstatus
            if not row.name:
                set_new_name(row)

    def _check_and_write(self) -> None:
        is_new = self.is_new()
        self._tell_rows()
        if not self.flags.ignore_validate:
            for event in BEFORE_EVENTS[self._action]:
                self.run_method(event)
        self._tell_rows()
        if self._action != "cancel":
            self._validate()
        if self.meta.issingle:
            self._update_single()
        elif is_new:
            self.db_insert()
        else:
            self.db_update()
        self._write_rows(is_new)
        if is_new:
            self.run_method("after_insert")
        self._after_writing()
        self.__dict__.pop("__islocal", None)
        self.__dict__.pop("__unsaved", None)

    def _validate(self) -> None:
        from frappe.core.doctype.file.utils import extract_images_from_doc

        if not self.flags.ignore_mandatory:
            validate_mandatory(self)
        for doc in (self, *self.get_all_children()):
            for df in doc.meta.fields_of_type("Text Editor", "HTML Editor"):
                extract_images_from_doc(doc, df.fieldname)
            validate_values(doc)
            doc._save_passwords()
        if self.meta.workflow:
            from frappe.model.workflow import validate_workflow

            validate_workflow(self)
        validate_set_only_once(self)
        if self._action == "update_after_submit":
            validate_update_after_submit(self)

    def _write_rows(self, is_new: bool) -> None:
        """Write the rows that are there, delete those that are not."""
        for fieldname, doctype in self.meta.table_doctypes.items():
            rows = self.get(fieldname) or []
            for row in rows:
                row.db_insert() if is_new else row.db_update()
            if not is_new:
                filters = {"parent": cstr(self.name), "parenttype": self.doctype, "parentfield": fieldname}
                if rows:
                    filters["name"] = ("not in", [row.name for row in rows])
                frappe.db.delete(doctype, filters)

    def _update_single(self) -> None:
        frappe.db.delete("Singles", {"doctype": self.doctype})
        skipped = ("name", "docstatus", "idx")
        rows = [
            (self.doctype, field, cstr(value))
            for field, value in self.get_valid_dict(ignore_nulls=True).items()
            if field not in skipped
        ]
        frappe.db.bulk_insert("Singles", ["doctype", "field", "value"], rows)

    def _after_writing(self) -> None:
        self.clear_cache()
        for event in AFTER_EVENTS[self._action]:
            self.run_method(event)
        if self._action == "cancel" and not self.flags.ignore_links:
            from frappe.model.delete_doc import check_if_doc_is_linked

            check_if_doc_is_linked(self, method="Cancel")
        if self.meta.track_changes and not (self.flags.ignore_version or frappe.flags.in_install):
            from frappe.core.doctype.version.version import record_version

            record_version(self)
        self.run_method("on_change")
