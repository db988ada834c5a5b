"""Scenarios: whose money it is, and what becomes of a payment that does not fit its order."""

from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from cn_connect.api_errors import describe
from cn_connect.errors import ConfigMissing
from cn_connect.wechat import gateway
from market_mgmt.patches import payees_of_orders
from market_mgmt.services import ledger, payees, payments, quarantine, reconciliation
from market_mgmt.tests import factories

D = Decimal
NOON = datetime(2026, 11, 5, 12)
ORDER = "Market Payment Order"
ACCOUNT = dict.fromkeys(("serial_no", "private_key", "apiv3_key", "notify_base"), "x")


class WeChat:
    """Takes every order, and says of all what `said` says."""

    def __init__(self) -> None:
        self.said = None
        self.asked_as: list[str | None] = []

    def client(self, mchid):
        self.asked_as.append(mchid)
        return SimpleNamespace(
            check_payee=lambda sub_mchid: None,
            create_jsapi_order=lambda **order: "prepay",
            pay_params=lambda prepay_id, now: {"appId": "wx-shop"},
            query_order=lambda order, sub_mchid: self.said,
        )


@pytest.fixture
def patch(site):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(site.db, "commit", lambda *_: None)
        yield patched


@pytest.fixture
def wechat(site, patch):
    found = WeChat()
    for module in (payments, quarantine):
        patch.setattr(module, "pay_client", found.client)
    return found


@pytest.fixture
def configured(site, patch):
    """Sets the merchant numbers of the site."""

    def configure(*numbers):
        accounts = [{**ACCOUNT, "mchid": number, "appid": "wx-shop"} for number in numbers]
        patch.setitem(site.local.conf, "wechat_pay", accounts)

    return configure


@pytest.fixture
def shop(wechat):
    return factories.shop(rent="1000.00")


@pytest.fixture
def rent(shop):
    return factories.rent_bill(shop)


@pytest.fixture
def held(site, shop, rent):
    """An order under review, whose payment names another payee."""
    order = factories.order(shop, [rent], NOON)
    payments.settle(factories.transaction(order, NOON, mchid="1900000002"), NOON)
    return order


def place(shop, fees):
    return payments.create(shop.merchant, fees, "WeChat", NOON, "Administrator", "o-payer")[0]


def status(site, order):
    return site.db.get_value(ORDER, order, "status")


# -- the payee ---------------------------------------------------------------------------------------------------


def test_an_order_carries_whom_it_was_placed_under(site, wechat, configured):
    # given a market that names no merchant number, on a site that has one
    shop = factories.shop(factories.market(mchid=None), rent="1000.00")
    configured("1900000777")
    rent = factories.rent_bill(shop)
    # when the order is placed and paid
    order = place(shop, [rent])
    stored = site.db.get_value(ORDER, order.name, ["mchid", "sub_mchid", "appid"])
    assert stored == ("1900000777", None, "wx-shop")
    assert wechat.asked_as == ["1900000777"]
    said = factories.transaction(order.name, NOON, mchid="1900000777", appid="wx-shop")
    # then it is settled, and its payee reconciled
    assert payments.settle(said, NOON).state == "settled"
    assert any(one.mchid == "1900000777" for one in reconciliation.payees())


def test_the_order_keeps_its_payee_when_the_market_gets_another(site, shop, rent):
    order = place(shop, [rent])
    site.db.set_value("Market", shop.market, "mchid", "1900000999")
    assert payments.settle(factories.transaction(order.name, NOON, appid="wx-shop"), NOON).state == "settled"


@pytest.mark.parametrize("numbers", [(), ("1900000777", "1900000778")])
def test_without_a_payee_nothing_is_placed(site, wechat, configured, numbers):
    shop = factories.shop(factories.market(mchid=None))
    configured(*numbers)
    with pytest.raises(ConfigMissing) as missing:
        place(shop, [factories.rent_bill(shop)])
    describe(missing.value)
    assert site.local.response["error_code"] == "NOT_CONFIGURED"
    assert not site.db.exists(ORDER, {"merchant": shop.merchant})
    assert all(one.market != shop.market for one in reconciliation.payees())


def test_one_number_with_two_certificates_is_one_number(site, configured):
    configured("1900000777", "1900000777")
    assert gateway.only_mchid() == "1900000777"
    assert payees.of_market(factories.market(mchid=None)) == ("1900000777", None)


@pytest.mark.parametrize("wrong", [{"appid": "wx-other"}, {"appid": None}, {"currency": "USD"}])
def test_another_app_or_currency_is_quarantined(site, shop, rent, wrong):
    order = place(shop, [rent]).name
    said = factories.transaction(order, NOON, **({"appid": "wx-shop"} | wrong))
    assert payments.settle(said, NOON).state == "quarantined"
    assert ledger.prepaid_balance(shop.merchant) == 0


def test_earlier_orders_get_the_payee_that_they_were_placed_under(site, configured, shop, rent):
    lost = factories.order(shop, [rent], NOON, mchid=None)
    named = factories.order(shop, [rent], NOON)
    configured("1900000777", "1900000778")
    payees_of_orders.execute()  # which of two it was cannot be known
    assert not site.db.get_value(ORDER, lost, "mchid")
    configured("1900000777")
    payees_of_orders.execute()
    assert site.db.get_value(ORDER, lost, "mchid") == "1900000777"
    assert site.db.get_value(ORDER, named, "mchid") == factories.MCHID


# -- under review --------------------------------------------------------------------------------------------------


def test_fees_of_an_order_under_review_are_not_paid_anew(site, shop, rent, held):
    with pytest.raises(site.ValidationError, match=held) as refused:
        place(shop, [rent])
    assert refused.value.error_code == "PAYMENT_UNDER_REVIEW"
    # other fees are
    factories.bills(shop.market, "2026-11", NOON.date())
    other = site.db.get_value("Fee", {"lease": shop.lease, "period": "2026-11"})
    assert place(shop, [other]).status == "Pending"


def test_a_payment_that_fits_by_now_is_settled(site, shop, rent, wechat, held):
    wechat.said = factories.transaction(held, NOON)
    assert quarantine.resolve(held, "商户号曾设置错误", "Administrator", NOON) == "Paid"
    assert site.db.get_value("Fee", rent, "status") == "Paid"
    assert site.db.exists("Receipt", {"payment_order": held})
    assert ledger.check(shop.market) == []


def test_money_that_still_differs_stays_under_review(site, shop, rent, wechat, held):
    wechat.said = factories.transaction(held, NOON, amount=D("1.00"))
    with pytest.raises(site.ValidationError, match=held):
        quarantine.resolve(held, "金额不符", "Administrator", NOON)
    assert status(site, held) == "Quarantined"
    assert ledger.prepaid_balance(shop.merchant) == 0


@pytest.mark.parametrize("said", [None, {"trade_state": "REFUND"}, {"trade_state": "NOTPAY"}])
def test_where_no_money_is_left_the_order_is_closed_and_the_fee_free(site, shop, rent, wechat, held, said):
    wechat.said = said and factories.transaction(held, NOON, **said)
    assert quarantine.resolve(held, "已在商户平台退回", "Administrator", NOON) == "Closed"
    assert "已在商户平台退回" in site.db.get_value(ORDER, held, "error")
    assert place(shop, [rent]).status == "Pending"


def test_only_what_is_under_review_is_reviewed_and_with_a_reason(site, shop, rent, held):
    with pytest.raises(site.ValidationError):
        quarantine.resolve(factories.order(shop, [rent], NOON), "x", "Administrator", NOON)
    with pytest.raises(site.ValidationError):
        quarantine.resolve(held, " ", "Administrator", NOON)
