"""Files of documents: what stands in an Attach field, and pictures inside a text, hang on the document."""

from __future__ import annotations

import re
from typing import Any

import frappe
from frappe.core.doctype.file.file import STORED_HERE
from frappe.utils import cstr, random_string

_IMAGE = re.compile(r"""(<img\b[^<>]*?\ssrc\s*=\s*)(["'])data:([^"']*)\2""", re.IGNORECASE)
_KINDS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
}
_PLACE = ("attached_to_doctype", "attached_to_name", "attached_to_field")


def attach_files_to_document(doc: Any, event: str | None = None) -> None:
    """Hook of every document: a File of the address in an Attach field belongs to the document from now on, so that
    who may read the document may read the file, and both are deleted together.

    Whoever attaches gives others the right to read: only an address that the session's user may read is attached,
    whatever else the code that saves may do. A field that holds another address just holds a text.
    """
    for df in doc.meta.fields_of_type("Attach", "Attach Image"):
        url = doc.get(df.fieldname) or ""
        if url.startswith(STORED_HERE):
            messages = frappe.get_message_log()
            try:
                _attach(url, dict(zip(_PLACE, (doc.doctype, cstr(doc.name), df.fieldname), strict=True)))
            except (frappe.ValidationError, frappe.PermissionError, OSError):
                frappe.local.message_log = messages  # the document is saved all the same
                doc.log_error("Error Attaching File")


def _attach(url: str, place: dict[str, str]) -> None:
    """The user's own file that hangs nowhere yet moves there; else a further record of the address is made."""
    rows = frappe.get_all("File", filters={"file_url": url}, fields=["name", "file_url", *_PLACE])
    # the database finds addresses that differ in case or accents, too
    rows = [row for row in rows if row.file_url == url]
    if any(all(cstr(row[key]) == value for key, value in place.items()) for row in rows):
        return
    files = [file for row in rows if (file := frappe.get_doc("File", row.name)).is_downloadable()]
    for file in files:
        if not any(file.get(key) for key in _PLACE) and file.has_permission("write"):
            frappe.db.set_value("File", file.name, place)
            return
    if files:
        values = {"file_url": url, "file_name": files[0].file_name, "content_hash": files[0].content_hash}
        frappe.get_doc({"doctype": "File", **values, **place}).insert(ignore_permissions=True)


def extract_images_from_doc(doc: Any, fieldname: str) -> None:
    """Pictures that were pasted into a rich text become private files of the document (or of the row's document)."""
    content = doc.get(fieldname)
    if isinstance(content, str) and "data:" in content:
        doc.set(fieldname, _IMAGE.sub(lambda tag: _kept_picture(doc, tag), content))


def _kept_picture(doc: Any, tag: re.Match[str]) -> str:
    """The beginning of the tag with an address instead of the data; what is no picture, or might run, stays."""
    header, _comma, data = tag[3].partition(",")
    extension = _KINDS.get(header.split(";")[0].strip().lower())
    if not extension or not data.strip():
        return tag[0]
    place = (doc.parenttype, doc.parent) if doc.get("parentfield") else (doc.doctype, doc.name)
    file = frappe.get_doc(
        {
            "doctype": "File",
            "file_name": f"{random_string(7)}.{extension}",
            "attached_to_doctype": place[0],
            "attached_to_name": cstr(place[1]),
            "content": data,
            "decode": True,
            "is_private": 1,
        }
    ).insert(ignore_permissions=True)
    return f"{tag[1]}{tag[2]}{file.file_url}{tag[2]}"
