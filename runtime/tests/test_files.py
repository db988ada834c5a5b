"""File documents as apps make and read them, and what stands in Attach fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import frappe


def make_file(**values: Any) -> Any:
    return frappe.get_doc({"doctype": "File", **values}).insert()


def read(file: Any) -> Any:
    return frappe.get_doc("File", file.name).get_content()


@pytest.fixture
def word() -> str:
    """A text that no other file has."""
    return frappe.generate_hash(length=12)


# -- content ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["Hello", "你好", "a,b\r\n1,2\r\n"])
def test_text_comes_back_as_text(word: str, start: str) -> None:
    as_text = make_file(file_name=f"{word}1.txt", content=start + word, is_private=1)
    as_bytes = make_file(file_name=f"{word}2.txt", content=f"2{start}{word}".encode(), is_private=1)
    assert as_text.get_content() == start + word
    assert as_bytes.get_content() == f"2{start}{word}".encode()  # as it was given
    assert (read(as_text), read(as_bytes)) == (start + word, f"2{start}{word}")


@pytest.mark.parametrize("start", [b"\xff\xfe", b"\x89PNG\r\n\x1a\n", "中文".encode("gb18030")])
def test_what_is_no_utf8_comes_back_as_bytes(word: str, start: bytes) -> None:
    file = make_file(file_name=f"{word}.bin", content=start + word.encode(), is_private=1)
    assert read(file) == start + word.encode()
    assert file.file_size == len(start) + 12


@pytest.mark.parametrize(
    "sent", ["{}", "data:text/plain;base64,{}", b"{}"], ids=["base64", "data URL", "bytes"]
)
@pytest.mark.parametrize("padding", ["", "a", "aa"])
def test_base64_is_decoded(word: str, sent: Any, padding: str) -> None:
    import base64

    encoded = base64.b64encode((word + padding).encode()).decode()
    content = (
        sent.replace(b"{}", encoded.encode()) if isinstance(sent, bytes) else sent.replace("{}", encoded)
    )
    file = make_file(file_name=f"{word}.txt", content=content, decode=True, is_private=1)
    assert (read(file), file.file_size) == (word + padding, 12 + len(padding))


def test_base64_without_its_padding_is_decoded(word: str) -> None:
    file = make_file(file_name=f"{word}.txt", content="SGVsbG8", decode=True, is_private=1)
    assert read(file) == "Hello"


# -- where it lies ---------------------------------------------------------------------------------------------------


def test_folders_are_named_by_their_path(word: str) -> None:
    folder = make_file(is_folder=1, file_name=f"_{word}")
    inner = make_file(is_folder=1, file_name="inner", folder=folder.name)
    assert (folder.folder, folder.name) == ("Home", f"Home/_{word}")
    assert inner.name == f"Home/_{word}/inner"
    assert make_file(file_name="a.txt", content=word, folder=inner.name).folder == inner.name
    with pytest.raises(frappe.ValidationError):
        inner.get_content()


def test_only_an_empty_folder_is_deleted(word: str) -> None:
    folder = make_file(is_folder=1, file_name=f"_{word}")
    file = make_file(file_name="a.txt", content=word, folder=folder.name)
    with pytest.raises(frappe.ValidationError):
        frappe.delete_doc("File", folder.name)
    frappe.delete_doc("File", file.name)
    frappe.delete_doc("File", folder.name)
    assert not frappe.db.exists("File", folder.name)


@pytest.mark.parametrize("mark", ["is_home_folder", "is_attachments_folder"])
def test_the_two_first_folders_stay(mark: str) -> None:
    with pytest.raises(frappe.ValidationError):
        frappe.delete_doc("File", frappe.db.get_value("File", {mark: 1}))


def test_attachments_lie_in_their_folder(word: str) -> None:
    attached = {"attached_to_doctype": "Role", "attached_to_name": "All"}
    file = make_file(file_name=f"{word}.txt", content=word, is_private=1, **attached)
    assert file.folder == frappe.db.get_value("File", {"is_attachments_folder": 1})
    assert make_file(file_name=f"{word}.txt", content=word, is_private=1).folder == "Home"


@pytest.mark.parametrize("is_private", [0, 1])
def test_the_address_says_whether_a_file_is_private(word: str, is_private: int) -> None:
    url = f"{'/private' if is_private else ''}/files/{word}.txt"
    file = make_file(file_url=url, is_private=1 - is_private, content=f"{is_private}{word}".encode())
    assert (file.is_private, file.file_url, file.file_name) == (is_private, url, f"{word}.txt")
    assert read(file) == f"{is_private}{word}"
    again = make_file(file_url=url, is_private=1 - is_private)
    assert (again.is_private, again.file_url) == (is_private, url)


def test_a_file_elsewhere_holds_nothing_here(word: str) -> None:
    file = make_file(file_url=f"https://example.com/{word}.txt", content=b"zz", is_private=1)
    assert (file.file_url, file.file_name) == (f"https://example.com/{word}.txt", f"{word}.txt")
    assert not file.is_private and not file.file_size


# -- Attach fields ---------------------------------------------------------------------------------------------------

ROLES = [
    {"role": role, "read": 1, "write": 1, "create": 1, "delete": 1}
    for role in ("System Manager", "RT File Writer")
]


@pytest.fixture
def doctype(make_doctype: Callable[..., str]) -> str:
    rules = [*ROLES, {"role": "RT File Reader", "read": 1, "write": 0, "create": 0, "delete": 0}]
    fields = [
        {"fieldname": "att", "fieldtype": "Attach"},
        {"fieldname": "picture", "fieldtype": "Attach Image"},
        {"fieldname": "text", "fieldtype": "Data"},
    ]
    return make_doctype("File Holder", fields, permissions=rules)


def attached(doc: Any) -> list[Any]:
    filters = {"attached_to_doctype": doc.doctype, "attached_to_name": doc.name}
    fields = ["name", "file_url", "attached_to_field", "is_private", "content_hash"]
    return frappe.get_all("File", filters, fields, order_by="attached_to_field")


def test_what_stands_in_an_attach_field_is_attached(doctype: str, word: str) -> None:
    file = make_file(file_name=f"{word}.txt", content=word, is_private=1)
    doc = frappe.get_doc({"doctype": doctype, "att": file.file_url}).insert()
    (row,) = attached(doc)
    assert (row.name, row.file_url, row.attached_to_field, row.is_private) == (
        file.name,
        file.file_url,
        "att",
        1,
    )
    doc.save()
    assert attached(doc) == [row]
    doc.picture = file.file_url
    doc.save()
    assert [row.attached_to_field for row in attached(doc)] == ["att", "picture"]
    assert {row.content_hash for row in attached(doc)} == {file.content_hash}


def test_a_second_document_has_a_record_of_its_own(doctype: str, word: str) -> None:
    file = make_file(file_name=f"{word}.txt", content=word, is_private=1)
    first = frappe.get_doc({"doctype": doctype, "att": file.file_url}).insert()
    second = frappe.get_doc({"doctype": doctype, "att": file.file_url}).insert()
    assert attached(first)[0].name != attached(second)[0].name
    first.delete()
    assert not attached(first)
    assert frappe.get_doc("File", attached(second)[0].name).get_content() == word


@pytest.mark.parametrize("value", ["", None, "https://example.com/a.png", "/files/no-such-file.png", "text"])
def test_other_values_attach_nothing(doctype: str, value: Any) -> None:
    doc = frappe.get_doc({"doctype": doctype, "att": value}).insert()
    assert not [row for row in attached(doc) if (row.file_url or "").startswith("/private")]
    assert frappe.db.get_value(doctype, doc.name, "att") == value


def test_who_reads_the_document_reads_the_file(
    doctype: str, word: str, make_user: Callable[..., str]
) -> None:
    reader = make_user(f"{word}@example.com", "RT File Reader")
    other = make_user(f"{word}2@example.com")
    file = make_file(file_name=f"{word}.txt", content=word, is_private=1)
    doc = frappe.get_doc({"doctype": doctype}).insert()
    assert not file.has_permission("read", user=reader)
    doc.att = file.file_url
    doc.save()
    file = frappe.get_doc("File", attached(doc)[0].name)
    assert file.has_permission("read", user=reader)
    assert not file.has_permission("write", user=reader)
    assert not file.has_permission("read", user=other)


def test_a_document_takes_its_files_with_it(doctype: str, word: str) -> None:
    file = make_file(file_name=f"{word}.txt", content=word, is_private=1)
    doc = frappe.get_doc({"doctype": doctype, "att": file.file_url}).insert()
    doc.delete()
    assert not frappe.db.exists("File", {"file_url": file.file_url})


def test_what_one_may_read_one_may_attach(doctype: str, word: str, make_user: Callable[..., str]) -> None:
    writer = make_user(f"{word}@example.com", "RT File Writer")
    frappe.set_user(writer)
    own = make_file(file_name=f"{word}.txt", content=word, is_private=1)
    doc = frappe.get_doc({"doctype": doctype, "att": own.file_url}).insert()
    assert [row.name for row in attached(doc)] == [own.name]
    frappe.set_user("Administrator")
    public = make_file(file_name=f"{word}.txt", content=f"public {word}")
    frappe.set_user(writer)
    doc.att = public.file_url
    doc.save()
    # the record of somebody else stays where it is; the document has its own
    assert public.file_url in [row.file_url for row in attached(doc)]


# -- pictures inside a text ------------------------------------------------------------------------------------------

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


@pytest.fixture
def rich(make_doctype: Callable[..., str]) -> str:
    row = make_doctype("Rich Row", [{"fieldname": "body", "fieldtype": "Text Editor"}], istable=1)
    fields = [
        {"fieldname": "body", "fieldtype": "Text Editor"},
        {"fieldname": "html", "fieldtype": "HTML Editor"},
        {"fieldname": "small", "fieldtype": "Small Text"},
        {"fieldname": "rows", "fieldtype": "Table", "options": row},
    ]
    return make_doctype("Rich", fields)


def test_a_pasted_picture_becomes_a_private_file(rich: str) -> None:
    body = f'<p style="color:red;">a</p><img src="data:image/png;base64,{PNG}">'
    doc = frappe.get_doc({"doctype": rich, "body": body, "rows": [{"body": body}]}).insert()
    for text in (doc.body, doc.rows[0].body, frappe.db.get_value(rich, doc.name, "body")):
        assert text.startswith('<p style="color:red;">a</p><img src="/private/files/')
    files = attached(doc)
    assert [file.is_private for file in files] == [1, 1]
    assert {file.file_url for file in files} == {doc.body.split('"')[3].split("?")[0]}
    assert frappe.get_doc("File", files[0].name).get_content().startswith(b"\x89PNG")
    before = doc.body
    doc.save()
    assert doc.body == before and len(attached(doc)) == 2


@pytest.mark.parametrize(
    "tag", ['<img src="/files/a.png">', '<img src="https://example.com/a.png">', "data:image/png"]
)
def test_other_pictures_stay(rich: str, tag: str) -> None:
    doc = frappe.get_doc({"doctype": rich, "body": tag, "html": tag}).insert()
    assert (doc.body, doc.html, attached(doc)) == (tag, tag, [])


def test_a_small_text_holds_no_picture(rich: str) -> None:
    doc = frappe.get_doc({"doctype": rich, "small": f'<img src="data:image/png;base64,{PNG}">'}).insert()
    assert (doc.small, attached(doc)) == ("<img>", [])
