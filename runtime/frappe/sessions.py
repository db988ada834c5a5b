"""Sessions: a row in `tabSessions`, a copy in the shared cache, `frappe.session` during a request.

The row is touched at most every ten minutes; between, only the cached copy learns that the session was used.
"""

from __future__ import annotations

import json
from typing import Any

import frappe
from frappe.utils import cint, get_datetime, now_datetime, time_diff_in_seconds

_UPDATE_SECONDS = 600
_DEFAULT_EXPIRY = "170:00:00"

TABLE = """create table if not exists `tabSessions` (
    `user` varchar(255), sid varchar(255) primary key, sessiondata text,
    ipaddress varchar(16), lastupdate datetime(6), status varchar(20)
)"""


def create_table() -> None:
    """Called when a site is created."""
    frappe.db.sql_ddl(TABLE)


class Session:
    """`Session(resume=True)` finds the session of the request's `sid`; else one is begun for `user`."""

    def __init__(self, user: str | None = None, resume: bool = False, full_name: str | None = None) -> None:
        request = frappe.local.request
        sid = frappe.form_dict.get("sid") or request.headers.get("X-Frappe-SID") or request.cookies.get("sid")
        self.sid: str = sid if sid is not None else "Guest"
        self.user = user
        self.full_name = full_name
        self.data: Any = frappe._dict(data=frappe._dict())
        frappe.local.session = self.data
        if resume:
            self.resume()
        elif user and user != "Guest":
            self.start()
        else:
            self.start_as_guest()

    def start_as_guest(self) -> None:
        self.user = "Guest"
        self.data.update({"user": "Guest", "sid": "Guest", "data": frappe._dict(user="Guest")})

    def start(self) -> None:
        """A new row and a new, unguessable sid."""
        info = user_info(self.user or "")
        now = frappe.utils.now()
        data = frappe._dict(
            user=self.user,
            session_ip=frappe.local.request_ip,
            last_updated=now,
            session_expiry=get_expiry_period(),
            full_name=info.full_name,
            user_type=info.user_type,
        )
        self.data.update({"user": self.user, "sid": frappe.generate_hash(), "data": data})
        frappe.db.sql(
            "insert into `tabSessions` (sessiondata, `user`, lastupdate, sid, status, ipaddress)"
            " values (%s, %s, %s, %s, 'Active', %s)",
            (json.dumps(data), self.user, now, self.data.sid, frappe.local.request_ip[:16]),
        )
        frappe.cache.hset("session", self.data.sid, self.data)

    def resume(self) -> None:
        if self.sid == "Guest":
            return self.start_as_guest()
        record = self.get_session_data()
        if record:
            self.data.update({"user": record.user, "sid": self.sid, "data": frappe._dict(record.data)})
            self.user = record.user
            return None
        frappe.local.response["session_expired"] = 1
        self.start_as_guest()
        frappe.local.cookie_manager.delete_cookie(
            ["sid", "full_name", "system_user", "user_id", "user_image"]
        )
        return None

    def get_session_data(self) -> Any:
        """From the cache, else from the table; an expired one is deleted."""
        record = frappe.cache.hget("session", self.sid)
        if not record:
            rows = frappe.db.sql(
                "select `user`, sessiondata, lastupdate from `tabSessions` where sid = %s and status = %s",
                (self.sid, "Active"),
                as_dict=True,
            )
            if not rows:
                return None
            data = frappe._dict(json.loads(rows[0].sessiondata), last_updated=str(rows[0].lastupdate))
            record = frappe._dict(user=rows[0].user, sid=self.sid, data=data)
            frappe.cache.hset("session", self.sid, record)
        idle = time_diff_in_seconds(now_datetime(), get_datetime(record["data"]["last_updated"]))
        if idle > get_expiry_in_seconds(record["data"].get("session_expiry")):
            delete_session(self.sid, reason="Session Expired")
            frappe.db.commit()
            return None
        return record

    def update(self) -> bool:
        """Note that the session was used; tells whether the table was written."""
        force = frappe.local.flags.save_session
        if self.data.user == "Guest" or self.data.sid in ("Guest", self.data.user):
            return False
        last = self.data.data.get("last_updated")
        idle = time_diff_in_seconds(now_datetime(), get_datetime(last)) if last else _UPDATE_SECONDS
        if not force and idle < _UPDATE_SECONDS:
            return False
        now = frappe.utils.now()
        self.data.data.last_updated = now
        frappe.db.sql(
            "update `tabSessions` set sessiondata = %s, lastupdate = %s where sid = %s",
            (json.dumps(self.data.data), now, self.data.sid),
        )
        frappe.cache.hset("session", self.data.sid, self.data)
        return True


def set_language(user: str) -> None:
    """The language of this request's messages: the user's own, what a guest asks for (`_lang`), else the site's."""
    from frappe.translate import get_all_languages

    lang = user_info(user).language
    asked = frappe.form_dict.get("_lang") if user == "Guest" else None
    if asked and asked in get_all_languages():
        lang = asked
    frappe.local.lang = lang or frappe.db.get_default("lang") or frappe.local.lang


def user_info(user: str) -> Any:
    """Name, full name, type, image and language of a user; cached until users change."""
    known = frappe.cache.front("user_info")
    if user not in known:
        known[user] = frappe.db.get_value(
            "User", user, ["name", "full_name", "user_type", "user_image", "language"], as_dict=True
        ) or frappe._dict(name=user, full_name=user, user_type="Website User", user_image=None, language=None)
    return known[user]


def get_expiry_period() -> str:
    """`hours:minutes:seconds` without use after which a session ends (System Settings)."""
    period = frappe.get_system_settings("session_expiry") or _DEFAULT_EXPIRY
    return period if len(period.split(":")) > 2 else period + ":00"


def get_expiry_in_seconds(expiry: str | None = None) -> int:
    hours, minutes, seconds = (expiry or get_expiry_period()).split(":")
    return cint(hours) * 3600 + cint(minutes) * 60 + cint(seconds)


get_expiry_period_for_query = get_expiry_in_seconds


def get_csrf_token() -> str:
    """The session's token; from its first asking on, writes of this session must carry it."""
    if not frappe.session.data.get("csrf_token"):
        generate_csrf_token()
    return frappe.session.data.csrf_token


def generate_csrf_token() -> None:
    """Kept with the session when the request ends (also after a GET, whose other writes are undone)."""
    frappe.session.data.csrf_token = frappe.generate_hash()
    frappe.local.flags.save_session = True


def delete_session(sid: str, user: str | None = None, reason: str = "Session Expired") -> None:
    frappe.cache.hdel("session", sid)
    frappe.db.sql("delete from `tabSessions` where sid = %s", (sid,))


def clear_sessions(user: str | None = None, keep_current: bool = False, force: bool = False) -> None:
    """End the sessions of a user (default: of this one)."""
    user = user or frappe.session.user
    for (sid,) in frappe.db.sql("select sid from `tabSessions` where `user` = %s", (user,)):
        if not (keep_current and sid == frappe.session.sid):
            delete_session(sid, user=user, reason="Logged In From Another Session")


def clear_all_sessions(reason: str | None = None) -> None:
    frappe.db.sql("delete from `tabSessions`")
    frappe.cache.delete_value("session")


def clear_expired_sessions() -> None:
    """Daily: remove the rows of sessions not used for long."""
    limit = frappe.utils.add_to_date(now_datetime(), seconds=-get_expiry_in_seconds())
    for (sid,) in frappe.db.sql("select sid from `tabSessions` where lastupdate < %s", (limit,)):
        delete_session(sid)


def get() -> Any:
    """What a page needs to know of its session."""
    info = user_info(frappe.session.user)
    return frappe._dict(user=info, csrf_token=get_csrf_token(), lang=frappe.local.lang)
