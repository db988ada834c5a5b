"""Base class and helpers of tests written for Frappe."""

from __future__ import annotations

import copy
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import frappe


class FrappeTestCase(unittest.TestCase):
    """Runs as Administrator; what a test class wrote is rolled back when it ends."""

    @classmethod
    def setUpClass(cls) -> None:
        frappe.flags.in_test = True
        cls.addClassCleanup(frappe.db.rollback)

    def setUp(self) -> None:
        frappe.set_user("Administrator")

    @contextmanager
    def set_user(self, user: str) -> Iterator[None]:
        before = frappe.session.user
        frappe.set_user(user)
        try:
            yield
        finally:
            frappe.set_user(before)


@contextmanager
def change_settings(
    doctype: str, settings_dict: dict | None = None, /, commit: bool = False, **settings: Any
) -> Iterator[None]:
    """Other values in a single DocType for a while."""
    values = {**(settings_dict or {}), **settings}
    doc = frappe.get_doc(doctype)
    before = copy.deepcopy({key: doc.get(key) for key in values})
    doc.update(values)
    doc.save(ignore_permissions=True)
    try:
        yield
    finally:
        doc = frappe.get_doc(doctype)
        doc.update(before)
        doc.save(ignore_permissions=True)
        if commit:
            frappe.db.commit()


@contextmanager
def patch_hooks(overridden_hooks: dict[str, Any]) -> Iterator[None]:
    """Other hooks for a while."""
    original = frappe.get_hooks

    def get_hooks(
        hook: str | None = None, default: Any = "_KEEP_DEFAULT_LIST", app_name: str | None = None
    ) -> Any:
        if hook in overridden_hooks:
            return overridden_hooks[hook]
        return original(hook, default, app_name)

    with patch.object(frappe, "get_hooks", get_hooks):
        yield
