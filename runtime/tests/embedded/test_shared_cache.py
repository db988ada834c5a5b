"""Live objects in front of the cache, and other processes that invalidate them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def front(site: str) -> dict:
    import frappe

    found = frappe.cache.front("test")
    found["kept"] = object()
    return found


def test_a_front_keeps_live_objects(front: dict) -> None:
    import frappe

    assert frappe.cache.front("test")["kept"] is front["kept"]


def test_another_process_empties_it(front: dict) -> None:
    import frappe

    pid = os.fork()
    if pid == 0:
        frappe.local.db = None
        frappe.local.cache_store = None
        frappe.cache.invalidate_fronts()
        os._exit(0)
    os.waitpid(pid, 0)
    assert frappe.cache.front("test") == {}


def test_it_is_emptied_again_when_the_transaction_ends(front: dict) -> None:
    """Whoever refilled it in between may have read the state before the commit."""
    import frappe

    frappe.cache.invalidate_fronts()
    frappe.cache.front("test")["old"] = 1
    frappe.db.commit()
    assert frappe.cache.front("test") == {}


def test_an_undone_change_empties_it_too(front: dict) -> None:
    import frappe

    frappe.cache.invalidate_fronts()
    frappe.cache.front("test")["uncommitted"] = 1
    frappe.db.rollback()
    assert frappe.cache.front("test") == {}
