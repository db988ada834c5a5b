"""People and rooms of the acceptance tests: merchants with phones, an office with clerks, a look into the books."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.live import Caller, LiveSite, Phone, Refusal

BILL_DATE, DUE_DATE = date(2026, 11, 1), date(2026, 11, 8)
NOW = datetime(2026, 11, 5, 10)
PERIOD = "2026-10"
# What an import, a payment or a forgery could leave behind.
BOOKS = (
    *("Market Area", "Stall", "Merchant", "Lease", "Stall Binding", "Tariff", "Meter", "Meter Reading"),
    *("Market Import", "Fee", "Account Entry", "Market Payment Order", "Receipt", "Receipt Counter"),
    *("Sealed Document", "Dunning Notice", "Red Card", "Outbox Message"),
)


@dataclass(frozen=True)
class Tenant:
    """A merchant with one stall and one unpaid rent bill, and the phone in their hand."""

    market: str
    stall: str
    stall_no: str
    token: str
    merchant: str
    merchant_name: str
    lease: str
    fee: str
    phone: Phone

    def pay(self) -> dict[str, Any]:
        """Places an order for the rent; nothing is paid yet."""
        return self.phone.post("market_mgmt.api.merchant.pay", fees=[self.fee])

    def state(self, order: str) -> dict[str, Any]:
        return self.phone.post("market_mgmt.api.merchant.payment", payment_order=order)

    def fees(self) -> dict[str, Any]:
        return self.phone.get("market_mgmt.api.merchant.fees")

    def receipts(self) -> list[dict[str, Any]]:
        return self.phone.get("market_mgmt.api.merchant.receipts")["receipts"]


class World:
    """A served site and what the tests need to know of it besides HTTP."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site

    @contextmanager
    def books(self) -> Iterator[ModuleType]:
        """`frappe` with the site open as Administrator; what is done inside is committed."""
        import frappe

        before = Path.cwd()
        os.chdir(self.site.bench.sites)
        frappe.init(site=self.site.bench.site, sites_path=".", force=True)
        frappe.connect()
        frappe.local.lang = "zh"
        try:
            yield frappe
            frappe.db.commit()
        finally:
            frappe.db.rollback()
            frappe.destroy()
            os.chdir(before)

    def value(self, doctype: str, filters: Any, fields: Any) -> Any:
        with self.books() as frappe:
            return frappe.db.get_value(doctype, filters, fields, as_dict=isinstance(fields, list))

    def counts(self) -> dict[str, int]:
        """How many documents there are of everything that money or the office touches."""
        with self.books() as frappe:
            return {doctype: frappe.db.count(doctype) for doctype in BOOKS}

    def entries(self, merchant: str) -> list[tuple[str, str]]:
        """(type, amount) of a merchant's ledger entries in the order of posting."""
        from cn_connect.money import format_yuan, yuan

        with self.books() as frappe:
            rows = frappe.get_all(
                "Account Entry",
                filters={"merchant": merchant},
                fields=["entry_type", "amount"],
                order_by="creation, name",
            )
        return [(row.entry_type, format_yuan(yuan(row.amount)).replace(",", "")) for row in rows]

    def market(self, **values: Any) -> str:
        """A market that the direct merchant is paid for, unless told otherwise."""
        from market_mgmt.tests import factories

        with self.books():
            return factories.market(**{"mchid": self.site.keys.mchid, **values})

    def tenant(self, rent: str = "3000.00", market: str | None = None) -> Tenant:
        """A merchant of a market of their own (unless told which) whose October rent is to be paid."""
        from market_mgmt.tests import factories, people

        place = market or self.market()
        with self.books() as frappe:
            name = f"商户{secrets.token_hex(4)}"
            shop = factories.shop(place, rent, factories.merchant(place, merchant_name=name))
            number = people.set_phone(shop)
            fee = factories.rent_bill(shop, PERIOD, BILL_DATE)
            stall = frappe.db.get_value("Stall", shop.stall, ["stall_no", "qr_token"], as_dict=True)
        phone = self.site.phone(f"o{secrets.token_hex(13)}", number)
        return Tenant(
            place, shop.stall, stall.stall_no, stall.qr_token, shop.merchant, name, shop.lease, fee, phone
        )

    def bound_tenant(self, rent: str = "3000.00", market: str | None = None) -> Tenant:
        """A tenant who has signed in and scanned the stall's QR code."""
        tenant = self.tenant(rent, market)
        tenant.phone.sign_in()
        tenant.phone.bind(tenant.token)
        return tenant

    def clerk(self, market: str | None, *roles: str) -> Caller:
        """A user of the office with these roles, limited to a market unless it is None; signed in by password."""
        from frappe.utils.password import update_password
        from market_mgmt.tests import factories

        password = secrets.token_hex(12)
        with self.books():
            user = factories.staff(market, *roles)
            update_password(user, password)
        caller = Caller(self.site.base)
        caller.post("login", usr=user, pwd=password)
        return caller

    def upload(self, caller: Caller, file: Path) -> str:
        """Uploads a file privately, as a browser does; returns its address."""
        with file.open("rb") as content:
            answer = caller.http.post(
                f"{caller.base}/api/method/upload_file",
                files={"file": (file.name, content)},
                data={"is_private": "1"},
                timeout=30,
            )
        if answer.status_code >= 400:
            raise Refusal(answer)
        return answer.json()["message"]["file_url"]

    def paid(self, tenant: Tenant, at: datetime = NOW) -> str:
        """The order by which the tenant paid the rent, once WeChat has delivered what it had to say."""
        placed = tenant.pay()
        tenant.phone.confirm(placed["pay_params"], at)
        self.delivered()
        return str(placed["payment_order"])

    def run(self, job: str) -> None:
        """A scheduled job of `market_mgmt.tasks`, as the scheduler runs it."""
        with self.books():
            from market_mgmt import tasks

            getattr(tasks, job)()

    def errors(self, title: str) -> int:
        """How many error logs there are under a title that begins so."""
        with self.books() as frappe:
            return frappe.db.count("Error Log", {"method": ["like", f"{title}%"]})

    def work(self) -> None:
        """Does every job that waits, as a worker would."""
        self.site.bench.command("worker", "--burst")

    def guest(self) -> Caller:
        return Caller(self.site.base)

    def delivered(self) -> None:
        """Waits until the simulators have delivered every notification that is under way."""
        assert self.site.control("settle", timeout=30)["settled"], "a notification was not acknowledged"
