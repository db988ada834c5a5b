"""Requests that lead to errors: names of methods that are none, and how much of it all is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from frappe.utils import error as errors

from ..conftest import Web

NO_METHODS = (
    "frappe",
    "frappe.flags",
    "frappe.session",
    "frappe.db",
    "frappe.qb",
    "frappe.local",
    "frappe.client",
    "frappe.whitelisted",
    "frappe.form_dict",
    "frappe.request",
    "frappe._dict",
    "frappe.hooks.app_name",
    "frappe.STANDARD_USERS",
    "frappe.client.__builtins__",
    "frappe.client.nothing",
    "frappe.nothing.at_all",
    "frappe.utils.now",
    "frappe.app.application",
    "os.system",
    "nothing",
    "execute_cmd",
    "frappe",
    "local",
    "...",
    "frappe..client",
    "%00",
    "名字",
)


@pytest.fixture(autouse=True)
def _none_logged_yet(on_site: Callable) -> None:
    on_site(lambda frappe: frappe.cache.delete_keys("errors_logged:"))


@pytest.fixture
def logged(on_site: Callable) -> Callable[[], int]:
    """How many Error Logs there are."""
    return lambda: on_site(lambda frappe: frappe.db.count("Error Log"))


@pytest.mark.parametrize("name", NO_METHODS)
def test_what_is_no_method_is_refused_and_not_logged(
    guest: Web, admin: Web, name: str, logged: Callable
) -> None:
    before = logged()
    for browser in (guest, admin):
        for verb in ("GET", "POST"):
            assert 400 <= browser(verb, f"/api/method/{name}").status_code < 500
    assert logged() == before


@pytest.mark.parametrize(
    "method", ["name", "meta", "flags", "doctype", "nothing", "get", "__class__", "_meta"]
)
def test_what_is_no_method_of_a_document_is_refused(admin: Web, method: str, logged: Callable) -> None:
    before = logged()
    form = {"dt": "User", "dn": "Administrator", "method": method}
    assert 400 <= admin.post("/api/method/run_doc_method", json=form).status_code < 500
    assert logged() == before


def test_the_same_error_is_written_down_a_few_times_an_hour(
    guest: Web, method: Callable, logged: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_so(text: str) -> None:
        raise ZeroDivisionError(text)

    def fail_otherwise() -> None:
        raise KeyError("otherwise")

    one, other = (method(function, allow_guest=True) for function in (fail_so, fail_otherwise))
    before = logged()
    codes = {guest.get(one, query_string={"text": str(number)}).status_code for number in range(8)}
    assert codes == {500}
    assert logged() == before + errors.SAME_PER_HOUR
    assert guest.get(other).status_code == 500
    assert logged() == before + errors.SAME_PER_HOUR + 1
    monkeypatch.setattr(errors, "ALL_PER_HOUR", 0)

    def fail_thirdly() -> None:
        raise OSError

    assert guest.get(method(fail_thirdly, allow_guest=True)).status_code == 500
    assert logged() == before + errors.SAME_PER_HOUR + 1


def test_logs_are_kept_for_a_while_and_not_without_end(
    on_site: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from frappe.core.doctype.scheduled_job_type import scheduled_job_type

    monkeypatch.setattr(scheduled_job_type, "KEEP_LOGS", 3)

    def kept(frappe: Any) -> list[str]:
        frappe.db.delete("Error Log")
        now = frappe.utils.now_datetime()
        for days in (0, 1, 2, 3, 4, 31):
            log = frappe.log_error(f"{days} days", "x")
            moment = frappe.utils.add_days(now, -days)
            frappe.db.set_value("Error Log", log.name, "creation", moment, update_modified=False)
        scheduled_job_type.clear_old_logs()
        found = frappe.get_all("Error Log", pluck="method", order_by="creation desc")
        monkeypatch.setattr(scheduled_job_type, "KEEP_LOGS", 30)
        scheduled_job_type.clear_old_logs()
        assert frappe.get_all("Error Log", pluck="method", order_by="creation desc") == found
        return found

    assert on_site(kept) == ["0 days", "1 days", "2 days"]
