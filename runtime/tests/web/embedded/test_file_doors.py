"""Who may point at a file, and what of it a browser opens: stricter than stock Frappe without the apps."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from ..conftest import Web, upload


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
