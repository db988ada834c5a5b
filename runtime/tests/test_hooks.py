"""Whitelisted functions, hooks, messages, errors, translations, passwords, single helpers of `frappe`."""

# no `from __future__ import annotations` here: it would switch the type checks of whitelisted functions off
from unittest.mock import patch

import pytest

import frappe


@frappe.whitelist()
def add(number: int, text: str = "", ratio: float | None = None, names: list | None = None):
    return number, text, ratio, names


@frappe.whitelist(methods=["POST"])
def whitelisted_for_users():
    return "ok"


@frappe.whitelist(allow_guest=True)
def whitelisted_for_guests():
    return "ok"


def private_function():
    return "no"


# -- whitelisted functions -------------------------------------------------------------------------------------


def test_argument_types_are_converted():
    assert add("7") == (7, "", None, None)
    assert add(7, text="x", ratio="0.5") == (7, "x", 0.5, None)
    assert add(number=1, names=["a"]) == (1, "", None, ["a"])


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [(("x",), {}), ((), {"number": [1]}), ((1,), {"text": 5}), ((1,), {"names": "a"}), ((1.5,), {})],
)
def test_wrong_types_are_refused(args, kwargs):
    with pytest.raises(frappe.FrappeTypeError):
        add(*args, **kwargs)


def test_none_is_fine_where_it_is_the_default():
    assert add(1, ratio=None, names=None) == (1, "", None, None)
    with pytest.raises(frappe.FrappeTypeError):
        add(None)


def test_types_are_checked_only_in_requests_and_tests():
    frappe.flags.in_test = False
    assert add("x")[0] == "x"


def test_who_may_call(make_user):
    for function in (add, whitelisted_for_users, whitelisted_for_guests):
        frappe.is_whitelisted(function)
    with pytest.raises(frappe.PermissionError):
        frappe.is_whitelisted(private_function)
    frappe.set_user("Guest")
    frappe.is_whitelisted(whitelisted_for_guests)
    with pytest.raises(frappe.PermissionError):
        frappe.is_whitelisted(whitelisted_for_users)


def test_call_passes_only_known_arguments():
    assert frappe.call(add, number="3", unknown=1) == (3, "", None, None)
    assert frappe.call("frappe.utils.cint", s="5") == 5


def test_only_for(make_user):
    frappe.flags.in_test = False
    user = make_user("rt-roles@example.com", "RT Clerk")
    frappe.set_user(user)
    frappe.only_for("RT Clerk")
    frappe.only_for(["RT Boss", "RT Clerk"])
    with pytest.raises(frappe.PermissionError):
        frappe.only_for("RT Boss")


# -- hooks -----------------------------------------------------------------------------------------------------

calls: list[tuple] = []


def on_event(doc, method, *args):
    calls.append((doc.doctype, method))


def on_any(doc, method, *args):
    if doc.doctype == "RT Event":
        calls.append(("*", method))


@pytest.fixture
def doc_events(make_doctype):
    """`doc_events` of this module, as if an app had them."""
    doctype = make_doctype("Event", [{"fieldname": "title", "fieldtype": "Data"}])
    calls.clear()
    here, get_attr = __name__, frappe.get_attr
    events = {
        "RT Event": {
            "validate": [f"{here}.on_event"],
            "on_update": [f"{here}.on_event"],
            "on_trash": [f"{here}.on_event"],
        },
        "*": {"validate": [f"{here}.on_any"]},
    }
    with (
        patch.object(frappe, "get_doc_hooks", lambda: events),
        patch.object(
            frappe,
            "get_attr",
            lambda path: globals()[path.rsplit(".", 1)[1]] if path.startswith(here) else get_attr(path),
        ),
    ):
        yield doctype


def test_doc_events(doc_events):
    doc = frappe.get_doc({"doctype": doc_events}).insert()
    assert calls == [("RT Event", "validate"), ("*", "validate"), ("RT Event", "on_update")]
    calls.clear()
    doc.delete()
    assert calls == [("RT Event", "on_trash")]


def test_doc_events_run_after_the_controller(doc_events):
    doc = frappe.get_doc({"doctype": doc_events})
    doc.validate = lambda: calls.append("controller")
    doc.insert()
    assert calls[:2] == ["controller", ("RT Event", "validate")]


def test_get_hooks():
    assert frappe.get_hooks("app_name")[0] == "frappe"
    assert frappe.get_hooks("no_such_hook") == []
    assert frappe.get_hooks("no_such_hook", default={}) == {}
    assert frappe.get_hooks(app_name="frappe").app_name == ["frappe"]


def test_installed_apps():
    assert frappe.get_installed_apps()[0] == "frappe"
    assert "Core" in frappe.get_module_list("frappe")
    assert frappe.get_app_path("frappe", "hooks.py").endswith("frappe/hooks.py")
    with pytest.raises(frappe.AppNotInstalledError):
        frappe.get_attr("surely_not_an_app.module.function")


# -- messages --------------------------------------------------------------------------------------------------


def test_throw_adds_a_message():
    with pytest.raises(frappe.ValidationError, match="bad"):
        frappe.throw("bad", title="Oh")
    message = frappe.get_message_log()[-1]
    assert (message["message"], message["title"], message["indicator"], message["raise_exception"]) == (
        "bad",
        "Oh",
        "red",
        1,
    )


def test_msgprint():
    frappe.clear_messages()
    frappe.msgprint("hello")
    frappe.msgprint("done", indicator="green")
    first, second = frappe.get_message_log()
    assert first == {"message": "hello", "title": "Message"}
    assert (second["message"], second["indicator"]) == ("done", "green")
    frappe.clear_last_message()
    assert len(frappe.get_message_log()) == 1
    with pytest.raises(frappe.DoesNotExistError):
        frappe.msgprint("gone", raise_exception=frappe.DoesNotExistError)


def test_log_error():
    frappe.log_error("A title", "the message", "User", "Guest")
    log = frappe.get_last_doc("Error Log")
    assert (log.method, log.error, log.reference_doctype, log.reference_name) == (
        "A title",
        "the message",
        "User",
        "Guest",
    )
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log = frappe.log_error("Division")
    assert "ZeroDivisionError" in log.error and log.method == "Division"


# -- language --------------------------------------------------------------------------------------------------


def test_translation():
    assert frappe._("RT never translated") == "RT never translated"
    assert frappe._("Login", "zh") == frappe._("Login", "zh", context="of nobody") == "登录"
    frappe.local.lang = "zh"
    assert frappe._("Login") == "登录" and frappe._("Login", "en") == "Login"


# -- users and passwords ---------------------------------------------------------------------------------------


def test_users_and_roles(make_user):
    user = make_user("RT-Mixed@Example.com", "RT Clerk", "RT Boss")
    assert user == "rt-mixed@example.com"
    assert {"RT Clerk", "RT Boss", "All", "Guest"} <= set(frappe.get_roles(user))
    doc = frappe.get_doc("User", user)
    assert doc.user_type == "System User" and doc.full_name == "RT-Mixed"
    assert "RT Third" not in frappe.get_roles(user)
    frappe.get_doc({"doctype": "Role", "role_name": "RT Third"}).insert()
    doc.add_roles("RT Third")
    assert "RT Third" in frappe.get_roles(user)
    assert "System Manager" in frappe.get_roles("Administrator")
    assert frappe.get_roles("Guest") == ["Guest"]
    with pytest.raises(frappe.ValidationError):
        frappe.delete_doc("User", "Administrator")


def test_roles_are_given_and_taken(make_user):
    doc = frappe.get_doc("User", make_user("rt-roles@example.com", "RT Clerk"))
    doc.append_roles("System Manager", "RT Clerk")
    assert [row.role for row in doc.roles] == ["RT Clerk", "System Manager"]
    assert "System Manager" not in frappe.get_roles(doc.name)  # not saved yet
    doc.save()
    assert "System Manager" in frappe.get_roles(doc.name) and doc.user_type == "System User"
    doc.remove_roles("System Manager", "RT No Such Role")
    assert [row.role for row in frappe.get_doc("User", doc.name).roles] == ["RT Clerk"]
    assert "System Manager" not in frappe.get_roles(doc.name)


def test_a_username_is_given_once(make_user):
    first = frappe.get_doc("User", make_user("rt-name1@example.com"))
    first.username = "rt-name"
    first.save()
    for email in ("rt-name2@example.com", "rt-name3@example.com"):
        other = frappe.get_doc("User", make_user(email))
        other.username = "rt-name"
        other.save()
        assert not other.username
    first.save()
    assert first.username == "rt-name"


def test_a_disabled_role_grants_nothing(make_user):
    user = make_user("rt-former@example.com", "RT Former", "RT Clerk")
    role = frappe.get_doc("Role", "RT Former")
    role.disabled = 1
    role.save()
    assert "RT Former" not in frappe.get_roles(user) and "RT Clerk" in frappe.get_roles(user)


def test_website_user(make_user):
    role = "RT Visitor"
    if not frappe.db.exists("Role", role):
        frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 0}).insert()
    user = make_user("rt-visitor@example.com", role)
    assert frappe.db.get_value("User", user, "user_type") == "Website User"


def test_a_role_that_gets_access_to_the_desk_makes_its_users_staff(make_user):
    if not frappe.db.exists("Role", "RT Porter"):
        frappe.get_doc({"doctype": "Role", "role_name": "RT Porter", "desk_access": 0}).insert()
    role = frappe.get_doc("Role", "RT Porter")
    user = make_user("rt-porter@example.com", "RT Porter")
    for desk_access, kind in ((1, "System User"), (0, "Website User")):
        role.desk_access = desk_access
        role.save()
        assert frappe.db.get_value("User", user, "user_type") == kind
    assert "Desk User" not in frappe.get_roles(user)


def test_password_of_a_user(make_user):
    from frappe.utils.password import check_password, update_password

    user = make_user("rt-password@example.com")
    update_password(user, "first secret")
    assert check_password(user, "first secret") == user
    with pytest.raises(frappe.AuthenticationError):
        check_password(user, "wrong")
    doc = frappe.get_doc("User", user)
    doc.new_password = "rt_second-Secret/7"
    doc.save()
    assert check_password(user, "rt_second-Secret/7") == user
    assert not doc.new_password


def test_password_field(make_doctype):
    doctype = make_doctype("Vault", [{"fieldname": "key", "fieldtype": "Password"}])
    doc = frappe.get_doc({"doctype": doctype, "key": "open sesame"}).insert()
    assert doc.key == "*" * len("open sesame")
    doc = frappe.get_doc(doctype, doc.name)
    assert doc.get_password("key") == "open sesame"
    assert "sesame" not in str(frappe.db.sql("select * from `__Auth` where doctype = %s", (doctype,)))
    doc.save()
    assert doc.get_password("key") == "open sesame"
    doc.key = "another"
    doc.save()
    assert frappe.get_doc(doctype, doc.name).get_password("key") == "another"
    doc.delete()
    assert not frappe.db.sql("select 1 from `__Auth` where doctype = %s and name = %s", (doctype, doc.name))


# -- small things ----------------------------------------------------------------------------------------------


def test_names_and_texts():
    assert frappe.scrub("Market Fee-Type") == "market_fee_type"
    assert frappe.bold("x") == "<strong>x</strong>"
    assert len(frappe.generate_hash(length=12)) == 12
    assert frappe.parse_json('{"a": 1}') == {"a": 1} and frappe.parse_json("[1]") == [1]
    assert (
        frappe.as_json({"b": 1, "a": frappe.utils.getdate("2026-01-31")}, indent=None)
        == '{"a": "2026-01-31","b": 1}'
    )
    assert frappe.as_json({"b": 1, "a": 2}) == '{\n "a": 2,\n "b": 1\n}'


def test_defaults():
    frappe.db.set_default("rt_key", "value")
    assert frappe.db.get_default("rt_key") == "value"


def test_safe_eval():
    assert frappe.safe_eval("a + 1", None, {"a": 2}) == 3
    assert frappe.safe_eval("round(a, 1) if a > 1 else 0", None, {"a": 2.26}) == 2.3
    for code in ("__import__('os')", "().__class__", "open('/etc/passwd')"):
        with pytest.raises((SyntaxError, NameError, TypeError)):
            frappe.safe_eval(code)


def test_comments(make_doctype):
    doctype = make_doctype("Event", [{"fieldname": "title", "fieldtype": "Data"}])
    doc = frappe.get_doc({"doctype": doctype}).insert()
    comment = doc.add_comment("Comment", "a remark")
    assert (comment.reference_doctype, comment.reference_name, comment.content) == (
        doctype,
        doc.name,
        "a remark",
    )
    doc.delete()
    assert not frappe.db.exists("Comment", comment.name)
