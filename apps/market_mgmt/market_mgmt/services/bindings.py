"""Who may act for which stall: a WeChat account is bound to a lease when it proves the phone that is on file.

The QR code of a stall only says which stall is meant. Bindings end with the lease, so that a former tenant sees
nothing of the next one's.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import frappe
from cn_connect import counters, sms_codes
from cn_connect.crypto import keys, sm4
from cn_connect.crypto.lookup import normalize
from cn_connect.errors import CodeWrong, Locked
from frappe import _
from frappe.model.document import Document
from market_mgmt.domain.leases import ACTIVE
from market_mgmt.services import labels, places

PROOF_PHONE = "QR+Phone"
PROOF_SMS = "SMS"

TRIES = 3
LOCKED_FOR = timedelta(hours=1)
_LOCKED = "Too many wrong attempts. Please try again in {0} minutes, or ask the market office."
_NOT_ON_FILE = "This phone number is not the one on file for the stall. Please ask the market office."
_JOB = "tasks.send_sign_in_code"  # what a phone number in its arguments is sealed for
_MOBILE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True)
class BoundStall:
    """A stall that a user acts for, through a standing binding to an active lease."""

    binding: str
    market: str
    merchant: str
    lease: str
    stall: str
    stall_no: str
    openid: str | None


def current_merchants(user: str) -> list[BoundStall]:
    """The stalls of a user, ordered by stall number; empty for an account that is not bound."""
    binding, lease, stall = (frappe.qb.DocType(name) for name in ("Stall Binding", "Lease", "Stall"))
    rows = (
        frappe.qb.from_(binding)
        .join(lease)
        .on(lease.name == binding.lease)
        .join(stall)
        .on(stall.name == binding.stall)
        .select(binding.name, binding.market, binding.merchant, binding.lease, binding.stall)
        .select(stall.stall_no, binding.openid)
        .where(binding.user == user)
        .where(binding.revoked == 0)
        .where(lease.status == ACTIVE)
        .orderby(stall.stall_no, binding.lease)
        .run()
    )
    return [BoundStall(*row) for row in rows]


def stall_of_token(token: str) -> str | None:
    """The stall whose QR code carries that token; None for an unknown or revoked one."""
    return frappe.db.get_value("Stall", {"qr_token": token}) if token else None


def stall_of_number(market: str, stall_no: str) -> str | None:
    """The stall of that number, or None."""
    return frappe.db.get_value("Stall", {"market": market, "stall_no": stall_no})


def active_lease(stall: str, now: datetime) -> frappe._dict | None:
    """The lease that holds a stall on that day."""
    day = now.date()
    rows = frappe.get_all(
        "Lease",
        filters={"stall": stall, "status": ACTIVE, "start_date": ("<=", day), "end_date": (">=", day)},
        fields=["name", "market", "merchant", "stall"],
        limit=1,
    )
    return rows[0] if rows else None


def lease_of_phone(stall: str | None, phone: str, now: datetime) -> frappe._dict | None:
    """The active lease of a stall if that phone is on file for its merchant."""
    lease = active_lease(stall, now) if stall else None
    if lease is None:
        return None
    on_file = frappe.db.get_value("Merchant", lease.merchant, "phone_hash")
    return lease if on_file and on_file == keys.hash_of(phone, "phone") else None


def looks_like_phone(phone: str) -> bool:
    """Whether that can be a mobile number of the mainland."""
    return bool(_MOBILE.fullmatch(normalize(phone, "phone")))


def place(market: str, stall_no: str) -> str:
    """What locks and codes are counted for, whether or not there is such a stall."""
    return f"{market}-{stall_no}"


def code_purpose(market: str, stall_no: str) -> str:
    """A code sent for one stall is good for no other."""
    return f"bind:{place(market, stall_no)}"


def refuse_if_locked(user: str, place: str, now: datetime) -> None:
    """Raises Locked while this account is locked for this stall."""
    until = counters.get(_lock_key(user, place))
    if until and (left := int((datetime.fromisoformat(until) - now).total_seconds())) > 0:
        raise Locked(_LOCKED, left, -(-left // 60))


def ask_for_code(user: str, market: str, stall_no: str, phone: str, now: datetime) -> None:
    """Has a code sent to a phone that is on file for the stall. Whether it is, is looked up only in the job that sends.

    Raises Locked, TooOften, ConfigMissing; alike for every phone and stall.
    """
    refuse_if_locked(user, place(market, stall_no), now)
    sms_codes.admit(phone, user, now)
    frappe.enqueue(
        "market_mgmt.tasks.send_sign_in_code",
        queue="short",
        enqueue_after_commit=True,
        account=user,
        market=market,
        stall_no=stall_no,
        sealed_phone=sm4.seal(keys.keyring(), phone, _JOB),
    )


def send_code(user: str, market: str, stall_no: str, sealed_phone: str, now: datetime) -> None:
    """Sends what `ask_for_code` asked for, if the phone is on file."""
    phone = sm4.open_sealed(keys.keyring(), sealed_phone, _JOB)
    if lease_of_phone(stall_of_number(market, stall_no), phone, now):
        sms_codes.send(phone, code_purpose(market, stall_no), user, now)


def prove_by_code(user: str, market: str, stall_no: str, phone: str, code: str, now: datetime) -> None:
    """Returns if the SMS code is right. Raises CodeWrong, and Locked from the third failure on."""
    where = place(market, stall_no)
    refuse_if_locked(user, where, now)
    try:
        sms_codes.verify(phone, code_purpose(market, stall_no), code, user, now)
    except (CodeWrong, Locked):
        _count_failure(user, where, now)
        raise


def bind(user: str, openid: str | None, stall: str | None, phone: str, proof: str, now: datetime) -> Document:
    """Binds an account to the active lease of a stall, for a phone that has been proved. Binding twice changes nothing.

    Raises CodeWrong when that phone is not on file, and Locked from the third time on.
    """
    refuse_if_locked(user, stall or "", now)
    lease = lease_of_phone(stall, phone, now)
    if lease is None:
        _count_failure(user, stall or "", now)
        raise CodeWrong(_NOT_ON_FILE)
    counters.forget(_failures_key(user, lease.stall), _lock_key(user, lease.stall))
    standing = frappe.db.exists("Stall Binding", {"open_key": _open_key(user, lease.name)})
    if standing:
        return frappe.get_doc("Stall Binding", standing)
    return frappe.get_doc(
        {
            "doctype": "Stall Binding",
            "market": lease.market,
            "user": user,
            "openid": openid,
            "merchant": lease.merchant,
            "lease": lease.name,
            "stall": lease.stall,
            "proof": proof,
            "bound_at": now,
        }
    ).insert(ignore_permissions=True)


def check(binding: Document) -> None:
    """The parts of a binding belong together; one standing binding per account and lease."""
    places.check_same_market(binding, "merchant", "lease", "stall")
    lease = frappe.db.get_value("Lease", binding.lease, ["merchant", "stall"], as_dict=True)
    if (lease.merchant, lease.stall) != (binding.merchant, binding.stall):
        frappe.throw(_("Lease {0} is of another merchant or stall.").format(labels.lease(binding.lease)))
    binding.open_key = None if binding.revoked else _open_key(binding.user, binding.lease)


def revoke(binding: str, by: str, now: datetime, ended_with_lease: bool = False) -> None:
    """Ends a binding. Revoking twice changes nothing."""
    doc = frappe.get_doc("Stall Binding", binding)
    if doc.revoked:
        return
    doc.update({"revoked": 1, "revoked_by": by, "revoked_at": now, "ended_with_lease": int(ended_with_lease)})
    doc.save(ignore_permissions=True)


def go_on_with(lease: str, next_lease: str, now: datetime) -> None:
    """Whoever acts for a lease acts for the one that renews it, proved as before.

    Of a lease that has ended, those whose binding ended with it; whom a person has revoked stays revoked, and so does
    an account that has been closed.
    """
    fields = ["market", "user", "openid", "merchant", "stall", "proof"]
    filters: dict[str, object] = {"lease": lease}
    if frappe.db.get_value("Lease", lease, "status") == ACTIVE:
        filters["revoked"] = 0
    for row in frappe.get_all(
        "Stall Binding", filters, [*fields, "revoked", "ended_with_lease"], order_by="bound_at, name"
    ):
        if row.pop("revoked") and not row.ended_with_lease:
            continue
        del row["ended_with_lease"]
        standing = frappe.db.exists("Stall Binding", {"open_key": _open_key(row.user, next_lease)})
        if not standing and frappe.db.get_value("User", row.user, "enabled"):
            values = {"doctype": "Stall Binding", **row, "lease": next_lease, "bound_at": now}
            frappe.get_doc(values).insert(ignore_permissions=True)


def end_with_lease(lease: str, now: datetime) -> None:
    """Revokes every binding to a lease that has ended."""
    for name in frappe.get_all("Stall Binding", filters={"lease": lease, "revoked": 0}, pluck="name"):
        revoke(name, frappe.session.user, now, ended_with_lease=True)


def _open_key(user: str, lease: str) -> str:
    return f"{user}|{lease}"


def _count_failure(user: str, place: str, now: datetime) -> None:
    """Counted in the cache: the refusal that follows rolls the database back. Raises Locked from the third on."""
    if counters.bump(_failures_key(user, place), LOCKED_FOR) >= TRIES:
        counters.put(_lock_key(user, place), (now + LOCKED_FOR).isoformat(), LOCKED_FOR)
        counters.forget(_failures_key(user, place))
        refuse_if_locked(user, place, now)


def _failures_key(user: str, place: str) -> str:
    return f"market_mgmt:bind_failures:{user}:{place}"


def _lock_key(user: str, place: str) -> str:
    return f"market_mgmt:bind_lock:{user}:{place}"
