"""The life cycle of documents: order of events, checks, child tables, submitting, cancelling."""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

import pytest

import frappe
from frappe.model.docstatus import DocStatus
from frappe.model.document import Document


@pytest.fixture
def note(make_doctype) -> str:
    """A submittable DocType with a child table."""
    child = make_doctype(
        "Note Row",
        [
            {"fieldname": "item", "fieldtype": "Data", "reqd": 1, "in_list_view": 1},
            {"fieldname": "qty", "fieldtype": "Float", "default": "1", "in_list_view": 1},
            {"fieldname": "user", "fieldtype": "Link", "options": "User", "in_list_view": 1},
            {"fieldname": "editor", "fieldtype": "Link", "options": "User"},
            {"fieldname": "user_name", "fieldtype": "Data", "fetch_from": "user.first_name"},
        ],
        istable=1,
    )
    return make_doctype(
        "Note",
        [
            {"fieldname": "subject", "fieldtype": "Data", "reqd": 1},
            {"fieldname": "kind", "fieldtype": "Select", "options": "Plain\nUrgent"},
            {"fieldname": "amount", "fieldtype": "Currency"},
            {"fieldname": "ratio", "fieldtype": "Float", "precision": "4"},
            {"fieldname": "count_of", "fieldtype": "Int"},
            {"fieldname": "done", "fieldtype": "Check"},
            {"fieldname": "day", "fieldtype": "Date"},
            {"fieldname": "due", "fieldtype": "Date", "default": "Today"},
            {"fieldname": "at", "fieldtype": "Datetime"},
            {"fieldname": "code", "fieldtype": "Data", "unique": 1},
            {"fieldname": "origin", "fieldtype": "Data", "set_only_once": 1},
            {"fieldname": "remark", "fieldtype": "Small Text", "allow_on_submit": 1},
            {"fieldname": "body", "fieldtype": "Text Editor"},
            {"fieldname": "author", "fieldtype": "Link", "options": "User", "default": "__user"},
            {"fieldname": "author_name", "fieldtype": "Data", "fetch_from": "author.first_name"},
            {
                "fieldname": "nickname",
                "fieldtype": "Data",
                "fetch_from": "author.first_name",
                "fetch_if_empty": 1,
            },
            {"fieldname": "editor", "fieldtype": "Link", "options": "User"},
            {"fieldname": "about_type", "fieldtype": "Link", "options": "DocType"},
            {"fieldname": "about", "fieldtype": "Dynamic Link", "options": "about_type"},
            {"fieldname": "mail", "fieldtype": "Data", "options": "Email"},
            {"fieldname": "level", "fieldtype": "Int", "non_negative": 1},
            {"fieldname": "rows", "fieldtype": "Table", "options": child},
            {
                "fieldname": "amended_from",
                "fieldtype": "Link",
                "options": "RT Note",
                "no_copy": 1,
                "read_only": 1,
            },
        ],
        is_submittable=1,
        track_changes=1,
        autoname="hash",
    )


def new(note: str, **values) -> Document:
    return frappe.get_doc({"doctype": note, "subject": "a subject", **values})


@contextmanager
def recorded_events(doctype: str):
    """Names of the events that run for documents of a DocType, in order."""
    events: list[str] = []
    original = Document.run_method

    def run_method(self, method, *args, **kwargs):
        if self.doctype == doctype:
            events.append(method)
        return original(self, method, *args, **kwargs)

    with patch.object(Document, "run_method", run_method):
        yield events


def test_events_of_insert(note):
    with recorded_events(note) as events:
        new(note).insert()
    assert events == [
        "before_insert",
        "before_naming",
        "autoname",
        "before_validate",
        "validate",
        "before_save",
        "after_insert",
        "on_update",
        "on_change",
    ]


def test_events_of_save(note):
    doc = new(note).insert()
    with recorded_events(note) as events:
        doc.save()
    assert events == ["before_validate", "validate", "before_save", "on_update", "on_change"]


def test_events_of_submit_update_cancel(note):
    doc = new(note).insert()
    with recorded_events(note) as events:
        doc.submit()
    assert events == ["before_validate", "validate", "before_submit", "on_update", "on_submit", "on_change"]
    with recorded_events(note) as events:
        doc.remark = "later"
        doc.save()
    assert events == ["before_update_after_submit", "on_update_after_submit", "on_change"]
    with recorded_events(note) as events:
        doc.cancel()
    assert events == ["before_cancel", "on_cancel", "on_change"]


def test_events_of_delete_and_db_set(note):
    doc = new(note).insert()
    with recorded_events(note) as events:
        doc.db_set("subject", "set at once")
    assert events == ["before_change", "on_change"]
    with recorded_events(note) as events:
        doc.delete()
    assert events == ["on_trash", "on_change", "after_delete"]
    assert not frappe.db.exists(note, doc.name)


def test_insert_fills_standard_values_and_defaults(note):
    doc = new(note, rows=[{"item": "a"}, {"item": "b", "qty": 3}]).insert()
    assert doc.owner == doc.modified_by == "Administrator"
    assert doc.creation == doc.modified
    assert doc.docstatus == 0 and doc.idx == 0
    assert doc.kind == "Plain"
    assert str(doc.due) == frappe.utils.nowdate()
    assert doc.author == "Administrator" and doc.author_name == "Administrator"
    assert [
        (row.idx, row.item, row.qty, row.parent, row.parenttype, row.parentfield) for row in doc.rows
    ] == [
        (1, "a", 1.0, doc.name, note, "rows"),
        (2, "b", 3.0, doc.name, note, "rows"),
    ]
    assert not doc.is_new()


def test_values_have_types_after_reload(note):
    doc = new(
        note,
        amount="12.5",
        ratio="1.23456",
        count_of="7",
        done="1",
        day="2026-01-31",
        at="2026-01-31 10:00:00",
    ).insert()
    doc.reload()
    assert (doc.amount, doc.ratio, doc.count_of, doc.done) == (12.5, 1.23456, 7, 1)
    assert isinstance(doc.amount, float)
    assert doc.day == frappe.utils.getdate("2026-01-31")
    assert doc.at == frappe.utils.get_datetime("2026-01-31 10:00:00")
    empty = new(note).insert().reload()
    assert (empty.amount, empty.ratio, empty.count_of, empty.done, empty.day) == (0.0, 0.0, 0, 0, None)


def test_child_rows_are_added_changed_and_removed(note):
    doc = new(note, rows=[{"item": "a"}, {"item": "b"}, {"item": "c"}]).insert()
    doc.remove(doc.rows[0])
    doc.rows[0].qty = 5
    doc.append("rows", {"item": "d"})
    doc.save()
    doc.reload()
    assert [(row.idx, row.item, row.qty) for row in doc.rows] == [(1, "b", 5.0), (2, "c", 1.0), (3, "d", 1.0)]
    doc.set("rows", [])
    doc.save()
    assert frappe.db.count("RT Note Row", {"parent": doc.name}) == 0


def test_get_filters_rows(note):
    doc = new(note, rows=[{"item": "a", "qty": 1}, {"item": "b", "qty": 2}])
    assert [row.item for row in doc.get("rows", {"item": "a"})] == ["a"]
    assert doc.get("nothing") is None


def test_mandatory(note):
    with pytest.raises(frappe.MandatoryError) as caught:
        frappe.get_doc({"doctype": note}).insert()
    assert "subject" in str(caught.value)
    with pytest.raises(frappe.MandatoryError):
        new(note, rows=[{"qty": 1}]).insert()
    doc = frappe.get_doc({"doctype": note}).insert(ignore_mandatory=True)
    assert frappe.db.exists(note, doc.name)


def test_select_must_be_an_option(note):
    with pytest.raises(frappe.ValidationError):
        new(note, kind="Other").insert()


def test_links_must_exist(note):
    with pytest.raises(frappe.LinkValidationError):
        new(note, editor="nobody@example.com").insert()
    with pytest.raises(frappe.LinkValidationError):
        new(note, rows=[{"item": "a", "editor": "nobody@example.com"}]).insert()
    with pytest.raises(frappe.LinkValidationError):
        new(note, about_type="User", about="nobody@example.com").insert()
    doc = new(note, editor="nobody@example.com").insert(ignore_links=True)
    assert doc.editor == "nobody@example.com"
    assert new(note, about_type="User", about="Guest").insert().about == "Guest"


def test_link_takes_the_spelling_of_the_database(note):
    assert new(note, editor="administrator").insert().editor == "Administrator"


def test_fetch_from(note):
    doc = new(note, author="Guest", rows=[{"item": "a", "user": "Guest"}]).insert()
    assert doc.author_name == "Guest" and doc.nickname == "Guest"
    assert doc.rows[0].user_name == "Guest"
    doc.author = "Administrator"
    doc.author_name = "typed over"
    doc.save()
    assert doc.author_name == "Administrator"
    assert doc.nickname == "Guest"


def test_submitting_fetches_only_what_may_change_afterwards(note):
    doc = new(note, author="Guest").insert()
    doc.author = "Administrator"
    doc.submit()
    assert doc.author_name == "Guest"


def test_length_of_data(note):
    with pytest.raises(frappe.CharacterLengthExceededError):
        new(note, subject="x" * 141).insert()
    assert new(note, subject="市" * 140).insert().reload().subject == "市" * 140


def test_unique_field(note):
    new(note, code="A1").insert()
    with pytest.raises(frappe.UniqueValidationError):
        new(note, code="A1").insert()
    with pytest.raises(frappe.UniqueValidationError):
        new(note, code="a1").insert()
    new(note, code="").insert()
    assert new(note, code="").insert().reload().code is None


def test_duplicate_name(make_doctype):
    named = make_doctype("Named", [{"fieldname": "title", "fieldtype": "Data"}], autoname="Prompt")
    assert frappe.get_doc({"doctype": named, "name": "N-1"}).insert().name == "N-1"
    with pytest.raises(frappe.DuplicateEntryError):
        frappe.get_doc({"doctype": named, "name": "N-1"}).insert()
    with pytest.raises(frappe.DuplicateEntryError):
        frappe.get_doc({"doctype": named, "name": "n-1"}).insert()


def test_timestamp_mismatch(note):
    doc = new(note).insert()
    other = frappe.get_doc(note, doc.name)
    other.subject = "first"
    other.save()
    doc.subject = "second"
    with pytest.raises(frappe.TimestampMismatchError):
        doc.save()


def test_set_only_once(note):
    doc = new(note, origin="there").insert().reload()
    doc.save()
    doc.origin = "elsewhere"
    with pytest.raises(frappe.CannotChangeConstantError):
        doc.save()


def test_non_negative_and_email(note):
    with pytest.raises(frappe.NonNegativeError):
        new(note, level=-1).insert()
    with pytest.raises(frappe.InvalidEmailAddressError):
        new(note, mail="no address").insert()


def test_script_is_removed_from_html(note):
    doc = new(note, body="<p>fine</p><script>alert(1)</script>").insert()
    assert "<script" not in doc.body and "<p>fine</p>" in doc.body


def test_docstatus_rules(note):
    doc = new(note).insert()
    doc.docstatus = 2
    with pytest.raises(frappe.DocstatusTransitionError):
        doc.save()
    doc.reload()
    doc.submit()
    assert doc.docstatus.is_submitted()
    doc.docstatus = 0
    with pytest.raises(frappe.DocstatusTransitionError):
        doc.save()
    doc.reload()
    doc.subject = "not any more"
    with pytest.raises(frappe.UpdateAfterSubmitError):
        doc.save()
    doc.reload()
    with pytest.raises(frappe.ValidationError):
        doc.delete()
    doc.cancel()
    doc.subject = "never"
    with pytest.raises(frappe.ValidationError):
        doc.save()


def test_submitted_rows_carry_docstatus_and_are_frozen(note):
    doc = new(note, rows=[{"item": "a"}]).insert()
    doc.submit()
    assert frappe.db.get_value("RT Note Row", doc.rows[0].name, "docstatus") == 1
    doc.rows[0].qty = 9
    with pytest.raises(frappe.UpdateAfterSubmitError):
        doc.save()
    doc.reload()
    doc.append("rows", {"item": "b"})
    with pytest.raises(frappe.UpdateAfterSubmitError):
        doc.save()
    doc.reload()
    doc.remove(doc.rows[0])
    with pytest.raises(frappe.UpdateAfterSubmitError):
        doc.save()


def test_insert_submitted(note):
    doc = new(note, docstatus=1).insert()
    assert frappe.db.get_value(note, doc.name, "docstatus") == 1


def test_cancelled_documents_cannot_be_linked(note, make_doctype):
    user = make_doctype(
        "Note User", [{"fieldname": "note", "fieldtype": "Link", "options": note}], is_submittable=1
    )
    doc = new(note).insert()
    doc.submit()
    link = frappe.get_doc({"doctype": user, "note": doc.name}).insert()
    link.submit()
    frappe.db.savepoint("before_cancel")
    with pytest.raises(frappe.LinkExistsError):
        doc.cancel()
    frappe.db.rollback(save_point="before_cancel")
    link.reload()
    link.cancel()
    doc.reload()
    doc.cancel()
    with pytest.raises(frappe.CancelledLinkError):
        frappe.get_doc({"doctype": user, "note": doc.name}).insert()


def test_delete_checks_links(note, make_doctype):
    user = make_doctype(
        "Note Reader",
        [
            {"fieldname": "note", "fieldtype": "Link", "options": note},
            {"fieldname": "about_type", "fieldtype": "Link", "options": "DocType"},
            {"fieldname": "about", "fieldtype": "Dynamic Link", "options": "about_type"},
        ],
    )
    doc = new(note).insert()
    link = frappe.get_doc({"doctype": user, "note": doc.name}).insert()
    with pytest.raises(frappe.LinkExistsError):
        doc.delete()
    link.note = None
    link.about_type, link.about = note, doc.name
    link.save()
    with pytest.raises(frappe.LinkExistsError):
        doc.delete()
    doc.delete(force=True)
    assert not frappe.db.exists(note, doc.name)
    assert frappe.db.exists("Deleted Document", {"deleted_doctype": note, "deleted_name": doc.name})


def test_has_value_changed(note):
    doc = new(note, day="2026-01-31", amount=5).insert()
    assert doc.has_value_changed("subject")
    doc = frappe.get_doc(note, doc.name)
    doc.subject = "other"
    doc.day = "2026-01-31"
    seen = {}

    def run_method(self, method, *args, **kwargs):
        if method == "on_update" and self.doctype == note:
            seen.update({f: self.has_value_changed(f) for f in ("subject", "day", "amount")})
            seen["before"] = self.get_doc_before_save().subject
        return original(self, method, *args, **kwargs)

    original = Document.run_method
    with patch.object(Document, "run_method", run_method):
        doc.save()
    assert seen == {"subject": True, "day": False, "amount": False, "before": "a subject"}


def test_versions(note):
    doc = new(note, rows=[{"item": "a"}]).insert()
    doc.subject = "changed"
    doc.amount = 3
    doc.append("rows", {"item": "b"})
    doc.save(ignore_version=False)
    version = frappe.get_last_doc("Version", {"ref_doctype": note, "docname": doc.name})
    data = frappe.parse_json(version.data)
    assert ["subject", "a subject", "changed"] in data["changed"]
    assert [row[0] for row in data["added"]] == ["rows"]
    doc.reload()
    doc.rows[0].qty = 4
    doc.save(ignore_version=False)
    version = frappe.get_last_doc(
        "Version", {"ref_doctype": note, "docname": doc.name, "name": ("!=", version.name)}
    )
    data = frappe.parse_json(version.data)
    assert data["row_changed"][0][:2] == ["rows", 0]


def test_db_set(note):
    doc = new(note).insert()
    before = doc.modified
    doc.db_set("amount", 7.5)
    assert doc.amount == 7.5 and frappe.db.get_value(note, doc.name, "amount") == 7.5
    assert str(doc.modified) != str(before)
    doc.db_set({"subject": "both", "amount": 1}, update_modified=False)
    assert frappe.db.get_value(note, doc.name, ["subject", "amount"]) == ("both", 1.0)


def test_copy_doc(note):
    doc = new(note, code="Z9", rows=[{"item": "a"}]).insert()
    copied = frappe.copy_doc(doc)
    assert copied.name is None and copied.is_new() and copied.subject == "a subject"
    copied.code = None
    copied.insert()
    assert copied.rows[0].name != doc.rows[0].name


def test_as_dict(note):
    doc = new(note, rows=[{"item": "a"}]).insert()
    values = doc.as_dict()
    assert values["doctype"] == note and values["rows"][0]["item"] == "a"
    assert values["rows"][0]["doctype"] == "RT Note Row"
    assert "amount" not in doc.as_dict(no_nulls=True) or doc.as_dict(no_nulls=True)["amount"] == 0


def test_get_doc_raises_when_missing(note):
    with pytest.raises(frappe.DoesNotExistError):
        frappe.get_doc(note, "not there")
    with pytest.raises(frappe.DoesNotExistError):
        frappe.get_doc(note, {"subject": "not there"})
    doc = new(note, subject="by filter").insert()
    assert frappe.get_doc(note, {"subject": "by filter"}).name == doc.name
    assert frappe.get_last_doc(note).name == doc.name


def test_unknown_attribute(note):
    with pytest.raises(AttributeError):
        _ = new(note).no_such_field
    doc = new(note)
    assert doc.get("no_such_field") is None and doc.amount is None


def test_update_and_is_new(note):
    doc = frappe.new_doc(note, subject="given")
    assert doc.is_new() and doc.subject == "given" and doc.kind == "Plain"
    assert doc.count_of in (0, None) and doc.due
    doc.update({"subject": "x", "rows": [{"item": "q"}]})
    assert doc.rows[0].item == "q" and doc.rows[0].parentfield == "rows"
    doc.insert()
    assert not doc.is_new()


def test_single(make_doctype):
    single = make_doctype(
        "Settings",
        [
            {"fieldname": "title", "fieldtype": "Data", "default": "A title"},
            {"fieldname": "limit_of", "fieldtype": "Int", "default": "5"},
            {"fieldname": "rate", "fieldtype": "Float"},
            {"fieldname": "start", "fieldtype": "Date"},
        ],
        issingle=1,
    )
    doc = frappe.get_single(single)
    assert (doc.title, doc.limit_of) == ("A title", 5)
    doc.limit_of = 9
    doc.rate = 0.25
    doc.start = "2026-02-01"
    doc.save()
    assert frappe.db.get_single_value(single, "limit_of") == 9
    again = frappe.get_doc(single)
    assert (again.limit_of, again.rate) == (9, 0.25)
    assert frappe.utils.getdate(again.start) == frappe.utils.getdate("2026-02-01")
    assert frappe.db.get_single_value(single, "start") == frappe.utils.getdate("2026-02-01")
    frappe.db.set_single_value(single, "limit_of", 11)
    assert frappe.get_cached_doc(single).limit_of == 11


def test_run_method(note):
    doc = new(note)
    doc.as_dict = ""
    with pytest.raises(TypeError, match="not callable"):
        doc.run_method("as_dict")
    doc.as_dict = lambda *args, **kwargs: "overridden"
    assert doc.run_method("as_dict") == "overridden"
    assert doc.run_method("no_such_method") is None


def test_markup_without_text_is_no_value(note):
    with pytest.raises(frappe.MandatoryError):
        new(note, subject="<p> </p>").insert()


def test_fields_of_a_row_after_submit(note):
    doc = new(note, rows=[{"item": "a"}]).insert()
    doc.submit()
    doc.rows[0].qty = 1
    doc.rows[0].item = "a"
    doc.remark = "allowed"
    doc.save()
    assert frappe.db.get_value(note, doc.name, "remark") == "allowed"


def test_origin_is_settled_when_a_document_is_inserted(note):
    forged = {"owner": "Guest", "creation": "2001-01-01 00:00:00"}
    doc = new(note, **forged, rows=[{"item": "a"}]).insert()
    assert doc.owner == "Administrator"
    assert doc.creation == doc.modified
    for field, value in forged.items():
        changed = frappe.get_doc(note, doc.name)
        changed.set(field, value)
        with pytest.raises(frappe.CannotChangeConstantError):
            changed.save()
    unchanged = frappe.get_doc(note, doc.name)
    unchanged.creation = str(unchanged.creation)
    assert unchanged.save().owner == "Administrator"


def test_what_is_not_there_may_be_deleted():
    frappe.delete_doc_if_exists("Role", "RT Nobody Has It")
    frappe.get_doc({"doctype": "Role", "role_name": "RT Short Lived"}).insert()
    frappe.delete_doc_if_exists("Role", "RT Short Lived")
    assert not frappe.db.exists("Role", "RT Short Lived")


def test_an_error_log_names_its_document():
    role = frappe.get_doc("Role", "All")
    log = role.log_error("Could not do it", "because")
    assert (log.reference_doctype, log.reference_name) == ("Role", "All")
    assert (log.method, log.error) == ("Could not do it", "because")
    try:
        raise ValueError("seventeen")
    except ValueError:
        assert "seventeen" in role.log_error("With traceback").error


def test_states_are_named():
    states = (DocStatus.draft(), DocStatus.submitted(), DocStatus.cancelled())
    assert states == (0, 1, 2)
    assert [state.is_submitted() for state in states] == [False, True, False]


@pytest.mark.parametrize(
    ("text", "is_something"),
    [("<img>", True), ("a", True), ("<p><br></p>", False), ("<hr>", False), (" ", False)],
)
def test_a_picture_alone_fills_a_rich_text(text, is_something):
    todo = frappe.get_doc({"doctype": "ToDo", "description": text})
    if is_something:
        assert todo.insert().name
    else:
        with pytest.raises(frappe.MandatoryError):
            todo.insert()


@pytest.mark.parametrize("rows", [None, 5])
def test_a_table_is_extended_by_rows_alone(rows):
    with pytest.raises(ValueError):
        frappe.get_doc("User", "Guest").extend("roles", rows)
