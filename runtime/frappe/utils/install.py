"""Documents that every site starts with: roles, standard users, languages, settings."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils.password import update_password

DESK_ROLES = ("Administrator", "System Manager", "Desk User", "Report Manager", "Website Manager")
ROLES = {**dict.fromkeys((*DESK_ROLES, "Workspace Manager"), 1), "Guest": 0, "All": 0}
LANGUAGES = {"en": "English", "zh": "简体中文", "zh-TW": "正體中文"}

CNY = {"currency_name": "CNY", "enabled": 1, "symbol": "¥", "number_format": "#,###.##"}
HOME = {"name": "Home", "file_name": "Home", "is_folder": 1, "is_home_folder": 1}
ATTACHMENTS = {"file_name": "Attachments", "is_folder": 1, "is_attachments_folder": 1, "folder": "Home"}
SETTINGS = {
    "language": "en",
    "time_zone": "Asia/Shanghai",
    "date_format": "yyyy-mm-dd",
    "number_format": "#,###.##",
    "enable_scheduler": 0,
}


def add_standard_documents(admin_password: str) -> None:
    """Everything that is no DocType."""
    for name, desk_access in ROLES.items():
        if not frappe.db.exists("Role", name):  # the permissions of DocTypes name some
            _insert("Role", role_name=name, desk_access=desk_access)
    for code, name in LANGUAGES.items():
        _insert("Language", language_code=code, language_name=name)
    _insert("Currency", **CNY)
    _insert("Country", country_name="China", code="cn")
    _add_user("Administrator", "admin@example.com", "System User")
    _add_user("Guest", "guest@example.com", "Website User")
    update_password("Administrator", admin_password)
    settings = frappe.get_single("System Settings")
    settings.update(SETTINGS)
    settings.flags.ignore_mandatory = True
    settings.save(ignore_permissions=True)
    _insert("File", **HOME)
    _insert("File", name="Home/Attachments", **ATTACHMENTS)


def _add_user(name: str, email: str, user_type: str) -> None:
    """A standard user has the role of the same name."""
    values = {"name": name, "first_name": name, "email": email, "user_type": user_type}
    _insert("User", **values, enabled=1, roles=[{"role": name}])


def _insert(doctype: str, **values: Any) -> None:
    doc = frappe.get_doc({"doctype": doctype, **values})
    doc.insert(ignore_permissions=True, ignore_links=True, ignore_mandatory=True)
