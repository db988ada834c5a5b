"""A link of the chain over the ledger: the hash of the link before and of every entry since. Never changed or deleted."""

from frappe import _
from market_mgmt.written_once import WrittenOnce


class LedgerSeal(WrittenOnce):
    def refusal(self) -> str:
        return _("A seal of the ledger is never changed or deleted.")
