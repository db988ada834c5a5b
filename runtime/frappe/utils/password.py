"""Passwords of users (hashed) and of Password fields (encrypted), kept in the table __Auth."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from passlib.context import CryptContext

import frappe

passlibctx = CryptContext(schemes=["pbkdf2_sha256"])


def get_decrypted_password(
    doctype: str, name: str, fieldname: str = "password", raise_exception: bool = True
) -> str | None:
    """The plain text; AuthenticationError when there is none and `raise_exception`."""
    row = frappe.db.sql(
        "select password from `__Auth` where doctype = %s and name = %s and fieldname = %s and encrypted = 1",
        (doctype, name, fieldname),
    )
    if row and row[0][0]:
        return decrypt(row[0][0], key=f"{doctype}.{name}.{fieldname}")
    if raise_exception:
        frappe.throw(
            frappe._("Password not found for {0} {1} {2}").format(doctype, name, fieldname),
            frappe.AuthenticationError,
        )
    return None


def set_encrypted_password(doctype: str, name: str, pwd: str, fieldname: str = "password") -> None:
    _write(doctype, name, fieldname, encrypt(pwd), encrypted=1)


def remove_encrypted_password(doctype: str, name: str, fieldname: str = "password") -> None:
    frappe.db.sql(
        "delete from `__Auth` where doctype = %s and name = %s and fieldname = %s", (doctype, name, fieldname)
    )


def delete_all_passwords_for(doctype: str, name: str) -> None:
    frappe.db.sql("delete from `__Auth` where doctype = %s and name = %s", (doctype, name))


def check_password(
    user: str, pwd: str, doctype: str = "User", fieldname: str = "password", delete_tracker_cache: bool = True
) -> str:
    """The user's name if the password is right, else AuthenticationError."""
    row = frappe.db.sql(
        "select name, password from `__Auth` where doctype = %s and name = %s and fieldname = %s and encrypted = 0",
        (doctype, user, fieldname),
    )
    if not row or not passlibctx.verify(pwd, row[0][1]):
        raise frappe.AuthenticationError(frappe._("Incorrect User or Password"))
    if passlibctx.needs_update(row[0][1]):
        update_password(user, pwd, doctype, fieldname)
    return row[0][0]


def update_password(
    user: str, pwd: str, doctype: str = "User", fieldname: str = "password", logout_all_sessions: bool = False
) -> None:
    """Set a user's password; on demand everybody signed in as that user is signed out."""
    _write(doctype, user, fieldname, passlibctx.hash(pwd), encrypted=0)
    if logout_all_sessions:
        from frappe.sessions import clear_sessions

        clear_sessions(user=user, keep_current=True, force=True)


def _write(doctype: str, name: str, fieldname: str, value: str, encrypted: int) -> None:
    remove_encrypted_password(doctype, name, fieldname)
    frappe.db.sql(
        "insert into `__Auth` (doctype, name, fieldname, password, encrypted) values (%s, %s, %s, %s, %s)",
        (doctype, name, fieldname, value, encrypted),
    )


# -- encryption --------------------------------------------------------------------------------------------------


def encrypt(txt: str, encryption_key: str | None = None) -> str:
    try:
        cipher = Fernet(frappe.safe_encode(encryption_key or get_encryption_key()))
    except Exception:
        frappe.throw(frappe._("Encryption key is in invalid format!"))
    return cipher.encrypt(frappe.safe_encode(txt)).decode()


def decrypt(txt: str, encryption_key: str | None = None, key: Any = None) -> str:
    try:
        cipher = Fernet(frappe.safe_encode(encryption_key or get_encryption_key()))
        return cipher.decrypt(frappe.safe_encode(txt)).decode()
    except InvalidToken:
        where = f" ({key})" if key else ""
        frappe.throw(
            frappe._("Encryption key is invalid! Please check site_config.json") + where,
            frappe.AuthenticationError,
        )


def get_encryption_key() -> str:
    """The site's key; made and written to site_config.json when there is none."""
    key = frappe.local.conf.get("encryption_key")
    if not key:
        from frappe.installer import update_site_config

        key = Fernet.generate_key().decode()
        update_site_config("encryption_key", key)
        frappe.local.conf.encryption_key = key
    return key
