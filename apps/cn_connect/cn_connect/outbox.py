"""Messages to people: queued in the transaction that causes them, delivered afterwards, never twice for one cause.

`queue` writes a row; `deliver_due` claims due rows one by one (commit), sends, records what happened (commit) and
tells the functions of the hook `outbox_state_changed`. So a message neither goes out for something that was rolled back
nor is lost when a process dies. How each channel sends is in `outbox_channels`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import frappe
from cn_connect import clock, outbox_run
from cn_connect.cn_connect.doctype.outbox_message.outbox_message import OutboxMessage
from cn_connect.crypto.lookup import normalize
from cn_connect.outbox_channels import Sender, senders_of_site

DOCTYPE = "Outbox Message"
QUEUED, SENDING, SENT, DELIVERED, FAILED = "Queued", "Sending", "Sent", "Delivered", "Failed"
# A claim this old belongs to a process that died; whether it sent is unknown, and twice is better than never.
ABANDONED = timedelta(minutes=10)
BATCH = 200


def queue(
    channel: str,
    template: str,
    payload: dict | Sequence[str],
    *,
    dedupe_key: str,
    now: datetime,
    user: str | None = None,
    openid: str | None = None,
    phone: str | None = None,
    reference: tuple[str, str] | None = None,
    not_before: datetime | None = None,
) -> str:
    """Queues one message and returns its name; with a dedupe_key that was used before, that message's name.

    payload: values of the template – by field for WeChat and In-App, in order for SMS and Voice. The recipient is
    `openid` (WeChat), `phone` (SMS, Voice) or `user` (In-App). `not_before` holds it back, e.g. over quiet hours.
    """
    existing = frappe.db.get_value(DOCTYPE, {"dedupe_key": dedupe_key})
    if existing:
        return existing
    at_once = channel == "In-App" and not (not_before and not_before > now)
    message = frappe.get_doc(
        {
            "doctype": DOCTYPE,
            "channel": channel,
            "template": template,
            "payload": frappe.as_json(payload),
            "dedupe_key": dedupe_key,
            "user": user,
            "openid": openid,
            "recipient": normalize(phone, "phone") if phone else None,
            "reference_doctype": reference[0] if reference else None,
            "reference_name": reference[1] if reference else None,
            "state": DELIVERED if at_once else QUEUED,
            "queued_at": now,
            "delivered_at": now if at_once else None,
            "next_attempt_at": None if at_once else max(not_before or now, now),
        }
    )
    try:
        message.insert(ignore_permissions=True)
    except (frappe.UniqueValidationError, frappe.DuplicateEntryError):
        # Another transaction was faster; a locking read sees its row although our snapshot does not.
        frappe.clear_last_message()
        return frappe.db.get_value(DOCTYPE, {"dedupe_key": dedupe_key}, "name", for_update=True)
    if not at_once:
        _wake_after_commit()
    return message.name


def deliver_due(
    now: datetime, limit: int = BATCH, senders: dict[str, Sender] | None = None
) -> outbox_run.Run:
    """Sends what is due, at most `limit` messages; commits after each. Returns the counts by channel and outcome.

    For jobs: it ends the caller's transaction.
    """
    run = outbox_run.Run(now, senders or senders_of_site())
    for name in _due(now, limit):
        message = _claim(name, now, run)
        if message:
            run.deliver(message)
    run.raise_alarms()
    return run


def record_report(gateway_id: str, delivered: bool, now: datetime, error: str | None = None) -> str | None:
    """Notes a delivery report of the provider on the message with that id; returns its name if it was waiting."""
    name = frappe.db.get_value(DOCTYPE, {"gateway_id": gateway_id, "state": SENT}, "name", for_update=True)
    if name:
        message = _message(name)
        changes = (
            {"state": DELIVERED, "delivered_at": now} if delivered else {"state": FAILED, "failed_at": now}
        )
        message.db_set({**changes, "error": error}, update_modified=True)
        outbox_run.tell(message)
    return name


def withdraw(name: str, reason: str, now: datetime) -> bool:
    """Takes back a message that still waits, because what caused it is settled; False when it is too late for that."""
    state = frappe.db.get_value(DOCTYPE, name, "state", for_update=True)
    if state != QUEUED:
        return False
    taken_back = {"state": FAILED, "failed_at": now, "next_attempt_at": None}
    taken_back.update({"error_code": "WITHDRAWN", "error": reason})
    frappe.db.set_value(DOCTYPE, name, taken_back, update_modified=False)
    return True


def deliver_job() -> None:
    """Background job: delivers what is due now."""
    deliver_due(clock.now())


def _due(now: datetime, limit: int) -> list[str]:
    waiting = frappe.get_all(
        DOCTYPE,
        filters={"state": QUEUED, "next_attempt_at": ("<=", now)},
        order_by="next_attempt_at asc, creation asc",
        limit=limit,
        pluck="name",
    )
    abandoned = frappe.get_all(
        DOCTYPE, filters={"state": SENDING, "claimed_at": ("<=", now - ABANDONED)}, limit=limit, pluck="name"
    )
    return [*abandoned, *waiting][:limit]


def _claim(name: str, now: datetime, run: outbox_run.Run) -> OutboxMessage | None:
    """The message, marked as being sent, unless another process has it or its channel is dead in this run."""
    row = frappe.db.get_value(
        DOCTYPE, name, ["channel", "state", "claimed_at", "attempts"], as_dict=True, for_update=True
    )
    taken = not row or (row.state == SENDING and row.claimed_at > now - ABANDONED)
    if taken or row.state not in (QUEUED, SENDING) or run.is_dead(row.channel):
        frappe.db.rollback()
        return None
    claimed = {"state": SENDING, "claimed_at": now, "attempts": (row.attempts or 0) + 1}
    frappe.db.set_value(DOCTYPE, name, claimed, update_modified=False)
    frappe.db.commit()
    return _message(name)


def _message(name: str) -> OutboxMessage:
    return cast(OutboxMessage, frappe.get_doc(DOCTYPE, name))


def _wake_after_commit() -> None:
    """One job after the commit, however many messages the transaction queued; the minute's job is the safety net."""
    if frappe.flags.get("outbox_awake"):
        return
    frappe.flags.outbox_awake = True
    frappe.db.after_commit.add(_enqueue)
    frappe.db.after_rollback.add(_forget)


def _enqueue() -> None:
    _forget()
    frappe.enqueue(
        "cn_connect.outbox.deliver_job", queue="short", job_id="cn_connect_outbox", deduplicate=True
    )


def _forget() -> None:
    frappe.flags.outbox_awake = False
