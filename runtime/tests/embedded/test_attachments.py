"""Whoever writes an address into an Attach field gets no right by it.

On stock Frappe anybody who may write a document gets the file; there the apps see to it (`cn_connect.access`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import frappe


@pytest.fixture
def doctype(make_doctype: Callable[..., str]) -> str:
    fields = [
        {"fieldname": "att", "fieldtype": "Attach"},
        {"fieldname": "picture", "fieldtype": "Attach Image"},
    ]
    return make_doctype(
        "Address Holder", fields, permissions=[{"role": "RT Writer", "read": 1, "write": 1, "create": 1}]
    )


def records(url: str) -> Any:
    fields = ["name", "owner", "attached_to_doctype", "attached_to_name", "attached_to_field"]
    return frappe.get_all("File", {"file_url": url}, fields, order_by="name")


@pytest.mark.parametrize("place", [{}, {"attached_to_doctype": "Role", "attached_to_name": "All"}])
@pytest.mark.parametrize("fieldname", ["att", "picture"])
@pytest.mark.parametrize("spelling", [str, str.upper, "{}?a=1".format, " {}".format, "/files/..{}".format])
@pytest.mark.parametrize("ignoring", [False, True])
def test_the_file_of_somebody_else(
    doctype: str,
    make_user: Callable[..., str],
    place: dict[str, str],
    fieldname: str,
    spelling: Callable[[str], str],
    ignoring: bool,
) -> None:
    """Neither one that hangs nowhere nor one that hangs on a document that is hidden, whatever may be ignored."""
    word = frappe.generate_hash(length=12)
    file = frappe.get_doc(
        {"doctype": "File", "file_name": f"{word}.txt", "content": word, "is_private": 1, **place}
    ).insert()
    before = records(file.file_url)
    thief = make_user(f"{word}@example.com", "RT Writer")
    frappe.set_user(thief)
    doc = frappe.get_doc({"doctype": doctype, fieldname: spelling(file.file_url)})
    doc.insert(ignore_permissions=ignoring)
    doc.save(ignore_permissions=ignoring)
    assert records(file.file_url) == before
    assert not frappe.db.exists("File", {"attached_to_name": doc.name})
    assert not frappe.get_doc("File", file.name).has_permission("read", user=thief)
    with pytest.raises(frappe.PermissionError):
        frappe.utils.file_manager.check_readable(file.file_url)


def test_a_record_of_somebody_else_is_not_taken_along(doctype: str, make_user: Callable[..., str]) -> None:
    """A public file may be attached by everybody, but who writes the document does not get to write the other record."""
    word = frappe.generate_hash(length=12)
    file = frappe.get_doc({"doctype": "File", "file_name": f"{word}.txt", "content": word}).insert()
    writer = make_user(f"{word}@example.com", "RT Writer")
    frappe.set_user(writer)
    doc = frappe.get_doc({"doctype": doctype, "att": file.file_url}).insert()
    assert len(records(file.file_url)) == 2
    assert not frappe.get_doc("File", file.name).has_permission("write", user=writer)
    assert frappe.db.get_value("File", {"attached_to_name": doc.name}, "owner") == writer


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/pdf", ""])
def test_what_is_no_picture_is_not_taken_from_a_text(make_doctype: Callable[..., str], kind: str) -> None:
    """Stock Frappe keeps pages, too, as files."""
    rich = make_doctype("Rich Text", [{"fieldname": "body", "fieldtype": "Text Editor"}])
    doc = frappe.get_doc({"doctype": rich, "body": f'<img src="data:{kind};base64,PHN2Zy8+">'}).insert()
    assert doc.body == "<img>"
    assert not frappe.db.exists("File", {"attached_to_name": doc.name})
