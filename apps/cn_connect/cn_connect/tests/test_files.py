"""Files: whose address a record may hold, what it hangs on, what may be public, how much one user adds."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from cn_connect import clock
from cn_connect.access import files
from cn_connect.access.calls import Target
from cn_connect.access.file_types import extension, is_shown, may_be_public


@pytest.fixture
def request_is_on(site) -> None:
    """As while a client adds files by a generic way."""
    site.local.request = SimpleNamespace(
        method="POST", path="/api/resource/File", files={}, host="localhost", headers=Headers()
    )
    site.flags.generic_way = True
    yield
    site.flags.generic_way = None
    site.local.request = None
    site.set_user("Administrator")


@pytest.fixture
def file_of(site) -> Callable[..., Any]:
    def make(user: str, name: str = "", **values: Any) -> Any:
        site.set_user(user)
        name = name or f"{secrets.token_hex(6)}.txt"
        given = {"content": secrets.token_hex(20), "is_private": 1, **values}
        doc = site.get_doc({"doctype": "File", "file_name": name, **given}).insert(ignore_permissions=True)
        site.set_user("Administrator")
        return doc

    return make


@pytest.fixture
def others_file(file_of, user_with) -> Any:
    return file_of(user_with())


@pytest.mark.parametrize(
    "change", [str, str.upper, lambda url: url.replace("/private", "/private/."), lambda url: f"{url}%20"]
)
def test_nobody_points_at_what_somebody_else_may_read(site, others_file, user_with, change):
    site.set_user(user_with())
    url = change(others_file.file_url)
    for attempt in (
        lambda: files.check_values(Target("File", None, "create", {"file_url": url})),
        lambda: files.check_upload(site._dict(file_url=url, is_private=1), staff=True),
        lambda: files.check_values(
            Target("File", None, "create", {"file_url": "/private/files/no-such-file.txt"})
        ),
    ):
        with pytest.raises(site.PermissionError) as error:
            attempt()
        assert str(error.value) == site._("You are not allowed to do this.")


def test_an_own_file_may_be_pointed_at_and_another_site_too(site, file_of, user_with):
    user = user_with()
    url = file_of(user).file_url
    site.set_user(user)
    files.require_address(url)
    files.require_address("https://example.com/a.txt")


def test_an_address_that_differs_in_case_is_another_file(site, file_of, user_with):
    owner, thief = user_with(), user_with()
    name = secrets.token_hex(6)
    victim = file_of(owner, f"{name}.txt")
    file_of(thief, f"{name.upper()}.TXT")
    site.set_user(thief)
    with pytest.raises(site.PermissionError):
        files.require_address(victim.file_url)


def test_a_record_of_somebody_else_is_not_pointed_elsewhere(
    site, others_file, request_is_on, file_of, user_with
):
    user = user_with()
    own = file_of(user)
    site.set_user(user)
    own.reload()
    own.file_url = others_file.file_url
    with pytest.raises(site.PermissionError):
        own.save(ignore_permissions=True)


@pytest.mark.parametrize("values", [{"content_hash": "0" * 32}, {"file_size": -1}, {"file_size": 5}])
def test_what_a_file_holds_is_not_told_by_a_client(site, file_of, user_with, values):
    own = file_of(user_with(), content="1234")
    for name in (None, own.name):
        with pytest.raises(site.ValidationError):
            files.check_values(Target("File", name, "write", values))
    files.check_values(
        Target("File", own.name, "write", {"content_hash": own.content_hash, "file_size": own.file_size})
    )


def test_a_file_hangs_only_on_what_one_may_write(site, user_with, request_is_on, file_of):
    user = user_with()
    for values in (
        {"attached_to_doctype": "Role", "attached_to_name": "Guest"},
        {"attached_to_doctype": "Role", "attached_to_name": "No Such Role"},
    ):
        with pytest.raises(site.PermissionError):
            file_of(user, **values)
        site.set_user(user)
        with pytest.raises(site.PermissionError):
            files.check_values(Target("File", None, "create", values))
    site.set_user(user_with("System Manager"))
    files.require_attachable("Role", "Guest")
    with pytest.raises(site.DoesNotExistError):
        files.require_attachable("Role", "No Such Role")


@pytest.mark.parametrize(
    "form", [{}, {"is_private": 0}, {"is_private": 1, "file_url": "/files/a.png"}, {"is_private": 1, "doctype": "Role", "docname": "Guest"},
             {"is_private": 1, "library_file_name": "x"}],
)  # fmt: skip
def test_website_users_add_private_files_of_their_own(site, user_with, form):
    site.set_user(user_with())
    with pytest.raises((site.PermissionError, site.ValidationError)):
        files.check_upload(site._dict(form), staff=False)
    files.check_upload(site._dict(is_private="1"), staff=False)


ACTIVE = ["a.html", "a.HTM", "a.xhtml", "a.xht", "a.shtml", "a.svg", "a.svgz", "a.xml", "a.xsl", "a.js", "a.mjs", "a.pdf.html",
          "a.swf", "a.unknown", "a", "a.png.", ".html", "a.html ", "a.mhtml", "a.rss", "a.wasm", "a.css"]  # fmt: skip


@pytest.mark.parametrize("name", ACTIVE)
def test_what_a_browser_might_run_is_neither_shown_nor_public(name):
    assert not is_shown(name)
    assert not may_be_public(name)


@pytest.mark.parametrize("name", ["照片.PNG", "a.jpeg", "a.pdf", "a.txt", "a.b.mp4"])
def test_what_it_cannot_run_is_shown(name):
    assert is_shown(f"/files/{name}")
    assert may_be_public(name)


def test_the_extension_is_what_a_server_goes_by():
    assert extension("/files/a.HTML?x=.png#.png") == ".html"


@pytest.mark.parametrize("name", ["n.html", "n.svg", "n.xhtml"])
def test_a_public_page_is_not_stored(site, request_is_on, file_of, user_with, name):
    with pytest.raises(site.ValidationError):
        file_of(user_with(), name, is_private=0)
    assert file_of(user_with(), name, is_private=1).is_private


def test_a_private_page_does_not_become_public(site, request_is_on, file_of, user_with):
    page = file_of(user_with(), f"{secrets.token_hex(6)}.html")
    page.file_url = page.file_url.removeprefix("/private")
    page.is_private = 0
    with pytest.raises((site.ValidationError, OSError)):
        page.save(ignore_permissions=True)


def test_one_user_adds_no_more_than_the_limit_of_a_day(site, request_is_on, file_of, user_with, settings_of):
    settings_of(upload_limits={"website": {"mb": 1, "files": 3}})
    user = user_with()
    file_of(user, content="x" * 700_000)
    with pytest.raises(site.ValidationError):
        file_of(user, content="y" * 700_000)
    file_of(user)
    file_of(user)
    with pytest.raises(site.ValidationError):
        file_of(user)
    site.db.set_value(
        "File", {"owner": user}, "creation", clock.now() - timedelta(days=2), update_modified=False
    )
    file_of(user)


@pytest.mark.parametrize(("name", "saved"), [("a.xhtml", True), ("收集表.xlsx", True), ("a.png", False)])
def test_a_private_file_that_might_run_is_saved_by_the_browser(name, saved):
    response = SimpleNamespace(headers=Headers())
    files.harden(response, SimpleNamespace(path=f"/private/files/{name}"))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers.get("Content-Disposition", "").startswith("attachment") is saved
    assert ("Content-Security-Policy" in response.headers) is saved


# -- Attach fields ---------------------------------------------------------------------------------------------------


@pytest.fixture
def picture(site) -> Callable[..., Any]:
    """Saves the user's own picture, an Attach Image field, as this user."""

    def save(user: str, url: str, ignore: bool = True) -> Any:
        site.set_user(user)
        doc = site.get_doc("User", user)
        doc.user_image = url
        try:
            return doc.save(ignore_permissions=ignore)
        finally:
            site.set_user("Administrator")

    return save


@pytest.mark.parametrize(
    ("there", "sent", "kept"), [("Bill", "bill", False), ("bill", "bill", True), ("other", "bill", True)]
)
def test_an_uploaded_file_is_called_apart_from_one_in_other_capitals(file_of, user_with, there, sent, kept):
    """Stock Frappe itself tells apart those of the very same name."""
    unique = secrets.token_hex(6)
    file_of(user_with(), f"{there}{unique}.pdf")
    upload = SimpleNamespace(filename=f"{sent}{unique}.pdf")
    files.name_apart(SimpleNamespace(files={"file": upload}))
    assert (upload.filename == f"{sent}{unique}.pdf") is kept
    assert upload.filename.startswith(f"{sent}{unique}")
    assert upload.filename.endswith(".pdf")


@pytest.mark.parametrize("change", [str, lambda url: f"{url} ", lambda url: url[:-1] + url[-1].upper()])
@pytest.mark.parametrize("hangs", [False, True])
def test_nobody_attaches_what_somebody_else_may_read(site, file_of, user_with, picture, change, hangs):
    owner, thief = user_with(), user_with()
    place = {"attached_to_doctype": "User", "attached_to_name": owner} if hangs else {}
    file = file_of(owner, **place)
    fields = ["name", "owner", "attached_to_doctype", "attached_to_name", "attached_to_field"]
    before = site.get_all("File", {"file_url": file.file_url}, fields)
    with pytest.raises(site.PermissionError):
        picture(thief, change(file.file_url))
    assert site.get_all("File", {"file_url": file.file_url}, fields) == before
    assert not site.get_doc("File", file.name).has_permission("read", user=thief)


def test_nobody_attaches_what_the_database_takes_for_an_own_file(site, file_of, user_with, picture):
    """The own file is called as another one but for capitals."""
    owner, thief = user_with(), user_with()
    name = secrets.token_hex(6)
    victim = file_of(owner, f"{name}.txt")
    own = file_of(thief, f"{name.upper()}.TXT")
    with pytest.raises(site.PermissionError):
        picture(thief, own.file_url)
    assert not site.get_doc("File", victim.name).attached_to_name


def test_what_one_may_read_one_may_attach(site, file_of, user_with, picture):
    user = user_with()
    own, public = file_of(user), file_of("Administrator", is_private=0)
    for file in (own, public):
        picture(user, file.file_url)
        place = {"file_url": file.file_url, "attached_to_doctype": "User", "attached_to_name": user}
        assert site.db.exists("File", place)
    picture(user, "https://example.com/a.png")


def test_what_stands_there_already_stays(site, file_of, user_with, picture):
    """Whoever set it could read it; who changes something else need not."""
    user = user_with()
    file = file_of("Administrator")
    site.db.set_value("User", user, "user_image", file.file_url)
    assert picture(user, file.file_url).user_image == file.file_url


def test_a_picture_is_pasted_into_a_document_that_is_new(site, user_with, request_is_on):
    """While it is written the document is not there yet, and who may create it need not be able to write it."""
    site.set_user(user_with("System Manager"))
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    text = f'<img src="data:image/png;base64,{png}">'
    todo = site.get_doc({"doctype": "ToDo", "description": text}).insert()
    assert todo.description.startswith('<img src="/private/files/')
    assert site.db.exists("File", {"attached_to_doctype": "ToDo", "attached_to_name": todo.name})
