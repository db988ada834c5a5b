"""One sealed entry: its name is the entry's, with the SHA-256 of its row."""

from frappe import _
from market_mgmt.written_once import WrittenOnce


class LedgerSealLine(WrittenOnce):
    def before_insert(self) -> None:
        self._refuse()  # written in bulk by `services.ledger_seals` only

    def refusal(self) -> str:
        return _("A seal of the ledger is never changed or deleted.")
