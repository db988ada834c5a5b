"""One round of delivery: what happens to a message after it was sent or was not, and when a channel counts as dead."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import frappe
from cn_connect import counters
from cn_connect.cn_connect.doctype.outbox_message.outbox_message import OutboxMessage
from cn_connect.errors import ConfigMissing, ConnectError, GatewayUnavailable
from cn_connect.outbox_channels import Sender

MAX_ATTEMPTS = 6
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
# That many failures in a row without one success, and the rest of the round leaves the channel alone.
DEAD_AFTER = 5
_ALARM_PAUSE = timedelta(hours=1)
_ERROR_LENGTH = 500


class Run:
    """Delivers claimed messages and counts by (channel, outcome)."""

    def __init__(self, now: datetime, senders: dict[str, Sender]) -> None:
        self.now = now
        self.counts: Counter[tuple[str, str]] = Counter()
        self._senders = senders
        self._failures: Counter[str] = Counter()
        self._given_up: Counter[str] = Counter()
        self._last_error: dict[str, str] = {}

    def is_dead(self, channel: str) -> bool:
        """Whether the channel failed so often in this round that further tries would only take time."""
        return self._failures[channel] >= DEAD_AFTER

    def deliver(self, message: OutboxMessage) -> None:
        """Sends one claimed message, records the outcome and tells the apps; commits."""
        try:
            gateway_id = self._senders[message.channel](message, self.now)
        except (GatewayUnavailable, ConfigMissing) as error:
            changes = self._later(message, error)
        except ConnectError as error:
            self._failures[message.channel] = 0  # it answered
            changes = self._failed(error)
        except Exception as error:
            frappe.log_error("Outbox: message could not be sent", frappe.get_traceback())
            changes = self._later(message, error)
        else:
            self._failures[message.channel] = 0
            changes = self._sent(message, gateway_id)
        message.db_set(changes, update_modified=True)
        self.counts[message.channel, message.state] += 1
        frappe.db.commit()
        tell(message)

    def raise_alarms(self) -> None:
        """An Error Log for each channel that is dead or had messages given up, once an hour at most."""
        for channel in {*self._failures, *self._given_up}:
            if not self.is_dead(channel) and not self._given_up[channel]:
                continue
            if counters.bump(f"outbox_alarm:{channel}", _ALARM_PAUSE) == 1:
                frappe.log_error(
                    f"Outbox: channel {channel} does not deliver", self._last_error.get(channel, "")
                )
                frappe.db.commit()

    def _sent(self, message: OutboxMessage, gateway_id: str | None) -> dict[str, Any]:
        done = {"gateway_id": gateway_id, "error": None, "error_code": None, "next_attempt_at": None}
        if message.channel == "In-App":
            return {**done, "state": "Delivered", "delivered_at": self.now}
        return {**done, "state": "Sent", "sent_at": self.now}

    def _later(self, message: OutboxMessage, error: Exception) -> dict[str, Any]:
        """Back to the queue with a pause that doubles, or failed after the last attempt."""
        channel = message.channel
        self._failures[channel] += 1
        self._last_error[channel] = str(error)
        if message.attempts >= MAX_ATTEMPTS:
            self._given_up[channel] += 1
            return self._failed(error)
        pause = min(FIRST_PAUSE * 2 ** (message.attempts - 1), LONGEST_PAUSE)
        return {**_described(error), "state": "Queued", "next_attempt_at": self.now + pause}

    def _failed(self, error: Exception) -> dict[str, Any]:
        return {**_described(error), "state": "Failed", "failed_at": self.now, "next_attempt_at": None}


def tell(message: OutboxMessage) -> None:
    """Calls the functions of the hook `outbox_state_changed`; what they do is committed, or undone and logged.

    Apart from the record itself: a failing listener must not make a message that went out look unsent.
    """
    for listener in frappe.get_hooks("outbox_state_changed"):
        try:
            frappe.get_attr(listener)(message)
            frappe.db.commit()
        except Exception:
            trace = frappe.get_traceback()
            frappe.db.rollback()
            frappe.log_error(f"Outbox: {listener} failed", trace)
            frappe.db.commit()


def _described(error: Exception) -> dict[str, str]:
    code = getattr(error, "code", None) or getattr(error, "error_code", None) or type(error).__name__
    return {"error_code": str(code)[:140], "error": str(error)[:_ERROR_LENGTH]}
