"""The steps of saving a document, in Frappe's order, and the events that run on the way."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.model.docstatus import DocStatus
from frappe.model.naming import set_new_name
from frappe.utils import cstr, now


class DocumentSaving:
    """Mixin of Document."""

    def _set_defaults(self: Any) -> None:
        if frappe.flags.in_import:
            return
        if self.is_new():
            self.update_if_missing(frappe.new_doc(self.doctype, as_dict=True))
        for df in self.meta.get_table_fields():
            rows = [row for row in self.get(df.fieldname) or [] if row.is_new()]
            if rows:
                template = frappe.new_doc(df.options, parent_doc=self, parentfield=df.fieldname, as_dict=True)
                for row in rows:
                    row.update_if_missing(template)

    def set_user_and_timestamp(self: Any) -> None:
        self._original_modified = self.modified
        self.modified = now()
        self.modified_by = frappe.session.user
        if not self.get("creation"):
            self.creation = self.modified
        if not self.get("owner"):
            self.owner = self.modified_by
        for row in self.get_all_children():
            row.modified = self.modified
            row.modified_by = self.modified_by
            if not row.get("owner"):
                row.owner = self.owner
            if not row.get("creation"):
                row.creation = self.creation
        frappe.flags.currently_saving.append((self.doctype, self.name))

    def set_docstatus(self: Any) -> None:
        """Rows have the status of their document."""
        for row in self.get_all_children():
            row.docstatus = self.docstatus

    def set_new_name(
        self: Any, force: bool = False, set_name: str | None = None, set_child_names: bool = True
    ) -> None:
        if self.flags.name_set and not force:
            return
        if set_name:
            from frappe.model.naming import validate_name

            self.name = validate_name(self.doctype, set_name)
        else:
            set_new_name(self)
        if set_child_names:
            for row in self.get_all_children():
                set_new_name(row)
        self.flags.name_set = True

    def set_name_in_children(self: Any) -> None:
        for row in self.get_all_children():
            if not row.name:
                set_new_name(row)

    def set_parent_in_children(self: Any) -> None:
        for row in self.get_all_children():
            row.parent = self.name
            row.parenttype = self.doctype

    def check_if_latest(self: Any) -> None:
        """Refuse to overwrite what somebody else saved meanwhile; decide which action this is."""
        self.load_doc_before_save(raise_exception=True)
        self._action = "save"
        previous = self._doc_before_save
        if not previous:
            self.check_docstatus_transition(DocStatus.DRAFT)
            return
        if cstr(previous.modified) != cstr(self._original_modified):
            frappe.msgprint(
                frappe._("Error: Document has been modified after you have opened it")
                + f" ({previous.modified}, {self.modified}). "
                + frappe._("Please refresh to get the latest document."),
                raise_exception=frappe.TimestampMismatchError,
            )
        if not self.meta.issingle:
            self.check_docstatus_transition(previous.docstatus)

    def check_docstatus_transition(self: Any, to_docstatus: int) -> None:
        """0 → 0, 0 → 1, 1 → 1 and 1 → 2 are all there is."""
        names = {0: "Draft", 1: "Submitted", 2: "Cancelled"}
        actions = {(0, 0): "save", (0, 1): "submit", (1, 1): "update_after_submit", (1, 2): "cancel"}
        step = (int(to_docstatus), int(self.docstatus))
        if step[1] not in names:
            raise frappe.ValidationError(frappe._("Invalid docstatus"), self.docstatus)
        if step in actions:
            self._action = actions[step]
            if self._action == "cancel":
                self.check_permission("cancel")
            elif self._action != "save":
                self.check_permission("submit")
            return
        if step[0] == DocStatus.CANCELLED:
            raise frappe.ValidationError(frappe._("Cannot edit cancelled document"))
        raise frappe.DocstatusTransitionError(
            frappe._("Cannot change docstatus from {0} to {1}").format(
                *(f"{value} ({frappe._(names[value])})" for value in step)
            )
        )

    def load_doc_before_save(self: Any, *, raise_exception: bool = False) -> None:
        """Keep the stored document, its row locked, for comparison."""
        self._doc_before_save = None
        if self.is_new():
            return
        try:
            self._doc_before_save = frappe.get_doc(self.doctype, self.name, for_update=True)
        except frappe.DoesNotExistError:
            if raise_exception:
                raise
            frappe.clear_last_message()

    def _validate(self: Any) -> None:
        self._validate_mandatory()
        for doc in (self, *self.get_all_children()):
            doc._validate_data_fields()
            doc._validate_selects()
            doc._validate_non_negative()
            doc._validate_length()
            doc._sync_autoname_field()
            doc._sanitize_content()
            doc._save_passwords()
        self.validate_workflow()
        if self.is_new():
            for fieldname in ("_user_tags", "_comments", "_assign", "_liked_by"):
                self.set(fieldname, None)
        else:
            self.validate_set_only_once()

    def run_before_save_methods(self: Any) -> None:
        if self.flags.ignore_validate:
            return
        if self._action == "save":
            self.run_method("before_validate")
            self.run_method("validate")
            self.run_method("before_save")
        elif self._action == "submit":
            self.run_method("before_validate")
            self.run_method("validate")
            self.run_method("before_submit")
        elif self._action == "cancel":
            self.run_method("before_cancel")
        elif self._action == "update_after_submit":
            self.run_method("before_update_after_submit")
        self.set_title_field()

    def run_post_save_methods(self: Any) -> None:
        if self._action == "save":
            self.run_method("on_update")
        elif self._action == "submit":
            self.run_method("on_update")
            self.run_method("on_submit")
        elif self._action == "cancel":
            self.run_method("on_cancel")
            self.check_no_back_links_exist()
        elif self._action == "update_after_submit":
            self.run_method("on_update_after_submit")
        self.clear_cache()
        if self.flags.get("notify_update", True):
            self.notify_update()
        self.save_version()
        self.run_method("on_change")
        saving = frappe.flags.currently_saving
        if (self.doctype, self.name) in saving:
            saving.remove((self.doctype, self.name))

    def check_no_back_links_exist(self: Any) -> None:
        """A document that submitted ones point to cannot be cancelled."""
        from frappe.model.delete_doc import check_if_doc_is_dynamically_linked, check_if_doc_is_linked

        if not self.flags.ignore_links:
            check_if_doc_is_linked(self, method="Cancel")
            check_if_doc_is_dynamically_linked(self, method="Cancel")

    # -- events --------------------------------------------------------------------------------------------------

    def run_method(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        """The controller's method, then the `doc_events` of all apps for it."""
        own = getattr(self, method, None)
        result = own(*args, **kwargs) if own is not None else None
        hooks = frappe.get_doc_hooks()
        handlers = hooks.get(self.doctype, {}).get(method, []) + hooks.get("*", {}).get(method, [])
        for handler in handlers:
            added = frappe.get_attr(handler)(self, method, *args, **kwargs)
            result = _combine(result, added)
        return result


def _combine(result: Any, added: Any) -> Any:
    if isinstance(added, dict):
        return {**result, **added} if isinstance(result, dict) else added
    return result if added is None else added
