"""The generic document interface over HTTP: closed to merchants, blind between markets, and never a server error."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests

from market_mgmt.tests import factories
from tests.live import Caller
from tests.sites import PASSWORD, stock_bench
from tests.world import Tenant, World

OFFICE_ROLES = ("Market Clerk", "Market Finance", "Market Supervisor", "Market Administrator")
DOCTYPES = (
    "Merchant",
    "Fee",
    "User",
    "File",
    "Error Log",
    "Deleted Document",
    "WeChat Account",
    "No Such Type",
)


def told(answer: requests.Response) -> tuple[int, str]:
    """What an answer says, without the random mark that stock Frappe puts on each message."""
    return answer.status_code, re.sub(r'__frappe_exc_id[\\":\s]+\w+', "", answer.text)


def ask(caller: Caller, verb: str, path: str, **options: Any) -> requests.Response:
    return caller.http.request(verb, f"{caller.base}{path}", timeout=30, **options)


@pytest.fixture
def guest(world: World) -> Caller:
    return Caller(world.site.base)


@pytest.fixture
def tenant(world: World) -> Tenant:
    return world.bound_tenant()


@pytest.fixture
def neighbour(world: World) -> Caller:
    """Works in another market, in every role that writes there."""
    return world.clerk(world.market(), *OFFICE_ROLES)


@pytest.fixture
def administrator(world: World) -> Caller:
    caller = Caller(world.site.base)
    caller.post("login", usr="Administrator", pwd=PASSWORD)
    return caller


@pytest.mark.parametrize("doctype", DOCTYPES)
def test_who_is_no_staff_gets_one_answer_to_everything(guest: Caller, tenant: Tenant, doctype: str) -> None:
    # Given the names of documents that exist and of one that does not
    names = {"Merchant": tenant.merchant, "Fee": tenant.fee, "User": "Administrator"}
    for caller in (guest, tenant.phone):
        answers = set()
        for name in (names.get(doctype, "x"), "No Such Name"):
            # When a guest and a merchant ask for them in every way
            named = {"doctype": doctype, "name": name}
            for verb, path, options in (
                ("GET", f"/api/resource/{doctype}", {}),
                ("GET", f"/api/resource/{doctype}/{name}", {}),
                ("PUT", f"/api/resource/{doctype}/{name}", {"json": {"owner": "Guest"}}),
                ("DELETE", f"/api/resource/{doctype}/{name}", {}),
                ("POST", f"/api/resource/{doctype}", {"json": {"x": 1}}),
                ("GET", "/api/method/frappe.client.get", {"params": named}),
                ("GET", "/api/method/frappe.client.get_count", {"params": named}),
                ("POST", "/api/method/frappe.client.save", {"json": {"doc": named}}),
                ("POST", "/api/method/frappe.client.has_permission", {"json": {**named, "docname": name}}),
                (
                    "POST",
                    "/api/method/run_doc_method",
                    {"json": {"dt": doctype, "dn": name, "method": "save"}},
                ),
                ("POST", "/api/method/frappe.model.workflow.get_transitions", {"json": {"doc": named}}),
                ("GET", "/api/method/frappe.utils.print_format.download_pdf", {"params": named}),
                ("GET", "/printview", {"params": named, "headers": {"Accept": "application/json"}}),
            ):
                answer = ask(caller, verb, path, **options)
                answers.add(told(answer))
        # Then each answer is the same refusal
        assert len(answers) == 1
        assert answers.pop()[0] == 403


def test_the_office_of_another_market_is_not_told_who_is_there(neighbour: Caller, tenant: Tenant) -> None:
    # When they ask for a merchant of this market, and for one that does not exist
    for name_of in ("Merchant", "Stall", "Lease", "Fee"):
        name = {"Merchant": tenant.merchant, "Stall": tenant.stall, "Lease": tenant.lease, "Fee": tenant.fee}[
            name_of
        ]
        for verb, body in (("GET", None), ("PUT", {"market": "x"}), ("DELETE", None)):
            answers = {
                told(ask(neighbour, verb, f"/api/resource/{name_of}/{each}", json=body))
                for each in (name, "NO-SUCH-1")
            }
            # Then they cannot tell one from the other
            assert len(answers) == 1
            assert answers.pop()[0] == 403


def test_a_market_sent_along_opens_nothing(world: World, neighbour: Caller, tenant: Tenant) -> None:
    own = world.market()
    change = {"market": own, "business_category": "x"}
    with world.books() as frappe:
        whole = json.loads(frappe.as_json(frappe.get_doc("Merchant", tenant.merchant).as_dict()))
    # When another market's office writes a merchant of this one, and says that it is theirs
    answers = [
        ask(neighbour, "PUT", f"/api/resource/Merchant/{tenant.merchant}", json=change),
        ask(neighbour, "POST", "/api/method/frappe.client.save", json={"doc": {**whole, **change}}),
        ask(neighbour, "POST", "/api/method/frappe.client.set_value",
            json={"doctype": "Merchant", "name": tenant.merchant, "fieldname": change}),
    ]  # fmt: skip
    # Then nothing is written
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert world.value("Merchant", tenant.merchant, "market") == tenant.market


def test_a_count_is_that_of_the_list(neighbour: Caller, tenant: Tenant) -> None:
    arguments = {"doctype": "Merchant", "filters": json.dumps({"market": tenant.market})}
    assert neighbour.get("frappe.client.get_count", **arguments) == 0
    assert ask(neighbour, "GET", "/api/resource/Merchant", params=arguments).json()["data"] == []


@pytest.mark.parametrize("hidden", ["phone_hash", "phone_cipher", "id_number_hash"])
def test_what_is_sealed_is_no_filter(world: World, tenant: Tenant, hidden: str) -> None:
    clerk = world.clerk(tenant.market, "Market Clerk")
    for arguments in (
        {"filters": json.dumps({hidden: ["like", "a%"]})},
        {"filters": json.dumps([["Merchant", hidden, "is", "set"]])},
        {"order_by": f"{hidden} asc"},
    ):
        for path in (
            "/api/resource/Merchant",
            *(f"/api/method/frappe.client.{name}" for name in ("get_list", "get_count", "get", "get_value")),
        ):
            answer = ask(clerk, "GET", path, params={"doctype": "Merchant", "fieldname": "name", **arguments})
            assert answer.status_code == 403, (path, arguments, answer.text)


LISTS: list[dict[str, Any]] = [
    {"filters": '[["x"]]'}, {"filters": '"x"'}, {"filters": "x"}, {"filters": '[["User","name","like","%"]]'},
    {"filters": "[" * 20_000}, {"filters": '{"name":["between","x"]}'}, {"filters": '{"name":["between",[1,2,3]]}'},
    {"filters": '{"no_such_field":1}'}, {"filters": '{"name":["in",[["x"]]]}'}, {"filters": '{"name":{"a":1}}'},
    {"filters": '{"name":["in",5]}'}, {"filters": '{"name":["like",["x"]]}'}, {"filters": "[1]"}, {"filters": "[null]"},
    {"filters": '{"creation":["between",["x","y"]]}'}, {"filters": '{"creation":[">","no date"]}'},
    {"filters": '{"creation":["=",[1]]}'}, {"filters": '{"modified":["in","x,y"]}'}, {"filters": '{"idx":["=","x"]}'},
    {"filters": '{"name":["is","x"]}'}, {"filters": '{"name":["resembles","x"]}'}, {"filters": '[["name","=","\\ud800"]]'},
    {"filters": '[[1,2,3]]'}, {"filters": '{"":1}'}, {"filters": '{"name":["=",1e999]}'}, {"filters": "{"},
    {"fields": '[["name"]]'}, {"fields": "[1]"}, {"fields": '["no_such"]'}, {"fields": '{"a":1}'}, {"fields": '["sleep(1)"]'},
    {"fields": '[""]'}, {"fields": "name, (select 1)"}, {"limit_start": "1" + "0" * 23}, {"limit_start": "-1"},
    {"limit_page_length": "9" * 30}, {"limit_page_length": "-5"}, {"limit_page_length": "x"}, {"order_by": "no_such desc"},
    {"order_by": "1;drop table x"}, {"order_by": "rand()"}, {"order_by": ","}, {"group_by": "no_such"}, {"as_dict": "maybe"},
]  # fmt: skip


@pytest.mark.parametrize("arguments", LISTS, ids=lambda arguments: str(arguments)[:40])
def test_no_list_is_a_server_error(world: World, administrator: Caller, arguments: dict[str, Any]) -> None:
    clerk = world.clerk(world.market(), "Market Clerk")
    for caller in (administrator, clerk):
        for doctype in ("Merchant", "Fee"):
            for path in (
                f"/api/resource/{doctype}",
                *(
                    f"/api/method/frappe.client.{name}"
                    for name in ("get_list", "get_count", "get", "get_value")
                ),
            ):
                asked = {"doctype": doctype, "fieldname": "name", **arguments}
                answer = ask(caller, "GET", path, params=asked)
                assert answer.status_code < 500, (path, asked, answer.text)
                answer = ask(caller, "POST", path, json=asked) if "/method/" in path else answer
                assert answer.status_code < 500, (path, asked, answer.text)


DOCUMENTS: list[Any] = [
    {}, [], "x", 1, None, [1], {"get": 1}, {"set": 1}, {"run_method": 1}, {"has_permission": 1}, {"flags": 1}, {"meta": 1},
    {"doctype": 5}, {"name": {"a": 1}}, {"name": [1]}, {"owner": {}}, {"creation": "x"}, {"creation": [1]}, {"docstatus": "x"},
    {"docstatus": {}}, {"modified": {}}, {"idx": "x"}, {"market": {"a": 1}}, {"market": ["x"]}, {"parent": 1}, {"__islocal": 1},
    {"__class__": 1}, {"roles": "x"}, {"roles": [1]}, {"roles": [{"get": 1}]}, {"market": "\ud800"}, {"x" * 3000: 1}, {"flags": {"ignore_permissions": 1}},
]  # fmt: skip


@pytest.mark.parametrize("values", DOCUMENTS, ids=lambda values: str(values)[:40])
def test_no_document_is_a_server_error(
    world: World, administrator: Caller, tenant: Tenant, values: Any
) -> None:
    clerk = world.clerk(tenant.market, "Market Clerk")
    for caller in (administrator, clerk):
        for doctype, name in (("Merchant", tenant.merchant), ("User", "Administrator"), ("Role", "Guest")):
            named = {**values, "doctype": doctype, "name": name} if isinstance(values, dict) else values
            for verb, path, body in (
                ("POST", f"/api/resource/{doctype}", values),
                ("PUT", f"/api/resource/{doctype}/{name}", values),
                ("PUT", f"/api/resource/{doctype}/No Such Name", values),
                ("POST", f"/api/resource/{doctype}", {"data": values}),
                ("POST", f"/api/resource/{doctype}", {"data": json.dumps(values)}),
                ("POST", "/api/method/frappe.client.insert", {"doc": values}),
                ("POST", "/api/method/frappe.client.insert", {"doc": named}),
                ("POST", "/api/method/frappe.client.save", {"doc": named}),
                ("POST", "/api/method/frappe.client.save", {"doc": json.dumps(named)}),
                ("POST", "/api/method/frappe.client.submit", {"doc": named}),
                (
                    "POST",
                    "/api/method/frappe.client.set_value",
                    {"doctype": doctype, "name": name, "fieldname": values},
                ),
                ("POST", "/api/method/frappe.client.cancel", {"doctype": doctype, "name": values}),
                ("POST", "/api/method/frappe.model.workflow.apply_workflow", {"doc": named, "action": "x"}),
                ("POST", "/api/method/frappe.model.workflow.get_transitions", {"doc": values}),
                (
                    "POST",
                    "/api/method/run_doc_method",
                    {"dt": doctype, "dn": name, "method": "save", "args": values},
                ),
            ):
                answer = ask(caller, verb, path, json=body)
                assert answer.status_code < 500, (verb, path, body, answer.text)


@pytest.mark.parametrize(
    "method", ["name", "meta", "flags", "doctype", "__class__", "no_such", "", "get", "save", "as_dict"]
)
def test_no_method_of_a_document_is_a_server_error(
    administrator: Caller, tenant: Tenant, method: str
) -> None:
    for caller in (administrator, tenant.phone):
        asked = {"dt": "Merchant", "dn": tenant.merchant, "method": method}
        assert ask(caller, "POST", "/api/method/run_doc_method", json=asked).status_code in (403, 404, 417)


@pytest.mark.parametrize(
    "form",
    [{}, {"file_url": "/private/files/no-such"}, {"file_url": "x"}, {"file_url": "/files/../../site_config.json"}, {"file_url": "http://"},
     {"doctype": "No Such Type", "docname": "x"}, {"doctype": "Merchant"}, {"doctype": "Merchant", "docname": "no-such"}, {"folder": "No Such"},
     {"is_private": "x"}, {"library_file_name": "x"}, {"method": "x.y"}, {"fieldname": "x y"}, {"file_name": "x" * 500}],
    ids=str,
)  # fmt: skip
def test_no_upload_is_a_server_error(administrator: Caller, tenant: Tenant, form: dict[str, str]) -> None:
    for caller in (administrator, tenant.phone):
        for files in (None, {"file": ("a.txt", factories.secrets.token_bytes(9))}):
            answer = ask(
                caller, "POST", "/api/method/upload_file", data={"is_private": "1", **form}, files=files
            )
            assert answer.status_code < 500, (form, answer.text)


@pytest.mark.skipif(
    bool(stock_bench()), reason="stock Frappe lists the values of settings, which tell nothing new"
)
def test_settings_are_no_list_and_have_one_name(administrator: Caller) -> None:
    assert ask(administrator, "GET", "/api/resource/System Settings").status_code == 417
    assert ask(administrator, "GET", "/api/resource/System Settings/NOPE").status_code == 404
    assert ask(administrator, "DELETE", "/api/resource/System Settings/NOPE").status_code == 404
    assert ask(administrator, "GET", "/api/resource/System Settings/System Settings").status_code == 200


def test_no_empty_document_is_a_server_error(world: World, administrator: Caller) -> None:
    with world.books() as frappe:
        modules = (
            {"app_name": ["!=", "frappe"]} if stock_bench() else {}
        )  # stock Frappe fails at some of its own
        own = frappe.get_all("Module Def", filters=modules, pluck="name")
        filters = {"istable": 0, "issingle": 0, "module": ["in", own]}
        rows = frappe.get_all("DocType", filters=filters, fields=["name", "module"])
    market = world.market()
    clerk = world.clerk(market, *OFFICE_ROLES)
    wrong = []
    for row in rows:
        for caller, values in (
            (administrator, {}),
            (clerk, {}),
            (administrator, {"market": market}),
            (administrator, {"market": "x"}),
        ):
            answer = ask(caller, "POST", f"/api/resource/{row.name}", json=values)
            if answer.status_code >= 500:
                wrong.append((row.name, values, answer.text))
    assert not wrong, "\n".join(map(str, wrong))
