"""What processes see of each other's caches, in a file and in Redis."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest


@pytest.fixture(params=["file", "redis"], autouse=True)
def _place(request: pytest.FixtureRequest, site: str) -> None:
    import frappe

    frappe.local.conf.redis_cache = request.getfixturevalue("redis_url") if request.param == "redis" else None
    frappe.local.cache.clear()
    frappe.local.fronts = None


@pytest.fixture
def front(site: str) -> dict:
    import frappe

    found = frappe.cache.front("test")
    found["kept"] = object()
    return found


def elsewhere(action: Callable) -> None:
    """In another process."""
    import frappe

    pid = os.fork()
    if pid == 0:
        frappe.local.cache.clear()
        db, frappe.local.db = frappe.local.db, None
        action()
        os._exit(0 if db else 1)
    assert os.waitpid(pid, 0)[1] == 0


def next_request() -> None:
    import frappe

    frappe.local.cache.clear()
    frappe.local.fronts = None


# -- live objects --------------------------------------------------------------------------------------------


def test_a_front_keeps_live_objects(front: dict) -> None:
    import frappe

    next_request()
    assert frappe.cache.front("test")["kept"] is front["kept"]


def test_another_process_empties_it(front: dict) -> None:
    import frappe

    elsewhere(frappe.cache.invalidate_fronts)
    next_request()
    assert frappe.cache.front("test") == {}


def test_it_is_emptied_again_when_the_transaction_ends(front: dict) -> None:
    """Whoever refilled it in between may have read the state before the commit."""
    import frappe

    frappe.cache.invalidate_fronts()
    frappe.cache.front("test")["old"] = 1
    frappe.db.commit()
    assert frappe.cache.front("test") == {}


def test_what_an_old_snapshot_gives_is_not_kept(front: dict) -> None:
    import frappe

    frappe.db.rollback()
    frappe.db.get_value("User", "Guest", "name")  # the snapshot
    elsewhere(frappe.cache.invalidate_fronts)
    frappe.cache.front("test")["read"] = "the state of before"
    next_request()
    assert "read" not in frappe.cache.front("test")


def test_what_a_change_gives_is_its_own_until_it_ends(front: dict) -> None:
    import frappe

    frappe.cache.invalidate_fronts()
    frappe.cache.front("test")["seen"] = "not committed"
    own = frappe.local.fronts
    frappe.local.fronts = None  # as another request of this process
    assert "seen" not in frappe.cache.front("test")
    frappe.local.fronts = own
    frappe.db.rollback()
    assert "seen" not in frappe.cache.front("test")


def test_an_undone_change_empties_it_too(front: dict) -> None:
    import frappe

    frappe.cache.invalidate_fronts()
    frappe.cache.front("test")["uncommitted"] = 1
    frappe.db.rollback()
    assert frappe.cache.front("test") == {}


# -- values --------------------------------------------------------------------------------------------------


def test_a_value_that_was_read_is_read_anew_when_another_process_changed_it(site: str) -> None:
    import frappe

    def change() -> None:
        frappe.cache.set_value("rt-shared", 2)
        frappe.cache.incrby("rt-counter", 1)

    frappe.cache.set_value("rt-shared", 1)
    frappe.cache.delete("rt-counter")
    next_request()
    assert (frappe.cache.get_value("rt-shared"), frappe.cache.get("rt-counter")) == (1, None)
    elsewhere(change)
    assert (frappe.cache.get_value("rt-shared"), frappe.cache.get("rt-counter")) == (2, b"1")
    elsewhere(lambda: frappe.cache.delete_value(["rt-shared", "rt-counter"]))
    next_request()
    assert frappe.cache.get_value("rt-shared") is None


@pytest.mark.parametrize("_place", ["file"], indirect=True)
def test_what_is_never_changed_is_read_once(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import frappe
    from frappe.utils import cache_store

    frappe.cache.set_value("rt-kept", [1])
    next_request()
    frappe.cache.get_value("rt-kept").append(2)
    next_request()
    with monkeypatch.context() as patch:
        patch.setattr(cache_store.current_store(), "_db", None)
        assert frappe.cache.get_value("rt-kept") == [1]
    next_request()


def test_clearing_the_cache_keeps_limits_and_tokens(site: str) -> None:
    import frappe

    frappe.cache.set_value("rt-plain", 1)
    frappe.cache.set_value("rt-token", 1, expires_in_sec=100)
    counter = frappe.cache.make_key("rt-limit")
    frappe.cache.incrby(counter, 3)
    frappe.cache.expire(counter, 100)
    frappe.clear_cache()
    assert frappe.cache.get_value("rt-plain") is None
    assert frappe.cache.get_value("rt-token", expires=True) == 1
    assert int(frappe.cache.get(counter)) == 3
    frappe.cache.delete_value(["rt-token", "rt-limit"])


def test_a_site_that_is_deleted_leaves_nothing(site: str) -> None:
    import frappe

    frappe.cache.set_value("rt-kept", 1)
    frappe.cache.set_value("rt-token", 1, expires_in_sec=100)
    frappe.cache.forget_site()
    assert frappe.cache.get_value("rt-kept") is None
    assert frappe.cache.get_value("rt-token", expires=True) is None


@pytest.mark.parametrize("_place", ["redis"], indirect=True)
def test_a_dropped_connection_is_taken_up_again(site: str) -> None:
    import frappe

    frappe.cache.set_value("rt-kept", 1, expires_in_sec=100)
    frappe.cache.client_kill_filter(skipme=False, _type="normal")
    assert frappe.cache.get_value("rt-kept", expires=True) == 1


@pytest.mark.parametrize("_place", ["file"], indirect=True)
def test_the_embedded_profile_does_not_import_redis(site: str) -> None:
    modules = "frappe.app, frappe.utils.worker, frappe.utils.scheduler, frappe.utils.background_jobs"
    code = f"import sys, {modules}; print([name for name in ('redis', 'rq') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "[]\n"


# -- locks ---------------------------------------------------------------------------------------------------


def test_a_lock_holds_against_another_process(site: str) -> None:
    import frappe
    from frappe.utils.synchronization import filelock, try_to_hold

    def try_it() -> None:
        with try_to_hold("rt-lock", timeout=0) as held:
            frappe.cache.set_value("rt-got-it", held, expires_in_sec=60)

    with filelock("rt-lock"):
        elsewhere(try_it)
        assert frappe.cache.get_value("rt-got-it", expires=True) is False
    elsewhere(try_it)
    assert frappe.cache.get_value("rt-got-it", expires=True) is True
    frappe.cache.delete_value("rt-got-it")


@pytest.mark.parametrize("_place", ["redis"], indirect=True)
def test_a_lease_is_renewed_while_the_lock_is_held(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from frappe.utils import synchronization

    monkeypatch.setattr(synchronization, "_LEASE_SECONDS", 0.3)
    with synchronization.filelock("rt-lease"):
        began = time.monotonic()
        while time.monotonic() - began < 0.7:
            with synchronization.try_to_hold("rt-lease", timeout=0.1) as held:
                assert not held
    with synchronization.filelock("rt-lease", timeout=0):
        pass
