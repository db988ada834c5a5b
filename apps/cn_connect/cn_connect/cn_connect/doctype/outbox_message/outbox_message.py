"""A message to a person by one channel; `cn_connect.outbox` queues, delivers and updates it."""

from datetime import datetime
from typing import TYPE_CHECKING

from cn_connect.crypto.fields import seal_field
from frappe.model.document import Document


class OutboxMessage(Document):
    if TYPE_CHECKING:
        channel: str
        state: str
        template: str
        payload: str | None
        user: str | None
        openid: str
        recipient: str | None
        attempts: int
        next_attempt_at: datetime | None
        gateway_id: str | None
        reference_doctype: str | None
        reference_name: str | None

    def validate(self) -> None:
        seal_field(self, "recipient", "phone")
