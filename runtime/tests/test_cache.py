"""`frappe.cache` and the decorators that remember."""

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


def test_a_generator_fills_a_missing_value(key: str) -> None:
    import frappe

    assert frappe.cache.get_value(key, generator=lambda: "made") == "made"
    forget_local()
    assert frappe.cache.get_value(key, generator=lambda: "again") == "made"


def test_a_value_expires(key: str) -> None:
    import frappe

    frappe.cache.set_value(key, 1, expires_in_sec=1)
    assert frappe.cache.get_value(key, expires=True) == 1
    frappe.cache.expire(frappe.cache.make_key(key), 0)
    assert frappe.cache.get_value(key, expires=True) is None


def test_values_per_user(key: str) -> None:
    import frappe

    frappe.cache.set_value(key, "mine", user="Administrator")
    forget_local()
    assert frappe.cache.get_value(key, user="Administrator") == "mine"
    assert frappe.cache.get_value(key, user="Guest") is None
    frappe.cache.delete_value(key, user="Administrator")


def test_hashes(key: str) -> None:
    import frappe

    frappe.cache.hset(key, "a", [1])
    frappe.cache.hset(key, "b", "x")
    forget_local()
    assert frappe.cache.hget(key, "a") == [1]
    assert frappe.cache.hget(key, "c", generator=lambda: 3) == 3
    assert sorted(frappe.cache.hgetall(key)) in (["a", "b", "c"], [b"a", b"b", b"c"])
    frappe.cache.hdel(key, "a")
    forget_local()
    assert frappe.cache.hget(key, "a") is None
    frappe.cache.delete_value(key)
    forget_local()
    assert frappe.cache.hget(key, "b") is None


def test_keys_with_a_common_beginning(key: str) -> None:
    import frappe

    frappe.cache.set_value(f"{key}:1", 1)
    frappe.cache.set_value(f"{key}:2", 2)
    assert len(frappe.cache.get_keys(key)) == 2
    frappe.cache.delete_keys(key)
    assert frappe.cache.get_keys(key) == []


def test_counters(key: str) -> None:
    import frappe

    assert frappe.cache.incrby(key, 1) == 1
    assert frappe.cache.incrby(key, 4) == 5
    assert int(frappe.cache.get(key)) == 5
    assert frappe.cache.ttl(key) == -1
    assert frappe.cache.expire(key, 100)
    assert 0 < frappe.cache.ttl(key) <= 100
    assert frappe.cache.delete(key) == 1
    assert frappe.cache.get(key) is None
    assert frappe.cache.ttl(key) == -2


def test_set_if_absent(key: str) -> None:
    import frappe

    assert frappe.cache.set(key, "first", nx=True, ex=100)
    assert not frappe.cache.set(key, "second", nx=True, ex=100)
    assert frappe.cache.get(key) == b"first"
    frappe.cache.delete(key)


def test_redis_cache_is_shared_and_can_be_cleared(key: str) -> None:
    from frappe.utils.caching import redis_cache

    calls = []

    @redis_cache(ttl=100)
    def double(number: int, name: str = "") -> int:
        calls.append(number)
        return number * 2

    assert [double(2, name=key), double(2, name=key), double(3, name=key)] == [4, 4, 6]
    assert calls == [2, 3]
    double.clear_cache()
    double(2, name=key)
    assert calls == [2, 3, 2]
    double.clear_cache()


def test_site_cache_remembers_per_process(site: str) -> None:
    from frappe.utils.caching import site_cache

    calls = []

    @site_cache(ttl=100)
    def triple(number: int) -> int:
        calls.append(number)
        return number * 3

    assert [triple(2), triple(2)] == [6, 6]
    assert calls == [2]


def test_request_cache_ends_with_the_request(site: str) -> None:
    import frappe
    from frappe.utils.caching import request_cache

    calls = []

    @request_cache
    def square(number: int) -> int:
        calls.append(number)
        return number * number

    assert [square(3), square(3)] == [9, 9]
    frappe.local.request_cache.clear()
    square(3)
    assert calls == [3, 3]


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
