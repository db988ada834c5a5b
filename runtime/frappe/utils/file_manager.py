"""Files of a site on disk: `public/files` for everybody, `private/files` for those permitted."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from typing import Any

import frappe
import frappe.client
from frappe import _

_WEBSITE_USER_TYPES = (
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".pdf", ".txt", ".csv", ".xls", ".xlsx", ".doc", ".docx",
    ".mp4", ".mp3", ".amr",
)  # fmt: skip


def store(fname: str, content: str | bytes, is_private: bool) -> dict[str, Any]:
    """Write the file, or find the one that has this content; removed again if the transaction is undone.

    Raises ValidationError without content; how large it may be is checked of the request.
    """
    content = content.encode() if isinstance(content, str) else content
    if not content:
        frappe.throw(frappe.messages.fill(_("File {0} is empty"), fname))
    # identifies content; not a security measure
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    name = _safe_name(fname)
    url = frappe.db.get_value("File", {"content_hash": digest, "is_private": int(is_private)}, "file_url")
    if not url or not os.path.isfile(path_of_url(url)):
        url = _write_new_file(name, content, digest, is_private)
        name = os.path.basename(url)
    return {"file_name": name, "file_url": url, "content_hash": digest, "file_size": len(content)}


def decoded(content: str | bytes) -> bytes:
    """The bytes that were sent as base64, or as a data URL of them; ValidationError for anything else."""
    text = content.decode("latin-1") if isinstance(content, bytes) else content
    text = "".join(text.rpartition(",")[2].split())
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        frappe.throw(_("The content of the file is not base64."))


def _safe_name(fname: str) -> str:
    """No folders, no control characters, not too long for a file system."""
    name = re.sub(r"[/\\%?#\x00-\x1f\x7f]", "", str(fname)).strip() or "file"
    root, extension = os.path.splitext(name)
    while len((root + extension).encode()) > 180:
        root = root[:-1]
    return root + extension


def _write_new_file(name: str, content: bytes, digest: str, is_private: bool) -> str:
    """Never replaces a file: of two writers of one name, one gets the longer name."""
    folder = frappe.get_site_path("private" if is_private else "public", "files")
    os.makedirs(folder, exist_ok=True)
    root, extension = os.path.splitext(name)
    for suffix in ("", digest[-6:], frappe.generate_hash(length=12)):
        path = os.path.join(folder, f"{root}{suffix}{extension}")
        with contextlib.suppress(FileExistsError):
            with open(path, "xb") as file:
                file.write(content)
            frappe.db.after_rollback.add(lambda path=path: remove_quietly(path))
            return f"{'/private' if is_private else ''}/files/{os.path.basename(path)}"
    raise FileExistsError(name)


def remove_quietly(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def path_of_url(url: str) -> str:
    """Where `/files/…` or `/private/files/…` lies; ValidationError for anything outside of them."""
    visibility = "private" if url.startswith("/private/") else "public"
    folder = os.path.realpath(frappe.get_site_path(visibility, "files"))
    path = os.path.realpath(os.path.join(folder, url.split("/files/", 1)[-1]))
    if not path.startswith(folder + os.sep):
        frappe.throw(frappe.messages.fill(_("Cannot access file path {0}"), url))
    return path


def save_uploaded() -> Any:
    """What `/api/method/upload_file` does: the multipart request's file, or its `file_url`."""
    form, uploaded = frappe.form_dict, frappe.request.files.get("file")
    user = frappe.sessions.user_info(frappe.session.user)
    if user.name == "Guest":
        raise frappe.PermissionError
    if form.doctype:
        # hangs on a document that the user may write; also when it is not there, as `permitted` says
        frappe.client.permitted(form.doctype, form.docname, "write")
    if form.file_url:
        check_readable(form.file_url)
    name = (uploaded.filename if uploaded else None) or form.file_name or ""
    # website users may upload pictures and documents only: no pages, no programs
    if uploaded and user.user_type != "System User" and not name.lower().endswith(_WEBSITE_USER_TYPES):
        frappe.throw(_("You can only upload JPG, PNG, PDF, TXT, CSV or Microsoft documents."))
    return frappe.get_doc(
        doctype="File",
        attached_to_doctype=form.doctype,
        attached_to_name=form.docname,
        attached_to_field=form.fieldname,
        folder=form.folder or "Home",
        file_name=name or None,
        file_url=form.file_url,
        is_private=frappe.utils.cint(form.is_private),
        content=uploaded.stream.read() if uploaded else None,
    ).save(ignore_permissions=True)


def check_readable(url: str) -> None:
    """PermissionError unless the user may read a File of this very address; one that is unknown is refused alike.

    The database finds addresses that differ in case or accents, too; on disk those are other files.
    """
    if url.startswith(("http://", "https://")):
        return
    rows = frappe.get_all("File", filters={"file_url": url}, fields=["name", "file_url"])
    readable = (frappe.get_doc("File", row.name).is_downloadable() for row in rows if row.file_url == url)
    if not any(readable):
        raise frappe.PermissionError


def remove_all(dt: str, dn: str) -> None:
    """Delete the files attached to a document."""
    for name in frappe.get_all("File", {"attached_to_doctype": dt, "attached_to_name": dn}, pluck="name"):
        frappe.delete_doc("File", name, ignore_permissions=True)
