"""Files: whose address a record may hold, what it may hang on, what may be public, and how much a user uploads."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote

import frappe
from cn_connect import clock
from cn_connect.access.calls import Target
from cn_connect.access.documents import is_doctype, refuse, require, sees_all
from cn_connect.access.file_types import is_shown, may_be_public
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint

# Megabytes and files that one user may add within 24 hours, unless `upload_limits` of site_config.json says otherwise.
LIMITS = {"website": {"mb": 50, "files": 100}, "staff": {"mb": 1000, "files": 5000}}
# By these the same content is found again, and counted.
_MEASURED = ("content_hash", "file_size")
_ATTACHING = ("Attach", "Attach Image")
_LONGEST_NAME = 140
_STORED = ("/files", "/private/files")
_REMOTE = ("http://", "https://")
_UNSAVED = "new-"  # how stock Frappe's forms call a document that they have not saved yet
SANDBOX = "sandbox; default-src 'none'"


def check_upload(form: dict[str, Any], staff: bool) -> None:
    """Arguments of `upload_file`. Website users add private files of their own and nothing else."""
    if not staff and any(form.get(key) for key in ("file_url", "library_file_name", "doctype", "docname")):
        refuse()
    if not staff and not cint(form.get("is_private")):
        frappe.throw(_("Files are uploaded as private files."))
    if form.get("file_url"):
        require_address(_without_quotes(form["file_url"]))
    if form.get("library_file_name"):
        require(Target("File", form["library_file_name"], "read"))
        if not frappe.db.exists("File", form["library_file_name"]):
            frappe.throw(_("There is no such file."), frappe.DoesNotExistError)
    if len(str(form.get("file_name") or "")) > _LONGEST_NAME:
        frappe.throw(_("The name of the file is longer than {0} characters.").format(_LONGEST_NAME))
    if form.get("doctype"):
        require_attachable(form["doctype"], form.get("docname"))


def name_apart(request: Any) -> None:
    """Gives an uploaded file another name when there is one whose name differs in capitals only.

    On disk they are two, but the database takes one address for the other, and `check_attached` then refuses both.
    """
    sent = request.files.get("file")
    name = (sent.filename or "") if sent else ""
    addresses = [f"{folder}/{name}" for folder in _STORED]
    taken = frappe.get_all("File", filters={"file_url": ["in", addresses]}, pluck="file_url") if name else []
    if any(address not in addresses for address in taken):
        stem, dot, extension = name.rpartition(".")
        mark = frappe.generate_hash(length=6)
        sent.filename = f"{stem}{mark}.{extension}" if dot else f"{name}{mark}"


def check_values(target: Target) -> None:
    """A File sent as a document."""
    values = target.values if isinstance(target.values, dict) else {}
    for key in _MEASURED:
        stored = frappe.db.get_value("File", target.name, key) if target.name else None
        if values.get(key) not in (None, "", 0, stored):
            frappe.throw(_("What a file holds is measured, not told."))
    if values.get("file_url"):
        require_address(_without_quotes(values["file_url"]))
    if values.get("attached_to_doctype"):
        require_attachable(values["attached_to_doctype"], values.get("attached_to_name"))


def require_attachable(doctype: Any, name: Any) -> None:
    """PermissionError unless the user may write the document; for one that is not there, see `documents`."""
    if not isinstance(doctype, str):
        frappe.throw(_("A document is named by text."))
    if not is_doctype(doctype):
        frappe.throw(_("The document that the file belongs to does not exist."), frappe.DoesNotExistError)
    if name in (None, "") or (str(name).startswith(_UNSAVED) and not frappe.db.exists(doctype, name)):
        require(Target(doctype, None, "write"))
        return
    require(Target(doctype, name, "write"))
    if not frappe.db.exists(doctype, name):
        if not sees_all(doctype):
            refuse()
        frappe.throw(_("The document that the file belongs to does not exist."), frappe.DoesNotExistError)


def _without_quotes(url: Any) -> str:
    """The address as it will be stored. Stock Frappe takes the quotes off when it saves, so none may be in it."""
    if not isinstance(url, str):
        frappe.throw(_("The address of a file is a text."))
    url = url.strip()
    site = frappe.utils.get_url()
    url = url.removeprefix(site) if url.startswith(f"{site}/") else url
    if not url.startswith(_REMOTE) and unquote(url) != url:
        refuse()
    return url


def require_address(url: str) -> None:
    """PermissionError unless the user may read a record of this very address; unknown ones are refused alike.

    The database finds addresses that differ in case or accents; on disk those are other files.
    """
    if url.startswith(_REMOTE):
        return
    rows = frappe.get_all("File", filters={"file_url": url}, fields=["name", "file_url"])
    names = [row.name for row in rows if row.file_url == url]
    if not any(frappe.get_doc("File", name).is_downloadable() for name in names):
        refuse()


def _attachments(doc: Document) -> Iterator[str]:
    """The addresses of this site's files in the Attach fields of a document and its rows."""
    fields: dict[str, list[str]] = {}
    for each in (doc, *doc.get_all_children()):
        if each.doctype not in fields:
            fields[each.doctype] = [df.fieldname for df in each.meta.fields if df.fieldtype in _ATTACHING]
        for fieldname in fields[each.doctype]:
            value = each.get(fieldname)
            if isinstance(value, str) and value.startswith(_STORED):
                yield value


# -- hooks -----------------------------------------------------------------------------------------------------------


def check_written(doc: Document, _event: str) -> None:
    """Hook of File before it is saved, in whatever way it came to be."""
    if getattr(frappe.local, "request", None) is None or doc.is_folder:
        return
    url = doc.file_url or ""
    if not doc.is_private and not url.startswith(_REMOTE) and not _both_may_be_public(doc):
        frappe.throw(_("Files of this type cannot be public: {0}").format(frappe.bold(doc.file_name)))
    if not frappe.flags.generic_way:
        return
    before = doc.get_doc_before_save()
    written = doc.flags.new_file if before is None else before.file_url == doc.file_url
    if url and not written:
        require_address(url)
    hangs_on = (doc.attached_to_doctype, doc.attached_to_name)
    if (doc.attached_to_doctype, str(doc.attached_to_name)) == frappe.flags.being_written:
        return
    if hangs_on[0] and (before is None or hangs_on != (before.attached_to_doctype, before.attached_to_name)):
        require_attachable(*hangs_on)


def check_attached(doc: Document, _event: str) -> None:
    """Hook of all DocTypes: an Attach field gets only what the user may read, whatever else the code that saves may
    do, since whoever reads the document is given the file."""
    if frappe.session.user == "Administrator":
        return
    before = doc.get_doc_before_save()
    known = set(_attachments(before)) if before else set()
    for value in set(_attachments(doc)) - known:
        url = _without_quotes(value)
        require_address(url)
        # stock Frappe attaches any record that the database finds: it must not find a file of somebody else
        for row in frappe.get_all("File", filters={"file_url": url}, fields=["name", "file_url"]):
            if row.file_url != url and not frappe.get_doc("File", row.name).is_downloadable():
                refuse()


def _both_may_be_public(doc: Document) -> bool:
    return may_be_public(doc.file_url or doc.file_name or "") and may_be_public(
        doc.file_name or doc.file_url or ""
    )


def check_quota(doc: Document, _event: str) -> None:
    """Hook of File when one is added by a generic way."""
    if not frappe.flags.generic_way or doc.is_folder or frappe.session.user == "Administrator":
        return
    kind = "staff" if "Desk User" in frappe.get_roles() else "website"
    limits = {**LIMITS[kind], **((frappe.conf.get("upload_limits") or {}).get(kind) or {})}
    since = clock.now() - timedelta(days=1)
    used = frappe.get_all(
        "File",
        filters={"owner": frappe.session.user, "creation": (">", since)},
        fields=["sum(file_size) as bytes", "count(name) as files"],
    )[0]
    total = cint(used.bytes) + cint(doc.file_size)
    if total > limits["mb"] * 1024 * 1024 or cint(used.files) >= limits["files"]:
        frappe.throw(_("You have uploaded too much today. Please try again tomorrow."))


def harden(response: Any, request: Any) -> None:
    """After every request: a private file that a browser might run is saved instead, whatever stock Frappe thinks."""
    if response is None or not request.path.startswith("/private/files/"):
        return
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not is_shown(request.path):
        name = quote(request.path.rsplit("/", 1)[-1])
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        response.headers["Content-Security-Policy"] = SANDBOX
