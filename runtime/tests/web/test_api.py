"""Remote calls and documents over HTTP: bodies, status codes, transactions.

Annotations are not postponed here: Frappe checks argument types only where they are real objects.
"""

import datetime
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.wrappers import Response

from .conftest import Web, server_messages


def roles_like(web: Web, text: str) -> list[str]:
    answer = web.get("/api/resource/Role", query_string={"filters": f'[["name", "like", "%{text}%"]]'})
    return [row["name"] for row in answer.json["data"]]


# -- methods -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ping", "frappe.ping", "frappe.handler.ping"])
def test_ping(guest: Web, name: str) -> None:
    answer = guest.get(f"/api/method/{name}")
    assert answer.json == {"message": "pong"}
    assert answer.headers["Content-Type"] == "application/json"


def test_arguments_come_from_the_query_a_form_or_a_json_body(guest: Web, method: Callable) -> None:
    def echo_arguments(**arguments: Any) -> dict:
        arguments.pop("cmd")
        return arguments

    path = method(echo_arguments, allow_guest=True)
    assert guest.get(f"{path}?a=1&b=x&_=9").json["message"] == {"a": "1", "b": "x"}
    assert guest.post(path, data={"a": "1", "b": "[1]"}).json["message"] == {"a": "1", "b": "[1]"}
    assert guest.post(f"{path}?q=1", json={"a": [1, {"b": None}]}).json["message"] == {"a": [1, {"b": None}]}
    assert guest("PUT", path, json={"a": 1}).json["message"] == {"a": 1}
    assert guest("DELETE", f"{path}?a=1").json["message"] == {"a": "1"}


def test_values_as_json(guest: Web, method: Callable) -> None:
    def give_values() -> dict:
        return {
            "date": datetime.date(2026, 1, 2),
            "moment": datetime.datetime(2026, 1, 2, 3, 4, 5, 6),
            "span": datetime.timedelta(hours=5, seconds=3),
            "money": Decimal("1.50"),
            "text": "中文",
            "nothing": None,
        }

    assert guest.get(method(give_values, allow_guest=True)).json["message"] == {
        "date": "2026-01-02",
        "moment": "2026-01-02 03:04:05.000006",
        "span": "5:00:03",
        "money": 1.5,
        "text": "中文",
        "nothing": None,
    }


def test_no_answer_is_an_empty_object(guest: Web, method: Callable) -> None:
    def answer_nothing() -> None:
        return None

    assert guest.get(method(answer_nothing, allow_guest=True)).json == {}


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ({"a": "5", "b": "7"}, [5, "7", None, False]),
        ({"a": 5, "zz": 1}, [5, "x", None, False]),
        ({"a": True, "d": [1]}, [1, "x", [1], False]),
        ({"a": "5", "e": "1"}, [5, "x", None, True]),
    ],
)
def test_arguments_become_what_the_signature_says(
    guest: Web, method: Callable, arguments: dict, values: list
) -> None:
    def take_typed(a: int, b: str = "x", d: list | None = None, e: bool = False) -> list:
        return [a, b, d, e]

    assert guest.post(method(take_typed, allow_guest=True), json=arguments).json["message"] == values


@pytest.mark.parametrize(
    "arguments", [{"a": "abc"}, {"a": ""}, {"a": 5.5}, {"a": 1, "b": 5}, {"a": 1, "d": "[1]"}]
)
def test_arguments_that_cannot_are_417(guest: Web, method: Callable, arguments: dict) -> None:
    def take_typed(a: int, b: str = "x", d: list | None = None) -> list:
        return [a, b, d]

    answer = guest.post(method(take_typed, allow_guest=True), json=arguments)
    assert answer.status_code == 417
    assert answer.json["exc_type"] == "FrappeTypeError"


def test_a_method_is_called_only_by_its_verbs(guest: Web, method: Callable) -> None:
    def only_by_post() -> str:
        return "ok"

    path = method(only_by_post, allow_guest=True, methods=["POST"])
    refused = guest.get(path)
    assert refused.status_code == 403
    assert refused.json["exc_type"] == "PermissionError"
    assert guest.post(path).json == {"message": "ok"}
    assert guest("PATCH", path).status_code == 403


@pytest.mark.parametrize("name", ["frappe.nosuch", "nosuchapp.method", "nosuch"])
def test_an_unknown_method_is_417(guest: Web, name: str) -> None:
    answer = guest.get(f"/api/method/{name}")
    assert answer.status_code == 417
    assert answer.json["exc_type"] == "ValidationError"


def test_a_function_that_is_not_published_is_403(admin: Web) -> None:
    answer = admin.get("/api/method/frappe.utils.nowdate")
    assert answer.status_code == 403
    assert "is not whitelisted" in server_messages(answer)[0]


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("ValidationError", 417),
        ("MandatoryError", 417),
        ("UniqueValidationError", 417),
        ("TimestampMismatchError", 417),
        ("PermissionError", 403),
        ("DoesNotExistError", 404),
        ("DuplicateEntryError", 409),
        ("NameError", 409),
        ("TooManyRequestsError", 429),
        ("RateLimitExceededError", 429),
        ("SessionStopped", 503),
    ],
)
def test_errors_and_their_status(guest: Web, method: Callable, name: str, status: int) -> None:
    def throw_error(kind: str) -> None:
        import frappe

        frappe.throw("what is wrong", getattr(frappe, kind))

    answer = guest.get(f"{method(throw_error, allow_guest=True)}?kind={name}")
    assert answer.status_code == status
    assert answer.json["exc_type"] == name
    assert server_messages(answer) == ["what is wrong"]


def test_a_crash_is_500(guest: Web, method: Callable) -> None:
    def crash() -> float:
        return 1 / 0

    answer = guest.get(method(crash, allow_guest=True))
    assert answer.status_code == 500
    assert answer.json["exc_type"] == "ZeroDivisionError"


@pytest.fixture
def tracebacks(on_site: Callable) -> Iterator[Callable[[int], None]]:
    def allow(value: int) -> None:
        def change(frappe: Any) -> None:
            frappe.db.set_single_value("System Settings", "allow_error_traceback", value)
            frappe.clear_cache()

        on_site(change)

    yield allow
    allow(0)


def test_tracebacks_are_told_only_where_settings_allow(
    guest: Web, method: Callable, tracebacks: Callable[[int], None]
) -> None:
    def throw_it() -> None:
        import frappe

        frappe.throw("secret details")

    path = method(throw_it, allow_guest=True)
    tracebacks(0)
    assert set(guest.get(path).json) == {"exc_type", "_server_messages"}
    tracebacks(1)
    told = guest.get(path).json
    assert told["exception"] == "frappe.exceptions.ValidationError: secret details"
    assert "Traceback" in told["exc"]


def test_messages_extra_keys_and_status_of_a_success(guest: Web, method: Callable) -> None:
    def tell() -> int:
        import frappe

        frappe.msgprint("hello", title="T", indicator="green")
        frappe.local.response["extra"] = "x"
        frappe.local.response.http_status_code = 202
        return 1

    answer = guest.get(method(tell, allow_guest=True))
    assert answer.status_code == 202
    assert answer.json["message"] == 1
    assert answer.json["extra"] == "x"
    assert server_messages(answer) == ["hello"]


def test_extra_keys_stay_when_the_method_throws(guest: Web, method: Callable) -> None:
    def throw_with_code() -> None:
        import frappe

        frappe.local.response["error_code"] = "LOCKED"
        frappe.throw("locked")

    answer = guest.get(method(throw_with_code, allow_guest=True))
    assert answer.status_code == 417
    assert answer.json["error_code"] == "LOCKED"


@pytest.mark.parametrize(
    ("kind", "content_type", "disposition"),
    [
        ("download", "text/plain; charset=utf-8", "attachment"),
        ("pdf", "application/pdf", "filename="),
    ],
)
def test_files_as_answers(
    guest: Web, method: Callable, kind: str, content_type: str, disposition: str
) -> None:
    def give_file(kind: str) -> None:
        import frappe

        frappe.local.response.update({"filename": "a.txt", "filecontent": b"abc", "type": kind})

    answer = guest.get(f"{method(give_file, allow_guest=True)}?kind={kind}")
    assert answer.data == b"abc"
    assert answer.headers["Content-Type"] == content_type
    assert disposition in answer.headers["Content-Disposition"]
    assert "a.txt" in answer.headers["Content-Disposition"]


def test_a_rate_limit_counts_by_argument(guest: Web, method: Callable, unique: str) -> None:
    def limited(phone: str) -> str:
        return "ok"

    from frappe.rate_limiter import rate_limit

    path = method(rate_limit(key="phone", limit=2, seconds=60, ip_based=False)(limited), allow_guest=True)
    statuses = [guest.post(path, json={"phone": unique}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert guest.post(path, json={"phone": unique + "1"}).status_code == 200


# -- transactions --------------------------------------------------------------------------------------------


def insert_role(name: str, fail: int = 0, status: int = 0) -> Any:
    """Published by the tests below."""
    import frappe

    frappe.get_doc(doctype="Role", role_name=name).insert(ignore_permissions=True)
    if fail:
        frappe.throw("no")
    return Response("raw", status=status) if status else name


@pytest.mark.parametrize(
    ("verb", "arguments", "kept"),
    [
        ("POST", {}, True),
        ("PUT", {}, True),
        ("GET", {}, False),
        ("POST", {"fail": 1}, False),
        ("POST", {"status": 400}, True),
        ("GET", {"status": 200}, False),
    ],
)
def test_what_is_committed(
    admin: Web, method: Callable, unique: str, verb: str, arguments: dict, kept: bool
) -> None:
    """Writing verbs commit unless the method raised; a Response of its own counts as success; GET never does."""
    path = method(insert_role)
    answer = admin(verb, path, query_string={"name": f"Tx {unique}", **arguments})
    assert answer.status_code == (417 if arguments.get("fail") else arguments.get("status", 200))
    assert roles_like(admin, unique) == ([f"Tx {unique}"] if kept else [])
