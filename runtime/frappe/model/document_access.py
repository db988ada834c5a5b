"""Permissions, links, passwords and workflow of one document."""

from __future__ import annotations

from typing import Any

import frappe


class DocumentAccess:
    """Mixin of Document."""

    def has_permission(
        self: Any, permtype: str = "read", *, debug: bool = False, user: str | None = None
    ) -> bool:
        if self.flags.ignore_permissions:
            return True
        import frappe.permissions

        return frappe.permissions.has_permission(self.doctype, permtype, doc=self, user=user)

    def check_permission(self: Any, permtype: str = "read", permlevel: Any = None) -> None:
        """PermissionError unless the session's user has the right."""
        if not self.has_permission(permtype):
            self.raise_no_permission_to(permtype)

    def raise_no_permission_to(self: Any, perm_type: str) -> None:
        frappe.flags.error_message = frappe._(
            "You need the '{0}' permission on {1} {2} to perform this action."
        ).format(frappe._(perm_type), frappe.bold(frappe._(self.doctype)), self.name or "")
        raise frappe.PermissionError

    def get_permissions(self: Any) -> list[Any]:
        """Rules of this document; a row of a child table has those of its parent."""
        if self.meta.istable:
            return frappe.get_meta(self.parenttype).permissions
        return self.meta.permissions

    def get_permlevel_access(self: Any, permission_type: str = "write") -> list[int]:
        roles = set(frappe.get_roles())
        known = self.flags.setdefault("permlevel_access", {})
        if permission_type not in known:
            known[permission_type] = [
                perm.permlevel or 0
                for perm in self.get_permissions()
                if perm.role in roles and perm.get(permission_type)
            ]
        return known[permission_type]

    def validate_higher_perm_levels(self: Any) -> None:
        """Undo changes of fields whose permission level the user may not write."""
        if self.flags.ignore_permissions or frappe.flags.in_install or frappe.session.user == "Administrator":
            return
        has_access_to = self.get_permlevel_access("write")
        if fields := self.meta.get_high_permlevel_fields():
            self.reset_values_if_no_permlevel_access(has_access_to, fields)
        if self.is_new() and frappe.flags.in_import:
            return
        for df in self.meta.get_table_fields():
            fields = frappe.get_meta(df.options).get_high_permlevel_fields()
            if fields:
                for row in self.get(df.fieldname) or []:
                    row.reset_values_if_no_permlevel_access(has_access_to, fields)

    def apply_fieldlevel_read_permissions(self: Any) -> None:
        """Remove values that the user may not read (before the document leaves the server)."""
        if frappe.session.user == "Administrator":
            return
        levels = set(self.get_permlevel_access("read"))
        for df in self.meta.get_high_permlevel_fields():
            if df.permlevel not in levels:
                self.delete_key(df.fieldname)
        for table in self.meta.get_table_fields():
            hidden = [
                df
                for df in frappe.get_meta(table.options).get_high_permlevel_fields()
                if df.permlevel not in levels
            ]
            for row in self.get(table.fieldname) or [] if hidden else []:
                for df in hidden:
                    row.delete_key(df.fieldname)

    # -- mandatory, links --------------------------------------------------------------------------------------

    def _get_missing_in_all(self: Any) -> list[tuple[str, str]]:
        missing = self._get_missing_mandatory_fields()
        for row in self.get_all_children():
            missing.extend(row._get_missing_mandatory_fields())
        return missing

    def _validate_mandatory(self: Any) -> None:
        if self.flags.ignore_mandatory:
            return
        missing = self._get_missing_in_all()
        if not missing:
            return
        for _fieldname, message in missing:
            frappe.msgprint(message)
        if frappe.flags.print_messages:
            print(self.as_json().encode("utf-8"))
        raise frappe.MandatoryError(
            f"[{self.doctype}, {self.name}]: " + ", ".join(fieldname for fieldname, _message in missing)
        )

    def _validate_links(self: Any) -> None:
        if self.flags.ignore_links or self._action == "cancel":
            return
        invalid, cancelled = self.get_invalid_links()
        for row in self.get_all_children():
            found = row.get_invalid_links(is_submittable=self.meta.is_submittable)
            invalid += found[0]
            cancelled += found[1]
        if self.meta.is_submittable:
            cancelled += self.get_invalid_links(is_submittable=True)[1]
        if invalid:
            text = ", ".join(message for _field, _value, message in invalid)
            frappe.throw(frappe._("Could not find {0}").format(text), frappe.LinkValidationError)
        if cancelled:
            text = ", ".join(message for _field, _value, message in cancelled)
            frappe.throw(
                frappe._("Cannot link cancelled document: {0}").format(text), frappe.CancelledLinkError
            )

    # -- passwords ---------------------------------------------------------------------------------------------

    def _save_passwords(self: Any) -> None:
        """Password fields go encrypted into __Auth; the document keeps stars."""
        if self.flags.ignore_save_passwords is True:
            return
        from frappe.utils.password import remove_encrypted_password, set_encrypted_password

        for df in self.meta.fields:
            if df.fieldtype != "Password" or (
                self.flags.ignore_save_passwords and df.fieldname in self.flags.ignore_save_passwords
            ):
                continue
            value = self.get(df.fieldname)
            if not value:
                remove_encrypted_password(self.doctype, self.name, df.fieldname)
            elif not self.is_dummy_password(value):
                set_encrypted_password(self.doctype, self.name, value, df.fieldname)
                self.set(df.fieldname, "*" * len(value))

    def get_password(self: Any, fieldname: str = "password", raise_exception: bool = True) -> str | None:
        """The plain text of a Password field."""
        from frappe.utils.password import get_decrypted_password

        if self.get(fieldname) and not self.is_dummy_password(self.get(fieldname)):
            return self.get(fieldname)
        return get_decrypted_password(self.doctype, self.name, fieldname, raise_exception=raise_exception)

    def is_dummy_password(self: Any, pwd: str) -> bool:
        return "".join(set(pwd)) == "*"

    # -- workflow, whitelist -------------------------------------------------------------------------------------

    def validate_workflow(self: Any) -> None:
        if frappe.flags.in_install == "frappe":
            return
        if self.meta.istable or not self.meta.get_workflow():
            return
        from frappe.model.workflow import set_workflow_state_on_action, validate_workflow

        validate_workflow(self)
        if self._action != "save":
            set_workflow_state_on_action(self, self.meta.get_workflow(), self._action)

    def is_whitelisted(self: Any, method_name: str) -> None:
        method = getattr(self, method_name, None)
        if not method:
            raise frappe.NotFound(f"Method {method_name} not found")
        frappe.is_whitelisted(getattr(method, "__func__", method))

    # -- onload, titles ------------------------------------------------------------------------------------------

    def set_onload(self: Any, key: str, value: Any) -> None:
        if not self.get("__onload"):
            self.set("__onload", frappe._dict())
        self.get("__onload")[key] = value

    def get_onload(self: Any, key: str | None = None) -> Any:
        onload = self.get("__onload") or frappe._dict()
        return onload.get(key) if key else onload

    def get_title(self: Any) -> Any:
        return self.get(self.meta.get_title_field() or "name")

    def get_url(self: Any) -> str:
        from frappe.utils import get_url_to_form

        return get_url_to_form(self.doctype, self.name)
