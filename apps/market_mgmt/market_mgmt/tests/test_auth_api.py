"""Signing in and binding through the API's own functions, with WeChat and SMS replaced at the network's edge."""

import re
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from cn_connect import clock, sms
from cn_connect.errors import GatewayRefused
from cn_connect.wechat import gateway
from cn_connect.wechat.mini import Session
from market_mgmt.api import auth, public
from market_mgmt.tests import factories, people


class MiniProgram:
    """WeChat as the mini-program's server sees it: codes stand for people and phones."""

    appid = "wx-test"

    def code2session(self, code):
        if not code.startswith("login-"):
            raise GatewayRefused("40029", "invalid code")
        return Session(code.removeprefix("login-"), None)

    def phone_number(self, code):
        return code.removeprefix("phone-")


@pytest.fixture
def sent(site, monkeypatch):
    """The SMS that went out, as (phone, values)."""
    messages = []
    monkeypatch.setattr(sms, "send", lambda phone, template, values, *more: messages.append((phone, values)))
    settings = dict.fromkeys((*sms.REQUIRED, "code_template"), "x")
    monkeypatch.setitem(site.conf, "tencent_sms", settings)

    enqueue = site.enqueue

    def work(method, queue="default", enqueue_after_commit=False, **arguments):
        if not str(method).startswith("market_mgmt."):  # stock Frappe has work of its own, for a new user
            return enqueue(method, queue=queue, enqueue_after_commit=enqueue_after_commit, **arguments)
        assert enqueue_after_commit
        assert not [value for value in arguments.values() if re.search(r"\b1\d{10}\b", value)], (
            "a phone in clear"
        )
        return site.get_attr(method)(**arguments)

    monkeypatch.setattr(site, "enqueue", work)
    return messages


@pytest.fixture
def signed_in(site, monkeypatch):
    """Signs in somebody new; returns the answer of wechat_login."""
    monkeypatch.setattr(gateway, "mini_program", MiniProgram)
    site.local.login_manager = SimpleNamespace(login_as=site.set_user, logout=lambda: site.set_user("Guest"))

    def sign_in(openid=None):
        site.set_user("Guest")
        return auth.wechat_login(f"login-{openid or 'o' + site.generate_hash(length=26)}")

    yield sign_in
    site.set_user("Administrator")


@pytest.fixture
def shop(site):
    return factories.shop()


@pytest.fixture
def phone(shop):
    """The phone on file for the shop."""
    return people.set_phone(shop)


def place(site, shop):
    return {"market": shop.market, "stall_no": site.db.get_value("Stall", shop.stall, "stall_no")}


def token(site, shop):
    return site.db.get_value("Stall", shop.stall, "qr_token")


def agree():
    auth.accept_privacy(public.privacy_text()["version"])


def test_the_first_sign_in_makes_an_unbound_account(site, signed_in):
    answer = signed_in("o-first")
    assert answer.keys() >= {"sid", "user", "stalls", "bound"}
    assert (answer["stalls"], answer["bound"], answer["privacy_accepted"]) == ([], False, False)
    assert site.session.user == answer["user"]
    assert "Market Merchant" in site.get_roles()
    assert site.db.get_value("User", answer["user"], "user_type") == "Website User"
    # and the next one finds it again
    assert signed_in("o-first")["user"] == answer["user"]


def test_a_wrong_code_signs_nobody_in(site, signed_in):
    signed_in()
    site.set_user("Guest")
    with pytest.raises(site.ValidationError) as refusal:
        auth.wechat_login("nonsense")
    assert refusal.value.error_code == "GATEWAY_REFUSED"
    assert site.session.user == "Guest"


def test_a_disabled_account_cannot_sign_in(site, signed_in):
    user = signed_in("o-out")["user"]
    site.db.set_value("User", user, "enabled", 0)
    with pytest.raises(site.AuthenticationError):
        signed_in("o-out")


def test_binding_by_qr_and_wechat_phone(site, signed_in, shop, phone):
    signed_in()
    agree()
    assert auth.scan_stall(token(site, shop))["stall_no"] == place(site, shop)["stall_no"]
    answer = auth.bind_by_qr(token(site, shop), phone_code=f"phone-{phone}")
    assert answer["bound"] is True
    assert [row["stall"] for row in answer["stalls"]] == [shop.stall]
    assert auth.session() == answer


def test_the_qr_code_alone_binds_nothing(site, signed_in, shop):
    signed_in()
    agree()
    with pytest.raises(site.ValidationError):
        auth.bind_by_qr(token(site, shop))
    assert auth.session()["bound"] is False


def test_nothing_is_bound_before_the_privacy_text_is_accepted(site, signed_in, shop, phone):
    signed_in()
    with pytest.raises(site.ValidationError) as refusal:
        auth.bind_by_qr(token(site, shop), phone_code=f"phone-{phone}")
    assert refusal.value.error_code == "CONSENT_REQUIRED"


def test_binding_by_sms(site, signed_in, shop, phone, sent):
    signed_in()
    agree()
    auth.request_sms_code(**place(site, shop), phone=phone)
    ((to, (code, _minutes)),) = sent
    assert to == phone
    assert auth.bind_by_sms(**place(site, shop), phone=phone, sms_code=code)["bound"] is True


def test_a_qr_code_with_an_sms_code(site, signed_in, shop, phone, sent):
    signed_in()
    agree()
    auth.request_sms_code(**place(site, shop), phone=phone)
    answer = auth.bind_by_qr(token(site, shop), phone=phone, sms_code=sent[0][1][0])
    assert answer["bound"] is True


def test_the_answer_does_not_tell_which_phones_are_on_file(site, signed_in, shop, phone, sent):
    other_phone = people.new_phone()
    signed_in()
    agree()
    on_file = auth.request_sms_code(**place(site, shop), phone=phone)
    unknown = auth.request_sms_code(**place(site, shop), phone=other_phone)
    nowhere = auth.request_sms_code(shop.market, "no such stall", phone=people.new_phone())
    assert on_file == unknown == nowhere
    assert [to for to, _values in sent] == [phone]
    # and a code that was never sent is wrong in the same words
    said = []
    for number in (phone, other_phone):
        with pytest.raises(site.ValidationError) as refusal:
            auth.bind_by_sms(**place(site, shop), phone=number, sms_code="x")
        said.append((refusal.value.error_code, str(refusal.value)))
    assert said[0] == said[1]
    assert said[0][0] == "CODE_WRONG"


def test_every_answer_about_a_code_takes_the_same_time(site, signed_in, shop, phone, sent, monkeypatch):
    waited = []

    @contextmanager
    def no_sooner(seconds):
        try:
            yield
        finally:
            waited.append(seconds)

    monkeypatch.setattr(auth, "no_sooner", no_sooner)
    signed_in()
    agree()
    auth.request_sms_code(**place(site, shop), phone=phone)
    auth.request_sms_code(**place(site, shop), phone=people.new_phone())
    with pytest.raises(site.ValidationError):
        auth.request_sms_code(**place(site, shop), phone=phone)  # asked for again too soon
    assert waited == [0.1] * 3


def test_three_wrong_codes_lock_with_429(site, signed_in, shop, phone, sent):
    signed_in()
    agree()
    codes = []
    for _attempt in range(4):
        with pytest.raises(site.ValidationError) as refusal:
            auth.bind_by_sms(**place(site, shop), phone=phone, sms_code="x")
        codes.append((refusal.value.error_code, refusal.value.http_status_code))
    assert codes == [("CODE_WRONG", 417)] * 2 + [("LOCKED", 429)] * 2
    assert 0 < refusal.value.details["retry_after"] <= 3600


def test_a_revoked_qr_code_is_not_found(site, signed_in):
    signed_in()
    with pytest.raises(site.ValidationError) as refusal:
        auth.scan_stall("0" * 24)
    assert (refusal.value.error_code, refusal.value.http_status_code) == ("QR_UNKNOWN", 404)


def test_signing_out(site, signed_in):
    signed_in()
    assert auth.logout() == {"user": None}
    assert auth.session() == {
        "user": None,
        "stalls": [],
        "bound": False,
        "privacy_accepted": False,
        "csrf_token": None,
    }


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        (auth.accept_privacy, {"version": "x"}),
        (auth.scan_stall, {"token": "x"}),
        (auth.request_sms_code, {"market": "m", "stall_no": "s", "phone": "13812345678"}),
        (auth.bind_by_sms, {"market": "m", "stall_no": "s", "phone": "13812345678", "sms_code": "1"}),
        (auth.bind_by_qr, {"token": "x"}),
    ],
)
def test_guests_and_staff_bind_nothing(site, signed_in, method, arguments):
    site.set_user("Guest")
    with pytest.raises(site.AuthenticationError):
        method(**arguments)
    site.set_user("Administrator")
    site.set_user(people.staff_user("Market Clerk"))
    with pytest.raises(site.PermissionError):
        method(**arguments)


def test_the_privacy_text_has_a_version(site):
    text = public.privacy_text()
    assert text["version"] in text["text"]


def test_an_unknown_document_is_not_valid(site):
    assert public.verify_document("f" * 32) == {"valid": False}
    assert public.verify_document("'; drop table") == {"valid": False}


def test_a_sealed_document_is_valid_until_it_is_void(site):
    from cn_connect import sealed

    seal = sealed.issue("Receipt", "M1-2026-000001", "收据", clock.now(), {"amount": "1.00"})
    assert public.verify_document(seal.code.upper())["valid"] is True
    sealed.revoke(seal.code)
    assert public.verify_document(seal.code)["valid"] is False
