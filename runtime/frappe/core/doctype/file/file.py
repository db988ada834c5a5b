"""A file of the site: where it lies on disk, to which document it is attached, who may read it."""

from __future__ import annotations

import os
from typing import Any

import frappe
import frappe.client
from frappe import _
from frappe.model.document import Document
from frappe.utils import file_manager


class MissingFileError(OSError):
    """No file lies where the document says."""

    http_status_code = 417


STORED_HERE = ("/files/", "/private/files/")
ELSEWHERE = ("http://", "https://")


class File(Document):
    """Insert with `content` to write a new file; a file of equal content is shared, not stored twice."""

    content: bytes | str
    file_name: str
    file_url: str
    folder: str | None

    def autoname(self) -> None:
        """Folders are named by their path, files by a hash."""
        if self.is_folder:
            self.name = f"{self.folder}/{self.file_name}" if self.folder else self.file_name
        else:
            self.name = frappe.generate_hash(length=10)

    def before_insert(self) -> None:
        if not self.file_name and not self.file_url:
            frappe.throw(_("Fields `file_name` or `file_url` must be set for File"), frappe.MandatoryError)
        self.file_name = (self.file_name or os.path.basename(self.file_url)).replace("/", "")
        if not self.folder and not self.is_home_folder:
            attachments = self.attached_to_doctype and frappe.db.get_value(
                "File", {"is_attachments_folder": 1}
            )
            self.folder = attachments or "Home"
        if self.is_folder:
            return
        if self.file_url:  # where it lies says whether it is private, whatever else was given
            self.is_private = int(self.file_url.startswith("/private"))
        content = self.get("content")
        if content is not None and not (self.file_url or "").startswith(ELSEWHERE):
            self.content = file_manager.decoded(content) if self.get("decode") else content
            self.update(file_manager.store(self.file_name, self.content, is_private=bool(self.is_private)))
            self.flags.new_file = True
        self.file_type = os.path.splitext(self.file_name)[1].lstrip(".").upper() or None

    def validate(self) -> None:
        self.check_reach()
        if (self.file_url or "").startswith(STORED_HERE):
            self.is_private = int(self.file_url.startswith("/private/"))
            if not os.path.isfile(self.get_full_path()):
                frappe.throw(
                    frappe.messages.fill(_("File {0} does not exist"), self.file_url), MissingFileError
                )
        elif not self.is_folder and not (self.file_url or "").startswith(ELSEWHERE):
            frappe.throw(_("URL must start with http:// or https://"))

    def check_reach(self) -> None:
        """A record whose maker's rights count points only at what that person may read, and hangs on what it may write."""
        before = self.get_doc_before_save() or frappe._dict()
        if self.flags.ignore_permissions or frappe.session.user == "Administrator":
            return
        if self.file_url and self.file_url != before.file_url and not self.flags.new_file:
            file_manager.check_readable(self.file_url)
        hangs_on = (self.attached_to_doctype, self.attached_to_name)
        if all(hangs_on) and hangs_on != (before.attached_to_doctype, before.attached_to_name):
            frappe.client.permitted(*hangs_on, "write")

    def on_trash(self) -> None:
        if self.is_home_folder or self.is_attachments_folder:
            frappe.throw(_("Cannot delete Home and Attachments folders"))
        if self.is_folder and frappe.db.exists("File", {"folder": self.name}):
            frappe.throw(frappe.messages.fill(_("Folder {0} is not empty"), self.name))
        shared = frappe.db.exists("File", {"file_url": self.file_url, "name": ("!=", self.name)})
        if (self.file_url or "").startswith(STORED_HERE) and not shared:
            path = self.get_full_path()
            # Only once the deletion is certain; a rollback must not cost the file.
            frappe.db.after_commit.add(lambda: file_manager.remove_quietly(path))

    def get_content(self) -> bytes | str:
        """What it was made with, or what lies on disk: text if it is UTF-8. Needs no permission of its own."""
        if self.is_folder:
            frappe.throw(_("Cannot get file contents of a Folder"))
        if self.get("content"):
            return self.content
        with open(self.get_full_path(), "rb") as file:
            content = file.read()
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content

    def get_full_path(self) -> str:
        return file_manager.path_of_url(self.file_url or self.file_name)

    def is_downloadable(self) -> bool:
        return has_permission(self, "read")


def has_permission(doc: Any, ptype: str | None = None, user: str | None = None) -> bool:
    """Public files: everybody reads. Private ones: the owner, or who may read (write) the document they hang on."""
    user = user or frappe.session.user
    if user == "Administrator" or ptype == "create":
        return True
    if not doc.is_private and ptype in ("read", "select"):
        return True
    if user != "Guest" and doc.owner == user:
        return True
    if doc.attached_to_doctype and doc.attached_to_name:
        if not frappe.db.exists(doc.attached_to_doctype, doc.attached_to_name):
            return False
        target = frappe.get_doc(doc.attached_to_doctype, doc.attached_to_name)
        wanted = "read" if ptype in ("read", "select", "print", "export", None) else "write"
        return bool(target.has_permission(wanted, user=user))
    return False


def get_permission_query_conditions(user: str | None = None) -> str:
    """Lists of files: own ones, and public ones for staff; attachments are found through their document."""
    user = user or frappe.session.user
    if user == "Administrator":
        return ""
    return f"(`tabFile`.`is_private` = 0 or `tabFile`.`owner` = {frappe.db.escape(user)})"
