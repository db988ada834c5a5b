"""Scenarios: an order's life at WeChat, up to its settlement. The gateway is a stand-in that remembers what it was asked."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from cn_connect.errors import GatewayRefused, GatewayUnavailable
from cn_connect.money import yuan
from cn_connect.wechat.pay_messages import Transaction
from market_mgmt.services import ledger, payments
from market_mgmt.tests import factories

D = Decimal
NOV_5 = datetime(2026, 11, 5, 10)


class WeChat:
    """Orders as WeChat Pay keeps them."""

    def __init__(self, commits: list) -> None:
        self.orders: dict[str, SimpleNamespace] = {}
        self.commits = commits
        self.failure: Exception | None = None

    def check_payee(self, sub_mchid):
        assert sub_mchid is None

    def create_jsapi_order(self, out_trade_no, description, amount, openid, expires_at, sub_mchid=None):
        if self.failure:
            raise self.failure
        self.orders[out_trade_no] = SimpleNamespace(
            amount=amount,
            state="NOTPAY",
            openid=openid,
            expires_at=expires_at,
            commits_before=len(self.commits),
        )
        return f"wx-{out_trade_no}"

    def pay_params(self, prepay_id, now):
        return {"package": f"prepay_id={prepay_id}"}

    def query_order(self, out_trade_no, sub_mchid=None):
        if self.failure:
            raise self.failure
        order = self.orders.get(out_trade_no)
        if order is None:
            return None
        paid = order.state == "SUCCESS"
        return Transaction(
            out_trade_no=out_trade_no,
            transaction_id=f"4200{out_trade_no[-8:]}" if paid else None,
            trade_state=order.state,
            amount=order.amount,
            payer_openid=order.openid,
            success_time=NOV_5 if paid else None,
            mchid=factories.MCHID,
        )

    def close_order(self, out_trade_no, sub_mchid=None):
        if self.failure:
            raise self.failure
        order = self.orders.get(out_trade_no)
        if order and order.state == "SUCCESS":
            raise GatewayRefused("ORDERPAID", "paid")
        if order:
            order.state = "CLOSED"


@pytest.fixture
def patch(site):
    """Patches that are undone while the site is still there; `monkeypatch` may outlive it."""
    with pytest.MonkeyPatch.context() as patched:
        yield patched


@pytest.fixture
def wechat(site, patch):
    """The stand-in. Commits are counted instead of done, so that the test leaves nothing behind."""
    commits: list = []
    gateway = WeChat(commits)
    patch.setattr(site.db, "commit", lambda *_: commits.append(1))
    patch.setattr(payments, "pay_client", lambda mchid: gateway)
    return gateway


@pytest.fixture
def shop(wechat):
    return factories.shop(rent="1000.00")


def create(shop, fees, now=NOV_5):
    return payments.create(shop.merchant, fees, "WeChat", now, "Administrator", "o-payer")


def status(site, order):
    return site.db.get_value("Market Payment Order", order, "status")


def test_an_order_takes_its_price_from_the_ledger_and_is_committed_before_wechat_hears_of_it(
    site, wechat, shop, rent
):
    # given three days overdue
    order, params = create(shop, [rent], datetime(2026, 11, 11, 9))
    # then
    placed = wechat.orders[order.name]
    assert (placed.amount, placed.openid, placed.commits_before) == (D("1001.50"), "o-payer", 1)
    assert placed.expires_at == datetime(2026, 11, 11, 9, 15)
    assert (status(site, order.name), params["package"]) == ("Pending", f"prepay_id=wx-{order.name}")
    assert [(line.fee, yuan(line.late_fee)) for line in order.fees] == [(rent, D("1.50"))]
    assert len(order.name) <= 32 and order.name.isalnum()


def test_a_new_attempt_closes_the_older_one_first(site, wechat, shop, rent):
    first, _ = create(shop, [rent])
    second, _ = create(shop, [rent], NOV_5 + timedelta(minutes=1))
    assert (status(site, first.name), status(site, second.name)) == ("Closed", "Pending")
    assert wechat.orders[first.name].state == "CLOSED"


def test_an_older_attempt_that_was_paid_meanwhile_is_settled_and_nothing_is_left_to_pay(
    site, wechat, shop, rent
):
    first, _ = create(shop, [rent])
    wechat.orders[first.name].state = "SUCCESS"
    with pytest.raises(site.ValidationError):
        create(shop, [rent], NOV_5 + timedelta(minutes=1))
    assert status(site, first.name) == "Paid"
    assert ledger.fee_balance(rent) == (D("0.00"), D("0.00"))


def test_a_refused_order_has_failed_and_an_unanswered_one_waits(site, wechat, shop, rent):
    wechat.failure = GatewayRefused("PARAM_ERROR", "openid")
    with pytest.raises(GatewayRefused):
        create(shop, [rent])
    wechat.failure = GatewayUnavailable("no answer")
    with pytest.raises(GatewayUnavailable):
        create(shop, [rent])
    assert sorted(site.get_all("Market Payment Order", {"merchant": shop.merchant}, pluck="status")) == [
        "Created",
        "Failed",
    ]


def test_a_price_with_late_fee_does_not_outlive_its_day(site, wechat, shop, rent):
    order, _ = create(shop, [rent], datetime(2026, 11, 11, 23, 50))
    assert order.expires_at == datetime(2026, 11, 11, 23, 59, 59)
    with pytest.raises(site.ValidationError):
        create(shop, [rent], datetime(2026, 11, 11, 23, 59))


def test_before_the_due_date_midnight_changes_nothing(site, wechat, shop, rent):
    order, _ = create(shop, [rent], datetime(2026, 11, 5, 23, 59))
    assert order.expires_at == datetime(2026, 11, 6, 0, 14)


def test_what_cannot_be_paid_is_refused(site, wechat, shop, rent):
    other = factories.shop(shop.market)
    theirs = factories.rent_bill(other)
    for fees in ([], [theirs], [rent, "NO-SUCH"]):
        with pytest.raises(site.ValidationError):
            create(shop, fees)
    with pytest.raises(site.ValidationError):
        payments.create(shop.merchant, [rent], "Alipay", NOV_5, "Administrator", "o")


def test_a_payer_who_returns_is_settled_by_asking(site, wechat, shop, rent):
    order, _ = create(shop, [rent])
    assert payments.refresh(order.name, NOV_5) == "Pending"
    wechat.orders[order.name].state = "SUCCESS"
    assert payments.refresh(order.name, NOV_5) == "Paid"
    assert payments.refresh(order.name, NOV_5) == "Paid"
    assert ledger.check(shop.market) == []


def test_an_expired_order_is_closed_at_wechat_and_here(site, wechat, shop, rent):
    order, _ = create(shop, [rent])
    assert payments.refresh(order.name, NOV_5 + timedelta(minutes=15)) == "Closed"
    assert wechat.orders[order.name].state == "CLOSED"


def test_cancelling_is_too_late_when_somebody_has_paid(site, wechat, shop, rent):
    order, _ = create(shop, [rent])
    wechat.orders[order.name].state = "SUCCESS"
    assert payments.cancel(order.name, NOV_5) == "Paid"
    again, _ = create(shop, [factories.rent_bill(shop, "2026-09", date(2026, 11, 2))])
    assert payments.cancel(again.name, NOV_5) == "Closed"
    assert payments.cancel(again.name, NOV_5) == "Closed"


@pytest.fixture
def nobody_else_pays(site, wechat):
    """No order of another test waits for its payment."""
    site.db.set_value("Market Payment Order", {"status": ["in", payments.WAITING]}, "status", "Closed")


@pytest.mark.usefixtures("nobody_else_pays")
def test_the_sweeper_settles_what_was_paid_and_closes_what_expired(site, wechat, shop, rent):
    # given three merchants: one paid without any notification, one gone away, one still paying
    market = shop.market
    shops = [shop, factories.shop(market), factories.shop(market)]
    factories.bills(market, "2026-10", date(2026, 11, 1))
    orders = []
    for number, tenant in enumerate(shops):
        (fee,) = [row.name for row in ledger.open_fees(NOV_5.date(), merchant=tenant.merchant)]
        orders.append(create(tenant, [fee], NOV_5 + timedelta(minutes=10 * number))[0].name)
    wechat.orders[orders[0]].state = "SUCCESS"
    # when the sweeper comes after sixteen minutes, and again after twenty-six
    first = payments.sweep(NOV_5 + timedelta(minutes=16))
    assert [status(site, name) for name in orders] == ["Paid", "Pending", "Pending"]
    second = payments.sweep(NOV_5 + timedelta(minutes=26))
    # then
    assert [status(site, name) for name in orders] == ["Paid", "Closed", "Pending"]
    assert (first, second) == ({"Paid": 1, "Pending": 1}, {"Closed": 1, "Pending": 1})


@pytest.mark.usefixtures("nobody_else_pays")
def test_the_sweeper_survives_an_outage(site, wechat, shop, rent, patch):
    order, _ = create(shop, [rent])
    patch.setattr(site.db, "rollback", lambda *_, **__: None)
    wechat.failure = GatewayUnavailable("no answer")
    assert payments.sweep(NOV_5 + timedelta(minutes=5)) == {"error": 1}
    wechat.failure = None
    wechat.orders[order.name].state = "SUCCESS"
    assert payments.sweep(NOV_5 + timedelta(minutes=6)) == {"Paid": 1}


def test_the_notification_hook_settles(site, wechat, shop, rent, patch):
    patch.setattr(payments, "site_now", lambda: NOV_5)
    order, _ = create(shop, [rent])
    assert "market_mgmt.services.payments.on_transaction" in site.get_hooks("wechat_pay_transaction")
    assert payments.on_transaction(factories.transaction(order.name, NOV_5)).state == "settled"


def test_an_attempt_that_was_overtaken_is_never_paid(site, wechat, shop, rent, patch):
    # given WeChat takes its time, and a second tap on "pay" closes the order meanwhile
    place = wechat.create_jsapi_order

    def overtaken(out_trade_no, **order):
        patch.setattr(wechat, "create_jsapi_order", place)
        create(shop, [rent])
        return place(out_trade_no, **order)

    patch.setattr(wechat, "create_jsapi_order", overtaken)
    # then the first attempt gets nothing it could pay with
    with pytest.raises(site.ValidationError):
        create(shop, [rent])
    assert sorted(site.get_all("Market Payment Order", {"merchant": shop.merchant}, pluck="status")) == [
        "Closed",
        "Pending",
    ]
