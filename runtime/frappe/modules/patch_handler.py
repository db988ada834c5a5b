"""Patches: `patches.txt` of every app, each line run once per site."""

from __future__ import annotations

import configparser

import frappe

PRE_MODEL_SYNC, POST_MODEL_SYNC = "pre_model_sync", "post_model_sync"


def run_all(section: str) -> None:
    """Run the patches of one section that this site has not seen yet."""
    executed = set(frappe.get_all("Patch Log", pluck="patch"))
    frappe.flags.in_patch = True
    for app in frappe.get_installed_apps():
        for patch in get_patches_from_app(app, section):
            if patch not in executed:
                run_single(patch)
    frappe.flags.in_patch = False


def get_patches_from_app(app: str, *sections: str) -> list[str]:
    """Lines of `patches.txt` in the sections `[pre_model_sync]` and `[post_model_sync]`."""
    parser = configparser.ConfigParser(allow_no_value=True, delimiters="\n", comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(frappe.get_app_path(app, "patches.txt"), encoding="utf-8")
    return [line for section in sections if parser.has_section(section) for line in parser[section]]


def run_single(patch: str) -> None:
    """Run one patch in a transaction of its own and write it down."""
    print(f"Executing {patch} in {frappe.local.site}", flush=True)
    try:
        if patch.startswith("execute:"):
            exec(patch.removeprefix("execute:").strip(), {"frappe": frappe})
        else:
            frappe.get_attr(f"{patch.split()[0]}.execute")()
        add_to_log(patch)
        frappe.db.commit()
    except Exception:
        frappe.db.rollback()
        raise


def add_to_log(patch: str) -> None:
    frappe.get_doc({"doctype": "Patch Log", "patch": patch}).insert(ignore_permissions=True)
