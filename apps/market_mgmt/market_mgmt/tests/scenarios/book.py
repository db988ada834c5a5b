"""The office's books as a scenario speaks of them: stalls by number, merchants by name, meters by number.

Each method is one thing that somebody does on a day, through the services that users' calls end in; what is refused
is kept in `refusal` until the scenario looks at it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.money import yuan
from cn_connect.wechat.pay_messages import Refund, Transaction
from market_mgmt.api import staff as api
from market_mgmt.services import (
    billing,
    cashiers,
    closing,
    counter,
    deferral,
    deposits,
    invoices,
    lease_changes,
    leases,
    ledger,
    meter_changes,
    openings,
    payments,
    readings,
    reconciliation,
    refunds,
    wechat_refunds,
)
from market_mgmt.services.late_fees import accrue_market
from market_mgmt.tests import factories
from market_mgmt.tests.wechat_bills import DayBills

# A payee of its own, so that nobody else's payments are on its bill.
MCHID = "1900000888"
CASHIER, SUPERVISOR = "Administrator", "Guest"


class Book:
    """A market, and what has been written in its books since the scenario last looked."""

    def __init__(self) -> None:
        self.market = factories.market(code="CSC", mchid=MCHID)
        self.today = date(2026, 10, 1)
        self.refusal = ""
        self.leases: dict[str, str] = {}
        self.merchants: dict[str, str] = {}
        self.meters: dict[str, str] = {}
        self.paid: payments.SettleResult | None = None
        self.order = ""
        self.refund = ""
        self.invoice = ""
        self.reconciled: Any = None
        self.wechat = DayBills(MCHID, datetime(2026, 11, 5, 10))
        self._shown: set[str] = set()

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(10))

    @contextmanager
    def on(self, day: date | None) -> Iterator["Book"]:
        """Something is done on a day; what is refused leaves nothing behind, and why is kept instead of raised."""
        assert not self.refusal, f"没有提到的拒绝：{self.refusal}"
        self.today = day or self.today
        frappe.db.savepoint("done")
        try:
            yield self
        except (frappe.ValidationError, frappe.PermissionError, frappe.DuplicateEntryError) as refused:
            frappe.db.rollback(save_point="done")
            self.refusal = str(refused)

    # -- stalls, leases, meters ---------------------------------------------------------------------------------------

    def let(self, merchant: str, stall: str, rent: Decimal, terms: dict[str, Any]) -> None:
        if merchant not in self.merchants:
            self.merchants[merchant] = factories.merchant(self.market, merchant_name=merchant)
        place = frappe.db.get_value("Stall", {"market": self.market, "stall_no": stall})
        place = place or factories.stall(self.market, stall)
        tenant = self.merchants[merchant]
        self.leases[stall] = factories.lease(self.market, tenant, place, str(rent), **terms)

    def change_rent(self, stall: str, since: date, rent: Decimal) -> None:
        lease = frappe.get_doc("Lease", self.leases[stall])
        lease.append("rent_changes", {"effective_from": since, "monthly_rent": float(rent)})
        lease.save(ignore_permissions=True)

    def renew(self, stall: str, end: date, rent: Decimal) -> None:
        self.leases[stall] = lease_changes.renew(self.leases[stall], end, rent, self.now)

    def renew_late(self, stall: str, ended: date, end: date, rent: Decimal) -> None:
        lease_changes.renew(self.lease_on(stall, ended), end, rent, self.now)

    def terminate(self, stall: str, last_day: date) -> None:
        """The lease that runs, though it may have been renewed ahead."""
        lease_changes.terminate(self.lease_on(stall, last_day), last_day, "提前退租", self.now)

    def withdraw(self, stall: str) -> None:
        lease_changes.withdraw(self.leases[stall], "不续了", self.now)

    def lease_on(self, stall: str, day: date) -> str:
        """The lease of a stall on a day; that which was signed last if there is none."""
        where = frappe.db.get_value("Lease", self.leases[stall], "stall")
        days = {"start_date": ["<=", day], "end_date": [">=", day], "withdrawn_on": ["is", "not set"]}
        return frappe.db.get_value("Lease", {"stall": where, **days}) or self.leases[stall]

    def end_leases(self) -> None:
        leases.end_expired(self.today)

    def set_price(self, fee_type: str, since: date, price: Decimal) -> None:
        factories.tariff(self.market, fee_type, str(price), since)

    def set_minimum(self, fee_type: str, since: date, price: Decimal, minimum: Decimal) -> None:
        factories.tariff(self.market, fee_type, str(price), since, minimum_charge=float(minimum))

    def set_tiers(self, fee_type: str, since: date, price: Decimal, **tiers: Decimal) -> None:
        bounds = ((tiers["bound"], tiers["over"]), (tiers["top"], tiers["most"]))
        rows = [{"above": float(above), "unit_price": float(own)} for above, own in bounds]
        factories.tariff(self.market, fee_type, str(price), since, kind="Tiered", tiers=rows)

    def set_hours(self, fee_type: str, since: date, price: Decimal, **prices: Decimal) -> None:
        own = {f"{register}_price": float(one) for register, one in prices.items()}
        factories.tariff(self.market, fee_type, str(price), since, kind="Time of Use", **own)

    def set_late_fee_rule(self, since: date, rate: Decimal, cap: Decimal) -> None:
        factories.late_fee_rule(self.market, since, daily_rate=float(rate), cap_share=float(cap))

    def fit_meter(
        self, stall: str, fee_type: str, meter: str, reading: Decimal, multiplier: Decimal = Decimal(1)
    ) -> None:
        """Meters have five digits."""
        place = frappe.db.get_value("Lease", self.leases[stall], "stall")
        values = {"meter_no": meter, "initial_reading": float(reading), "multiplier": float(multiplier)}
        self.meters[meter] = factories.meter(factories.Shop(self.market, place, "", ""), fee_type, **values)

    def fit_register(self, stall: str, fee_type: str, meter: str, reading: Decimal, register: str) -> None:
        self.fit_meter(stall, fee_type, meter, reading)
        frappe.db.set_value("Meter", self.meters[meter], "register", register)

    def read(self, meter: str, reading: Decimal) -> None:
        factories.reading(self.meters[meter], self.today.strftime("%Y-%m"), str(reading), self.today)

    def read_at_handover(self, meter: str, reading: Decimal) -> None:
        meter_changes.read_at_handover(self.meters[meter], reading, self.today, self.today)

    def replace_meter(
        self, meter: str, final: Decimal, new: str, start: Decimal, multiplier: Decimal
    ) -> None:
        values = {"market": self.market, "meter": self.meters[meter], "replaced_on": self.today}
        values |= {"reason": "表坏", "final_reading": float(final), "new_meter_no": new, "new_digits": 5}
        values |= {"new_multiplier": float(multiplier), "initial_reading": float(start)}
        frappe.get_doc({"doctype": "Meter Replacement", **values}).insert(ignore_permissions=True)
        self.meters[new] = self.meters[meter]

    def reading_of(self, meter: str, period: str) -> Any:
        return frappe.get_doc("Meter Reading", {"meter": self.meters[meter], "period": period})

    def confirm_reading(self, meter: str, period: str) -> None:
        readings.confirm([self.reading_of(meter, period).name], SUPERVISOR)

    def enter_supplier_bill(self, fee_type: str, period: str, units: Decimal, amount: Decimal) -> None:
        frappe.db.set_value("Fee Type", fee_type, "resold", 1)
        values = {"market": self.market, "fee_type": fee_type, "period": period, "status": "Confirmed"}
        values |= {"units": float(units), "amount": float(amount), "attachment": "/private/files/bill.pdf"}
        frappe.get_doc({"doctype": "Supplier Bill", **values}).insert(ignore_permissions=True)

    # -- bills --------------------------------------------------------------------------------------------------------

    def draft(self, period: str) -> None:
        billing.generate(self.market, period, self.today)

    def publish(self, period: str) -> None:
        factories.publish(self.market, period, self.today)

    def publish_one(self, stall: str, period: str, fee_type: str) -> None:
        factories.publish(self.market, period, self.today, [self.fee(stall, fee_type, period).name])

    def recognise(self) -> None:
        """What the nightly job does on that day."""
        deferral.recognise(self.market, self.today - timedelta(days=1))

    def draft_and_publish(self, period: str) -> None:
        self.draft(period)
        self.publish(period)

    def fee(self, stall: str, fee_type: str, period: str) -> Any:
        """The bill that stands: the latest revision, of whichever tenant of the stall has one."""
        where = frappe.db.get_value("Stall", {"market": self.market, "stall_no": stall})
        filters = {"stall": where, "fee_type": fee_type, "period": period}
        return frappe.get_last_doc("Fee", filters, order_by="revision desc")

    def reverse_bill(self, stall: str, fee_type: str, period: str) -> None:
        billing.reverse(self.fee(stall, fee_type, period).name, "录入错误", self.now)

    def charge_once(self, stall: str, fee_type: str, amount: Decimal, reason: str) -> None:
        name = billing.create_one_off(self.leases[stall], fee_type, amount, reason, self.today)
        factories.publish(self.market, self.today.strftime("%Y-%m"), self.today, [name])

    def accrue(self) -> None:
        accrue_market(self.market, self.today)

    # -- money --------------------------------------------------------------------------------------------------------

    def open_rows(self, merchant: str) -> list[ledger.OpenFeeRow]:
        return ledger.open_fees(self.today, merchant=self.merchants[merchant])

    def at_counter(self, user: str) -> str:
        return factories.at_counter(self.market, user, self.now)

    def take(self, merchant: str, channel: str, amount: Decimal, chosen: Sequence[str] = ()) -> None:
        self.at_counter(CASHIER)
        tenant = self.merchants[merchant]
        self.paid = counter.collect(tenant, chosen, channel, amount, CASHIER, self.now)

    def take_for(
        self, merchant: str, channel: str, amount: Decimal, stall: str, period: str, fee_type: str
    ) -> None:
        self.take(merchant, channel, amount, [self.fee(stall, fee_type, period).name])

    def take_deposit(self, stall: str, amount: Decimal) -> None:
        self.at_counter(CASHIER)
        self.paid = counter.take_deposit(self.leases[stall], "Transfer", amount, CASHIER, self.now)

    def record_opening(self, stall: str, deposit: Decimal, balance: Decimal) -> None:
        openings.record(self.leases[stall], openings.Opening(deposit, balance), self.now, "启用前的账本")

    def settle_deposit(self, stall: str) -> None:
        """Of the lease that ended last."""
        where = frappe.db.get_value("Lease", self.leases[stall], "stall")
        over = {"stall": where, "status": ["in", ("Ended", "Terminated")], "withdrawn_on": ["is", "not set"]}
        ended = frappe.db.get_value("Lease", over, order_by="start_date desc") or self.leases[stall]
        deposits.settle(ended, self.today, "租约结束")

    def take_no_parts(self) -> None:
        frappe.db.set_value("Market", self.market, "allow_partial_payment", 0)

    def close_order(self) -> None:
        """Nobody has paid in time."""
        frappe.db.set_value("Market Payment Order", self.order, "status", "Closed")

    def reverse_payment(self, by: str) -> None:
        assert self.paid
        self.at_counter(by)
        payments.reverse(self.paid.order, "收错", by, self.now)

    def bounce_first(self) -> None:
        """The bank takes the first transfer of the market back."""
        transfers = {"market": self.market, "channel": "Transfer"}
        [order] = frappe.get_all("Market Payment Order", transfers, pluck="name")
        self.at_counter(SUPERVISOR)
        payments.reverse(order, "退票", SUPERVISOR, self.now)

    def order_by_wechat(self, merchant: str) -> None:
        """The merchant has chosen all that is owed and sees WeChat's password field."""
        rows = self.open_rows(merchant)
        shop = factories.Shop(self.market, rows[0].stall, self.merchants[merchant], rows[0].lease)
        self.order = factories.order(shop, [row.name for row in rows], self.now, mchid=MCHID)

    def notify(self, paid_on: date | None = None) -> None:
        """WeChat tells that the order has been paid."""
        self.paid = payments.settle(self.success(paid_on or self.today), self.now)

    def success(self, on: date) -> Transaction:
        paid_at, number = datetime.combine(on, time(10)), f"42{self.order}"[:32]
        return factories.transaction(self.order, paid_at, transaction_id=number, mchid=MCHID)

    def balance(self, merchant: str) -> Decimal:
        return ledger.prepaid_balance(self.merchants[merchant])

    def deposit(self, stall: str) -> Decimal:
        """Of all leases of the stall."""
        where = frappe.db.get_value("Lease", self.leases[stall], "stall")
        return sum(
            deposits.held(frappe.get_all("Lease", {"stall": where}, pluck="name")).values(), Decimal(0)
        )

    # -- waivers, refunds, invoices -----------------------------------------------------------------------------------

    def waive(
        self, stall: str, period: str, fee_type: str, part: str, amount: Decimal, approve: bool
    ) -> None:
        """Finance asks; a supervisor decides."""
        name = self.ask_waiver(stall, period, fee_type, part, amount)
        frappe.set_user(factories.staff(self.market, "Market Supervisor"))
        try:
            api.review_waiver(name, approve, "市场会议决定")
        finally:
            frappe.set_user("Administrator")

    def ask_waiver(self, stall: str, period: str, fee_type: str, part: str, amount: Decimal) -> str:
        return factories.waiver(self.fee(stall, fee_type, period).name, part, str(amount))

    def ask_refund(self, merchant: str, channel: str, amount: Decimal, reopen: bool = False) -> None:
        """By WeChat the last payment goes back, otherwise balance."""
        order = self.paid.order if channel == "WeChat" and self.paid else None
        tenant = self.merchants[merchant]
        self.refund = refunds.request(tenant, amount, channel, "多收", CASHIER, self.now, order, reopen)

    def ask_refund_of_fees(self, merchant: str, channel: str, amount: Decimal) -> None:
        self.ask_refund(merchant, channel, amount, reopen=True)

    def ask_refund_of_payment(self, merchant: str, channel: str, amount: Decimal) -> None:
        """The last payment goes back by another way than it came, off the fees it paid."""
        assert self.paid
        asked = (self.merchants[merchant], amount, channel, "退回", CASHIER, self.now, self.paid.order, True)
        self.refund = refunds.request(*asked)

    def review_refund(self, by: str, approve: bool) -> None:
        refunds.review(self.refund, approve, "已核对", by, self.now)

    def pay_out(self) -> None:
        self.at_counter(CASHIER)
        refunds.pay_out(self.refund, CASHIER, self.now, "回单 0001")

    def notify_refund(self, status: str) -> None:
        amount = yuan(frappe.db.get_value("Refund", self.refund, "amount"))
        order = frappe.db.get_value("Refund", self.refund, "payment_order")
        wechat_refunds.take_in(Refund(self.refund, "5030", order, "4200", status, amount, self.now), self.now)

    def ask_invoice(self) -> None:
        assert self.paid
        self.invoice = invoices.request(self.paid.receipt, "某某商贸有限公司", None, SUPERVISOR, self.now)

    # -- day, month ---------------------------------------------------------------------------------------------------

    def count_drawer(self, cash: Decimal, note: str = "") -> None:
        """What came in by other channels agrees."""
        session = self.at_counter(CASHIER)
        counted = {**cashiers.expected(session), "Cash": cash}
        cashiers.close_session(session, counted, CASHIER, self.now, note)

    def list_order_at_wechat(self, amount: Decimal, fee: Decimal) -> None:
        self.wechat.paid(self.order, amount, fee)

    def list_at_wechat(self, number: str, amount: Decimal) -> None:
        self.wechat.paid(number, amount)

    def let_wechat_know(self) -> None:
        """Asked about the order, WeChat says that it has been paid."""
        self.wechat.asked[self.order] = self.success(self.wechat.paid_at.date())

    def reconcile(self, of: date) -> None:
        """Compare WeChat's bill of a day with ours."""
        payee = next(one for one in reconciliation.payees() if one.market == self.market)
        self.reconciled = reconciliation.reconcile(payee, of, self.now + timedelta(minutes=30))

    def differences(self) -> list[Any]:
        filters = {"reconciliation": self.reconciled.name, "status": "Open"}
        return frappe.get_all("Reconciliation Difference", filters, ["name", "kind", "number"])

    def resolve_differences(self, reason: str) -> None:
        for difference in self.differences():
            reconciliation.resolve(difference.name, reason, CASHIER, self.now)
        self.reconciled.reload()

    def close_month(self, period: str) -> None:
        closing.close(self.market, period, CASHIER, self.now)

    def new_entries(self) -> list[Any]:
        """The entries that were posted since this was asked before."""
        entries = frappe.get_all(
            "Account Entry",
            filters={"market": self.market, "name": ["not in", list(self._shown) or [""]]},
            fields=["name", "posting_date", "entry_type", "debit_account", "credit_account", "amount"],
            order_by="creation, name",
        )
        self._shown |= {entry.name for entry in entries}
        return entries

    def receipts(self) -> list[Any]:
        fields = ["name", "amount", "status"]
        return frappe.get_all("Receipt", {"market": self.market}, fields, order_by="number")
