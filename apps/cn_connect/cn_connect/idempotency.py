"""A client that repeats a write with the same `Idempotency-Key` gets the first answer and changes nothing.

The key is claimed by a row inserted in the same transaction as the work, so that either both are there or neither;
two at once meet at the unique name. Answers are kept 24 hours, per user, method and key.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

import frappe
from cn_connect.api_errors import refuse
from frappe import _
from frappe.utils import now_datetime

DOCTYPE = "API Idempotency Key"
KEPT = timedelta(hours=24)
# A claim without an answer this old was left by a process that died.
ABANDONED = timedelta(minutes=5)
_LONGEST_KEY = 128


def once(method: str, arguments: dict[str, Any], work: Callable[[], Any]) -> Any:
    """The answer of `work`, or the stored one when this request was answered before.

    Applies to writes of signed-in users that send the header; Guest has no identity an answer could be kept for.
    """
    key = frappe.get_request_header("Idempotency-Key")
    if not key or frappe.session.user == "Guest" or frappe.request.method == "GET":
        return work()
    if len(key) > _LONGEST_KEY:
        refuse(_("The Idempotency-Key is too long."), "INVALID_ARGUMENTS", 417)
    name = _digest(frappe.session.user, method, key)
    body = _digest(json.dumps(arguments, sort_keys=True, default=str))

    stored = _stored(name)
    if stored is None:
        stored = _claim(name, body)
    if stored is not None:
        return _replay(stored, body)
    try:
        answer = work()
    except Exception:
        _release(name)
        raise
    _keep(name, answer)
    return answer


def is_given() -> bool:
    """Whether this request brings a key, and so says itself which requests are one."""
    return getattr(frappe.local, "request", None) is not None and bool(
        frappe.get_request_header("Idempotency-Key")
    )


def forget_old(now: datetime | None = None) -> None:
    """Deletes answers older than a day (daily job)."""
    frappe.db.delete(DOCTYPE, {"creation": ("<", (now or now_datetime()) - KEPT)})


def _stored(name: str) -> dict[str, Any] | None:
    row = frappe.db.get_value(DOCTYPE, name, ["body_hash", "answer", "creation"], as_dict=True)
    if row:
        age = now_datetime() - row.creation
        if age > KEPT or (not row.answer and age > ABANDONED):
            frappe.db.delete(DOCTYPE, {"name": name})
            return None
    return row


def _claim(name: str, body: str) -> dict[str, Any] | None:
    """None if the key is now ours, else what another request stored meanwhile."""
    try:
        frappe.get_doc(
            {"doctype": DOCTYPE, "request_hash": name, "user": frappe.session.user, "body_hash": body}
        ).insert(ignore_permissions=True)
    except frappe.DuplicateEntryError:
        frappe.db.rollback()  # a new snapshot, in which the other one's row can be seen
        frappe.clear_messages()
        return _stored(name) or frappe._dict(body_hash=body, answer=None)
    return None


def _keep(name: str, answer: Any) -> None:
    """Stores the answer; a file or a ready-made response is not kept, it is made again."""
    if isinstance(answer, Response) or frappe.local.response.get("type"):
        frappe.db.delete(DOCTYPE, {"name": name})
    else:
        frappe.db.set_value(DOCTYPE, name, "answer", frappe.as_json(answer), update_modified=False)


def _replay(stored: dict[str, Any], body: str) -> Any:
    if stored["body_hash"] != body:
        refuse(_("This Idempotency-Key was used for another request."), "IDEMPOTENCY_KEY_REUSED", 409)
    if not stored["answer"]:
        refuse(_("The same request is still being worked on."), "IN_PROGRESS", 409)
    frappe.local.response["idempotent_replay"] = True
    return json.loads(stored["answer"])


def _release(name: str) -> None:
    """Work that failed may be tried again. The claim is only still there if the work committed on its way."""
    frappe.db.rollback()
    if frappe.db.exists(DOCTYPE, name):
        frappe.db.delete(DOCTYPE, {"name": name})
        frappe.db.commit()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
