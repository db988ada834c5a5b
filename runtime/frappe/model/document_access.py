"""What one document offers beside its life cycle: events, what changed, single writes, permissions, passwords."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model import DEFINING_DOCTYPES
from frappe.model.base_document import BaseDocument
from frappe.model.validation import comparable, fields_beyond
from frappe.types import _dict
from frappe.utils import now


class DocumentAccess(BaseDocument):
    """The part of Document that apps call between the events."""

    flags: _dict
    _doc_before_save: Any = None

    # -- events ---------------------------------------------------------------------------------------------------

    def run_method(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """The controller's method, then the `doc_events` of all apps for it; of several results the last one."""
        own = getattr(self, method, None)
        result = own(*args, **kwargs) if own is not None else None
        hooks = frappe.get_doc_hooks()
        for doctype in (self.doctype, "*"):
            for handler in hooks.get(doctype, {}).get(method, ()):
                added = frappe.get_attr(handler)(self, method, *args, **kwargs)
                result = result if added is None else added
        return result

    def clear_cache(self) -> None:
        """Forget the cached document, and what is derived from it."""
        frappe.clear_document_cache(self.doctype, self.name)
        if self.doctype in DEFINING_DOCTYPES:
            frappe.clear_cache(doctype=self.doctype)

    def notify_update(self) -> None:
        """Tell open pages (there is no Socket.IO here, so nobody listens)."""

    # -- changes -------------------------------------------------------------------------------------------------

    def load_doc_before_save(self) -> None:
        """Keep the stored document, its row locked, for comparison."""
        self._doc_before_save = None
        if not self.is_new():
            self._doc_before_save = frappe.get_doc(self.doctype, self.name, for_update=True)

    def get_doc_before_save(self) -> Any:
        """The document as it was before this save; None for a new one."""
        return self._doc_before_save

    def has_value_changed(self, fieldname: str) -> bool:
        """True for a new document, too."""
        if not self._doc_before_save:
            return True
        before, after = self._doc_before_save.get(fieldname), self.get(fieldname)
        df = self.meta.get_field(fieldname)
        fieldtype = df.fieldtype if df else "Data"
        return comparable(fieldtype, before) != comparable(fieldtype, after)

    def db_set(self, fieldname: Any, value: Any = None, update_modified: bool = True) -> None:
        """Write one or more values without validation; `on_change` runs."""
        values = fieldname if isinstance(fieldname, dict) else {fieldname: value}
        self.update(values)
        if update_modified and (self.doctype, self.name) not in frappe.flags.currently_saving:
            self.modified, self.modified_by = now(), frappe.session.user
        self.load_doc_before_save()
        self.run_method("before_change")
        if self.meta.issingle:
            frappe.db.set_single_value(self.doctype, values, update_modified=update_modified)
        else:
            stamp = {"modified": self.modified, "modified_by": self.modified_by}
            frappe.db.set_value(self.doctype, self.name, values, update_modified=update_modified, **stamp)
        self.run_method("on_change")

    def add_comment(self, comment_type: str = "Comment", text: str | None = None) -> Any:
        values = {"reference_doctype": self.doctype, "reference_name": self.name}
        values |= {"comment_type": comment_type, "content": text or comment_type}
        comment = frappe.get_doc({"doctype": "Comment", "comment_email": frappe.session.user, **values})
        return comment.insert(ignore_permissions=True)

    def log_error(self, title: str | None = None, message: str | None = None) -> Any:
        """An Error Log that names this document; without a message the present exception's traceback is kept."""
        return frappe.log_error(title, message, reference_doctype=self.doctype, reference_name=self.name)

    # -- permissions, passwords --------------------------------------------------------------------------------------

    def has_permission(self, permtype: str = "read", *, user: str | None = None) -> bool:
        if self.flags.ignore_permissions:
            return True
        return frappe.permissions.has_permission(self.doctype, permtype, doc=self, user=user)

    def check_permission(self, permtype: str = "read") -> None:
        """PermissionError unless the session's user has the right."""
        if not self.has_permission(permtype):
            raise frappe.PermissionError

    def apply_fieldlevel_read_permissions(self) -> None:
        """Remove values that the user may not read (before the document leaves the server)."""
        for doc in (self, *self.get_all_children()):
            for df in fields_beyond(self, doc, "read"):
                doc.__dict__.pop(df.fieldname, None)

    def _save_passwords(self) -> None:
        """Password fields go encrypted into __Auth; the document keeps stars."""
        from frappe.utils.password import remove_encrypted_password, set_encrypted_password

        for df in self.meta.fields_of_type("Password"):
            value = self.get(df.fieldname)
            if not value:
                remove_encrypted_password(self.doctype, self.name, df.fieldname)
            elif set(value) != {"*"}:
                set_encrypted_password(self.doctype, self.name, value, df.fieldname)
                self.set(df.fieldname, "*" * len(value))

    def get_password(self, fieldname: str = "password", raise_exception: bool = True) -> str | None:
        """The plain text of a Password field."""
        from frappe.utils.password import get_decrypted_password

        value = self.get(fieldname)
        if value and set(value) != {"*"}:
            return value
        return get_decrypted_password(self.doctype, self.name, fieldname, raise_exception=raise_exception)
