"""Metadata: custom fields, property setters, singles, virtual fields, permission levels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields


@pytest.fixture
def thing(make_doctype) -> str:
    row = make_doctype("Thing Row", [{"fieldname": "item", "fieldtype": "Data"}], istable=1)
    return make_doctype(
        "Thing",
        [
            {"fieldname": "title", "fieldtype": "Data", "reqd": 1, "in_list_view": 1},
            {"fieldname": "sec", "fieldtype": "Section Break"},
            {"fieldname": "owner_user", "fieldtype": "Link", "options": "User"},
            {"fieldname": "user_mail", "fieldtype": "Data", "fetch_from": "owner_user.email"},
            {"fieldname": "secret_price", "fieldtype": "Currency", "permlevel": 1},
            {"fieldname": "rows", "fieldtype": "Table", "options": row},
        ],
        search_fields="title",
        title_field="title",
        permissions=[
            {"role": "System Manager", "read": 1, "write": 1, "create": 1, "delete": 1},
            {"role": "System Manager", "permlevel": 1, "read": 1, "write": 1},
            {"role": "RT Clerk", "read": 1, "write": 1, "create": 1},
        ],
    )


@pytest.fixture
def undo_ddl(thing) -> Iterator[list[str]]:
    """Names of custom fields to take away again: adding a column cannot be rolled back."""
    added: list[str] = []
    yield added
    frappe.db.rollback()
    for name in added:
        if frappe.db.exists("Custom Field", name):
            frappe.delete_doc("Custom Field", name)
    frappe.db.commit()


def test_fields(thing):
    meta = frappe.get_meta(thing)
    assert meta.name == thing and meta.module == "Core" and not meta.issingle and not meta.istable
    assert meta.get_field("title").label == "Title" and meta.get_field("title").reqd == 1
    assert meta.get_field("nothing") is None
    assert meta.has_field("rows") and not meta.has_field("name")
    assert [df.fieldname for df in meta.get_table_fields()] == ["rows"]
    assert [df.fieldname for df in meta.get_link_fields()] == ["owner_user"]
    assert meta.get_label("title") == "Title"
    assert [df.fieldname for df in meta.get("fields", {"fieldtype": "Link"})] == ["owner_user"]
    assert {"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "title"} <= set(
        meta.get_valid_columns()
    )
    assert "sec" not in meta.get_valid_columns() and "rows" not in meta.get_valid_columns()
    with pytest.raises(frappe.DoesNotExistError):
        frappe.get_meta("RT Never Made")


def test_meta_of_core_doctypes():
    assert frappe.get_meta("System Settings").issingle
    assert frappe.get_meta("DocField").istable
    assert frappe.get_meta("User").get_field("roles").options == "Has Role"
    assert frappe.get_meta("Role").autoname == "field:role_name"


def test_custom_field(thing, undo_ddl):
    undo_ddl.append(f"{thing}-extra")
    create_custom_fields(
        {
            thing: [
                {
                    "fieldname": "extra",
                    "label": "Extra",
                    "fieldtype": "Int",
                    "insert_after": "title",
                    "default": "3",
                }
            ]
        }
    )
    meta = frappe.get_meta(thing)
    names = [df.fieldname for df in meta.fields]
    assert names.index("extra") == names.index("title") + 1
    doc = frappe.get_doc({"doctype": thing, "title": "with extra"}).insert()
    assert doc.extra == 3
    doc.extra = 7
    doc.save()
    assert frappe.get_all(thing, {"name": doc.name}, ["extra"]) == [{"extra": 7}]
    create_custom_fields(
        {thing: {"fieldname": "extra", "label": "More", "fieldtype": "Int", "insert_after": "title"}}
    )
    assert frappe.get_meta(thing).get_label("extra") == "More"


def test_custom_field_clashes(thing):
    with pytest.raises(frappe.ValidationError):
        frappe.get_doc(
            {
                "doctype": "Custom Field",
                "dt": thing,
                "fieldname": "title",
                "label": "Title",
                "fieldtype": "Data",
            }
        ).insert()


def set_property(doctype: str, field: str | None, key: str, value: str, kind: str) -> None:
    values = {"doc_type": doctype, "field_name": field, "property": key, "value": value}
    level = "DocField" if field else "DocType"
    frappe.get_doc(
        {"doctype": "Property Setter", "doctype_or_field": level, "property_type": kind, **values}
    ).insert()


def test_property_setter(thing):
    set_property(thing, "owner_user", "reqd", "1", "Check")
    assert frappe.get_meta(thing).get_field("owner_user").reqd == 1
    with pytest.raises(frappe.MandatoryError):
        frappe.get_doc({"doctype": thing, "title": "x"}).insert()
    set_property(thing, "owner_user", "reqd", "0", "Check")
    frappe.get_doc({"doctype": thing, "title": "x"}).insert()
    assert frappe.db.count("Property Setter", {"doc_type": thing, "field_name": "owner_user"}) == 1
    set_property(thing, None, "search_fields", "title,owner_user", "Data")
    assert frappe.get_meta(thing).search_fields == "title,owner_user"


def test_permission_levels(thing, make_user):
    clerk = make_user("rt-clerk@example.com", "RT Clerk")
    doc = frappe.get_doc({"doctype": thing, "title": "x", "secret_price": 5}).insert()
    frappe.set_user(clerk)
    seen = frappe.get_doc(thing, doc.name)
    seen.title = "y"
    seen.secret_price = 9
    seen.save()
    assert frappe.db.get_value(thing, doc.name, ["title", "secret_price"]) == ("y", 5.0)
    mine = frappe.get_doc({"doctype": thing, "title": "z", "secret_price": 9}).insert()
    assert frappe.db.get_value(thing, mine.name, "secret_price") == 0
    seen = frappe.get_doc(thing, doc.name)
    seen.apply_fieldlevel_read_permissions()
    assert "secret_price" not in seen.__dict__ or not seen.secret_price
    assert frappe.get_meta(thing).get_permlevel_access() == [0]


def test_single_values_of_settings():
    assert isinstance(frappe.db.get_single_value("System Settings", "dormant_days"), int)
    frappe.db.set_single_value("System Settings", "dormant_days", 9)
    assert frappe.db.get_single_value("System Settings", "dormant_days") == 9
    assert frappe.get_system_settings("dormant_days") == 9


def test_a_cached_document_is_read_again_after_a_rollback(thing):
    doc = frappe.get_doc({"doctype": thing, "title": "one"}).insert()
    frappe.db.commit()
    doc.db_set("title", "two")
    assert frappe.get_cached_doc(thing, doc.name).title == "two"
    frappe.db.rollback()
    assert frappe.get_cached_doc(thing, doc.name).title == "one"
    doc.delete()
    frappe.db.commit()


def test_cached_doc_and_value(thing):
    doc = frappe.get_doc({"doctype": thing, "title": "cached"}).insert()
    assert frappe.get_cached_value(thing, doc.name, "title") == "cached"
    assert frappe.get_cached_doc(thing, doc.name).title == "cached"
    doc.title = "changed"
    doc.save()
    assert frappe.get_cached_value(thing, doc.name, "title") == "changed"
    assert frappe.get_cached_value(thing, doc.name, ["title", "name"], as_dict=True) == {
        "title": "changed",
        "name": doc.name,
    }


def test_new_fields_of_a_doctype(make_doctype):
    doctype = make_doctype("Growing", [{"fieldname": "title", "fieldtype": "Data"}])
    doc = frappe.get_doc({"doctype": doctype, "title": "kept"}).insert()
    frappe.db.commit()
    frappe.local.new_doc_templates = {}  # stock Frappe keeps them until the request ends
    definition = frappe.get_doc("DocType", doctype)
    definition.append("fields", {"fieldname": "more", "fieldtype": "Int", "label": "More", "default": "2"})
    definition.save()
    assert frappe.get_meta(doctype).has_field("more")
    assert frappe.get_doc(doctype, doc.name).title == "kept"
    assert frappe.get_doc({"doctype": doctype}).insert().more == 2
    frappe.db.rollback()
    frappe.delete_doc("DocType", doctype, force=True)
    frappe.db.sql_ddl(f"drop table `tab{doctype}`")
    frappe.db.commit()


DATA = {"fieldname": "a", "fieldtype": "Data", "label": "A"}
READING = {"role": "System Manager", "read": 1}


@pytest.mark.parametrize(
    "values",
    [
        {"fields": [DATA, DATA]},
        {"fields": [{**DATA, "fieldtype": "Link"}]},
        {"fields": [{**DATA, "fieldtype": "Link", "options": "RT No Such"}]},
        {"fields": [{**DATA, "fieldtype": "Table", "options": "User"}]},
        {"fields": [{**DATA, "fieldtype": "Section Break", "reqd": 1}]},
        {"fields": [{**DATA, "hidden": 1, "reqd": 1}]},
        {"fields": [{**DATA, "fieldtype": "Text", "unique": 1}]},
        {"fields": [{**DATA, "depends_on": "eval:doc.b = 1"}]},
        {"fields": [DATA], "search_fields": "b"},
        {"fields": [DATA], "title_field": "b"},
        {"fields": [DATA], "permissions": [{**READING, "submit": 1}]},
        {"fields": [DATA], "permissions": [READING, READING]},
    ],
    ids=lambda values: str(list(values)[-1]),
)
def test_definitions_with_a_mistake_are_refused(values):
    whole = {"doctype": "DocType", "name": "RT Mistaken", "module": "Core", "custom": 1, **values}
    with pytest.raises(frappe.ValidationError):
        frappe.get_doc(whole).insert()


@pytest.mark.parametrize(
    "values",
    [
        {"fields": [{"fieldname": "parent", "fieldtype": "Data", "label": "Parent"}]},
        {"name": "RT 'Bad'", "fields": [{"fieldname": "a", "fieldtype": "Data", "label": "A"}]},
    ],
)
def test_bad_definitions(values):
    with pytest.raises((frappe.ValidationError, frappe.NameError)):
        frappe.get_doc(
            {"doctype": "DocType", "name": "RT Bad", "module": "Core", "custom": 1, **values}
        ).insert()
