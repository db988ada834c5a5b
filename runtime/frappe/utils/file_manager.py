"""Files of a site on disk: `public/files` for everybody, `private/files` for those permitted."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, cstr


class MaxFileSizeReachedError(frappe.ValidationError):
    """The file is larger than the site allows."""


_DEFAULT_MAX_SIZE = 25 * 1024 * 1024
_WEBSITE_USER_TYPES = (
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".pdf", ".txt", ".csv", ".xls", ".xlsx", ".doc", ".docx",
    ".mp4", ".mp3", ".amr",
)  # fmt: skip


def get_max_file_size() -> int:
    """Bytes that one upload may have (`max_file_size` of the site)."""
    return cint(frappe.local.conf.get("max_file_size")) or _DEFAULT_MAX_SIZE


def check_max_file_size(content: bytes) -> int:
    size, limit = len(content), get_max_file_size()
    if size > limit:
        frappe.throw(
            _("File size exceeded the maximum allowed size of {0} MB").format(limit / 1048576),
            MaxFileSizeReachedError,
        )
    return size


def get_content_hash(content: bytes | str) -> str:
    """Identifies content; not a security measure."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def get_file_name(fname: str, optional_suffix: str) -> str:
    """A name that no other file has: the suffix goes before the extension."""
    root, extension = os.path.splitext(cstr(fname))
    return f"{root}{optional_suffix}{extension}"


def to_bytes(content: Any, decode: bool = False) -> bytes:
    """Text as UTF-8; with `decode`, base64 (a data URL's prefix is dropped)."""
    if decode:
        text = content.decode() if isinstance(content, bytes) else content
        return base64.b64decode(text.split(",", 1)[1] if "," in text else text)
    return content.encode() if isinstance(content, str) else bytes(content or b"")


def safe_name(fname: str) -> str:
    """No folders, no control characters, not too long for a file system."""
    name = re.sub(r"[/\\%?#\x00-\x1f\x7f]", "", cstr(fname)).strip() or "file"
    root, extension = os.path.splitext(name)
    while len((root + extension).encode()) > 180:
        root = root[:-1]
    return root + extension


def store(fname: str, content: bytes, is_private: bool) -> dict[str, Any]:
    """Write the file, or find the one that has this content; removed again if the transaction is undone."""
    if not content:
        frappe.throw(_("File {0} is empty").format(fname))
    size = check_max_file_size(content)
    digest = get_content_hash(content)
    known = frappe.db.get_value(
        "File", {"content_hash": digest, "is_private": int(is_private), "is_folder": 0}, "file_url"
    )
    if known and os.path.isfile(path_of_url(known)):
        url = known
    else:
        url = write_new_file(safe_name(fname), content, digest, is_private)
    name = safe_name(fname) if url == known else os.path.basename(url)
    return {"file_name": name, "file_url": url, "content_hash": digest, "file_size": size}


def write_new_file(name: str, content: bytes, digest: str, is_private: bool) -> str:
    """Never replaces a file: of two writers of one name, one gets the longer name."""
    folder = frappe.get_site_path("private" if is_private else "public", "files")
    os.makedirs(folder, exist_ok=True)
    for candidate in (
        name,
        get_file_name(name, digest[-6:]),
        get_file_name(name, frappe.generate_hash(length=12)),
    ):
        path = os.path.join(folder, candidate)
        with contextlib.suppress(FileExistsError):
            with open(path, "xb") as file:
                file.write(content)
            frappe.db.after_rollback.add(lambda path=path: remove_quietly(path))
            return f"/private/files/{candidate}" if is_private else f"/files/{candidate}"
    raise FileExistsError(name)


def remove_quietly(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def path_of_url(url: str) -> str:
    """Where `/files/…` or `/private/files/…` lies; anything outside is refused."""
    relative = (
        url.lstrip("/") if url.startswith("/private/files/") else "public/files/" + url.split("/files/")[-1]
    )
    path = os.path.realpath(frappe.get_site_path(*relative.split("/")))
    if not is_safe_path(path):
        frappe.throw(_("Cannot access file path {0}").format(url))
    return path


def is_safe_path(path: str) -> bool:
    base = os.path.realpath(frappe.get_site_path())
    return path.startswith((os.path.join(base, "private", "files"), os.path.join(base, "public", "files")))


def get_file_path(file_name: str) -> str:
    """Path of a file given by URL, by name of a File document or by file name."""
    if file_name.startswith(("/files/", "/private/files/")):
        return path_of_url(file_name)
    found = frappe.db.get_value("File", file_name, "file_url") or frappe.db.get_value(
        "File", {"file_name": file_name}, "file_url"
    )
    return path_of_url(found or f"/files/{file_name}")


def get_file(fname: str) -> tuple[str, bytes | str]:
    """Name and content; text is decoded if it is UTF-8."""
    path = get_file_path(fname)
    with open(path, "rb") as file:
        content: bytes | str = file.read()
    with contextlib.suppress(UnicodeDecodeError):
        content = content.decode() if isinstance(content, bytes) else content
    return os.path.basename(path), content


def save_file(
    fname: str,
    content: bytes | str,
    dt: str | None,
    dn: str | None,
    folder: str | None = None,
    decode: bool = False,
    is_private: int | bool = 0,
    df: str | None = None,
) -> Any:
    """Save content as a File document, attached to a document if one is given."""
    file = frappe.get_doc(
        {
            "doctype": "File",
            "file_name": fname,
            "attached_to_doctype": dt,
            "attached_to_name": dn,
            "attached_to_field": df,
            "folder": folder,
            "is_private": int(bool(is_private)),
            "content": content,
            "decode": decode,
        }
    )
    file.flags.ignore_permissions = True
    return file.insert()


def save_uploaded() -> Any:
    """What `/api/method/upload_file` does: the multipart request's file, or its `file_url`."""
    form, files = frappe.form_dict, frappe.request.files
    user_may_upload()
    doctype, docname = form.get("doctype"), form.get("docname")
    if doctype and docname and frappe.db.exists(doctype, docname):
        frappe.get_doc(doctype, docname).check_permission("write")
    uploaded = files.get("file")
    content = uploaded.stream.read() if uploaded else None
    name = (uploaded.filename if uploaded else None) or form.get("file_name")
    if content is not None:
        check_type(name or "")
    method = form.get("method")
    if method:
        frappe.local.uploaded_file, frappe.local.uploaded_filename = content, name
        function = frappe.get_attr(method)
        frappe.is_whitelisted(function)
        return function()
    return frappe.get_doc(
        {
            "doctype": "File",
            "attached_to_doctype": doctype,
            "attached_to_name": docname,
            "attached_to_field": form.get("fieldname"),
            "folder": form.get("folder") or "Home",
            "file_name": name,
            "file_url": form.get("file_url"),
            "is_private": cint(form.get("is_private")),
            "content": content,
        }
    ).save(ignore_permissions=True)


def user_may_upload() -> None:
    if frappe.session.user == "Guest" and not frappe.get_system_settings("allow_guests_to_upload_files"):
        raise frappe.PermissionError


def check_type(name: str) -> None:
    """Website users may upload pictures and documents only (no pages, no programs)."""
    is_staff = frappe.sessions.user_info(frappe.session.user).user_type == "System User"
    if not is_staff and not name.lower().endswith(_WEBSITE_USER_TYPES):
        frappe.throw(_("You can only upload JPG, PNG, PDF, TXT, CSV or Microsoft documents."))


def remove_all(dt: str, dn: str, from_delete: bool = False, delete_permanently: bool = False) -> None:
    """Delete the files attached to a document."""
    for name in frappe.get_all("File", {"attached_to_doctype": dt, "attached_to_name": dn}, pluck="name"):
        frappe.delete_doc("File", name, ignore_permissions=True, delete_permanently=delete_permanently)


def remove_file(
    fid: str, attached_to_doctype: str | None = None, attached_to_name: str | None = None
) -> None:
    frappe.delete_doc("File", fid)
