"""Passwords of users (hashed) and of Password fields (encrypted), kept in the table __Auth."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken
from passlib.context import CryptContext

import frappe

passlibctx = CryptContext(schemes=["pbkdf2_sha256"])


def get_decrypted_password(
    doctype: str, name: str, fieldname: str = "password", raise_exception: bool = True
) -> str | None:
    """The plain text; AuthenticationError when there is none and `raise_exception`."""
    stored = _read(doctype, name, fieldname, encrypted=1)
    if stored:
        return decrypt(stored)
    if raise_exception:
        message = frappe.messages.fill(
            frappe._("Password not found for {0} {1} {2}"), doctype, name, fieldname
        )
        frappe.throw(message, frappe.AuthenticationError)
    return None


def set_encrypted_password(doctype: str, name: str, pwd: str, fieldname: str = "password") -> None:
    _write(doctype, name, fieldname, encrypt(pwd), encrypted=1)


def remove_encrypted_password(doctype: str, name: str, fieldname: str = "password") -> None:
    frappe.db.delete("__Auth", {"doctype": doctype, "name": name, "fieldname": fieldname})


def delete_all_passwords_for(doctype: str, name: str) -> None:
    frappe.db.delete("__Auth", {"doctype": doctype, "name": name})


def check_password(user: str, pwd: str) -> str:
    """The user's name if the password is right, else AuthenticationError; in the same time if there is no such user."""
    stored = _read("User", user, "password", encrypted=0)
    if not (passlibctx.verify(pwd, stored) if stored else passlibctx.dummy_verify()):
        raise frappe.AuthenticationError(frappe._("Incorrect User or Password"))
    return user


def update_password(user: str, pwd: str, logout_all_sessions: bool = False) -> None:
    """Set a user's password; on demand everybody else signed in as that user is signed out."""
    _write("User", user, "password", passlibctx.hash(pwd), encrypted=0)
    if logout_all_sessions:
        frappe.sessions.clear_sessions(user=user, keep_current=True, force=True)


def _read(doctype: str, name: str, fieldname: str, encrypted: int) -> str | None:
    place = {"doctype": doctype, "name": name, "fieldname": fieldname, "encrypted": encrypted}
    return frappe.db.get_value("__Auth", place, "password", order_by=None)


def _write(doctype: str, name: str, fieldname: str, value: str, encrypted: int) -> None:
    remove_encrypted_password(doctype, name, fieldname)
    columns = ["doctype", "name", "fieldname", "password", "encrypted"]
    frappe.db.bulk_insert("__Auth", columns, [[doctype, name, fieldname, value, encrypted]])


# -- encryption --------------------------------------------------------------------------------------------------


def encrypt(txt: str) -> str:
    return _cipher().encrypt(txt.encode()).decode()


def decrypt(txt: str) -> str:
    try:
        return _cipher().decrypt(txt.encode()).decode()
    except InvalidToken:
        message = frappe._("Encryption key is invalid! Please check site_config.json")
        frappe.throw(message, frappe.AuthenticationError)


def _cipher() -> Fernet:
    """With the site's key. Never makes one: what an older key encrypted could not be read any more."""
    key = frappe.local.conf.get("encryption_key")
    if not key:
        frappe.throw(frappe._("site_config.json has no encryption_key: restore it from a backup"))
    return Fernet(key)
