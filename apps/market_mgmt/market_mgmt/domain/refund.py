"""The states of a refund, and how it may move (source: domain.md "Payment": own state machine).

    Requested → Approved → Processing → Succeeded
        ↓           ↘           ↘
    Rejected         Failed      Failed

Approved holds the money; Processing has been handed to the gateway or the bank; Failed gives the hold back.
"""

REQUESTED, APPROVED, PROCESSING = "Requested", "Approved", "Processing"
SUCCEEDED, FAILED, REJECTED = "Succeeded", "Failed", "Rejected"

TRANSITIONS = {
    REQUESTED: (APPROVED, REJECTED),
    APPROVED: (PROCESSING, SUCCEEDED, FAILED),
    PROCESSING: (SUCCEEDED, FAILED),
    SUCCEEDED: (),
    FAILED: (),
    REJECTED: (),
}
HOLDING = (APPROVED, PROCESSING)
# What counts against the payment it belongs to.
COUNTED = (REQUESTED, *HOLDING, SUCCEEDED)


def may_become(current: str, wanted: str) -> bool:
    """Whether a refund of one state may take the other."""
    return wanted in TRANSITIONS[current]
