"""Who gets nothing over HTTP: merchants of other merchants, guests of merchants, merchants of the office."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from market_mgmt.api import auth, merchant, staff
from tests.live import CSRF, SESSION, Caller, Refusal
from tests.world import NOW, Tenant, World

Arguments = Callable[["Victim"], dict[str, Any]]


class Victim:
    """A merchant who has paid one bill, owes another and has an order under way."""

    def __init__(self, world: World) -> None:
        self.tenant: Tenant = world.bound_tenant(rent="7391.57")
        placed = self.tenant.pay()
        self.tenant.phone.confirm(placed["pay_params"], NOW)
        world.delivered()
        with world.books():
            from market_mgmt.services import refunds
            from market_mgmt.tests import factories

            factories.bills(self.tenant.market, "2026-11", NOW.date())
            asked = (self.tenant.merchant, Decimal("1.00"), "WeChat", "多收", "Administrator", NOW)
            self.refund = refunds.request(*asked, placed["payment_order"], True)
        self.receipt = self.tenant.receipts()[0]
        self.fee = self.tenant.fees()["stalls"][0]["fees"][0]["name"]
        self.order = self.tenant.phone.post("market_mgmt.api.merchant.pay", fees=[self.fee])["payment_order"]

    @property
    def secrets(self) -> set[str]:
        """What nobody else may read."""
        tenant = self.tenant
        names = {tenant.merchant, tenant.merchant_name, tenant.lease, tenant.fee, tenant.token}
        return names | {
            "7391.57",
            self.fee,
            self.refund,
            self.receipt["name"],
            self.receipt["verification_code"],
        }


# How somebody else asks each of the merchants' methods for what is the victim's.
REACHING: dict[str, Arguments] = {
    "fees": lambda victim: {},
    "history": lambda victim: {"limit": 100},
    "receipts": lambda victim: {"limit": 100},
    "pay": lambda victim: {"fees": [victim.fee]},
    "payment": lambda victim: {"payment_order": victim.order},
    "cancel_payment": lambda victim: {"payment_order": victim.order},
    "receipt_pdf": lambda victim: {"receipt": victim.receipt["name"]},
    "refunds": lambda victim: {"limit": 100},
    "refund_pdf": lambda victim: {"refund": victim.refund},
    "request_invoice": lambda victim: {"receipt": victim.receipt["name"], "title": "某公司"},
    "consent_templates": lambda victim: {},
    "record_consent": lambda victim: {"templates": []},
}
NAMING = {"pay", "payment", "cancel_payment", "receipt_pdf", "refund_pdf", "request_invoice"}
# Valid arguments of the office's methods, so that what refuses is the role.
OFFICE: dict[str, dict[str, Any]] = {
    "generate_bills": {"market": "T", "period": "2026-10"},
    "review_bills": {"names": ["F"]},
    "publish_bills": {"names": ["F"]},
    "create_fee": {"lease": "L", "fee_type": "Rent", "amount": "1.00", "reason": "r"},
    "reverse_bill": {"name": "F", "reason": "r"},
    "confirm_readings": {"names": ["R"]},
    "void_reading": {"name": "R", "reason": "r"},
    "close_month": {"market": "M", "period": "2026-10"},
    "read_at_handover": {"meter": "W", "current": "1", "reading_date": "2026-10-15"},
    "open_session": {"market": "M", "opening_float": "0"},
    "close_session": {"name": "S", "counted": {"Cash": "0"}},
    "take_deposit": {"lease": "L", "channel": "Cash", "amount": "1.00"},
    "renew_lease": {"lease": "L", "end_date": "2027-10-15", "monthly_rent": "1.00"},
    "withdraw_renewal": {"lease": "L", "reason": "r"},
    "record_opening": {"lease": "L", "reason": "r", "deposit": "1.00"},
    "activate_lease": {"lease": "L"},
    "confirm_supplier_bill": {"name": "B"},
    "terminate_lease": {"lease": "L", "last_day": "2026-10-15", "reason": "r"},
    "settle_deposit": {"lease": "L", "reason": "r"},
    "request_waiver": {"fee": "F", "part": "Late Fee", "amount": "1.00", "reason": "r"},
    "reverse_waiver": {"name": "W", "reason": "r"},
    "review_waiver": {"name": "W", "approve": True},
    "request_refund": {"merchant": "M", "amount": "1.00", "channel": "Cash", "reason": "r"},
    "review_refund": {"name": "R", "approve": True},
    "pay_refund": {"name": "R"},
    "cancel_refund": {"name": "R", "reason": "r"},
    "refund_state": {"name": "R"},
    "reconcile_day": {"market": "M", "day": "2026-11-05"},
    "resolve_difference": {"name": "D", "resolution": "r"},
    "resolve_quarantine": {"payment_order": "P", "reason": "r"},
    "late_fee_derivation": {"fee": "F"},
    "issue_invoice": {"name": "I", "number": "1"},
    "red_letter_invoice": {"name": "I", "number": "1"},
    "reject_invoice": {"name": "I", "reason": "r"},
    "collect": {"merchant": "M", "fees": ["F"], "channel": "Cash", "amount": "1.00"},
    "reverse_payment": {"payment_order": "P", "reason": "r"},
    "preview_reversal": {"payment_order": "P"},
    "preview_refund": {"payment_order": "P", "amount": "1.00"},
    "run_dunning": {"market": "T"},
    "review_red_card": {"name": "R", "approve": True},
    "import_merchants": {"file": "f", "dry_run": True},
    "import_arrears": {"file": "f", "dry_run": True},
    "import_readings": {"file": "f", "dry_run": True},
    "confirm_import": {"name": "M"},
    "import_progress": {"name": "n"},
    "import_template": {"kind": "merchants"},
    "reading_template": {"period": "2026-10"},
    "receipt_pdf": {"receipt": "R"},
    "refund_pdf": {"refund": "R"},
    "collection_figures": {"market": "T", "period": "2026-10"},
    "export_report": {"report": "daily_journal", "filters": {}},
}
PRIVATE = ("Merchant", "Lease", "Fee", "Account Entry", "Market Payment Order", "Receipt", "Stall Binding")


def endpoints(module: Any) -> set[str]:
    """The names of a module's API methods."""
    return {name for name, value in vars(module).items() if hasattr(value, "__api_method__")}


def refusal(caller: Caller, method: str, arguments: dict[str, Any]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        caller.post(method, **arguments)
    return refused.value


@pytest.fixture(scope="module")
def victim(live_site: Any) -> Victim:
    live_site.set_clock(NOW)
    return Victim(World(live_site))


@pytest.fixture(scope="module")
def intruder(live_site: Any) -> Caller:
    """Another market's merchant, signed in and bound."""
    live_site.set_clock(NOW)
    return World(live_site).bound_tenant(rent="111.11").phone


@pytest.fixture
def guest(world: World) -> Caller:
    return world.guest()


def test_every_method_of_merchants_and_office_is_tried() -> None:
    assert set(REACHING) == endpoints(merchant)
    assert set(OFFICE) == endpoints(staff)


@pytest.mark.parametrize("name", sorted(REACHING))
def test_a_merchant_gets_nothing_of_another_merchant(
    world: World, victim: Victim, intruder: Caller, name: str
) -> None:
    # Given what the victim has, and what the books say
    arguments = REACHING[name](victim)
    before = world.counts()

    # When another merchant asks for it
    try:
        said = intruder.post(f"market_mgmt.api.merchant.{name}", **arguments)
        refused = None
    except Refusal as error:
        said, refused = error.body, error

    # Then whoever named it is told that there is no such thing, and nothing is shown or changed
    if name in NAMING:
        assert refused is not None
        assert refused.status == (417 if name == "pay" else 404)
    named = json.dumps(arguments)
    shown = json.dumps(said, ensure_ascii=False, default=str)
    assert {secret for secret in victim.secrets if secret in shown and secret not in named} == set()
    assert world.counts() == before
    assert world.value("Market Payment Order", victim.order, "status") == "Pending"


def test_what_is_somebody_elses_is_refused_as_what_does_not_exist(victim: Victim, intruder: Caller) -> None:
    # When a merchant asks for another's order, and for one that never was
    existing = refusal(intruder, "market_mgmt.api.merchant.payment", {"payment_order": victim.order})
    unknown = refusal(intruder, "market_mgmt.api.merchant.payment", {"payment_order": "T0"})

    # Then the answers differ in the name only
    assert (existing.status, existing.code) == (unknown.status, unknown.code)
    assert existing.message.replace(victim.order, "T0") == unknown.message


@pytest.mark.parametrize("name", sorted(REACHING))
def test_a_guest_is_told_to_sign_in(guest: Caller, victim: Victim, name: str) -> None:
    refused = refusal(guest, f"market_mgmt.api.merchant.{name}", REACHING[name](victim))

    assert (refused.status, refused.code) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("name", sorted(OFFICE))
def test_the_office_s_methods_are_closed_to_merchants(intruder: Caller, name: str) -> None:
    refused = refusal(intruder, f"market_mgmt.api.staff.{name}", OFFICE[name])

    assert (refused.status, refused.code) == (403, "FORBIDDEN")


@pytest.mark.parametrize("name", sorted(OFFICE))
def test_the_office_s_methods_are_closed_to_guests(guest: Caller, name: str) -> None:
    assert refusal(guest, f"market_mgmt.api.staff.{name}", OFFICE[name]).status == 401


@pytest.mark.parametrize("doctype", PRIVATE)
def test_merchants_read_no_document_by_frappes_own_rest(intruder: Caller, doctype: str) -> None:
    answer = intruder.http.get(f"{intruder.base}/api/resource/{doctype}", timeout=30)

    assert answer.status_code == 403
    assert "data" not in answer.json()


def test_the_office_of_one_market_sees_nothing_of_another(world: World, victim: Victim) -> None:
    # Given a cashier of another market
    cashier = world.clerk(world.market(), "Market Cashier")

    # When they ask for the victim's receipt and list all receipts
    refused = refusal(cashier, "market_mgmt.api.staff.receipt_pdf", {"receipt": victim.receipt["name"]})
    listed = cashier.http.get(f"{cashier.base}/api/resource/Receipt", timeout=30).json()

    # Then they get neither
    assert refused.status == 403
    assert listed["data"] == []


def test_a_session_ends_with_logout(world: World) -> None:
    # Given a merchant who signs out
    tenant = world.bound_tenant()
    sid = tenant.phone.http.cookies["sid"]
    tenant.phone.post("market_mgmt.api.auth.logout")

    # When somebody uses the old cookie
    thief = world.guest()
    thief.http.cookies.set("sid", sid, domain=urlsplit(world.site.base).hostname)

    # Then there is nobody signed in
    assert thief.get("market_mgmt.api.auth.session")["user"] is None
    assert refusal(thief, "market_mgmt.api.merchant.fees", {}).status == 401


def test_refusals_are_told_in_chinese(guest: Caller) -> None:
    assert refusal(guest, "market_mgmt.api.merchant.fees", {}).message == "请先登录。"


@pytest.mark.parametrize("name", sorted(endpoints(auth) - {"wechat_login", "session", "logout"}))
def test_binding_needs_a_sign_in(guest: Caller, name: str) -> None:
    arguments = {
        "accept_privacy": {"version": "1"},
        "scan_stall": {"token": "t"},
        "request_sms_code": {"market": "T", "stall_no": "A", "phone": "13800000000"},
        "bind_by_sms": {"market": "T", "stall_no": "A", "phone": "13800000000", "sms_code": "000000"},
        "bind_by_qr": {"token": "t"},
    }[name]

    assert refusal(guest, f"market_mgmt.api.auth.{name}", arguments).status == 401


def test_writing_methods_take_no_get(victim: Victim) -> None:
    # When a link makes a signed-in merchant's browser ask to pay
    phone = victim.tenant.phone
    address = f"{phone.base}/api/method/market_mgmt.api.merchant.cancel_payment"
    answer = phone.http.get(address, params={"payment_order": victim.order}, timeout=30)

    # Then nothing happens
    assert answer.status_code == 403


def test_writes_of_a_session_need_its_token(world: World) -> None:
    # Given a merchant whose browser is led to write by another site, which cannot know the token
    tenant = world.bound_tenant()
    told = tenant.phone.get(SESSION)
    token = tenant.phone.http.headers.pop(CSRF)

    # When it writes, then nothing is done
    with pytest.raises(Refusal) as refused:
        tenant.phone.post("market_mgmt.api.auth.logout")
    assert refused.value.status == 400
    assert refused.value.body["exc_type"] == "CSRFTokenError"

    # And the person's own app writes with the token that the session tells
    assert token == told["csrf_token"]
    tenant.phone.http.headers[CSRF] = told["csrf_token"]
    assert tenant.phone.post("market_mgmt.api.auth.logout") == {"user": None}
