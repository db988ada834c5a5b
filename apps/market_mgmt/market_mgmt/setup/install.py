"""What an installation creates: roles, fee types and, on a site not yet set up, its settings."""

import frappe
from frappe.installer import update_site_config
from frappe.utils import cint
from market_mgmt.services import ledger_guard
from market_mgmt.setup.roles import ensure_roles
from market_mgmt.setup.workflows import seed_workflows

# (name, code, kind, late fees run, priority: the lower is paid first)
FEE_TYPES = (
    ("Rent", "RENT", "Rent", 1, 10),
    ("Management", "MGMT", "Fixed", 1, 20),
    ("Water", "WATER", "Metered", 0, 30),
    ("Electricity", "ELEC", "Metered", 0, 40),
    ("Sanitation", "SANI", "Fixed", 0, 50),
)

# A market's merchants sign in for the first time on the same morning; Frappe allows 60 new users an hour.
NEW_USERS_AN_HOUR = 10_000

SYSTEM_SETTINGS = {
    "country": "China",
    "language": "zh",
    "time_zone": "Asia/Shanghai",
    "session_expiry": "240:00",
    "allow_error_traceback": 0,
    # Stock Frappe judges passwords only when told to; the embedded runtime always does.
    "enable_password_policy": 1,
    "minimum_password_score": "2",
    # A quiet office is not an abandoned site: scheduled jobs go on for ten years without a visit.
    "dormant_days": 3650,
    "enable_scheduler": 1,
    "setup_complete": 1,
}


def before_install() -> None:
    """The permissions of our DocTypes name the roles, so these come first; the ledger will need its triggers."""
    ledger_guard.require_trust()
    ensure_roles()


def after_install() -> None:
    """Seeds what the office may change later; a site that was already set up keeps its settings."""
    ensure_roles()
    seed_fee_types()
    configure_site("throttle_user_limit", NEW_USERS_AN_HOUR)
    set_up_site()
    name_file_folders()
    seed_workflows()
    ledger_guard.install()


def after_migrate() -> None:
    """New versions may bring new roles and workflows; a restored backup may lack the ledger's triggers."""
    ensure_roles()
    seed_workflows()
    ledger_guard.install()


def seed_fee_types() -> None:
    """Creates the usual fee types that are missing."""
    for name, code, kind, late_fee_applies, priority in FEE_TYPES:
        if not frappe.db.exists("Fee Type", name):
            frappe.get_doc(
                {
                    "doctype": "Fee Type",
                    "fee_type_name": name,
                    "code": code,
                    "kind": kind,
                    "late_fee_applies": late_fee_applies,
                    "priority": priority,
                }
            ).insert(ignore_permissions=True)


def configure_site(key: str, value: object) -> None:
    """Sets an entry of site_config.json unless the site has its own."""
    if not frappe.conf.get(key):
        update_site_config(key, value, validate=False)
        frappe.local.conf[key] = value


def set_up_site() -> None:
    """Does what Frappe's setup wizard would ask for, unless somebody has been through it."""
    settings = frappe.get_doc("System Settings")
    if cint(settings.setup_complete):
        return
    settings.update({key: value for key, value in SYSTEM_SETTINGS.items() if settings.meta.has_field(key)})
    settings.flags["ignore_mandatory"] = True
    settings.save(ignore_permissions=True)
    # What guests read and what jobs write to people: System Settings reaches signed-in users only.
    configure_site("lang", "zh")
    # Else the first sign-in would be led to the wizard.
    frappe.db.set_default("desktop:home_page", "workspace")


def name_file_folders() -> None:
    """Uploads go to the folders Home and Home/Attachments. Frappe names them in the language of site_config.json, so a
    site that is installed again, its configuration saying zh since the first time, would refuse every upload."""
    for name, mark in (("Home", "is_home_folder"), ("Home/Attachments", "is_attachments_folder")):
        found = frappe.db.get_value("File", {mark: 1, "is_folder": 1})
        if found and found != name:
            frappe.rename_doc("File", found, name, force=True)
            frappe.db.set_value("File", name, "file_name", name.rpartition("/")[2])
