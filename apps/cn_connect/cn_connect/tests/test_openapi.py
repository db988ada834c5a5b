"""The API document that is generated from the code."""

import json
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import ModuleType

import pytest
from typing_extensions import TypedDict

from cn_connect import api_bounds
from cn_connect.api_method import api_method
from cn_connect.openapi import generate


@dataclass
class FeeLine:
    name: str
    amount: Decimal


class Fees(TypedDict):
    as_of: date
    fees: list[FeeLine]


@api_method(methods=["GET", "POST"], roles=["Market Merchant"])
def fees(year: int | None = None) -> Fees:
    """The merchant's open fees.

    Amounts are yuan.
    """
    return {"as_of": date(2026, 11, 20), "fees": []}


@api_method(allow_guest=True)
def pay(fees: list[str], amount: Decimal, channel: str = "wechat") -> dict[str, str]:
    """Starts a payment."""
    return {}


@pytest.fixture
def document(monkeypatch):
    module = ModuleType("shop.api")
    module.fees, module.pay, module.helper = fees, pay, len  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shop.api", module)
    return generate(["shop.api"], title="Shop", version="2")


def test_every_api_method_is_a_path(document):
    assert document["openapi"] == "3.1.0"
    assert document["info"] == {"title": "Shop", "version": "2"}
    assert list(document["paths"]) == ["/api/method/shop.api.fees", "/api/method/shop.api.pay"]
    assert set(document["paths"]["/api/method/shop.api.fees"]) == {"get", "post"}
    assert set(document["paths"]["/api/method/shop.api.pay"]) == {"post"}


def test_arguments_become_the_body(document):
    body = document["paths"]["/api/method/shop.api.pay"]["post"]["requestBody"]["content"][
        "application/json"
    ]["schema"]

    assert body["required"] == ["fees", "amount"]
    assert body["additionalProperties"] is False
    text = {"type": "string", "maxLength": api_bounds.LONGEST_TEXT}
    assert body["properties"]["fees"]["items"] == text
    assert body["properties"]["fees"]["type"] == "array"
    assert body["properties"]["channel"] == {**text, "default": "wechat"}


def test_amounts_are_strings(document):
    body = document["paths"]["/api/method/shop.api.pay"]["post"]["requestBody"]["content"][
        "application/json"
    ]["schema"]

    assert body["properties"]["amount"]["type"] == "string"
    assert document["components"]["schemas"]["FeeLine"]["properties"]["amount"]["type"] == "string"


def test_a_read_takes_its_arguments_from_the_query(document):
    get = document["paths"]["/api/method/shop.api.fees"]["get"]

    assert [(p["name"], p["in"], p["required"]) for p in get["parameters"]] == [("year", "query", False)]
    assert "requestBody" not in get


def test_the_docstring_describes_and_the_roles_are_named(document):
    get = document["paths"]["/api/method/shop.api.fees"]["get"]

    assert (get["summary"], get["description"]) == ("The merchant's open fees.", "Amounts are yuan.")
    assert get["x-roles"] == ["Market Merchant"]
    assert get["security"]
    assert "security" not in document["paths"]["/api/method/shop.api.pay"]["post"]


def test_the_answer_refers_to_shared_schemas(document):
    answer = document["paths"]["/api/method/shop.api.fees"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]
    message = answer["schema"]["properties"]["message"]

    schemas = document["components"]["schemas"]
    fees_schema = schemas[message["$ref"].rsplit("/", 1)[1]] if "$ref" in message else message
    assert fees_schema["properties"]["fees"]["items"] == {"$ref": "#/components/schemas/FeeLine"}


def test_it_is_plain_json_and_the_same_every_time(document):
    assert json.dumps(document) == json.dumps(generate(["shop.api"], title="Shop", version="2"))
