"""How documents get their names."""

from __future__ import annotations

import pytest

import frappe
from frappe.model.naming import getseries, make_autoname
from frappe.utils import now_datetime

TITLE = {"fieldname": "title", "fieldtype": "Data"}
KIND = {"fieldname": "kind", "fieldtype": "Data"}


def insert(doctype: str, **values):
    return frappe.get_doc({"doctype": doctype, **values}).insert()


def test_field(make_doctype):
    doctype = make_doctype("By Field", [TITLE, KIND], autoname="field:title")
    doc = insert(doctype, title=" Padded ")
    assert doc.name == "Padded"
    with pytest.raises(frappe.ValidationError):
        insert(doctype)
    with pytest.raises(frappe.DuplicateEntryError):
        insert(doctype, title="Padded")


def test_name_and_field_stay_equal(make_doctype):
    doctype = make_doctype("By Field", [TITLE, KIND], autoname="field:title")
    doc = insert(doctype, title="Equal")
    doc.title = "Different"
    doc.save()
    assert doc.reload().title == "Equal"


def test_series(make_doctype):
    doctype = make_doctype("By Series", [TITLE], autoname="RTS-.#####")
    first = insert(doctype)
    second = insert(doctype)
    assert first.name == "RTS-00001" and second.name == "RTS-00002"


def test_series_with_date_and_field(make_doctype):
    doctype = make_doctype("By Dated Series", [TITLE, KIND], autoname="RTD-.YYYY.-.MM.-.kind.-.###")
    now = now_datetime()
    assert insert(doctype, kind="A").name == now.strftime("RTD-%Y-%m-A-001")
    assert insert(doctype, kind="B").name == now.strftime("RTD-%Y-%m-B-001")
    assert insert(doctype, kind="A").name == now.strftime("RTD-%Y-%m-A-002")


def test_naming_series_field(make_doctype):
    series = {"fieldname": "naming_series", "fieldtype": "Select", "options": "RTN-.YYYY.-\nRTM-"}
    doctype = make_doctype("By Naming Series", [series, TITLE], autoname="naming_series:")
    year = now_datetime().strftime("%Y")
    assert insert(doctype).name == f"RTN-{year}-00001"
    assert insert(doctype, naming_series="RTM-").name == "RTM-00001"


def test_format(make_doctype):
    doctype = make_doctype("By Format", [TITLE, KIND], autoname="format:RTF-{kind}-{MM}-{##}")
    month = now_datetime().strftime("%m")
    assert insert(doctype, kind="x").name == f"RTF-x-{month}-01"
    assert insert(doctype, kind="x").name == f"RTF-x-{month}-02"
    assert insert(doctype, kind="y").name == f"RTF-y-{month}-01"


def test_format_without_digits(make_doctype):
    doctype = make_doctype("By Plain Format", [TITLE, KIND], autoname="format:{kind}-{title}")
    assert insert(doctype, kind="M1", title="F2-018").name == "M1-F2-018"
    with pytest.raises(frappe.DuplicateEntryError):
        insert(doctype, kind="M1", title="F2-018")


def test_prompt(make_doctype):
    doctype = make_doctype("By Prompt", [TITLE], autoname="Prompt")
    assert insert(doctype, name="given").name == "given"
    with pytest.raises(frappe.ValidationError):
        insert(doctype)


def test_hash_and_no_rule(make_doctype):
    hashed = make_doctype("By Hash", [TITLE], autoname="hash")
    plain = make_doctype("By Nothing", [TITLE])
    for doctype in (hashed, plain):
        doc = insert(doctype, name="is ignored")
        assert len(doc.name) == 10 and doc.name.isalnum() and doc.name == doc.name.lower()


def test_autoincrement(make_doctype):
    doctype = make_doctype("By Number", [TITLE], autoname="autoincrement")
    first = insert(doctype)
    second = insert(doctype)
    assert isinstance(first.name, int) and second.name > first.name
    assert frappe.get_doc(doctype, second.name).name == second.name
    assert frappe.db.exists(doctype, first.name)


def test_bad_names(make_doctype):
    doctype = make_doctype("By Prompt", [TITLE], autoname="Prompt")
    for name in ("a<b", "a>b"):
        with pytest.raises(frappe.NameError):
            insert(doctype, name=name)


def test_make_autoname():
    assert make_autoname("RTX-.####") == "RTX-0001"
    assert make_autoname("RTX-.####") == "RTX-0002"
    assert make_autoname("RTX-.YY.-.##").startswith(now_datetime().strftime("RTX-%y-01"))
    assert make_autoname("RTY-") == "RTY-00001"
    assert len(make_autoname("hash", "ToDo")) == 10


def test_getseries_counts_on():
    assert [getseries("RTG-", 3) for _ in range(3)] == ["001", "002", "003"]
    frappe.db.sql("update `tabSeries` set `current` = 999 where name = 'RTG-'")
    assert getseries("RTG-", 3) == "1000"


def test_child_rows_have_hash_names(make_doctype):
    child = make_doctype("Named Row", [TITLE], istable=1)
    parent = make_doctype("Named Parent", [{"fieldname": "rows", "fieldtype": "Table", "options": child}])
    doc = insert(parent, rows=[{"title": "a"}, {"title": "b"}])
    assert len({row.name for row in doc.rows}) == 2


def test_rename(make_doctype):
    doctype = make_doctype("By Field", [TITLE, KIND], autoname="field:title", allow_rename=1)
    link = make_doctype(
        "Renamed Link",
        [
            {"fieldname": "target", "fieldtype": "Link", "options": doctype},
            {"fieldname": "about_type", "fieldtype": "Link", "options": "DocType"},
            {"fieldname": "about", "fieldtype": "Dynamic Link", "options": "about_type"},
        ],
    )
    insert(doctype, title="old name")
    pointing = insert(link, target="old name", about_type=doctype, about="old name")
    assert frappe.rename_doc(doctype, "old name", "new name") == "new name"
    assert frappe.db.get_value(doctype, "new name", "title") == "new name"
    assert not frappe.db.exists(doctype, "old name")
    pointing.reload()
    assert (pointing.target, pointing.about) == ("new name", "new name")


def test_rename_is_refused(make_doctype):
    doctype = make_doctype("Not Renamed", [TITLE], autoname="Prompt", allow_rename=0)
    insert(doctype, name="one")
    insert(doctype, name="two")
    with pytest.raises(frappe.ValidationError):
        frappe.rename_doc(doctype, "one", "three")
    with pytest.raises(frappe.ValidationError):
        frappe.rename_doc(doctype, "one", "two", force=True)
    assert frappe.rename_doc(doctype, "one", "three", force=True) == "three"
