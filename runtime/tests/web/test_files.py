"""Uploads and who may fetch them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from .conftest import Web, upload


def test_an_upload_becomes_a_file_document(admin: Web, unique: str) -> None:
    answer = upload(admin, f"报表 {unique}.txt", unique.encode(), is_private=1)
    assert answer.status_code == 200
    file = answer.json["message"]
    assert file["doctype"] == "File"
    assert file["file_name"] == f"报表 {unique}.txt"
    assert file["file_url"] == f"/private/files/报表 {unique}.txt"
    assert (file["is_private"], file["file_size"], file["file_type"], file["folder"]) == (
        1,
        10,
        "TXT",
        "Home",
    )


def test_one_content_is_stored_once_and_one_name_never_twice(admin: Web, unique: str) -> None:
    first = upload(admin, f"{unique}.txt", unique.encode(), is_private=1).json["message"]
    same = upload(admin, f"{unique}.txt", unique.encode(), is_private=1).json["message"]
    other = upload(admin, f"{unique}.txt", b"other " + unique.encode(), is_private=1).json["message"]
    assert same["file_url"] == first["file_url"]
    assert same["name"] != first["name"]
    assert other["file_url"] == f"/private/files/{unique}{other['content_hash'][-6:]}.txt"


def test_a_file_name_cannot_leave_the_folder(admin: Web, unique: str) -> None:
    file = upload(admin, f"../../{unique}.txt", unique.encode(), is_private=1).json["message"]
    assert file["file_url"] == f"/private/files/....{unique}.txt"


def test_guests_upload_nothing(guest: Web) -> None:
    assert upload(guest, "a.txt", b"a").status_code == 403


def test_a_request_without_file_is_417(admin: Web) -> None:
    answer = admin.post("/api/method/upload_file", data={"is_private": "1"})
    assert (answer.status_code, answer.json["exc_type"]) == (417, "MandatoryError")


def test_private_files_are_for_those_who_may_read_them(admin: Web, guest: Web, unique: str) -> None:
    file = upload(admin, f"{unique}.txt", unique.encode(), is_private=1).json["message"]
    path = quote(file["file_url"])
    assert admin.get(path).data == unique.encode()
    assert guest.get(path).status_code == 403
    assert admin.get("/private/files/nosuch.txt").status_code == 403
    assert guest.get("/private/files/%2e%2e/%2e%2e/site_config.json").status_code in (403, 404)
    assert admin.get("/private/files/%2e%2e/%2e%2e/site_config.json").status_code in (403, 404)


def test_an_attachment_is_readable_with_its_document(admin: Web, reader: Callable, unique: str) -> None:
    attached = {"doctype": "Role", "docname": "All"}
    path = upload(admin, f"{unique}.txt", unique.encode(), is_private=1, **attached).json["message"][
        "file_url"
    ]
    assert reader("System Manager").get(path).data == unique.encode()
    assert reader().get(path).status_code == 403


def test_who_uploaded_a_file_may_read_it(reader: Callable, unique: str) -> None:
    owner, other = reader(), reader()
    path = upload(owner, f"{unique}.txt", unique.encode(), is_private=1).json["message"]["file_url"]
    assert owner.get(path).data == unique.encode()
    assert other.get(path).status_code == 403


def test_the_last_document_takes_the_file_with_it(admin: Web, unique: str) -> None:
    first = upload(admin, f"{unique}.txt", unique.encode(), is_private=1).json["message"]
    second = upload(admin, f"{unique}.txt", unique.encode(), is_private=1).json["message"]
    admin("DELETE", f"/api/resource/File/{first['name']}")
    assert admin.get(second["file_url"]).status_code == 200
    admin("DELETE", f"/api/resource/File/{second['name']}")
    assert admin.get(second["file_url"]).status_code == 403


@pytest.mark.parametrize("path", ["/nosuch-page", "/nosuch/page"])
def test_an_unknown_page_is_404(guest: Web, path: str) -> None:
    answer = guest.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
