"""A merchant's way from the first sign-in to a receipt that anybody can check, over HTTP with the simulators."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from tests.live import Refusal
from tests.world import NOW, PERIOD, Tenant, World

AMOUNT = re.compile(r"-?\d+\.\d{2}")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\+08:00")
AMOUNTS = {"amount", "outstanding", "late_fee", "total_due", "prepaid_balance", "unit_price", "paid"}
AMOUNTS |= {"waived", "late_fee_waived", "late_fee_paid", "refunded"}
DATES = {"as_of", "due_date", "paid_date"}
TIMES = {"paid_at", "expires_at", "issued_at", "accepted_at"}


def sms_code(world: World, tenant: Tenant) -> str:
    """What the last text message to the tenant's phone says, once the worker has sent it."""
    world.work()
    messages = world.site.control("messages", channel="sms", recipient=tenant.phone.phone)["messages"]
    return messages[-1]["content"][0]


def ask_for_code(tenant: Tenant) -> None:
    tenant.phone.sign_in()
    text = tenant.phone.get("market_mgmt.api.public.privacy_text")
    tenant.phone.post("market_mgmt.api.auth.accept_privacy", version=text["version"])
    tenant.phone.post("market_mgmt.api.auth.request_sms_code", **place(tenant))


def place(tenant: Tenant) -> dict[str, str]:
    return {"market": tenant.market, "stall_no": tenant.stall_no, "phone": tenant.phone.phone}


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """(field, value) of everything in an answer that is neither object nor list."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from leaves(entry, key)
    elif isinstance(value, list):
        for entry in value:
            yield from leaves(entry, name)
    else:
        yield name, value


def test_from_the_first_sign_in_to_a_receipt_that_anybody_can_verify(world: World) -> None:
    # Given a merchant with an unpaid bill who has never signed in
    tenant = world.tenant(rent="3128.50")
    phone = tenant.phone

    # When they sign in by WeChat, accept the privacy text and scan the QR code of their stall
    assert phone.sign_in()["bound"] is False
    session = phone.bind(tenant.token)

    # Then the stall and its bill are theirs
    assert [stall["stall_no"] for stall in session["stalls"]] == [tenant.stall_no]
    (stall,) = tenant.fees()["stalls"]
    assert (stall["total_due"], stall["red_card"]) == ("3128.50", False)
    assert [(fee["name"], fee["period"], fee["outstanding"]) for fee in stall["fees"]] == [
        (tenant.fee, PERIOD, "3128.50")
    ]

    # When they pay and WeChat notifies the site
    placed = tenant.pay()
    assert placed["amount"] == "3128.50"
    phone.confirm(placed["pay_params"], NOW)
    world.delivered()

    # Then the payment is known without anybody asking, and the bill is settled
    assert world.value("Market Payment Order", placed["payment_order"], "status") == "Paid"
    assert tenant.fees()["stalls"][0]["fees"] == []
    (receipt,) = tenant.receipts()
    assert (receipt["amount"], receipt["status"]) == ("3128.50", "Issued")

    # And the receipt is a readable PDF that a stranger can verify
    pdf = phone.post("market_mgmt.api.merchant.receipt_pdf", receipt=receipt["name"])
    printed = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert receipt["name"] in printed
    code = receipt["verification_code"]
    checked = world.guest().get("market_mgmt.api.public.verify_document", code=code)
    assert (checked["valid"], checked["reference"]) == (True, receipt["name"])
    assert tenant.merchant_name not in str(checked)


def test_binding_by_a_code_sent_to_the_phone_on_file(world: World) -> None:
    # Given a merchant who asked for a code
    tenant = world.tenant()
    ask_for_code(tenant)

    # When they give back what the text message says
    code = sms_code(world, tenant)
    session = tenant.phone.post("market_mgmt.api.auth.bind_by_sms", **place(tenant), sms_code=code)

    # Then the stall is theirs
    assert [stall["stall"] for stall in session["stalls"]] == [tenant.stall]


def test_three_wrong_codes_lock_the_stall_for_an_hour(world: World) -> None:
    # Given a code that is under way
    tenant = world.tenant()
    ask_for_code(tenant)
    right = sms_code(world, tenant)
    wrong = f"{(int(right) + 1) % 10**6:06d}"

    # When it is guessed wrong three times
    refusals = []
    for _ in range(3):
        with pytest.raises(Refusal) as refused:
            tenant.phone.post("market_mgmt.api.auth.bind_by_sms", **place(tenant), sms_code=wrong)
        refusals.append(refused.value)

    # Then the third answer says for how long it is locked, and the right code comes too late
    assert [refusal.status for refusal in refusals] == [417, 417, 429]
    assert refusals[-1].code == "LOCKED"
    assert 3500 < refusals[-1].body["retry_after"] <= 3600
    with pytest.raises(Refusal) as refused:
        tenant.phone.post("market_mgmt.api.auth.bind_by_sms", **place(tenant), sms_code=right)
    assert refused.value.code == "LOCKED"

    # And an hour later the merchant may try again
    world.site.set_clock(NOW + timedelta(hours=1, minutes=1))
    tenant.phone.post("market_mgmt.api.auth.request_sms_code", **place(tenant))
    code = sms_code(world, tenant)
    assert tenant.phone.post("market_mgmt.api.auth.bind_by_sms", **place(tenant), sms_code=code)["bound"]


def test_the_qr_code_of_a_stall_binds_nobody_else_s_phone(world: World) -> None:
    # Given somebody who photographed the QR code of a stall
    tenant, stranger = world.tenant(), world.tenant()
    stranger.phone.sign_in()

    # When they scan it with their own proved phone
    with pytest.raises(Refusal) as refused:
        stranger.phone.bind(tenant.token)

    # Then they see nothing of that stall
    assert refused.value.code == "CODE_WRONG"
    assert stranger.fees()["stalls"] == []


def test_paying_one_of_two_bills_leaves_the_other(world: World) -> None:
    # Given two months' rent unpaid
    tenant = world.bound_tenant()
    with world.books():
        from market_mgmt.tests import factories

        factories.bills(tenant.market, "2026-11", NOW.date())

    # When the older one is paid
    placed = tenant.pay()
    tenant.phone.confirm(placed["pay_params"], NOW)
    world.delivered()

    # Then only the newer one is left
    (stall,) = tenant.fees()["stalls"]
    assert [fee["period"] for fee in stall["fees"]] == ["2026-11"]


def test_everything_on_the_wire_is_written_as_the_contract_says(world: World) -> None:
    # Given a merchant with a bill that is overdue and late fees, an older payment and its receipt
    tenant = world.bound_tenant(rent="2999.99")
    placed = tenant.pay()
    tenant.phone.confirm(placed["pay_params"], NOW)
    world.delivered()
    with world.books():
        from market_mgmt.tests import factories

        factories.bills(tenant.market, "2026-11", NOW.date())
    world.site.set_clock(NOW + timedelta(days=30))

    # When the phone reads everything there is to read
    api = "market_mgmt.api.merchant"
    answers = [
        placed,
        tenant.state(placed["payment_order"]),
        tenant.fees(),
        tenant.phone.get(f"{api}.history"),
        tenant.phone.get(f"{api}.receipts"),
    ]

    # Then amounts have two decimals, dates and times are ISO 8601
    found = [leaf for answer in answers for leaf in leaves(answer)]
    for names, form in ((AMOUNTS, AMOUNT), (DATES, DATE), (TIMES, TIME)):
        values = [(name, value) for name, value in found if name in names and value is not None]
        assert {name for name, _ in values} >= names - {"accepted_at"}
        assert [value for value in values if not form.fullmatch(str(value[1]))] == []
        assert all(isinstance(value, str) for _, value in values)
    assert not [leaf for leaf in found if isinstance(leaf[1], float)]
    assert ("overdue", True) in found


def test_one_account_signs_in_for_the_first_time_on_eight_devices_at_once(world: World) -> None:
    first = world.tenant().phone
    devices = [world.site.phone(first.openid, first.phone) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        users = {answer["user"] for answer in pool.map(lambda device: device.sign_in(), devices)}
    assert len(users) == 1
    assert {device.get("market_mgmt.api.auth.session")["user"] for device in devices} == users


def test_a_sign_in_code_is_good_once_and_says_what_to_do(world: World) -> None:
    phone = world.tenant().phone
    code = phone.wechat("login", openid=phone.openid)["code"]
    phone.post("market_mgmt.api.auth.wechat_login", code=code)
    with pytest.raises(Refusal) as refused:
        phone.post("market_mgmt.api.auth.wechat_login", code=code)
    assert (refused.value.status, refused.value.body["error_code"]) == (417, "SIGN_IN_AGAIN")


def test_a_foreign_number_with_the_digits_of_the_phone_on_file_binds_nothing(world: World) -> None:
    tenant = world.tenant()
    stranger = world.site.phone("openid-abroad", tenant.phone.phone)
    stranger.sign_in()
    text = stranger.get("market_mgmt.api.public.privacy_text")
    stranger.post("market_mgmt.api.auth.accept_privacy", version=text["version"])
    code = stranger.wechat("phone", phone=tenant.phone.phone, country="49")["code"]
    with pytest.raises(Refusal) as refused:
        stranger.post("market_mgmt.api.auth.bind_by_qr", token=tenant.token, phone_code=code)
    assert refused.value.body["error_code"] == "PHONE_FOREIGN"
    assert stranger.get("market_mgmt.api.auth.session")["bound"] is False
