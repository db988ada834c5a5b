"""Patches: `patches.txt` of every app, each line run once per site."""

from __future__ import annotations

import configparser
import enum
import os
from typing import Any

import frappe


class PatchType(enum.Enum):
    pre_model_sync = "pre_model_sync"
    post_model_sync = "post_model_sync"


class PatchError(Exception):
    pass


def run_all(skip_failing: bool = False, patch_type: PatchType | None = None) -> None:
    """Run the patches that this site has not seen yet."""
    executed = set(frappe.get_all("Patch Log", {"skipped": 0}, pluck="patch"))
    for app in frappe.get_installed_apps():
        for patch in get_patches_from_app(app, patch_type=patch_type):
            if patch in executed:
                continue
            try:
                run_single(patchmodule=patch)
            except Exception:
                if not skip_failing:
                    raise
                frappe.db.rollback()
                _log_patch(patch, skipped=True, traceback=frappe.get_traceback())
                frappe.db.commit()


def get_patches_from_app(app: str, patch_type: PatchType | None = None) -> list[str]:
    """Lines of `patches.txt`: sections `[pre_model_sync]` and `[post_model_sync]`, or all before the sync."""
    path = frappe.get_app_path(app, "patches.txt")
    if not os.path.exists(path):
        return []
    parser = configparser.ConfigParser(allow_no_value=True, delimiters="\n", comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except configparser.MissingSectionHeaderError:
        lines = frappe.get_file_items(path)
        return [] if patch_type is PatchType.post_model_sync else lines
    if not parser.sections():
        return []
    for section in parser.sections():
        if section not in PatchType.__members__:
            raise PatchError(f"Patch type {section} not known in {path}")
    wanted = [patch_type] if patch_type else list(PatchType)
    return [line for kind in wanted if parser.has_section(kind.value) for line in parser[kind.value]]


def run_single(
    patchmodule: str | None = None, method: Any = None, methodargs: dict | None = None, force: bool = False
) -> bool:
    """Run one patch in a transaction of its own and write it down."""
    frappe.flags.in_patch = True
    try:
        if patchmodule and patchmodule.startswith("execute:"):
            scope = {"frappe": frappe}
            exec(patchmodule.split("execute:", 1)[1].strip(), scope)
        elif patchmodule:
            name = patchmodule.split()[0]
            frappe.get_attr(name if name.endswith(".execute") else f"{name}.execute")()
        elif method:
            method(**(methodargs or {}))
        if patchmodule:
            _log_patch(patchmodule)
        frappe.db.commit()
    except Exception:
        frappe.db.rollback()
        raise
    finally:
        frappe.flags.in_patch = False
    return True


def executed(patchmodule: str) -> str | None:
    return frappe.db.get_value("Patch Log", {"patch": patchmodule, "skipped": 0})


def _log_patch(patchmodule: str, skipped: bool = False, traceback: str | None = None) -> None:
    doc = frappe.get_doc(
        {"doctype": "Patch Log", "patch": patchmodule, "skipped": int(skipped), "traceback": traceback}
    )
    doc.insert(ignore_permissions=True)
