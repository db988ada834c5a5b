"""Patches: `patches.txt` of every app, each line run once per site."""

from __future__ import annotations

import configparser
import enum

import frappe


class PatchType(enum.Enum):
    pre_model_sync = "pre_model_sync"
    post_model_sync = "post_model_sync"


def run_all(patch_type: PatchType) -> None:
    """Run the patches that this site has not seen yet."""
    executed = set(frappe.get_all("Patch Log", {"skipped": 0}, pluck="patch"))
    for app in frappe.get_installed_apps():
        for patch in get_patches_from_app(app, patch_type):
            if patch not in executed:
                run_single(patch)


def get_patches_from_app(app: str, patch_type: PatchType | None = None) -> list[str]:
    """Lines of `patches.txt`: sections `[pre_model_sync]` and `[post_model_sync]`, or all before the sync."""
    path = frappe.get_app_path(app, "patches.txt")
    parser = configparser.ConfigParser(allow_no_value=True, delimiters="\n", comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read(path, encoding="utf-8")
    except configparser.MissingSectionHeaderError:
        return [] if patch_type is PatchType.post_model_sync else frappe.get_file_items(path)
    wanted = [patch_type] if patch_type else list(PatchType)
    return [line for kind in wanted if parser.has_section(kind.value) for line in parser[kind.value]]


def run_single(patch: str) -> None:
    """Run one patch in a transaction of its own and write it down."""
    frappe.flags.in_patch = True
    try:
        print(f"Executing {patch} in {frappe.local.site}", flush=True)
        if patch.startswith("execute:"):
            exec(patch.removeprefix("execute:").strip(), {"frappe": frappe})
        else:
            frappe.get_attr(f"{patch.split()[0]}.execute")()
        frappe.get_doc({"doctype": "Patch Log", "patch": patch}).insert(ignore_permissions=True)
        frappe.db.commit()
    except Exception:
        frappe.db.rollback()
        raise
    finally:
        frappe.flags.in_patch = False
