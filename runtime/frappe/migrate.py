"""`bench migrate`: bring a site up to date with the code of its apps."""

from __future__ import annotations

import frappe
from frappe.installer import add_module_defs, sync_app_parts
from frappe.model.sync import remove_orphan_doctypes, sync_for
from frappe.modules.patch_handler import PatchType, run_all


def migrate() -> None:
    """Patches before the model, standard documents, patches after it, jobs and fixtures, `after_migrate`."""
    from frappe.utils.synchronization import filelock

    with filelock("bench_migrate", timeout=1):
        frappe.flags.in_migrate = True
        try:
            _migrate()
        finally:
            frappe.flags.in_migrate = False


def _migrate() -> None:
    apps = frappe.get_installed_apps()
    frappe.clear_cache()
    run_all(PatchType.pre_model_sync)
    for app in apps:
        add_module_defs(app)
        sync_for(app)
    frappe.clear_cache()
    run_all(PatchType.post_model_sync)
    for app in apps:
        sync_app_parts(app)
    remove_orphan_doctypes()
    frappe.db.commit()
    frappe.clear_cache()
    for app in apps:
        for method in frappe.get_hooks("after_migrate", app_name=app):
            frappe.get_attr(method)()
    frappe.db.commit()
    frappe.clear_cache()
