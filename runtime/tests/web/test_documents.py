"""Documents over HTTP: `/api/resource` and `frappe.client`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Web, password_of, server_messages


@pytest.fixture
def role(admin: Web, unique: str) -> Iterator[str]:
    """A role that was made over HTTP."""
    name = f"Role {unique}"
    answer = admin.post("/api/resource/Role", json={"role_name": name})
    assert answer.status_code == 200
    assert answer.json["data"]["name"] == name
    yield name
    admin("DELETE", f"/api/resource/Role/{name}")


def test_a_document_is_created_read_changed_and_deleted(admin: Web, unique: str) -> None:
    path = f"/api/resource/Role/Doc {unique}"
    created = admin.post("/api/resource/Role", json={"role_name": f"Doc {unique}"}).json["data"]
    assert created["doctype"] == "Role"
    assert created["owner"] == "Administrator"
    assert "home_page" not in created  # empty fields are left out
    assert admin.get(path).json["data"]["name"] == f"Doc {unique}"
    changed = admin("PUT", path, json={"disabled": 1})
    assert changed.json["data"]["disabled"] == 1
    by_form = admin("PUT", path, data={"data": '{"disabled": 0}'})
    assert by_form.json["data"]["disabled"] == 0
    deleted = admin("DELETE", path)
    assert (deleted.status_code, deleted.json) == (202, {"data": "ok"})
    assert admin.get(path).status_code == 404
    assert admin("DELETE", path).status_code == 404


def test_only_the_headers_of_a_document(admin: Web) -> None:
    whole, headers = admin.get("/api/resource/Role/Guest"), admin("HEAD", "/api/resource/Role/Guest")
    assert (headers.status_code, headers.data) == (200, b"")
    assert headers.headers["Content-Length"] == str(len(whole.data))


def test_a_name_that_is_taken_is_409(admin: Web, role: str) -> None:
    answer = admin.post("/api/resource/Role", json={"role_name": role})
    assert answer.status_code == 409
    assert answer.json["exc_type"] == "DuplicateEntryError"


def test_missing_fields_are_417(admin: Web) -> None:
    answer = admin.post("/api/resource/ToDo", json={})
    assert answer.status_code == 417
    assert answer.json["exc_type"] == "MandatoryError"


def test_an_older_copy_is_417(admin: Web, role: str) -> None:
    answer = admin("PUT", f"/api/resource/Role/{role}", json={"modified": "2020-01-01 00:00:00"})
    assert answer.status_code == 417
    assert answer.json["exc_type"] == "TimestampMismatchError"


def test_unknown_documents_and_types_are_404(admin: Web) -> None:
    missing = admin.get("/api/resource/Role/No Such Role")
    assert missing.status_code == 404
    assert "exc" not in missing.json
    [message] = server_messages(missing)
    assert "No Such Role" in message
    assert admin.get("/api/resource/No Such Type").status_code == 404
    assert admin.get("/api/nothing").status_code == 404
    assert admin("PATCH", "/api/resource/Role/Guest").status_code == 404


def test_lists(admin: Web) -> None:
    path = "/api/resource/Role"
    assert admin.get(path, query_string={"filters": '{"name": "Guest"}'}).json == {
        "data": [{"name": "Guest"}]
    }
    query = {
        "fields": '["name", "disabled"]',
        "filters": '[["name", "in", ["Guest", "All"]]]',
        "order_by": "name desc",
    }
    assert admin.get(path, query_string=query).json["data"] == [
        {"name": "Guest", "disabled": 0},
        {"name": "All", "disabled": 0},
    ]
    assert (
        admin.get(path, query_string={**query, "limit": 1, "limit_start": 1}).json["data"][0]["name"] == "All"
    )
    assert admin.get(path, query_string={**query, "limit_page_length": 1, "as_dict": 0}).json["data"] == [
        ["Guest", 0]
    ]
    unknown = admin.get(path, query_string={"fields": '["nofield"]'})
    assert (unknown.status_code, unknown.json["exc_type"]) == (417, "DataError")


def test_rows_of_child_tables_are_not_read_by_themselves(admin: Web) -> None:
    assert admin.get("/api/resource/Has Role").status_code == 403


def test_a_guest_reads_nothing(guest: Web) -> None:
    assert guest.get("/api/resource/Role").status_code == 403
    assert guest.get("/api/resource/User/Administrator").status_code == 403
    assert guest.get("/api/method/frappe.client.get_list?doctype=Role").status_code == 403


# -- frappe.client -------------------------------------------------------------------------------------------


def client(web: Web, verb: str, function: str, **arguments: Any) -> Any:
    path = f"/api/method/frappe.client.{function}"
    return web.get(path, query_string=arguments) if verb == "GET" else web(verb, path, json=arguments)


def test_client_reads(admin: Web) -> None:
    guest_filter = '{"name": "Guest"}'
    assert client(admin, "GET", "get_count", doctype="Role", filters=guest_filter).json["message"] == 1
    assert client(admin, "GET", "get", doctype="Role", name="Guest").json["message"]["home_page"] is None
    value = client(admin, "GET", "get_value", doctype="Role", fieldname="name", filters="Guest")
    assert value.json["message"] == {"name": "Guest"}
    values = client(
        admin, "GET", "get_value", doctype="Role", fieldname='["name", "disabled"]', filters=guest_filter
    )
    assert values.json["message"] == {"name": "Guest", "disabled": 0}
    assert (
        client(admin, "GET", "get_value", doctype="Role", fieldname="name", filters="Nope").json["message"]
        == {}
    )
    assert client(admin, "GET", "get", doctype="Role", name="Nope").status_code == 404
    answer = client(admin, "GET", "has_permission", doctype="Role", docname="Guest")
    assert answer.json["message"] == {"has_permission": True}


def test_client_writes(admin: Web, unique: str) -> None:
    document = {"doctype": "Role", "role_name": f"C {unique}"}
    inserted = client(admin, "POST", "insert", doc=document).json["message"]
    assert inserted["name"] == f"C {unique}"
    changed = client(
        admin, "POST", "set_value", doctype="Role", name=inserted["name"], fieldname="disabled", value=1
    )
    assert changed.json["message"]["disabled"] == 1
    several = client(
        admin, "POST", "set_value", doctype="Role", name=inserted["name"], fieldname={"disabled": 0}
    )
    assert several.json["message"]["disabled"] == 0
    saved = client(admin, "POST", "save", doc={**several.json["message"], "desk_access": 0})
    assert saved.json["message"]["desk_access"] == 0
    assert client(admin, "POST", "delete", doctype="Role", name=inserted["name"]).status_code == 200
    assert client(admin, "POST", "delete", doctype="Role", name=inserted["name"]).status_code == 404


def test_a_changed_child_row_is_saved_with_its_document(admin: Web, unique: str) -> None:
    email = f"{unique}@example.com"
    made = {"email": email, "first_name": "C", "send_welcome_email": 0, "roles": [{"role": "System Manager"}]}
    [row] = admin.post("/api/resource/User", json=made).json["data"]["roles"]
    change = {"doctype": "Has Role", "name": row["name"], "fieldname": "role"}
    answer = client(admin, "POST", "set_value", **change, value="No Such Role")
    assert (answer.status_code, answer.json["exc_type"]) == (417, "LinkValidationError")
    changed = client(admin, "POST", "set_value", **change, value="System Manager").json["message"]
    assert (changed["doctype"], changed["name"]) == ("User", email)


def test_client_refusals(admin: Web, role: str) -> None:
    assert client(admin, "GET", "insert", doc="{}").status_code == 403
    name = client(admin, "POST", "set_value", doctype="Role", name=role, fieldname="name", value="x")
    assert name.status_code == 417


def test_nobody_sends_flags_along(served: str, website_user: str, role: str, admin: Web) -> None:
    browser = Web()
    assert browser.login(website_user, password_of(website_user)).status_code == 200
    change = {"disabled": 1, "flags": {"ignore_permissions": True}}
    by_client = client(browser, "POST", "set_value", doctype="Role", name=role, fieldname=change)
    assert by_client.status_code >= 400
    assert browser("PUT", f"/api/resource/Role/{role}", json=change).status_code == 403
    assert admin.get(f"/api/resource/Role/{role}").json["data"]["disabled"] == 0


def test_run_doc_method_needs_a_published_method(admin: Web, guest: Web) -> None:
    call = {"dt": "User", "dn": "Administrator", "method": "as_json"}
    assert admin.post("/api/method/run_doc_method", json=call).status_code == 403
    assert guest.post("/api/method/run_doc_method", json=call).status_code == 403


def test_settings_are_deleted_under_their_own_name_only(admin: Web) -> None:
    before = admin.get("/api/resource/System Settings/System Settings").json["data"]
    assert admin("DELETE", "/api/resource/System Settings/No Such").status_code >= 400
    assert admin.get("/api/resource/System Settings/System Settings").json["data"] == before


def test_origin_does_not_come_from_the_client(admin: Web, unique: str) -> None:
    forged = {"owner": "Guest", "creation": "2001-01-01 00:00:00"}
    made = admin.post("/api/resource/Role", json={"role_name": f"O {unique}", **forged}).json["data"]
    assert made["owner"] == "Administrator"
    assert not made["creation"].startswith("2001")
    path = f"/api/resource/Role/{made['name']}"
    for field, value in forged.items():
        answer = admin("PUT", path, json={field: value})
        assert (answer.status_code, answer.json["exc_type"]) == (417, "CannotChangeConstantError")
    assert admin("PUT", path, json={"disabled": 1, "owner": "Administrator"}).status_code == 200
    admin("DELETE", path)


@pytest.mark.parametrize("spelling", ["role", "ROLE", "Role "])
def test_another_spelling_of_a_doctype_is_none(admin: Web, spelling: str) -> None:
    for path in (f"/api/resource/{spelling}", f"/api/resource/{spelling}/Guest"):
        assert admin.get(path).status_code >= 400
        assert "data" not in admin.get(path).json
