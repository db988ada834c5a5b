"""The decorator around API methods: arguments, roles, errors, repeats."""

from datetime import date
from decimal import Decimal

import pytest

import frappe
from cn_connect import retry
from cn_connect.api_method import api_method
from cn_connect.errors import GatewayUnavailable, Locked


@api_method(methods=["GET", "POST"], allow_guest=True)
def quote(amount: Decimal, count: int, on: date | None = None) -> dict:
    return {"total": amount * count, "on": on}


@api_method(roles=["System Manager"])
def note(text: str) -> dict:
    doc = frappe.get_doc({"doctype": "ToDo", "description": text}).insert(ignore_permissions=True)
    return {"name": doc.name, "notes": frappe.db.count("ToDo", {"description": text})}


@api_method(roles=["System Manager"])
def download(text: str) -> None:
    frappe.get_doc({"doctype": "ToDo", "description": text}).insert(ignore_permissions=True)
    frappe.local.response.update(type="download", filename="a.txt", filecontent=text)


@api_method(roles=["All"])
def fail(how: str) -> None:
    raise {
        "locked": Locked("Too many wrong codes. Please try again in {0} minutes.", 1800, 30),
        "gateway": GatewayUnavailable("WeChat Pay did not answer: {0}", "Timeout"),
        "missing": frappe.DoesNotExistError("gone"),
        "forbidden": frappe.PermissionError("no"),
        "stale": frappe.TimestampMismatchError("changed"),
        "bug": ZeroDivisionError("oops"),
    }[how]


def said(site):
    return " ".join(str(message) for message in site.local.message_log)


def test_typed_arguments_arrive_and_answers_are_in_wire_format(dispatch):
    assert dispatch(quote, amount="1.10", count="3", on="2026-11-20") == {"total": "3.30", "on": "2026-11-20"}


@pytest.mark.parametrize(
    "form",
    [
        {"amount": "1.10"},
        {"amount": "1.10", "count": "three"},
        {"amount": "1.10", "count": 3, "colour": "red"},
        {"amount": "a lot", "count": 3},
    ],
    ids=["missing", "wrong type", "unknown", "no amount"],
)
def test_arguments_that_do_not_fit_are_refused_by_name(site, dispatch, form):
    with pytest.raises(site.ValidationError) as refused:
        dispatch(quote, **form)

    assert getattr(refused.value, "http_status_code", None) == 417
    assert site.local.response["error_code"] == "INVALID_ARGUMENTS"
    assert any(name in said(site) for name in ("count", "colour", "amount"))


def test_what_frappe_itself_sends_along_is_no_argument(dispatch):
    assert dispatch(quote, cmd="anything.quote", amount="1", count=1, csrf_token="x")["total"] == "1.00"


def test_an_endpoint_is_for_its_roles_only(site, dispatch, user_with):
    site.set_user(user_with("Bystander"))

    with pytest.raises(site.PermissionError):
        dispatch(note, text="x")

    assert site.local.response["error_code"] == "FORBIDDEN"
    site.set_user(user_with("System Manager"))
    assert dispatch(note, text="allowed")["notes"] == 1


def test_guests_are_told_to_sign_in(site, dispatch):
    site.set_user("Guest")

    with pytest.raises(site.AuthenticationError):
        dispatch(fail, how="bug")

    assert site.local.response["error_code"] == "UNAUTHENTICATED"


def test_the_role_is_checked_for_calls_from_python_too(site, user_with):
    site.set_user(user_with("Bystander"))

    with pytest.raises(site.PermissionError):
        note(text="x")


def test_nobody_forgets_to_say_who_may(site):
    with pytest.raises(ValueError, match="roles or allow_guest"):
        api_method()


@pytest.mark.parametrize(
    ("how", "code", "status"),
    [
        ("locked", "LOCKED", 429),
        ("gateway", "GATEWAY_UNAVAILABLE", 503),
        ("missing", "NOT_FOUND", 404),
        ("forbidden", "FORBIDDEN", 403),
        ("stale", "STALE", 417),
    ],
)
def test_errors_have_a_code_and_a_status(site, dispatch, how, code, status):
    with pytest.raises(Exception) as failed:
        dispatch(fail, how=how)

    assert site.local.response["error_code"] == code
    assert getattr(failed.value, "http_status_code", None) == status


def test_a_lock_tells_how_long_in_the_users_language(site, dispatch):
    with pytest.raises(site.ValidationError):
        dispatch(fail, how="locked")

    assert site.local.response["retry_after"] == 1800
    assert "30" in said(site)


def test_a_bug_stays_a_bug(site, dispatch):
    with pytest.raises(ZeroDivisionError):
        dispatch(fail, how="bug")


# Repeats

KEY = {"Idempotency-Key": "7b1c2f1e"}


def test_a_repeated_write_gets_the_first_answer_and_changes_nothing(site, dispatch):
    first = dispatch(note, headers=KEY, text="once")
    again = dispatch(note, headers=KEY, text="once")

    assert again == first
    assert site.local.response["idempotent_replay"]
    assert site.db.count("ToDo", {"description": "once"}) == 1


def test_without_a_key_a_write_is_done_again(dispatch):
    dispatch(note, text="twice")

    assert dispatch(note, text="twice")["notes"] == 2


def test_a_key_is_for_one_request_only(site, dispatch):
    dispatch(note, headers=KEY, text="once")

    with pytest.raises(site.ValidationError) as refused:
        dispatch(note, headers=KEY, text="another")

    assert (refused.value.http_status_code, refused.value.error_code) == (409, "IDEMPOTENCY_KEY_REUSED")


def test_another_user_may_have_the_same_key(site, dispatch, user_with):
    first = dispatch(note, headers=KEY, text="mine")
    site.set_user(user_with("System Manager"))

    assert dispatch(note, headers=KEY, text="mine")["name"] != first["name"]


def test_a_key_is_forgotten_after_a_day(site, dispatch):
    dispatch(note, headers=KEY, text="old")
    yesterday = site.utils.add_to_date(site.utils.now_datetime(), hours=-25)
    site.db.sql("update `tabAPI Idempotency Key` set creation = %s", (yesterday,))

    assert dispatch(note, headers=KEY, text="old")["notes"] == 2


def test_a_failed_write_may_be_tried_again(site, dispatch):
    before = site.db.count("API Idempotency Key")

    with pytest.raises(ZeroDivisionError):
        dispatch(fail, headers=KEY, how="bug")

    assert site.db.count("API Idempotency Key") == before


def test_a_request_that_is_still_running_is_not_done_twice(site, dispatch):
    dispatch(note, headers=KEY, text="slow")
    site.db.sql("update `tabAPI Idempotency Key` set answer = null")

    with pytest.raises(site.ValidationError) as refused:
        dispatch(note, headers=KEY, text="slow")

    assert (refused.value.http_status_code, refused.value.error_code) == (409, "IN_PROGRESS")


def test_a_file_is_made_again(site, dispatch):
    before = site.db.count("API Idempotency Key")

    dispatch(download, headers=KEY, text="file")
    dispatch(download, headers=KEY, text="file")

    assert site.local.response["filecontent"] == "file"
    assert site.db.count("API Idempotency Key") == before


# Deadlocks


def test_a_deadlock_repeats_the_whole_work(site):
    tries = []

    def work():
        tries.append(1)
        if len(tries) < 3:
            raise site.QueryDeadlockError("deadlock")
        return "done"

    assert retry.whole(work, pause=lambda seconds: None) == "done"
    assert len(tries) == 3


def test_what_a_failed_try_did_is_undone(site):
    tries = []

    def work():
        site.get_doc({"doctype": "ToDo", "description": "deadlocked"}).insert()
        tries.append(1)
        if len(tries) == 1:
            raise site.QueryTimeoutError("lock wait")
        return site.db.count("ToDo", {"description": "deadlocked"})

    assert retry.whole(work, pause=lambda seconds: None) == 1


def test_a_system_that_stays_busy_says_so(site):
    def work():
        raise site.QueryDeadlockError("deadlock")

    with pytest.raises(site.ValidationError) as refused:
        retry.whole(work, pause=lambda seconds: None)

    assert (refused.value.http_status_code, refused.value.error_code) == (503, "BUSY")


def test_the_method_is_whitelisted_with_its_verbs(site):
    assert note in site.whitelisted
    assert site.allowed_http_methods_for_whitelisted_func[note] == ["POST"]
