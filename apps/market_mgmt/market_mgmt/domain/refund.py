"""The states of a refund, and how it may move (source: domain.md "Payment": own state machine).

    Requested → Approved → Processing → Succeeded
        ↓           ↘           ↘
    Rejected         Failed      Failed

Approved holds the money; Processing has been handed to the gateway or the bank; Failed gives the hold back.
"""

from datetime import datetime, timedelta

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

# What WeChat Pay allows (source: its documentation, "申请退款"): an order is refunded for a year, in at most fifty
# parts, a minute apart.
WECHAT_REFUNDS_FOR = timedelta(days=365)
MOST_PARTS = 50
BETWEEN_PARTS = timedelta(minutes=1)
_ASKED_EACH_MINUTE_FOR = timedelta(minutes=5)


def may_become(current: str, wanted: str) -> bool:
    """Whether a refund of one state may take the other."""
    return wanted in TRANSITIONS[current]


def is_asked_about(sent_at: datetime, now: datetime) -> bool:
    """Whether WeChat is asked this minute about a refund under way: each minute at first, then less and less often.

    Source: "查询单笔退款": a minute apart for five minutes, then at growing intervals.
    """
    waited = now - sent_at
    if waited <= _ASKED_EACH_MINUTE_FOR:
        return True
    return now.minute % (10 if waited <= timedelta(hours=1) else 30) == 0
