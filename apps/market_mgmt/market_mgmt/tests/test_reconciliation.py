"""Scenarios: WeChat's bill of a day is compared with our books, and what does not agree is found out."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from cn_connect.errors import GatewayUnavailable
from cn_connect.wechat.pay_messages import Refund
from market_mgmt.domain.periods import month_of
from market_mgmt.services import ledger, payments, reconciliation, refunds, wechat_refunds
from market_mgmt.tests import factories
from market_mgmt.tests.wechat_bills import DayBills

D = Decimal
DAY = date(2026, 11, 5)
PAID_AT, NEXT_MORNING = datetime(2026, 11, 5, 10), datetime(2026, 11, 6, 10, 20)
MCHID = "1900000777"


@pytest.fixture
def wechat(site):
    gateway = DayBills(MCHID, PAID_AT)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(site.db, "commit", lambda *_: None)
        for module in (payments, reconciliation, wechat_refunds):
            patched.setattr(module, "pay_client", lambda mchid: gateway)
        yield gateway


@pytest.fixture
def shop(site, wechat):
    # A payee of its own, so that nobody else's payments are on its bill
    return factories.shop(factories.market(mchid=MCHID), rent="1000.00")


@pytest.fixture
def order(shop):
    """1000.00 for the rent, not yet paid."""
    return factories.order(shop, [factories.rent_bill(shop)], PAID_AT, mchid=MCHID)


def paid(order):
    return factories.transaction(order, PAID_AT, mchid=MCHID)


def payee(shop):
    return next(one for one in reconciliation.payees() if one.market == shop.market)


def run(shop, now=NEXT_MORNING):
    return reconciliation.reconcile(payee(shop), DAY, now)


def queue(site, document):
    return site.get_all(
        "Reconciliation Difference", {"reconciliation": document.name, "status": "Open"}, ["kind", "number"]
    )


def test_a_day_that_agrees_is_matched_and_its_bills_are_kept(site, wechat, shop, order):
    payments.settle(paid(order), PAID_AT)
    wechat.paid(order, "1000.00", "3.80")
    document = run(shop)
    assert (document.status, document.payments, document.amount) == ("Matched", 1, 1000.0)
    assert (document.fee, document.expected_fee) == (3.8, 3.8)
    kept = site.get_doc("File", {"file_url": document.trade_bill}).get_content()
    assert order in (kept.decode() if isinstance(kept, bytes) else kept)
    assert document.fund_bill


def test_a_payment_we_never_heard_of_is_asked_about_and_settled(site, wechat, shop, order):
    wechat.paid(order, "1000.00")
    wechat.asked[order] = paid(order)
    assert run(shop).status == "Matched"
    assert ledger.open_fees(DAY, merchant=shop.merchant) == []
    assert ledger.check(shop.market) == []


def test_what_nobody_knows_of_is_a_difference_until_it_is_resolved(site, wechat, shop):
    wechat.paid("FROM-ELSEWHERE", "88.00")
    document = run(shop)
    (difference,) = queue(site, document)
    assert (document.status, difference.kind, difference.number) == (
        "Differences",
        "Missing Here",
        "FROM-ELSEWHERE",
    )
    name = site.db.get_value("Reconciliation Difference", {"number": "FROM-ELSEWHERE"})
    with pytest.raises(site.ValidationError):
        reconciliation.resolve(name, " ", "Administrator", NEXT_MORNING)
    assert reconciliation.resolve(name, "停车场收款，同一商户号", "Administrator", NEXT_MORNING) == "Matched"


@pytest.mark.parametrize("result", ["SUCCESS", "CLOSED", "PROCESSING"])
def test_a_refund_counts_on_the_day_it_was_accepted_whatever_becomes_of_it(site, wechat, shop, order, result):
    # given a payment whose refund WeChat accepted on the same day, and finished after midnight
    payments.settle(paid(order), PAID_AT)
    refund = refunds.request(
        shop.merchant, D("400.00"), "WeChat", "多收", "Administrator", PAID_AT, order, True
    )
    refunds.review(refund, True, None, "Guest", PAID_AT)
    said = Refund(refund, "50", order, "42", "PROCESSING", D("400.00"), None, accepted_at=PAID_AT)
    wechat_refunds.take_in(said, PAID_AT)
    wechat_refunds.take_in(replace(said, status=result, accepted_at=None), datetime(2026, 11, 6, 0, 5))
    # when the day's bill, which nothing changes later, lists it
    wechat.paid(order, "1000.00")
    wechat.accepted(refund, order, "400.00")
    # then both sides agree
    document = run(shop)
    assert (document.status, document.refunded) == ("Matched", 400.0)


def test_a_refund_heard_of_after_midnight_only_is_moved_to_the_day_it_was_accepted(site, wechat, shop, order):
    # given a refund that WeChat accepted, its answer lost, and its notification after midnight
    payments.settle(paid(order), PAID_AT)
    refund = refunds.request(
        shop.merchant, D("400.00"), "WeChat", "多收", "Administrator", PAID_AT, order, True
    )
    refunds.review(refund, True, None, "Guest", PAID_AT)
    said = Refund(refund, "50", order, "42", "SUCCESS", D("400.00"), None)
    assert wechat_refunds.take_in(said, datetime(2026, 11, 6, 0, 1)) == "Succeeded"
    # when the bill of the day lists it
    wechat.paid(order, "1000.00")
    wechat.accepted(refund, order, "400.00")
    wechat.refunds[refund] = replace(said, accepted_at=PAID_AT)
    # then WeChat is asked when it was accepted, and both sides agree
    document = run(shop)
    assert (document.status, document.refunded) == ("Matched", 400.0)
    assert site.db.get_value("Refund", refund, "sent_at") == PAID_AT


def test_a_payment_that_wechat_does_not_have_is_a_difference(site, wechat, shop, order):
    payments.settle(paid(order), PAID_AT)
    assert [row.kind for row in queue(site, run(shop))] == ["Missing There"]


def test_another_amount_and_another_account_total_are_differences(site, wechat, shop, order):
    payments.settle(paid(order), PAID_AT)
    wechat.paid(order, "999.00")
    wechat.movements = [f"`{PAID_AT},`交易,`收入,`900.00,`{order}"]
    assert {row.kind for row in queue(site, run(shop))} == {"Amount Differs", "Account Total"}


def test_a_refund_that_has_not_left_the_account_is_a_difference(site, wechat, shop, order):
    payments.settle(paid(order), PAID_AT)
    wechat.paid(order, "1000.00")
    wechat.accepted("ELSEWHERE-R1", order, "10.00")
    wechat.movements.pop()
    assert {(row.kind, row.number) for row in queue(site, run(shop))} == {
        ("Missing Here", "ELSEWHERE-R1"),
        ("Account Total", "退款"),
    }


def test_a_difference_that_is_gone_the_next_time_is_resolved_by_itself(site, wechat, shop, order):
    payments.settle(paid(order), PAID_AT)
    document = run(shop)
    assert document.status == "Differences"
    wechat.paid(order, "1000.00")
    again = run(shop, NEXT_MORNING + timedelta(hours=1))
    assert (again.name, again.status) == (document.name, "Matched")
    assert site.db.count("Reconciliation Difference", {"reconciliation": document.name}) == 1


def test_a_day_without_payments_has_an_empty_bill(site, wechat, shop):
    document = run(shop)
    assert (document.status, document.payments, document.trade_bill) == ("Matched", 0, None)


def test_bills_are_asked_for_from_ten_of_the_next_day(site, wechat, shop):
    with pytest.raises(site.ValidationError):
        run(shop, datetime(2026, 11, 6, 9, 59))


def test_the_morning_run_catches_up_and_tries_again_what_failed(site, wechat, shop):
    found = payee(shop)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reconciliation, "payees", lambda: [found])
        patched.setattr(site.db, "rollback", lambda *_: None)  # or nothing of this test were left
        wechat.failure = GatewayUnavailable("timeout")
        assert reconciliation.reconcile_due(NEXT_MORNING, days_back=3) == {"error": 3}
        wechat.failure = None
        assert reconciliation.reconcile_due(NEXT_MORNING, days_back=3) == {"Matched": 3}
        assert reconciliation.reconcile_due(NEXT_MORNING, days_back=3) == {}
        # before ten, yesterday is not due yet
        early = datetime(2026, 11, 7, 9)
        assert reconciliation.reconcile_due(early, days_back=1) == {}


def test_more_kept_than_contracted_is_found(site, wechat, shop, order):
    payments.settle(paid(order), PAID_AT)
    wechat.paid(order, "1000.00", "6.00")
    run(shop)
    excess = [row for row in reconciliation.excess_fees(month_of("2026-11")) if row[0].market == shop.market]
    assert [(kept, contracted) for _, kept, contracted in excess] == [(D("6.00"), D("3.80"))]


def test_a_month_stays_open_until_its_days_are_reconciled_and_agree(site, wechat, shop, order):
    month = month_of("2026-11")
    assert reconciliation.open_matters(shop.market, month) == []
    payments.settle(paid(order), PAID_AT)
    assert "2026-11-05" in reconciliation.open_matters(shop.market, month)[0]
    document = run(shop)
    assert len(reconciliation.open_matters(shop.market, month)) == 1
    wechat.paid(order, "1000.00")
    assert run(shop).name == document.name
    assert reconciliation.open_matters(shop.market, month) == []
