"""Re-encrypts every registered field with the current key, in batches, so that it may be stopped and run again.

Apps register fields by the hook `sm4_fields = ["DocType.fieldname", …]`.
"""

from collections.abc import Callable

import frappe
from cn_connect.crypto import keys, sm4

BATCH = 500


def registered_fields() -> list[tuple[str, str]]:
    """(DocType, fieldname) of all encrypted fields of the installed apps."""
    entries = dict.fromkeys(frappe.get_hooks("sm4_fields"))
    return [(doctype, fieldname) for doctype, _dot, fieldname in (entry.rpartition(".") for entry in entries)]


def reencrypt_all(progress: Callable[[str, int], None] = lambda field, done: None) -> int:
    """Brings every sealed value to the current key; commits after each batch. Returns how many were changed."""
    return sum(reencrypt_field(doctype, fieldname, progress) for doctype, fieldname in registered_fields())


def reencrypt_field(
    doctype: str, fieldname: str, progress: Callable[[str, int], None] = lambda field, done: None
) -> int:
    """The same for one field. A value somebody changes meanwhile is left to them: they seal with the new key."""
    ring = keys.keyring()
    column, context = f"{fieldname}_cipher", f"{doctype}.{fieldname}"
    done, last = 0, ""
    while rows := _older_than(ring.current, doctype, column, last):
        for name, sealed in rows:
            renewed = sm4.seal(ring, sm4.open_sealed(ring, sealed, context), context)
            # Only if it still is what was read; modified stays, or open forms would refuse to save.
            frappe.db.set_value(
                doctype, {"name": name, column: sealed}, column, renewed, update_modified=False
            )
        done += len(rows)
        last = rows[-1][0]
        frappe.db.commit()
        progress(context, done)
    return done


def _older_than(current: str, doctype: str, column: str, after: str) -> list[tuple[str, str]]:
    table = frappe.qb.DocType(doctype)
    return (
        frappe.qb.from_(table)
        .select(table.name, table[column])
        .where(table[column].like(f"{sm4.PREFIX}:%"))
        .where(table[column].not_like(f"{sm4.PREFIX}:{current}:%"))
        .where(table.name > after)
        .orderby(table.name)
        .limit(BATCH)
        .run()
    )
