"""`bench migrate`: bring a site up to date with the code of its apps."""

from __future__ import annotations

import frappe
from frappe.installer import add_module_defs, run_hooks, sync_app_parts
from frappe.model.sync import sync_for
from frappe.modules.patch_handler import POST_MODEL_SYNC, PRE_MODEL_SYNC, run_all
from frappe.utils.synchronization import filelock


def migrate() -> None:
    """Patches before the model, standard documents, patches after it, jobs and fixtures, `after_migrate`."""
    with filelock("bench_migrate", timeout=1):
        frappe.flags.in_migrate = True
        apps = frappe.get_installed_apps()
        frappe.clear_cache()
        run_all(PRE_MODEL_SYNC)
        for app in apps:
            add_module_defs(app)
            sync_for(app)
        frappe.clear_cache()
        run_all(POST_MODEL_SYNC)
        for app in apps:
            sync_app_parts(app)
        frappe.db.commit()
        frappe.clear_cache()
        for app in apps:
            run_hooks("after_migrate", app)
        frappe.db.commit()
        frappe.clear_cache()
        frappe.flags.in_migrate = False
