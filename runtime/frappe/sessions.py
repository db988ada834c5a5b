"""Sessions: a row in `tabSessions`, a copy in the shared cache, `frappe.session` during a request.

Row and copy are touched at most every ten minutes; the row is read only when the cache lost its copy.
"""

from __future__ import annotations

import json
import time
from typing import Any

import frappe
from frappe.context import local
from frappe.translate import get_all_languages

_UPDATE_SECONDS = 600


def begin(user: str) -> None:
    """A new session of a user: a new row and a new, unguessable sid."""
    data = frappe._dict(user=user, used_at=time.time(), csrf_token=frappe.generate_hash())
    local.session.update(user=user, sid=frappe.generate_hash(), data=data)
    frappe.db.sql(
        "insert into `tabSessions` (sessiondata, `user`, lastupdate, sid, status, ipaddress)"
        " values (%s, %s, %s, %s, 'Active', %s)",
        (json.dumps(data), user, frappe.utils.now(), local.session.sid, local.request_ip[:16]),
    )
    _keep()


def _keep() -> None:
    session = local.session
    frappe.cache.set_value(f"session:{session.sid}", {"user": session.user, "data": dict(session.data)})


def resume() -> bool:
    """Go on with the session that the request's cookie names, else as guest; false if that session is over."""
    sid = local.request.cookies.get("sid")
    if not sid or sid == "Guest":
        return True
    record = _get_record(sid)
    if not record:
        local.response["session_expired"] = 1
        return False
    local.session.update(user=record["user"], sid=sid, data=frappe._dict(record["data"]))
    return True


def _get_record(sid: str) -> dict[str, Any] | None:
    """From the cache, else from the table; an expired one is deleted."""
    record = frappe.cache.get_value(f"session:{sid}")
    if not record:
        rows = frappe.db.sql(
            "select `user`, sessiondata from `tabSessions` where sid = %s and status = 'Active'", (sid,)
        )
        if not rows:
            return None
        record = {"user": rows[0][0], "data": json.loads(rows[0][1])}
        frappe.cache.set_value(f"session:{sid}", record)
    if time.time() - record["data"].get("used_at", 0) > expiry_in_seconds():
        delete_session(sid)
        frappe.db.commit()
        return None
    return record


def update() -> bool:
    """Note that the session was used; tells whether the table was written."""
    data, sid, now = local.session.data, local.session.sid, time.time()
    due = local.flags.save_session or now - data.get("used_at", 0) >= _UPDATE_SECONDS
    if not due or sid == local.session.user:
        return False  # guests, and users by key and secret, have no session of their own
    if not frappe.db.sql("select sid from `tabSessions` where sid = %s for update", (sid,)):
        return False  # ended by somebody else while this request ran
    data.used_at = now
    frappe.db.sql(
        "update `tabSessions` set sessiondata = %s, lastupdate = %s where sid = %s",
        (json.dumps(data), frappe.utils.now(), sid),
    )
    _keep()
    return True


def set_language() -> None:
    """The language of this request's messages: the user's own, what a guest asks for (`_lang`), else the site's."""
    user, asked = local.session.user, local.form_dict.get("_lang")
    local.lang = user_info(user).language or local.lang
    if asked and user == "Guest" and asked in get_all_languages():
        local.lang = asked


def user_info(user: str) -> Any:
    """Name, full name, type and language (else the site's) of a user; cached until users change."""
    known = frappe.cache.front("user_info")
    if user not in known:
        fields = ["name", "full_name", "user_type", "language"]
        unknown = frappe._dict(name=user, full_name=user, user_type="Website User")
        info = frappe.db.get_value("User", user, fields, as_dict=True) or unknown
        info.language = info.language or frappe.db.get_default("lang")
        known[user] = info
    return known[user]


def expiry_in_seconds() -> int:
    """How long a session lasts without use: `hours:minutes` in System Settings, a week if they say nothing."""
    period = frappe.get_system_settings("session_expiry") or "170:00"
    hours, minutes, seconds = [int(part or 0) for part in f"{period}:0:0".split(":")[:3]]
    return hours * 3600 + minutes * 60 + seconds


def get_csrf_token() -> str:
    """The session's token, which its writes must carry.

    One that was begun without gets it now, kept when the request ends (also after a GET, whose other writes are undone).
    """
    if not frappe.session.data.get("csrf_token"):
        frappe.session.data.csrf_token = frappe.generate_hash()
        frappe.local.flags.save_session = True
    return frappe.session.data.csrf_token


def delete_session(sid: str) -> None:
    """Gone at once, and again after the commit: until then another request may read the row into the cache."""
    frappe.cache.delete_value(f"session:{sid}")
    frappe.db.sql("delete from `tabSessions` where sid = %s", (sid,))
    frappe.db.after_commit.add(lambda: frappe.cache.delete_value(f"session:{sid}"))


def clear_sessions(user: str | None = None, keep_current: bool = False, force: bool = False) -> None:
    """End the sessions of a user (default: of this one)."""
    user = user or frappe.session.user
    for (sid,) in frappe.db.sql("select sid from `tabSessions` where `user` = %s", (user,)):
        if not (keep_current and sid == frappe.session.sid):
            delete_session(sid)


def clear_expired_sessions() -> None:
    """Daily: remove the rows of sessions not used for long."""
    limit = frappe.utils.add_to_date(frappe.utils.now_datetime(), seconds=-expiry_in_seconds())
    for (sid,) in frappe.db.sql("select sid from `tabSessions` where lastupdate < %s", (limit,)):
        delete_session(sid)
