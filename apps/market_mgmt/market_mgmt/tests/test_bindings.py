"""Binding a WeChat account to a stall."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from cn_connect import sms_codes
from cn_connect.errors import CodeWrong, Locked
from market_mgmt.services import bindings, privacy
from market_mgmt.tests import factories, people

NOW = datetime(2026, 11, 1, 9)


@dataclass(frozen=True)
class Leased(factories.Shop):
    """A shop with a phone on file."""

    stall_no: str
    phone: str
    other_phone: str


def leased(site, market=None):
    shop = factories.shop(market)
    stall_no = site.db.get_value("Stall", shop.stall, "stall_no")
    return Leased(
        **vars(shop), stall_no=stall_no, phone=people.set_phone(shop), other_phone=people.new_phone()
    )


@pytest.fixture
def shop(site):
    return leased(site)


def bind(account, shop, phone=None, now=NOW):
    user, openid = account
    return bindings.bind(user, openid, shop.stall, phone or shop.phone, bindings.PROOF_PHONE, now)


def wrong(code):
    return "000000" if code != "000000" else "111111"


def test_the_phone_on_file_binds_the_account_to_the_lease(site, shop):
    account = people.wechat_user(NOW)
    bind(account, shop, f"+86 {shop.phone[:3]}-{shop.phone[3:]}")
    (bound,) = bindings.current_merchants(account[0])
    assert (bound.merchant, bound.lease, bound.stall) == (shop.merchant, shop.lease, shop.stall)
    assert bound.openid == account[1]


def test_binding_twice_changes_nothing(site, shop):
    account = people.wechat_user(NOW)
    assert bind(account, shop).name == bind(account, shop).name
    assert len(bindings.current_merchants(account[0])) == 1


def test_another_phone_does_not_bind(site, shop):
    account = people.wechat_user(NOW)
    with pytest.raises(CodeWrong):
        bind(account, shop, shop.other_phone)
    assert bindings.current_merchants(account[0]) == []


def test_a_vacant_stall_binds_nobody(site, shop):
    account = people.wechat_user(NOW)
    vacant = factories.stall(shop.market)
    with pytest.raises(CodeWrong):
        bindings.bind(*account, vacant, shop.phone, bindings.PROOF_PHONE, NOW)


def test_the_former_tenants_phone_does_not_bind_to_the_next_ones_stall(site, shop):
    # given the lease ended and somebody else leased the stall
    factories.terminate(shop.lease, date(2026, 10, 31))
    factories.lease(shop.market, factories.merchant(shop.market), shop.stall, start_date="2026-11-01")
    # then the old phone is worth nothing
    with pytest.raises(CodeWrong):
        bind(people.wechat_user(NOW), shop)


def test_three_failures_lock_the_account_for_that_stall_for_an_hour(site, shop):
    account, neighbour = people.wechat_user(NOW), leased(site, shop.market)
    # given three failures
    for expected in (CodeWrong, CodeWrong, Locked):
        with pytest.raises(expected):
            bind(account, shop, shop.other_phone)
    # then even the right phone is refused, and the answer says for how long
    with pytest.raises(Locked) as refusal:
        bind(account, shop, now=NOW + timedelta(minutes=20))
    assert refusal.value.retry_after == 40 * 60
    # but not for another stall, nor for another account
    assert bind(account, neighbour)
    assert bind(people.wechat_user(NOW), shop)
    # and an hour later it is over
    assert bind(account, shop, now=NOW + timedelta(hours=1, seconds=1))


def test_wrong_codes_and_wrong_phones_count_together(site, shop):
    account = people.wechat_user(NOW)
    code = sms_codes.issue(shop.phone, bindings.code_purpose(shop.market, shop.stall_no), account[0], NOW)
    for _attempt in range(2):
        with pytest.raises(CodeWrong):
            bindings.prove_by_code(account[0], shop.market, shop.stall_no, shop.phone, wrong(code), NOW)
    with pytest.raises(Locked):
        bind(account, shop, shop.other_phone)
    with pytest.raises(Locked):
        bindings.prove_by_code(account[0], shop.market, shop.stall_no, shop.phone, code, NOW)


def test_a_code_is_good_for_the_stall_it_was_sent_for(site, shop):
    user, _openid = people.wechat_user(NOW)
    code = sms_codes.issue(shop.phone, bindings.code_purpose(shop.market, "elsewhere"), user, NOW)
    with pytest.raises(CodeWrong):
        bindings.prove_by_code(user, shop.market, shop.stall_no, shop.phone, code, NOW)


def test_a_revoked_binding_gives_no_access_and_may_be_made_again(site, shop):
    account = people.wechat_user(NOW)
    first = bind(account, shop)
    bindings.revoke(first.name, "Administrator", NOW)
    assert bindings.current_merchants(account[0]) == []
    assert bind(account, shop).name != first.name


@pytest.mark.parametrize(
    ("phone", "valid"),
    [("13812345678", True), ("+86 138 1234 5678", True), ("12812345678", False), ("138", False)],
)
def test_what_a_mobile_number_looks_like(phone, valid):
    assert bindings.looks_like_phone(phone) is valid


def test_consent_is_to_the_current_text_and_recorded_once(site):
    user, _openid = people.wechat_user(NOW, agreed=False)
    with pytest.raises(site.ValidationError):
        privacy.require(user)
    with pytest.raises(site.ValidationError):
        privacy.accept(user, "2000-01-01", NOW)
    version = privacy.current().version
    assert privacy.accept(user, version, NOW).name == privacy.accept(user, version, NOW).name
    privacy.require(user)
