"""What a save changes: comparison with the stored document, single values set at once, versions."""

from __future__ import annotations

import datetime
from typing import Any

import frappe
from frappe.model import table_fields
from frappe.utils import cstr, now


class DocumentChanges:
    """Mixin of Document."""

    def get_doc_before_save(self: Any) -> Any:
        """The document as it was before this save; None for a new one."""
        return getattr(self, "_doc_before_save", None)

    def has_value_changed(self: Any, fieldname: str) -> bool:
        """True for a new document, too."""
        previous = self.get_doc_before_save()
        if not previous:
            return True
        before, after = previous.get(fieldname), self.get(fieldname)
        if isinstance(
            before, datetime.datetime | datetime.date | datetime.timedelta | datetime.time
        ) or isinstance(after, datetime.datetime | datetime.date | datetime.timedelta | datetime.time):
            return not _same_time(before, after)
        df = self.meta.get_field(fieldname)
        if df and df.fieldtype in table_fields:
            return self.is_child_table_same(fieldname) is False
        return before != after

    def get_value_before_save(self: Any, fieldname: str) -> Any:
        previous = self.get_doc_before_save()
        return previous.get(fieldname) if previous else None

    def is_child_table_same(self: Any, fieldname: str) -> bool:
        """Have the rows the same values in the same order as stored?"""
        previous = self.get_doc_before_save()
        before = (previous.get(fieldname) if previous else None) or []
        after = self.get(fieldname) or []
        if len(before) != len(after):
            return False
        skipped = {"modified", "modified_by", "creation", "owner"}
        for old, new in zip(before, after, strict=True):
            old_values, new_values = old.get_valid_dict(), new.get_valid_dict()
            for key, value in new_values.items():
                stored = old_values.get(key)
                if key not in skipped and value != stored and cstr(value) != cstr(stored):
                    return False
        return True

    def validate_update_after_submit(self: Any) -> None:
        if self.flags.ignore_validate_update_after_submit:
            return
        self._validate_update_after_submit()
        for row in self.get_all_children():
            if not row.is_new():
                row._validate_update_after_submit()

    def validate_set_only_once(self: Any) -> None:
        for df in self.meta.get_set_only_once_fields():
            before = self._doc_before_save.get(df.fieldname) if self._doc_before_save else None
            after = self.get(df.fieldname)
            if not before:
                continue
            if df.fieldtype in table_fields:
                failed = not self.is_child_table_same(df.fieldname)
            elif df.fieldtype in ("Date", "Datetime", "Time"):
                failed = not _same_time(before, after)
            else:
                failed = before != after
            if failed:
                frappe.throw(
                    frappe._("Value cannot be changed for {0}").format(
                        frappe.bold(frappe._(self.meta.get_label(df.fieldname), context=self.doctype))
                    ),
                    frappe.CannotChangeConstantError,
                )

    # -- set at once -------------------------------------------------------------------------------------------

    def db_set(
        self: Any,
        fieldname: Any,
        value: Any = None,
        update_modified: bool = True,
        notify: bool = False,
        commit: bool = False,
    ) -> None:
        """Write one or more values without validation; `on_change` runs."""
        values = fieldname if isinstance(fieldname, dict) else {fieldname: value}
        self.update(values)
        if update_modified and (self.doctype, self.name) not in frappe.flags.currently_saving:
            self.set("modified", now())
            self.set("modified_by", frappe.session.user)
        if not frappe.flags.in_install and self.get("name"):
            self.load_doc_before_save()
        self.run_method("before_change")
        if self.name is None:
            return
        if self.meta.issingle:
            frappe.db.set_single_value(self.doctype, values, update_modified=update_modified)
        else:
            frappe.db.set_value(
                self.doctype,
                self.name,
                values,
                modified=self.modified,
                modified_by=self.modified_by,
                update_modified=update_modified,
            )
        self.run_method("on_change")
        if notify:
            self.notify_update()
        if commit:
            frappe.db.commit()

    def update_modified(self: Any) -> None:
        """A new time of change, at once."""
        self.set("modified", now())
        if self.meta.issingle:
            frappe.db.set_single_value(self.doctype, "modified", self.modified, update_modified=False)
        else:
            frappe.db.set_value(self.doctype, self.name, "modified", self.modified, update_modified=False)

    def db_get(self: Any, fieldname: str) -> Any:
        return frappe.db.get_value(self.doctype, self.name, fieldname)

    # -- after saving ------------------------------------------------------------------------------------------

    def clear_cache(self: Any) -> None:
        frappe.clear_document_cache(self.doctype, self.name)

    def notify_update(self: Any) -> None:
        """Tell open pages (there is no Socket.IO here, so nobody listens)."""
        if not self.meta.issingle and not self.meta.istable:
            frappe.publish_realtime("doc_update", doctype=self.doctype, docname=self.name, after_commit=True)

    def save_version(self: Any) -> None:
        """A Version row with what changed, for DocTypes that track changes."""
        if (
            not self.meta.track_changes
            or self.doctype == "Version"
            or frappe.flags.in_install
            or (not self._doc_before_save and frappe.flags.in_patch)
            or self.flags.ignore_version
        ):
            return
        from frappe.core.doctype.version.version import record_version

        record_version(self)

    def set_title_field(self: Any) -> None:
        """Fill a title field whose default is a pattern such as `{customer} {date}`."""
        title_field = self.meta.get_title_field()
        df = self.meta.get_field(title_field)
        if not df or title_field == "name":
            return
        pattern = df.default or ""
        if "{" in pattern and (self.is_new() and self.get(title_field) in (None, "", pattern)):
            self.set(title_field, pattern.format(**self.as_dict()))
        elif not self.get(title_field) and df.options and "{" in df.options:
            self.set(title_field, df.options.format(**self.as_dict()))

    def copy_attachments_from_amended_from(self: Any) -> None:
        for attached in frappe.get_all(
            "File",
            filters={"attached_to_doctype": self.doctype, "attached_to_name": self.amended_from},
            fields=["name", "file_url", "file_name", "is_private"],
        ):
            copied = frappe.new_doc("File", **attached)
            copied.name = None
            copied.attached_to_doctype, copied.attached_to_name = self.doctype, self.name
            copied.insert(ignore_permissions=True)

    def add_comment(
        self: Any,
        comment_type: str = "Comment",
        text: str | None = None,
        comment_email: str | None = None,
        comment_by: str | None = None,
    ) -> Any:
        return frappe.get_doc(
            {
                "doctype": "Comment",
                "comment_type": comment_type,
                "comment_email": comment_email or frappe.session.user,
                "comment_by": comment_by,
                "reference_doctype": self.doctype,
                "reference_name": self.name,
                "content": text or comment_type,
            }
        ).insert(ignore_permissions=True)


def _same_time(before: Any, after: Any) -> bool:
    """Equal as points in time, whether given as text or as values."""
    if before in (None, "") or after in (None, ""):
        return (before or None) == (after or None)
    from frappe.utils import get_datetime, getdate, to_timedelta

    if isinstance(before, datetime.timedelta | datetime.time) or isinstance(
        after, datetime.timedelta | datetime.time
    ):
        return to_timedelta(cstr(before)) == to_timedelta(cstr(after))
    if type(before) is datetime.date or type(after) is datetime.date:
        return getdate(before) == getdate(after)
    return get_datetime(before) == get_datetime(after)
