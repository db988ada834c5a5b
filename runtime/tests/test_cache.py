"""`frappe.cache` and locks."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def key(site: str) -> Iterator[str]:
    """A name nobody else uses; gone afterwards."""
    import frappe

    name = f"rt-{frappe.generate_hash(length=10)}"
    yield name
    frappe.cache.delete_value(name)


def forget_local() -> None:
    """As the next request sees it."""
    import frappe

    frappe.local.cache = {}


def test_values_of_any_kind(key: str) -> None:
    import frappe

    for value in ({"a": [1, None]}, "文", 0, 1.5, ("x",)):
        frappe.cache.set_value(key, value)
        forget_local()
        assert frappe.cache.get_value(key) == value
    assert frappe.cache().get_value(key) == ("x",)
    frappe.cache.delete_value(key)
    forget_local()
    assert frappe.cache.get_value(key) is None


def test_a_value_expires(key: str) -> None:
    import frappe

    frappe.cache.set_value(key, 1, expires_in_sec=1)
    assert frappe.cache.get_value(key, expires=True) == 1
    frappe.cache.expire(frappe.cache.make_key(key), 0)
    assert frappe.cache.get_value(key, expires=True) is None


def test_keys_with_a_common_beginning(key: str) -> None:
    import frappe

    frappe.cache.set_value(f"{key}:1", 1)
    frappe.cache.set_value(f"{key}:2", 2)
    frappe.cache.delete_keys(f"{key}:")
    assert [frappe.cache.get_value(f"{key}:{number}") for number in (1, 2)] == [None, None]
    frappe.cache.set_value(f"{key}:1", 1)
    frappe.cache.set_value(f"{key}:2", 2)
    frappe.cache.delete_value([f"{key}:1", f"{key}:2"])
    forget_local()
    assert [frappe.cache.get_value(f"{key}:{number}") for number in (1, 2)] == [None, None]


def test_counters(key: str) -> None:
    import frappe

    name = frappe.cache.make_key(key)
    assert frappe.cache.incrby(name, 1) == 1
    assert frappe.cache.incrby(name, 4) == 5
    assert int(frappe.cache.get(name)) == 5
    frappe.cache.expire(name, 100)
    assert frappe.cache.incrby(name, 1) == 6
    frappe.cache.expire(name, 0)
    assert frappe.cache.get(name) is None
    frappe.cache.expire(name, 100)
    assert frappe.cache.get(name) is None
    assert frappe.cache.incrby(name, 1) == 1
    frappe.cache.delete(name)
    assert frappe.cache.get(name) is None


def test_plain_values_with_an_expiry(key: str) -> None:
    import frappe

    name = frappe.cache.make_key(key)
    frappe.cache.setex(name, 100, "文")
    assert frappe.cache.get(name).decode() == "文"
    frappe.cache.expire(name, 0)
    assert frappe.cache.get(name) is None


def test_clearing_the_cache_forgets_values(key: str) -> None:
    import frappe

    frappe.cache.set_value(key, 1)
    frappe.clear_cache()
    assert frappe.cache.get_value(key) is None


def test_file_locks_exclude_each_other(site: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import frappe
    from frappe.utils.file_lock import LockTimeoutError
    from frappe.utils.synchronization import filelock

    name = f"rt-{frappe.generate_hash(length=10)}"

    def take_it_elsewhere() -> str:
        frappe.init(site, sites_path=".", force=True)
        try:
            with filelock(name, timeout=0):
                return "taken"
        except LockTimeoutError:
            return "refused"
        finally:
            frappe.destroy()

    with ThreadPoolExecutor(1) as other:
        with filelock(name):
            assert other.submit(take_it_elsewhere).result() == "refused"
        assert other.submit(take_it_elsewhere).result() == "taken"


def test_a_shared_counter_counts_every_thread(key: str, site: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import frappe

    def count() -> None:
        frappe.init(site, sites_path=".", force=True)
        for _number in range(50):
            frappe.cache.incrby(key, 1)
        frappe.destroy()

    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        for _ in [threads.submit(count) for _ in range(4)]:
            _.result()
    assert int(frappe.cache.get(key)) == 200
    assert time.monotonic() - began < 20
    frappe.cache.delete(key)
