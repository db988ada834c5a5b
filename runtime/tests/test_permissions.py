"""Roles, owners, permission levels and User Permissions: for documents and for lists alike."""

from __future__ import annotations

import sys
import types

import pytest

import frappe
from frappe import permissions

NOTHING = dict.fromkeys(permissions.rights, 0)


def rule(role: str, *rights: str, **more) -> dict:
    return {"role": role, **NOTHING, **dict.fromkeys(rights, 1), **more}


@pytest.fixture
def place(make_doctype) -> str:
    return make_doctype(
        "Perm Place",
        [{"fieldname": "title", "fieldtype": "Data"}],
        autoname="field:title",
        permissions=[rule("RT Reader", "read"), rule("RT Writer", "read", "write", "create")],
    )


@pytest.fixture
def paper(make_doctype, place) -> str:
    columns = [
        {"fieldname": "item", "fieldtype": "Data"},
        {"fieldname": "place", "fieldtype": "Link", "options": place},
    ]
    child = make_doctype("Perm Row", columns, istable=1)
    return make_doctype(
        "Perm Paper",
        [
            {"fieldname": "title", "fieldtype": "Data"},
            {"fieldname": "place", "fieldtype": "Link", "options": place},
            {"fieldname": "free_place", "fieldtype": "Link", "options": place, "ignore_user_permissions": 1},
            {"fieldname": "secret", "fieldtype": "Data", "permlevel": 1},
            {"fieldname": "lines", "fieldtype": "Table", "options": child},
        ],
        permissions=[
            rule("RT Reader", "read"),
            rule("RT Writer", "read", "write", "create", "delete"),
            rule("RT Owner", "read", "write", "create", if_owner=1),
            rule("RT Level", "read"),
            rule("RT Level", "read", "write", permlevel=1),
        ],
    )


@pytest.fixture
def people(make_user, place, paper) -> dict[str, str]:
    """One user for each role: reader, writer, owner, level; and nobody without a role."""
    for role in ("RT Reader", "RT Writer", "RT Owner", "RT Level"):
        if not frappe.db.exists("Role", role):
            frappe.get_doc({"doctype": "Role", "role_name": role}).insert()
    users = {
        who: make_user(f"{who}@perm.example", f"RT {who.title()}")
        for who in ("reader", "writer", "owner", "level")
    }
    users["nobody"] = make_user("nobody@perm.example")
    return users


@pytest.fixture
def papers(people, place, paper) -> dict[str, str]:
    """Papers by title; `own` belongs to the owner."""
    for title in ("North", "South"):
        frappe.get_doc({"doctype": place, "title": title}).insert()
    names = {}
    for title, where, user in (
        ("north", "North", "Administrator"),
        ("south", "South", "Administrator"),
        ("nowhere", None, "Administrator"),
        ("own", "South", people["owner"]),
    ):
        frappe.set_user(user)
        doc = frappe.get_doc(
            {
                "doctype": paper,
                "title": title,
                "place": where,
                "free_place": "South",
                "secret": "s",
                "lines": [{"item": title}],
            }
        )
        names[title] = doc.insert(ignore_permissions=True, ignore_links=True).name
    frappe.set_user("Administrator")
    return names


def readable(papers: dict[str, str], right: str = "read") -> set[str]:
    return {
        title for title, name in papers.items() if frappe.has_permission("RT Perm Paper", right, doc=name)
    }


def listed() -> set[str]:
    return set(frappe.get_list("RT Perm Paper", pluck="title"))


class TestRoles:
    def test_administrator_may_everything(self, papers):
        assert readable(papers, "delete") == set(papers)
        assert listed() == set(papers)

    def test_reader(self, papers, people):
        frappe.set_user(people["reader"])
        assert frappe.has_permission("RT Perm Paper") and not frappe.has_permission("RT Perm Paper", "write")
        assert readable(papers) == listed() == set(papers)
        assert readable(papers, "write") == set()

    def test_nobody(self, papers, people):
        frappe.set_user(people["nobody"])
        assert not frappe.has_permission("RT Perm Paper")
        assert readable(papers) == set()
        with pytest.raises(frappe.PermissionError):
            frappe.get_list("RT Perm Paper")
        assert len(frappe.get_all("RT Perm Paper")) == 4
        assert len(frappe.get_list("RT Perm Paper", ignore_permissions=True)) == 4

    def test_guest(self, papers):
        frappe.set_user("Guest")
        assert frappe.get_roles() == ["Guest"]
        assert not frappe.has_permission("RT Perm Paper")
        with pytest.raises(frappe.PermissionError):
            frappe.get_list("RT Perm Paper")

    def test_for_another_user(self, papers, people):
        assert frappe.has_permission("RT Perm Paper", "write", user=people["writer"])
        assert not frappe.has_permission("RT Perm Paper", "write", user=people["reader"])

    def test_throw(self, papers, people):
        frappe.set_user(people["reader"])
        with pytest.raises(frappe.PermissionError):
            frappe.has_permission("RT Perm Paper", "write", throw=True)
        with pytest.raises(frappe.PermissionError):
            frappe.get_doc("RT Perm Paper", papers["north"]).check_permission("write")

    def test_documents_ask(self, papers, people):
        frappe.set_user(people["reader"])
        doc = frappe.get_doc("RT Perm Paper", papers["north"])
        assert doc.has_permission("read") and not doc.has_permission("write")
        doc.title = "changed"
        with pytest.raises(frappe.PermissionError):
            doc.save()
        with pytest.raises(frappe.PermissionError):
            frappe.get_doc({"doctype": "RT Perm Paper", "title": "new"}).insert()
        with pytest.raises(frappe.PermissionError):
            frappe.delete_doc("RT Perm Paper", papers["north"])

    def test_writer_writes(self, papers, people):
        frappe.set_user(people["writer"])
        doc = frappe.get_doc("RT Perm Paper", papers["north"])
        doc.title = "changed"
        doc.save()
        assert frappe.get_doc({"doctype": "RT Perm Paper", "title": "new"}).insert().name
        frappe.delete_doc("RT Perm Paper", papers["south"])
        assert not frappe.db.exists("RT Perm Paper", papers["south"])

    def test_roles_everybody_has(self, people):
        roles = frappe.get_roles(people["reader"])
        assert {"RT Reader", "All", "Guest", "Desk User"} <= set(roles)
        assert "Desk User" not in frappe.get_roles(people["nobody"])
        assert {"RT Reader", "System Manager", "Administrator"} <= set(frappe.get_roles("Administrator"))


class TestOwner:
    def test_sees_and_writes_only_own(self, papers, people):
        frappe.set_user(people["owner"])
        assert listed() == {"own"}
        assert readable(papers) == readable(papers, "write") == {"own"}
        assert frappe.has_permission("RT Perm Paper", "create")
        assert readable(papers, "delete") == set()

    def test_filters_do_not_widen(self, papers, people):
        frappe.set_user(people["owner"])
        assert frappe.get_list("RT Perm Paper", filters={"title": "north"}) == []
        assert frappe.get_list(
            "RT Perm Paper", or_filters={"title": "north", "secret": "s"}, pluck="title"
        ) == ["own"]

    def test_rights(self, papers, people):
        rights = permissions.get_role_permissions(frappe.get_meta("RT Perm Paper"), people["owner"])
        assert rights["read"] == 1 and rights["write"] == 0 and rights["create"] == 1


class TestPermissionLevels:
    def test_lists_leave_fields_out(self, papers, people):
        frappe.set_user(people["reader"])
        row = frappe.get_list("RT Perm Paper", fields=["title", "secret"], filters={"title": "north"})[0]
        assert row == {"title": "north"}
        assert "secret" not in frappe.get_list("RT Perm Paper", fields=["*"])[0]
        assert frappe.get_list("RT Perm Paper", fields=["max(secret) as s"]) == []
        assert frappe.get_list("RT Perm Paper", pluck="secret") == []

    def test_lists_show_them_to_the_level(self, papers, people):
        frappe.set_user(people["level"])
        row = frappe.get_list("RT Perm Paper", fields=["title", "secret"], filters={"title": "north"})[0]
        assert row == {"title": "north", "secret": "s"}

    def test_others_cannot_write_them(self, papers, people):
        frappe.set_user(people["writer"])
        doc = frappe.get_doc("RT Perm Paper", papers["north"])
        doc.secret = "changed"
        doc.save()
        assert frappe.db.get_value("RT Perm Paper", papers["north"], "secret") == "s"


class TestChildTables:
    def test_rows_need_their_parent(self, papers, people):
        frappe.set_user(people["reader"])
        with pytest.raises(frappe.PermissionError):
            frappe.get_list("RT Perm Row")
        with pytest.raises(frappe.PermissionError):
            frappe.get_list("RT Perm Row", parent_doctype="RT Perm Place")
        rows = frappe.get_list("RT Perm Row", fields=["item"], parent_doctype="RT Perm Paper")
        assert {r["item"] for r in rows} == set(papers)

    def test_rows_follow_their_parent(self, papers, people):
        frappe.set_user(people["nobody"])
        with pytest.raises(frappe.PermissionError):
            frappe.get_list("RT Perm Row", parent_doctype="RT Perm Paper")

    def test_a_row_follows_its_document(self, papers, people, on_stock):
        doc = frappe.get_doc("RT Perm Paper", papers["north"])
        row = doc.lines[0]
        for user, allowed in (("reader", True), ("nobody", False), ("owner", False)):
            frappe.set_user(people[user])
            assert frappe.has_permission("RT Perm Row", doc=row) is allowed
            if not on_stock:  # which asks only the roles about a row given by name, not its document
                assert frappe.has_permission("RT Perm Row", doc=row.name) is allowed


class TestUserPermissions:
    @pytest.fixture
    def limited(self, papers, people) -> dict[str, str]:
        """The writer is limited to North."""
        permissions.add_user_permission("RT Perm Place", "North", people["writer"])
        frappe.set_user(people["writer"])
        return papers

    def test_links_limit(self, limited):
        assert listed() == readable(limited) == readable(limited, "write") == {"north", "nowhere"}

    def test_the_linked_doctype_itself(self, limited):
        assert frappe.get_list("RT Perm Place", pluck="name") == ["North"]
        assert frappe.has_permission("RT Perm Place", doc="North")
        assert not frappe.has_permission("RT Perm Place", doc="South")

    def test_links_of_rows_limit_the_document(self, limited):
        frappe.set_user("Administrator")
        rows = [{"item": "a", "place": "North"}, {"item": "b", "place": "South"}]
        doc = frappe.get_doc({"doctype": "RT Perm Paper", "title": "rows", "lines": rows}).insert()
        frappe.set_user("writer@perm.example")
        assert not doc.has_permission("read")
        doc.lines.pop()
        assert doc.has_permission("read")

    def test_own_documents_stay_within_reach(self, papers, people):
        permissions.add_user_permission("RT Perm Place", "North", people["owner"])
        frappe.set_user(people["owner"])
        assert listed() == readable(papers) == {"own"}

    def test_new_documents(self, limited):
        with pytest.raises(frappe.PermissionError):
            frappe.get_doc({"doctype": "RT Perm Paper", "title": "n", "place": "South"}).insert()
        assert frappe.get_doc({"doctype": "RT Perm Paper", "title": "n", "place": "North"}).insert().name

    def test_get_all_is_not_limited(self, limited):
        assert len(frappe.get_all("RT Perm Paper")) == 4

    def test_strict(self, limited):
        frappe.set_user("Administrator")
        frappe.db.set_single_value("System Settings", "apply_strict_user_permissions", 1)
        frappe.clear_cache()
        frappe.set_user("writer@perm.example")
        assert listed() == {"north"}

    def test_applicable_for(self, papers, people):
        permissions.add_user_permission(
            "RT Perm Place", "North", people["writer"], applicable_for="RT Perm Paper"
        )
        frappe.set_user(people["writer"])
        assert listed() == {"north", "nowhere"}
        assert len(frappe.get_list("RT Perm Place")) == 2

    def test_rules_are_read_and_removed(self, limited, people):
        rules = permissions.get_user_permissions(people["writer"])
        assert [r["doc"] for r in rules["RT Perm Place"]] == ["North"]
        frappe.set_user("Administrator")
        permissions.remove_user_permission("RT Perm Place", "North", people["writer"])
        assert permissions.get_user_permissions(people["writer"]) == {}
        frappe.set_user(people["writer"])
        assert listed() == set(limited)

    def test_several_rules_add_up(self, limited, people):
        frappe.set_user("Administrator")
        permissions.add_user_permission("RT Perm Place", "South", people["writer"])
        frappe.set_user(people["writer"])
        assert listed() == set(limited)


class TestHooks:
    """Apps add conditions to lists and verdicts about documents."""

    @pytest.fixture
    def hooks(self, monkeypatch):
        module = types.ModuleType("frappe.rt_hooks")
        monkeypatch.setitem(sys.modules, "frappe.rt_hooks", module)
        added: dict[str, dict] = {}
        known = frappe.get_hooks

        def get_hooks(hook=None, *args, **kwargs):
            return added[hook] if hook in added else known(hook, *args, **kwargs)

        def add(hook: str, function) -> None:
            setattr(module, hook, function)
            added[hook] = {"RT Perm Paper": [f"frappe.rt_hooks.{hook}"]}

        monkeypatch.setattr(frappe, "get_hooks", get_hooks)
        return add

    def test_conditions_of_lists(self, papers, people, hooks):
        hooks("permission_query_conditions", lambda user: "`tabRT Perm Paper`.title like 'n%'")
        frappe.set_user(people["reader"])
        assert listed() == {"north", "nowhere"}
        assert (
            frappe.get_list("RT Perm Paper", filters={"title": ["like", "%o%"]}, limit=9, pluck="title") != []
        )
        frappe.set_user("Administrator")
        assert listed() == {"north", "nowhere"}

    def test_conditions_know_the_user(self, papers, people, hooks):
        seen = []
        hooks("permission_query_conditions", lambda user, doctype: seen.append((user, doctype)))
        frappe.set_user(people["reader"])
        assert listed() == set(papers)
        assert seen == [(people["reader"], "RT Perm Paper")]

    def test_verdicts(self, papers, people, hooks):
        hooks("has_permission", lambda doc, ptype, user: doc.title != "north" or ptype != "read")
        frappe.set_user(people["reader"])
        assert readable(papers) == set(papers) - {"north"}
        assert readable(papers, "write") == set()


def test_asking_again_reads_nothing(papers, people, on_stock, monkeypatch):
    if on_stock:
        pytest.skip("stock Frappe looks for shared documents each time")
    permissions.add_user_permission("RT Perm Place", "North", people["writer"])
    frappe.set_user(people["writer"])
    doc = frappe.get_doc("RT Perm Paper", papers["north"])
    assert doc.has_permission("write")
    monkeypatch.setattr(frappe.local.db, "sql", lambda *args, **kwargs: pytest.fail(f"asked for {args}"))
    assert frappe.get_roles() and frappe.has_permission("RT Perm Paper", "write")
    assert doc.has_permission("write") and not frappe.has_permission("RT Perm Paper", "submit")


def test_a_task_is_seen_by_whom_it_is_for_and_from(site, make_user):
    allocated, other = make_user("todo-a@example.com"), make_user("todo-b@example.com")
    task = frappe.get_doc({"doctype": "ToDo", "description": "x", "allocated_to": allocated}).insert()
    for user, seen in (
        (allocated, True),
        (other, False),
        (make_user("todo-c@example.com", "System Manager"), True),
    ):
        frappe.set_user(user)
        assert bool(frappe.has_permission("ToDo", "read", task.name)) is seen
        assert (task.name in frappe.get_list("ToDo", pluck="name", limit_page_length=0)) is seen
    frappe.set_user("Administrator")
