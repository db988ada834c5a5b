"""Whitelisted methods: check, call one service, return."""

# What `error_code` may be beside the codes that every app shares (`cn_connect.api`).
ERROR_CODES: dict[str, tuple[int, str]] = {
    "CONSENT_REQUIRED": (403, "The current privacy text has not been accepted yet"),
    "QR_UNKNOWN": (404, "The QR code of the stall is unknown or was revoked"),
    "PRIVACY_TEXT_CHANGED": (409, "There is a newer privacy text; show that one"),
    "NO_OPENID": (417, "Paying needs a sign-in by WeChat"),
    "PAYMENT_UNDER_REVIEW": (
        417,
        "An earlier payment of these fees differs from its order and is being looked into",
    ),
    "PHONE_INVALID": (417, "This is no mobile number of 11 digits"),
    "PHONE_NOT_PROVED": (417, "The phone number must be confirmed by WeChat or by SMS"),
    "NOT_REFUSED": (417, "The import does not wait for a supervisor's confirmation"),
    # These stand in the state that `import_progress` answers, not in an error's body.
    "NOT_A_WORKBOOK": (200, "State of an import: the file is damaged or no Excel workbook"),
    "NO_PERIOD": (200, "State of an import: no row has a reading date, so the period is unknown"),
    "NO_ROWS": (200, "State of an import: there is nothing below the header"),
    "TOO_LARGE": (200, "State of an import: the file is too large"),
    "WRONG_TEMPLATE": (200, "State of an import: a sheet or column of the template is missing"),
    "HIDDEN_SHEET": (200, "State of an import: the sheet is hidden"),
    "SEVERAL_SHEETS": (200, "State of an import: several sheets carry the columns"),
    "HIDDEN_COLUMN": (200, "State of an import: a column that would be read is hidden"),
    "SEVERAL_COLUMNS": (200, "State of an import: several columns mean the same"),
    "UNREAD_COLUMN": (200, "State of an import: a column seems to be misspelt or lacks its neighbour"),
    "WRONG_UNIT": (200, "State of an import: a heading names another unit"),
    "IMPORT_INTERRUPTED": (200, "State of an import: it was killed; nothing was changed, start it again"),
    "IMPORT_FAILED": (200, "State of an import: nothing was changed; the message says why"),
}
