"""`bench migrate`: bring a site up to date with the code of its apps."""

from __future__ import annotations

import frappe
from frappe.modules.patch_handler import PatchType, run_all


def migrate(verbose: bool = True, skip_failing: bool = False, skip_search_index: bool = False) -> None:
    """Patches before the model, standard documents, patches after it, jobs and fixtures, `after_migrate`."""
    from frappe.utils.synchronization import filelock

    with filelock("bench_migrate", timeout=1):
        frappe.flags.in_migrate = True
        try:
            _migrate(skip_failing)
        finally:
            frappe.flags.in_migrate = False


def _migrate(skip_failing: bool) -> None:
    from frappe.installer import add_module_defs, record_installed_applications
    from frappe.model.sync import remove_orphan_doctypes, sync_all

    frappe.clear_cache()
    _run_hooks("before_migrate")
    run_all(skip_failing=skip_failing, patch_type=PatchType.pre_model_sync)
    for app in frappe.get_installed_apps():
        add_module_defs(app, ignore_if_duplicate=True)
    sync_all()
    run_all(skip_failing=skip_failing, patch_type=PatchType.post_model_sync)
    from frappe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
    from frappe.utils.fixtures import sync_customizations, sync_fixtures

    sync_jobs()
    sync_fixtures()
    for app in frappe.get_installed_apps():
        sync_customizations(app)
    remove_orphan_doctypes()
    record_installed_applications()
    frappe.db.commit()
    frappe.clear_cache()
    _run_hooks("after_migrate")
    frappe.db.commit()
    frappe.clear_cache()


def _run_hooks(hook: str) -> None:
    for app in frappe.get_installed_apps():
        for method in frappe.get_hooks(hook, app_name=app):
            frappe.get_attr(method)()
    frappe.db.commit()
