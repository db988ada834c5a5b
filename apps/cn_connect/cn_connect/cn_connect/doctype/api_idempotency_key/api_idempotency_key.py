"""The kept answer to a write that a client may repeat; see `cn_connect.idempotency`."""

from frappe.model.document import Document


class APIIdempotencyKey(Document):
    pass
