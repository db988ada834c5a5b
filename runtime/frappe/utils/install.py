"""Documents that every site starts with: roles, standard users, languages, settings."""

from __future__ import annotations

import frappe
from frappe.utils.password import update_password

ROLES = (
    # name, access to the Desk
    ("Administrator", 1),
    ("System Manager", 1),
    ("Guest", 0),
    ("All", 0),
    ("Desk User", 1),
    ("Report Manager", 1),
    ("Website Manager", 1),
    ("Workspace Manager", 1),
)
LANGUAGES = (("en", "English"), ("zh", "简体中文"), ("zh-TW", "正體中文"))


def add_standard_documents(admin_password: str) -> None:
    """Everything that is no DocType."""
    from frappe.installer import add_module_defs

    add_module_defs("frappe")
    for name, desk_access in ROLES:
        _insert({"doctype": "Role", "role_name": name, "desk_access": desk_access})
    for name in ("System User", "Website User"):
        _insert({"doctype": "User Type", "name": name, "is_standard": 1})
    for code, name in LANGUAGES:
        _insert({"doctype": "Language", "language_code": code, "language_name": name})
    _insert(
        {
            "doctype": "Currency",
            "currency_name": "CNY",
            "enabled": 1,
            "symbol": "¥",
            "fraction": "Fen",
            "fraction_units": 100,
            "smallest_currency_fraction_value": 0.01,
            "number_format": "#,###.##",
        }
    )
    _insert(
        {
            "doctype": "Country",
            "country_name": "China",
            "code": "cn",
            "date_format": "yyyy-mm-dd",
            "time_format": "HH:mm:ss",
            "time_zones": "Asia/Shanghai\nAsia/Urumqi",
        }
    )
    _add_users(admin_password)
    _add_settings()
    for name in ("Home", "Home/Attachments"):
        _insert(
            {
                "doctype": "File",
                "name": name,
                "file_name": name.rsplit("/", 1)[-1],
                "is_folder": 1,
                "is_home_folder": int(name == "Home"),
                "is_attachments_folder": int(name != "Home"),
                "folder": None if name == "Home" else "Home",
            }
        )


def _insert(values: dict) -> None:
    if frappe.db.exists(values["doctype"], values.get("name") or next(iter(list(values.values())[1:]))):
        return
    doc = frappe.get_doc(values)
    doc.flags.ignore_permissions = doc.flags.ignore_links = doc.flags.ignore_mandatory = True
    doc.insert()


def _add_users(admin_password: str) -> None:
    for name, email, roles in (
        ("Administrator", "admin@example.com", ["Administrator"]),
        ("Guest", "guest@example.com", ["Guest"]),
    ):
        user = frappe.get_doc(
            {
                "doctype": "User",
                "name": name,
                "first_name": name,
                "email": email,
                "enabled": 1,
                "user_type": "System User" if name == "Administrator" else "Website User",
                "send_welcome_email": 0,
                "roles": [{"role": role} for role in roles],
            }
        )
        user.flags.ignore_permissions = user.flags.ignore_password_policy = user.flags.no_welcome_mail = True
        user.insert()
    update_password("Administrator", admin_password)


def _add_settings() -> None:
    settings = frappe.get_single("System Settings")
    settings.update(
        {
            "language": "en",
            "time_zone": "Asia/Shanghai",
            "date_format": "yyyy-mm-dd",
            "number_format": "#,###.##",
            "enable_scheduler": 0,
        }
    )
    settings.flags.ignore_mandatory = settings.flags.ignore_permissions = True
    settings.save(ignore_version=True)
