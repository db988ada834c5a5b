"""A site and the model of `ledger_model` side by side: every step is taken in both, every figure compared."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import frappe
from cn_connect.money import yuan
from cn_connect.wechat.pay_messages import Transaction
from market_mgmt.domain.amounts import ZERO
from market_mgmt.domain.ledger import CASH, DEFERRED_INCOME, DEPOSIT_HELD, REFUND_PAYABLE, balance
from market_mgmt.services import ledger
from market_mgmt.tests.ledger_model import Model
from market_mgmt.tests.ledger_model_parts import Refused


class SideBySide:
    """What both know: the markets, and which payment and refund of the model is which document of the site."""

    def __init__(self, now: datetime, markets: list[str]) -> None:
        self.now, self.markets, self.model = now, markets, Model()
        self.orders: list[str] = []
        self.told: list[Transaction] = []
        self.refunds: list[str] = []

    @property
    def today(self) -> date:
        return self.now.date()

    def check(self) -> None:
        """Every figure of the site is the model's, and the ledger is sound."""
        for market in self.markets:
            assert ledger.check(market) == []
            entries = frappe.get_all(
                "Account Entry", {"market": market}, ["debit_account", "credit_account", "amount"]
            )
            exact = [SimpleNamespace(**{**row, "amount": yuan(row.amount)}) for row in entries]
            assert balance(exact, CASH) == self.model.cash[market]
        assert self._bills() == {
            name: (True, ZERO, ZERO) if bill.reversed else (False, bill.principal, bill.late)
            for name, bill in self.model.bills.items()
        }
        assert self._deferred() == {
            name: bill.deferred for name, bill in self.model.bills.items() if bill.deferred
        }
        assert self._owed() == {
            bill.name: (bill.principal, due)
            for bill in self.model.bills.values()
            if bill.is_open and bill.principal + (due := bill.late_due(self.today)) > 0
        }
        tenancies = self.model.tenancies
        merchants = {tenancy.merchant for tenancy in tenancies.values()}
        held = ledger.credit_balances(DEPOSIT_HELD, "lease", tenancies)
        assert held == {lease: tenancy.held for lease, tenancy in tenancies.items()}
        assert ledger.prepaid_balances(merchants) == {m: self.model.balance(m) for m in merchants}
        going_back = ledger.credit_balances(REFUND_PAYABLE, "merchant", merchants)
        assert going_back == {m: self.model.going_back[m] for m in merchants}
        assert self._receipts() == Counter(
            (*order.receipt, "Void" if order.void else "Issued")
            for order in self.model.orders
            if order.receipt
        )
        states = frappe.get_all("Market Payment Order", {"name": ["in", self.orders]}, ["name", "status"])
        assert {row.name: row.status for row in states} == {
            name: order.state for name, order in zip(self.orders, self.model.orders, strict=True)
        }

    def _bills(self) -> dict[str, tuple[bool, Decimal, Decimal]]:
        fields = ["name", "status", "outstanding", "late_fee"]
        rows = frappe.get_all("Fee", {"market": ["in", self.markets]}, fields)
        return {
            row.name: (row.status == "Reversed", yuan(row.outstanding), yuan(row.late_fee)) for row in rows
        }

    def _deferred(self) -> dict[str, Decimal]:
        """What is not yet income, by bill, from the entries."""
        found: Counter[str] = Counter()
        for sign, side in ((1, "credit_account"), (-1, "debit_account")):
            filters = {"market": ["in", self.markets], side: DEFERRED_INCOME}
            for row in frappe.get_all("Account Entry", filters, ["fee", "amount"]):
                found[row.fee] += sign * yuan(row.amount)
        return {fee: amount for fee, amount in found.items() if amount}

    def _owed(self) -> dict[str, tuple[Decimal, Decimal]]:
        rows = [row for market in self.markets for row in ledger.open_fees(self.today, market=market)]
        return {row.name: (row.principal, row.late_fee) for row in rows}

    def _receipts(self) -> Counter:
        rows = frappe.get_all("Receipt", {"market": ["in", self.markets]}, ["market", "year", "status"])
        return Counter((row.market, row.year, row.status) for row in rows)

    def both(self, in_model: Callable[[], Any], on_site: Callable[[], Any]) -> bool:
        """Whether both did it; both must, or both refuse."""
        before = deepcopy(self.model)
        try:
            in_model()
            refused = False
        except Refused:
            self.model, refused = before, True
        assert self.refused(on_site) == refused
        return not refused

    def refused(self, work: Callable[[], Any]) -> bool:
        """A refusal rolls back, as a request does."""
        lists = [list(known) for known in (self.orders, self.told, self.refunds)]
        frappe.db.savepoint("step")
        try:
            work()
        except frappe.ValidationError:
            frappe.db.rollback(save_point="step")
            self.orders, self.told, self.refunds = lists
            return True
        return False
