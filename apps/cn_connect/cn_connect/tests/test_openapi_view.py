"""The OpenAPI document as rows of a page."""

import sys
from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Annotated

import pytest
from pydantic import Field
from typing_extensions import NotRequired, TypedDict

from cn_connect import openapi, openapi_view
from cn_connect.api_method import Download, api_method
from cn_connect.gateway_method import gateway_method
from cn_connect.openapi_view import Row


class Line(TypedDict):
    amount: Decimal


class Bill(TypedDict):
    due: Annotated[date | None, Field(description="Empty until it is published")]
    lines: list[Line]
    note: NotRequired[str]


@api_method(methods=["GET", "POST"], roles=["Market Merchant"])
def bill(name: str, year: int | None = None, limit: int = 20) -> Bill:
    """One bill.

    With the lines
    that make it up.
    """
    return {"due": None, "lines": []}


@api_method(allow_guest=True)
def paper(amount: Decimal, names: list[str]) -> Annotated[None, Download("application/pdf")]:
    """The bill as PDF."""


@gateway_method({200: "Taken in", 401: "Forged"})
def notify() -> None:
    """Something happened."""


@pytest.fixture
def methods(monkeypatch):
    module = ModuleType("shop.api", "The shop.")
    module.bill, module.paper, module.notify = bill, paper, notify  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shop.api", module)
    (group,) = openapi_view.groups(openapi.generate(["shop.api"]))
    assert (group.module, group.about) == ("shop.api", "The shop.")
    return {method.name: method for method in group.methods}


def test_a_method_is_one_entry_whatever_its_verbs(methods):
    shown = methods["bill"]

    assert (shown.path, shown.verbs) == ("/api/method/shop.api.bill", ("GET", "POST"))
    assert (shown.summary, shown.description) == ("One bill.", "With the lines that make it up.")
    assert shown.roles == ("Market Merchant",)


def test_arguments_with_types_and_defaults(methods):
    assert methods["bill"].arguments == (
        Row("name", "string"),
        Row("year", "integer", optional=True),
        Row("limit", "integer", optional=True, default="20"),
    )
    assert methods["paper"].arguments == (Row("amount", "decimal"), Row("names", "string", many=True))


def test_the_answer_is_a_tree(methods):
    assert methods["bill"].answer == (
        Row("due", "date", optional=True, note="Empty until it is published"),
        Row("lines", "object", many=True),
        Row("amount", "decimal", depth=1),
        Row("note", "string", optional=True),
    )


def test_a_file_is_named_by_its_type(methods):
    assert (methods["paper"].file, methods["paper"].answer) == ("application/pdf", ())


def test_only_methods_for_roles_refuse_strangers(methods):
    statuses = {name: [status for status, _text in method.statuses] for name, method in methods.items()}

    assert "401" in statuses["bill"] and "403" in statuses["bill"]
    assert "403" not in statuses["paper"]


def test_what_any_request_may_be_answered_is_told_of_every_method(methods):
    for method in methods.values():
        assert {"400", "401", "503"} <= {status for status, _text in method.statuses}
        if "POST" in method.verbs and "GET" not in method.verbs:
            assert {"408", "413"} <= {status for status, _text in method.statuses}


def test_a_gateway_is_told_its_own_statuses(methods):
    assert methods["notify"].gateway
    assert {("200", "Taken in"), ("401", "Forged")} <= set(methods["notify"].statuses)
    assert "409" not in dict(methods["notify"].statuses)


def test_error_codes_by_status():
    codes = openapi_view.error_codes(openapi.generate([]))

    assert [code.status for code in codes] == sorted(code.status for code in codes)
    assert {"INVALID_ARGUMENTS", "LOCKED", "BUSY"} <= {code.code for code in codes}
