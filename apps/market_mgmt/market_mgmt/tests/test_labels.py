"""Messages call merchants, stalls, bills, leases and sessions what people call them, not by the numbers of documents."""

import re
from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt.domain.periods import month_of
from market_mgmt.services import (
    billing,
    cashiers,
    counter,
    deposits,
    invoices,
    labels,
    lease_changes,
    refunds,
    waivers,
)
from market_mgmt.tests import factories

D = Decimal
NOW = datetime(2026, 11, 5, 10)
CASHIER, OTHER = "Administrator", "Guest"


@pytest.fixture
def shop(site):
    """阿明海鲜 rents A01 from 2026-10-01 to 2026-12-31."""
    market = factories.market()
    merchant = factories.merchant(market, merchant_name="阿明海鲜")
    stall = factories.stall(market, "A01")
    days = {"start_date": date(2026, 10, 1), "end_date": date(2026, 12, 31)}
    return factories.Shop(
        market,
        stall,
        merchant,
        factories.lease(market, merchant, stall, "1000.00", deposit=2000, **days),
    )


@pytest.fixture
def rent(shop):
    return factories.rent_bill(shop)


@pytest.fixture
def drawer(shop):
    return factories.at_counter(shop.market, CASHIER, NOW)


def refusal(site, call):
    with pytest.raises(site.ValidationError) as refused:
        call()
    return re.sub("<[^>]*>", "", str(refused.value))


class TestLabels:
    def test_a_merchant_is_called_by_name_and_stalls(self, shop):
        second = factories.stall(shop.market, "B07")
        factories.lease(shop.market, shop.merchant, second)
        assert labels.merchant(shop.merchant) == "阿明海鲜（A01、B07）"

    def test_a_merchant_without_a_stall_is_told_from_others_by_number(self, shop):
        merchant = factories.merchant(shop.market, merchant_name="阿明海鲜")
        assert labels.merchant(merchant) == f"阿明海鲜（{merchant}）"

    def test_a_bill_is_called_by_stall_month_and_kind(self, rent):
        assert labels.fee(rent) == "A01 2026-10 租金"

    def test_a_bill_of_somebody_else_tells_nothing(self, shop, rent):
        assert labels.fee(rent, of=[shop.merchant]) == "A01 2026-10 租金"
        assert labels.fee(rent, of=["MER-000000"]) == rent

    def test_a_lease_is_called_by_stall_merchant_and_days(self, shop):
        assert labels.lease(shop.lease) == "A01 阿明海鲜，2026-10-01 至 2026-12-31"

    def test_a_session_is_called_by_its_cashier_and_begin(self, site, shop, drawer):
        assert labels.session(drawer) == f"{site.utils.get_fullname(CASHIER)}，2026-11-05 10:00 起"

    @pytest.mark.parametrize("label", [labels.fee, labels.lease, labels.session, labels.stall])
    def test_what_is_not_there_is_called_as_it_was_asked_for(self, site, label):
        assert label("没有") == "没有"


class TestMessages:
    def test_a_refund_of_more_than_the_balance_names_the_merchant(self, site, shop):
        name = refunds.request(shop.merchant, D("80.00"), "Cash", "多收", CASHIER, NOW)
        said = refusal(site, lambda: refunds.review(name, True, None, OTHER, NOW))
        assert said.startswith("阿明海鲜（A01）的预存款不足 80.00 元")

    def test_a_deposit_of_more_than_the_balance_names_the_merchant(self, site, shop):
        said = refusal(site, lambda: deposits.set_aside(shop.lease, D("5.00"), NOW.date(), "key"))
        assert said == "阿明海鲜（A01）的预存款不足 5.00 元。"

    def test_a_deposit_above_the_lease_s_names_the_lease_and_its_yuan(self, site, shop, drawer):
        said = refusal(site, lambda: counter.take_deposit(shop.lease, "Cash", D("2000.01"), CASHIER, NOW))
        assert said == "租约“A01 阿明海鲜，2026-10-01 至 2026-12-31”的押金为 2000.00 元，已收 0.00 元。"

    def test_a_deposit_that_is_not_held_is_not_released(self, site, shop):
        said = refusal(site, lambda: deposits.release(shop.lease, D("1.00"), NOW.date(), "退租"))
        assert said == "租约“A01 阿明海鲜，2026-10-01 至 2026-12-31”的押金为 0.00 元。"

    def test_a_bill_that_was_paid_is_named_at_the_counter(self, site, shop, rent, drawer):
        counter.collect(shop.merchant, [rent], "Cash", D("1000.00"), CASHIER, NOW)
        again = refusal(
            site, lambda: counter.collect(shop.merchant, [rent], "Cash", D("1000.00"), CASHIER, NOW)
        )
        assert again == "费用“A01 2026-10 租金”当前不可缴纳。"

    def test_a_bill_that_was_paid_is_named_when_it_is_waived(self, site, shop, rent, drawer):
        counter.collect(shop.merchant, [rent], "Cash", D("1000.00"), CASHIER, NOW)
        said = refusal(site, lambda: waivers.request(rent, "Principal", D("1.00"), "减免"))
        assert said == "费用“A01 2026-10 租金”没有欠款。"

    def test_a_bill_that_was_reversed_is_named(self, site, rent):
        billing.reverse(rent, "录错", NOW)
        said = refusal(site, lambda: billing.reverse(rent, "录错", NOW))
        assert said == "费用“A01 2026-10 租金”已冲正。"

    def test_a_stall_that_is_let_already_names_its_tenant(self, site, shop):
        other = factories.merchant(shop.market)
        said = refusal(
            site,
            lambda: factories.lease(
                shop.market,
                other,
                shop.stall,
                start_date=date(2026, 12, 1),
                end_date=date(2027, 12, 31),
            ),
        )
        assert said == "摊位 A01 在 2026-10-01 至 2026-12-31 期间已出租（阿明海鲜）。"

    def test_a_lease_that_was_renewed_is_named(self, site, shop):
        def renew(year):
            return lease_changes.renew(shop.lease, date(year, 12, 31), D("1000.00"), NOW)

        renew(2027)
        said = refusal(site, lambda: renew(2028))
        assert said == "租约“A01 阿明海鲜，2026-10-01 至 2026-12-31”已经续租。"

    def test_a_session_that_was_closed_is_named_by_its_cashier(self, site, shop, drawer):
        counted = cashiers.expected(drawer)
        cashiers.close_session(drawer, counted, CASHIER, NOW)
        said = refusal(site, lambda: cashiers.close_session(drawer, counted, CASHIER, NOW))
        assert said == f"班次“{labels.session(drawer)}”已经结束。"

    def test_a_session_that_keeps_the_month_open_is_named_by_its_cashier(self, shop, drawer):
        assert cashiers.open_matters(shop.market, month_of("2026-11")) == [
            f"班次“{labels.session(drawer)}”还没有结束。"
        ]

    def test_a_lease_that_has_been_terminated_is_named(self, site, shop):
        def terminate():
            return lease_changes.terminate(shop.lease, date(2026, 10, 31), "退租", NOW)

        terminate()
        said = refusal(site, terminate)
        assert said.startswith("租约“A01 阿明海鲜，2026-10-01 至 2026-12-31”的状态是")

    def test_an_invoice_number_that_is_taken_names_the_receipt(self, site, shop, drawer):
        def paid_and_asked(period):
            bill = factories.rent_bill(shop, period, NOW.date())
            receipt = counter.collect(shop.merchant, [bill], "Cash", D("1000.00"), CASHIER, NOW).receipt
            return receipt, invoices.request(receipt, "某公司", None, OTHER, NOW)

        receipt, first = paid_and_asked("2026-10")
        _receipt, second = paid_and_asked("2026-11")
        number = "26467000000123456789"
        invoices.issue(first, number, CASHIER, NOW)
        said = refusal(site, lambda: invoices.issue(second, number, CASHIER, NOW))
        assert said == f"发票号码 {number} 已用于收据 {receipt}。"
