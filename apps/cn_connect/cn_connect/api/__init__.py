"""Where gateways call in: payment and refund notifications, message events, delivery reports."""

# What `error_code` in the body of an error may be, with its HTTP status. An app's own codes stand in its `api` package.
ERROR_CODES: dict[str, tuple[int, str]] = {
    "UNAUTHENTICATED": (401, "Not signed in, or the session has ended"),
    "SIGNATURE_INVALID": (401, "A message does not come from whom it claims to, or is too old"),
    "FORBIDDEN": (403, "Signed in, but not allowed to do this"),
    "NOT_FOUND": (404, "It does not exist, or it is not the caller's"),
    "DUPLICATE": (409, "It exists already (417 when another field than the name must be unique)"),
    "IN_PROGRESS": (409, "The same request with this Idempotency-Key is still being worked on"),
    "IDEMPOTENCY_KEY_REUSED": (409, "This Idempotency-Key was used for another request"),
    "INVALID_ARGUMENTS": (417, "An argument is missing, unknown, of the wrong type or out of range"),
    "INVALID": (417, "A value or a step is not allowed; the message says which"),
    "VALUE_MISSING": (417, "A mandatory field is empty"),
    "STALE": (417, "The document was changed by somebody else meanwhile; load it again"),
    "STILL_LINKED": (417, "Other documents refer to it"),
    "CODE_WRONG": (417, "The code or phone number is wrong, used or too old"),
    "GATEWAY_REFUSED": (417, "WeChat or Tencent Cloud refused the request; the message holds its code"),
    "NO_CONSENT": (417, "WeChat 43101: the person has not agreed to a message of this template"),
    "NOT_CONFIGURED": (417, "A setting in site_config.json is missing or unusable; the message names it"),
    "LOCKED": (429, "Too many wrong tries; `retry_after` is the number of seconds to wait"),
    "TOO_OFTEN": (429, "Asked too soon or too often; `retry_after` is the number of seconds to wait"),
    "RATE_LIMITED": (429, "Too many requests"),
    "DECRYPTION_FAILED": (
        500,
        "An encrypted field cannot be opened: the key is missing or the value was changed",
    ),
    "ERROR": (500, "An error nobody expected; the error log holds it"),
    "BUSY": (503, "The database is busy; the same request may be sent again"),
    "GATEWAY_UNAVAILABLE": (503, "WeChat or Tencent Cloud does not answer; try again later"),
    "BILL_UNREADABLE": (503, "A bill of WeChat Pay cannot be read; the message names the column or line"),
    "PDF_UNAVAILABLE": (503, "wkhtmltopdf or a Chinese font is missing on the server"),
}
