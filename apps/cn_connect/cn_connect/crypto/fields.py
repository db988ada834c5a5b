"""Encrypted fields of DocTypes: `phone` shows the mask, `phone_cipher` holds the value, `phone_hash` finds it.

Controllers call `seal_field` in validate; services that must send something call `plain_value`; people see a
value only through `reveal`, which asks for a reason and leaves an Unmasking Log.
"""

from collections.abc import Sequence

import frappe
from cn_connect.api_errors import describe
from cn_connect.crypto import keys, lookup, masks, sm4
from cn_connect.errors import ConfigMissing
from frappe import _
from frappe.model.document import Document
from frappe.utils import now_datetime

_SHORTEST_REASON = 2


def seal_field(doc: Document, fieldname: str, mask: str) -> None:
    """Seals a newly entered plain value; leaves an unchanged mask; clears everything when the field was emptied.

    `mask` is the kind of value: "phone", "id_number" or "text". Cipher and hash never come from the client: they are
    taken from the database. Raises ValidationError for a mask that is not the stored one, and when a key is missing.
    """
    cipher_field, hash_field = f"{fieldname}_cipher", f"{fieldname}_hash"
    before = (None if doc.is_new() else doc.get_doc_before_save()) or frappe._dict()
    stored = before.get(cipher_field)
    entered = (doc.get(fieldname) or "").strip()

    if not entered:
        doc.update({fieldname: None, cipher_field: None, hash_field: None})
    elif masks.is_masked(entered):
        if not stored or entered != before.get(fieldname):
            label = _(doc.meta.get_label(fieldname))
            frappe.throw(_("{0}: please enter the full value; a masked one cannot be stored.").format(label))
        doc.update({cipher_field: stored, hash_field: before.get(hash_field)})
    else:
        plain = lookup.normalize(entered, mask)
        try:
            digest = keys.hash_of(plain, mask)
            if not stored or before.get(hash_field) != digest:
                stored = sm4.seal(keys.keyring(), plain, _context(doc, fieldname))
        except ConfigMissing as error:
            # Documents are saved by Frappe's own requests too, which know nothing of our errors.
            raise describe(error) from error
        doc.update({fieldname: masks.mask(plain, mask), cipher_field: stored, hash_field: digest})


def plain_value(doc: Document, fieldname: str) -> str | None:
    """The plain value for the system's own use (to send a message to it). Never hand it to a client."""
    sealed = doc.get(f"{fieldname}_cipher")
    return sm4.open_sealed(keys.keyring(), sealed, _context(doc, fieldname)) if sealed else None


def reveal(doc: Document, fieldname: str, reason: str, roles: Sequence[str] = ()) -> str | None:
    """The plain value for a person who may see it, with an Unmasking Log of who, what, when and why.

    Allowed are `roles` and those of the hook `unmask_roles`; nobody if neither names any. Raises PermissionError.
    """
    if len((reason or "").strip()) < _SHORTEST_REASON:
        frappe.throw(_("Please give a reason for showing the full value."))
    doc.check_permission("read")
    allowed = set(roles) | _roles_by_hook(f"{doc.doctype}.{fieldname}")
    if not allowed & set(frappe.get_roles()):
        frappe.throw(_("You are not allowed to see the full value."), frappe.PermissionError)
    value = plain_value(doc, fieldname)
    frappe.get_doc(
        {
            "doctype": "Unmasking Log",
            "user": frappe.session.user,
            "reference_doctype": doc.doctype,
            "reference_name": doc.name,
            "fieldname": fieldname,
            "reason": reason.strip(),
            "revealed_at": now_datetime(),
            "ip_address": getattr(frappe.local, "request_ip", None),
        }
    ).insert(ignore_permissions=True)
    return value


def _context(doc: Document, fieldname: str) -> str:
    return f"{doc.doctype}.{fieldname}"


def _roles_by_hook(field: str) -> set[str]:
    found: set[str] = set()
    for role in (frappe.get_hooks("unmask_roles") or {}).get(field, []):
        found.update([role] if isinstance(role, str) else role)
    return found
