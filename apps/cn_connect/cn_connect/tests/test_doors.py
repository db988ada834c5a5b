"""The doors of the generic document interface: who may pass, and that nobody is told what is behind them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from cn_connect.access import client, documents, doors, fields
from cn_connect.access.calls import Target, calls_of

HIDDEN = "Guest"  # a Role that the limited user may not see
SHOWN = "All"
MISSING = "No Such Role"


@pytest.fixture
def ask(site) -> Callable[..., None]:
    """Sends a request as a user through the doors, as the web server does before it does anything else."""

    def send(user: str, path: str, verb: str = "GET", **form: Any) -> None:
        site.set_user(user)
        site.local.request = Request(EnvironBuilder(path=path, method=verb).get_environ())
        site.local.form_dict = site._dict(form)
        try:
            doors.check()
        finally:
            site.local.request = None

    yield send
    site.flags.generic_way = None
    site.set_user("Administrator")


@pytest.fixture
def told(site, ask) -> Callable[..., tuple[str, str]]:
    """What a refused request is answered."""

    def refused(user: str, path: str, verb: str = "GET", **form: Any) -> tuple[str, str]:
        site.clear_messages()
        with pytest.raises((site.PermissionError, site.ValidationError)) as error:
            ask(user, path, verb, **form)
        # Frappe marks each raised message with a random id, which says nothing of what was asked for.
        log = [{key: value for key, value in row.items() if key != "__frappe_exc_id"} for row in messages()]
        return type(error.value).__name__, f"{error.value} {log}"

    def messages() -> list[dict[str, Any]]:
        return [json.loads(row) if isinstance(row, str) else row for row in site.get_message_log()]

    return refused


@pytest.fixture
def website_user(user_with) -> str:
    return user_with()


@pytest.fixture
def staff(user_with) -> str:
    """Works in the office, and has no right on any Role."""
    return user_with("Desk Without Rights")


@pytest.fixture
def limited(site, user_with) -> str:
    """May read and write Roles, but by User Permission only one of them."""
    user = user_with("System Manager")
    values = {"user": user, "allow": "Role", "for_value": SHOWN, "apply_to_all_doctypes": 1}
    site.get_doc({"doctype": "User Permission", **values}).insert(ignore_permissions=True)
    return user


def call(method: str, /, **arguments: Any) -> tuple[str, str, dict[str, Any]]:
    return f"/api/method/{method}", "POST", arguments


def ways_to(name: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every generic way to the Role of that name."""
    doc = {"doctype": "Role", "name": name}
    return [
        (f"/api/resource/Role/{name}", "GET", {}),
        (f"/api/resource/Role/{name}", "PUT", {"disabled": 1}),
        (f"/api/resource/Role/{name}", "DELETE", {}),
        (f"/api/v1/resource/Role/{name}", "GET", {}),
        (f"/api/v2/document/Role/{name}", "GET", {}),
        (f"/api/v2/document/Role/{name}/method/get_title", "GET", {}),
        call("frappe.client.get", doctype="Role", name=name),
        call("frappe.client.set_value", doctype="Role", name=name, fieldname="disabled", value=1),
        call("frappe.client.save", doc=json.dumps(doc)),
        call("frappe.client.save", doc=doc),
        call("frappe.client.submit", doc=doc),
        call("frappe.client.cancel", doctype="Role", name=name),
        call("frappe.client.delete", doctype="Role", name=name),
        call("frappe.client.rename_doc", doctype="Role", old_name=name, new_name="x"),
        call("frappe.client.bulk_update", docs=json.dumps([{"doctype": "Role", "docname": name}])),
        call("frappe.client.attach_file", doctype="Role", docname=name, filename="a.txt"),
        call("frappe.client.validate_link", doctype="Role", docname=name),
        call("run_doc_method", dt="Role", dn=name, method="get_title"),
        call("run_doc_method", docs=json.dumps(doc), method="get_title"),
        call("frappe.model.workflow.get_transitions", doc=doc),
        call("frappe.model.workflow.apply_workflow", doc=json.dumps(doc), action="Approve"),
        call("frappe.utils.print_format.download_pdf", doctype="Role", name=name),
        call("frappe.utils.print_format.download_multi_pdf", doctype="Role", name=json.dumps([SHOWN, name])),
        call("frappe.www.printview.get_html_and_style", doc="Role", name=name),
        call("upload_file", doctype="Role", docname=name, is_private=1),
        ("/printview", "GET", {"doctype": "Role", "name": name}),
        ("/", "POST", {"cmd": "frappe.client.get", "doctype": "Role", "name": name}),
    ]


WAYS = range(len(ways_to("x")))


@pytest.mark.parametrize("way", WAYS)
def test_who_has_no_right_on_a_doctype_is_not_told_what_there_is(told, staff, website_user, way):
    for user in ("Guest", website_user, staff):
        answers = {
            told(user, path, verb, **form)
            for path, verb, form in (ways_to(n)[way] for n in (HIDDEN, MISSING))
        }
        assert len(answers) == 1
        assert answers.pop()[0] == "PermissionError"


@pytest.mark.parametrize("way", WAYS)
def test_who_sees_some_documents_is_not_told_which_others_there_are(told, limited, way):
    answers = [
        told(limited, path, verb, **form)
        for path, verb, form in (ways_to(HIDDEN)[way], ways_to(MISSING)[way])
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == "PermissionError"


@pytest.mark.parametrize("way", [0, 1, 6, 7, 12, 25])
def test_what_one_may_see_stays_open(ask, limited, way):
    path, verb, form = ways_to(SHOWN)[way]
    ask(limited, path, verb, **form)


@pytest.mark.parametrize("spelling", ["role", "ROLE", "Role ", " Role"])
def test_another_spelling_of_a_doctype_is_none(told, limited, spelling):
    for name in (SHOWN, HIDDEN):
        assert told(limited, f"/api/resource/{spelling}/{name}")[0] == "PermissionError"
    assert told(limited, f"/api/resource/{spelling}")[0] == "PermissionError"


def test_who_sees_all_is_left_to_be_told_that_something_does_not_exist(ask, user_with):
    ask(user_with("System Manager"), f"/api/resource/Role/{MISSING}")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/api/resource/Role", {}),
        ("/api/resource/No Such Type", {}),
        ("/api/method/frappe.client.get_list", {"doctype": "Role"}),
        ("/api/method/frappe.client.get_count", {"doctype": "Role"}),
        ("/api/method/frappe.desk.reportview.get", {"doctype": "Role"}),
        ("/api/method/frappe.desk.query_report.run", {"report_name": "x"}),
        ("/api/method/cn_connect.access.client.get_count", {"doctype": "Role"}),
        ("/api/method/frappe.flags", {}),
        ("/api/method/no.such.method", {}),
        ("/api/method/ping", {"cmd": "frappe.client.get_list", "doctype": "Role"}),
        ("/api/v2/doctype/Role/count", {}),
        ("/api/unknown/Role", {}),
        ("/api/", {}),
        ("/Role/Guest", {}),
        ("/print", {"doctype": "Role", "name": "Guest"}),
        ("/list", {"doctype": "Role"}),
    ],
)
@pytest.mark.parametrize("who", ["Guest", "website_user"])
def test_who_is_no_staff_has_no_generic_way(request, told, who, path, form):
    user = request.getfixturevalue(who) if who == "website_user" else who
    assert told(user, path, **form)[0] == "PermissionError"


@pytest.mark.parametrize(
    "path",
    ["/api/method/ping", "/api/method/login", "/api/method/logout", "/login", "/", "/market",
     "/api/method/frappe.auth.get_logged_user", "/api/method/cn_connect.api.sms.report"],
)  # fmt: skip
@pytest.mark.parametrize("who", ["Guest", "website_user"])
def test_the_open_ways(request, ask, hooks_of, who, path):
    ask(request.getfixturevalue(who) if who == "website_user" else who, path)


def test_an_app_opens_a_method_of_its_own(told, ask, hooks_of, website_user):
    assert told(website_user, "/api/method/shop.api.hello")[0] == "PermissionError"
    hooks_of(open_methods=["shop.api.hello"])
    ask(website_user, "/api/method/shop.api.hello")


def test_an_upload_does_not_smuggle_another_method(told, website_user):
    form = {"is_private": 1, "method": "frappe.client.get_list", "doctype": "Role"}
    assert told(website_user, "/api/method/upload_file", "POST", **form)[0] == "PermissionError"


# -- lists -----------------------------------------------------------------------------------------------------------

SEALED = "recipient_cipher"  # of Outbox Message, beyond everybody's permission level


@pytest.mark.parametrize(
    "form",
    [
        {"filters": json.dumps({SEALED: ["like", "sm4:%"]})},
        {"filters": {SEALED.upper(): "x"}},
        {"filters": json.dumps([[SEALED, "like", "a%"]])},
        {"filters": json.dumps([["Outbox Message", SEALED, "like", "a%"]])},
        {"filters": json.dumps([{SEALED: "x"}])},
        {"or_filters": json.dumps({SEALED: "x"})},
        {"order_by": SEALED},
        {"order_by": f"name asc, `tabOutbox Message`.`{SEALED}` desc"},
        {"group_by": SEALED},
        {"fields": json.dumps([f"max({SEALED}) as m"])},
    ],
)
@pytest.mark.parametrize("method", ["get_list", "get_count", "get", "get_value"])
def test_what_one_may_not_read_is_no_filter_and_no_order(told, user_with, method, form):
    user = user_with("System Manager")
    form = {"doctype": "Outbox Message", "fieldname": "name", **form}
    assert told(user, f"/api/method/frappe.client.{method}", "POST", **form)[0] == "PermissionError"
    assert told(user, "/api/resource/Outbox Message", **form)[0] == "PermissionError"


def test_what_one_may_read_is_a_filter(ask, user_with):
    filters = json.dumps([["Outbox Message", "state", "=", "Sent"], ["creation", ">", "2026-01-01"]])
    form = {
        "filters": filters,
        "order_by": "`tabOutbox Message`.`modified` desc",
        "fields": '["count(name)"]',
    }
    ask(user_with("System Manager"), "/api/resource/Outbox Message", **form)


@pytest.mark.parametrize(
    "filters",
    [
        '[["x"]]',
        "[" * 20_000,
        '{"a b": 1}',
        '[["User","name","like","%"]]',
        '[["name","=",1,2,3,4]]',
        '{"1;drop": 1}',
        "[1.5]",
    ],
)
def test_what_is_no_filter_is_refused(told, user_with, filters):
    answer = told(user_with("System Manager"), "/api/resource/Outbox Message", filters=filters)
    assert answer[0] in ("ValidationError", "DataError")


def test_names_of_fields_in_every_form(site):
    filters = [["a", "=", 1], {"b": 2}, ["Role", "c", "in", ["x"]], ["`tabRole`.`d`", "is", "set"]]
    assert [name for _doctype, name in fields.named_by("Role", filters)] == ["a", "b", "c", "d"]


# -- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", ["get", "set", "run_method", "has_permission", "save", "__class__", "as_dict"]
)
def test_a_value_does_not_stand_for_a_method(told, user_with, key):
    user = user_with("System Manager")
    for path, verb, form in (
        ("/api/resource/Role", "POST", {"role_name": "x", key: 1}),
        (f"/api/resource/Role/{SHOWN}", "PUT", {key: 1}),
        (f"/api/resource/Role/{SHOWN}", "PUT", {"data": json.dumps({key: 1})}),
        call("frappe.client.insert", doc={"doctype": "Role", key: 1}),
        call("frappe.client.set_value", doctype="Role", name=SHOWN, fieldname=key, value=1),
        call("frappe.client.set_value", doctype="Role", name=SHOWN, fieldname=json.dumps({key: 1})),
    ):
        assert told(user, path, verb, **form)[0] == "ValidationError"


def test_rows_are_looked_into(site):
    named = {"email": "x@example.com"}
    for rows in ([{"role": "All", "get": 1}], "x", {"role": "All"}, ["All"], 1):
        with pytest.raises(site.ValidationError):
            documents.check_values(Target("User", None, "create", {**named, "roles": rows}))
    documents.check_values(Target("User", None, "create", {**named, "roles": [{"role": "All"}], "flags": {}}))


@pytest.mark.parametrize("values", [{}, {"email": None}, {"email": 5}])
def test_what_a_document_is_named_by_is_asked_for(site, values):
    with pytest.raises(site.MandatoryError):
        documents.check_values(Target("User", None, "create", values))


@pytest.mark.parametrize("values", [{"docstatus": 1}, {"docstatus": "2"}, {"name": "Other"}, "text", [1]])
def test_state_and_name_are_not_told_by_values(site, values):
    with pytest.raises(site.ValidationError):
        documents.check_values(Target("Role", SHOWN, "write", values))


def test_a_document_may_be_sent_back_as_it_was_read(site):
    stored = site.get_doc("Role", SHOWN).as_dict()
    documents.check_values(Target("Role", SHOWN, "write", json.loads(site.as_json(stored))))


def test_a_link_does_not_tell_what_is_hidden(told, ask, limited):
    for values in (
        lambda name: {"role": name},
        lambda name: {"reference_type": "Role", "reference_name": name},
    ):
        answers = {
            told(limited, "/api/resource/ToDo", "POST", description="x", **values(name))
            for name in (HIDDEN, MISSING)
        }
        assert len(answers) == 1
        assert answers.pop()[0] == "PermissionError"
        ask(limited, "/api/resource/ToDo", "POST", description="x", **values(SHOWN))


def test_a_name_is_no_filter(told, user_with):
    path, verb, form = call("frappe.client.get", doctype="Role", name={"name": ["like", "%"]})
    assert told(user_with("System Manager"), path, verb, **form)[0] == "ValidationError"


def test_a_write_needs_the_right_on_what_is_stored_and_on_what_it_becomes(site, limited):
    site.set_user(limited)
    site.flags.generic_way = True
    doc = site.get_doc("Role", HIDDEN)
    with pytest.raises(site.PermissionError):
        doc.save()
    site.flags.generic_way = None
    site.set_user("Administrator")


def test_a_row_is_not_taken_from_another_document(site, user_with):
    first, second = user_with("Desk Without Rights"), user_with()
    row = site.get_doc("User", first).roles[0]
    manager = user_with("System Manager")
    site.set_user(manager)
    site.flags.generic_way = True
    taker = site.get_doc("User", second)
    taker.append("roles", {"role": row.role, "name": row.name})
    with pytest.raises(site.PermissionError):
        taker.save()
    site.flags.generic_way = None
    site.set_user("Administrator")


# -- answers that differ from stock Frappe's -------------------------------------------------------------------------


def test_a_count_counts_what_a_list_shows(site, limited):
    site.set_user(limited)
    assert client.get_count("Role") == 1
    assert client.get_count("Role", {"name": HIDDEN}) == 0


def test_what_is_hidden_is_not_found_by_filters(site, limited):
    site.set_user(limited)
    for name in (HIDDEN, MISSING):
        with pytest.raises(site.DoesNotExistError):
            client.get("Role", filters=json.dumps({"name": name}))
    assert client.get("Role", filters={"name": SHOWN})["name"] == SHOWN


def test_there_is_no_permission_on_what_does_not_exist(site, limited):
    site.set_user(limited)
    answers = [client.has_permission("Role", name)["has_permission"] for name in (SHOWN, HIDDEN, MISSING)]
    assert answers == [True, False, False]


def test_the_overriding_methods_are_named_in_the_hooks(site):
    named = site.get_hooks("override_whitelisted_methods")
    for name in ("get", "get_count", "has_permission"):
        assert named[f"frappe.client.{name}"][-1] == f"cn_connect.access.client.{name}"
    assert "cn_connect.access.doors.check" in site.get_hooks("auth_hooks")


def test_calls_are_read_from_path_cmd_and_upload():
    form = {"cmd": "frappe.client.get_list", "method": "frappe.client.delete"}
    methods = [each.method for each in calls_of("/api/method/upload_file", "POST", form)]
    assert methods == ["upload_file", "frappe.client.get_list", "frappe.client.delete"]
