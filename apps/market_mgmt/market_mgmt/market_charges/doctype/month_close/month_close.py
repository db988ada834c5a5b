"""A closed month of a market: from then on nothing is booked into it. Written by `services.closing` only."""

from frappe import _
from market_mgmt.written_once import WrittenOnce


class MonthClose(WrittenOnce):
    def refusal(self) -> str:
        return _("A closed month stays closed; book a correction in an open month.")
