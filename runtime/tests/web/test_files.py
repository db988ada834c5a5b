"""Uploads and who may fetch them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from .conftest import Web


def upload(web: Web, name: str, content: bytes, **fields: Any) -> Any:
    return web.post("/api/method/upload_file", data={"file": (io.BytesIO(content), name), **fields})


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


@pytest.fixture
def reader(on_site: Callable, unique: str) -> Callable[..., Web]:
    """Makes a user with the given roles, and a browser in which that user is signed in."""

    def make(*roles: str) -> Web:
        def create(frappe: Any) -> str:
            from frappe.utils.password import update_password

            number = frappe.generate_hash(length=6)
            user = frappe.get_doc(
                doctype="User", email=f"{number}-{unique}@example.com", first_name="X", send_welcome_email=0
            )
            user.insert()
            user.add_roles(*roles)
            update_password(user.name, f"secret-{unique}")
            return user.name

        browser = Web()
        assert browser.login(on_site(create), f"secret-{unique}").status_code == 200
        return browser

    return make


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


@pytest.mark.parametrize(
    "name",
    ["a.html", "a.XHTML", "a.xht", "a.shtml", "a.svg", "a.svgz", "a.xml", "a.xsl", "a.js", "a.mjs", "a.zzz"],
)
@pytest.mark.parametrize("is_private", [0, 1])
def test_what_a_browser_might_run_is_saved(admin: Web, unique: str, name: str, is_private: int) -> None:
    file = upload(
        admin,
        f"{unique}{name}",
        f"<script>{unique}{name}{is_private}</script>".encode(),
        is_private=is_private,
    )
    answer = admin.get(quote(file.json["message"]["file_url"]))
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_nobody_points_at_a_file_of_somebody_else(admin: Web, reader: Callable, unique: str) -> None:
    path = upload(admin, f"{unique}.txt", unique.encode(), is_private=1).json["message"]["file_url"]
    thief, manager = reader(), reader("System Manager")
    for browser in (thief, manager):
        for url in (path, "/private/files/no-such-file.txt"):
            form = {"file_url": url, "is_private": "1"}
            assert browser.post("/api/method/upload_file", data=form).status_code == 403
            assert browser.post("/api/resource/File", json=form).status_code == 403
        assert browser.get(path).status_code == 403


def test_an_address_in_capitals_is_another_file(admin: Web, reader: Callable, unique: str) -> None:
    path = upload(admin, f"{unique}.txt", unique.encode(), is_private=1).json["message"]["file_url"]
    thief = reader()
    upload(thief, f"{unique.upper()}.TXT", b"own " + unique.encode(), is_private=1)
    assert thief.get(path).status_code == 403


def test_a_file_hangs_only_on_what_its_maker_may_write(reader: Callable, unique: str) -> None:
    browser = reader()
    for name in ("Guest", "No Such Role"):
        target = {"attached_to_doctype": "Role", "attached_to_name": name}
        form = {"doctype": "Role", "docname": name}
        assert upload(browser, "a.txt", unique.encode(), is_private=1, **form).status_code == 403
        own = upload(browser, f"{unique}.txt", unique.encode(), is_private=1).json["message"]["name"]
        assert browser("PUT", f"/api/resource/File/{own}", json=target).status_code == 403


def test_a_file_is_not_taken_over(reader: Callable, unique: str) -> None:
    owner, other = reader(), reader()
    file = upload(owner, f"{unique}.txt", unique.encode(), is_private=1).json["message"]
    thief = other.get("/api/method/frappe.auth.get_logged_user").json["message"]
    assert other("PUT", f"/api/resource/File/{file['name']}", json={"owner": thief}).status_code == 403
    assert owner.get(file["file_url"]).data == unique.encode()
