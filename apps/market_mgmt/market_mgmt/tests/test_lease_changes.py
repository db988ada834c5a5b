"""Scenarios: the rent changes while a lease runs, the lease is renewed, or ends before its time."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from cn_connect.money import yuan
from market_mgmt.services import (
    billing,
    bindings,
    counter,
    deposits,
    lease_changes,
    leases,
    ledger,
    meter_changes,
)
from market_mgmt.tests import factories

D = Decimal
NOV_1 = date(2026, 11, 1)
OCT_20 = datetime(2026, 10, 20, 10)


def amounts(site, names):
    return {fee.fee_type: yuan(fee.amount) for fee in (site.get_doc("Fee", name) for name in names)}


def change_rent(site, lease, day, rent):
    document = site.get_doc("Lease", lease)
    document.append("rent_changes", {"effective_from": day, "monthly_rent": rent})
    return document.save(ignore_permissions=True)


def held(shop):
    """Its deposit of 5000 taken."""
    factories.at_counter(shop.market, "Administrator", OCT_20)
    counter.take_deposit(shop.lease, "Transfer", D("5000.00"), "Administrator", OCT_20)
    return shop


def second_account(site, shop):
    """Another account that acts for the shop."""
    user = factories.tenant(factories.shop(shop.market))
    values = {"user": user, "openid": "o-second", "proof": "Clerk", "bound_at": OCT_20, **vars(shop)}
    site.get_doc({"doctype": "Stall Binding", **values}).insert(ignore_permissions=True)
    return user


def revoked_helper(site, shop):
    user = second_account(site, shop)
    bindings.revoke(
        site.db.get_value("Stall Binding", {"user": user, "lease": shop.lease}), "Administrator", OCT_20
    )
    return user


class TestRentChange:
    def test_a_change_in_mid_month_splits_the_bill_by_days(self, site):
        shop = factories.shop(rent="3100.00")
        change_rent(site, shop.lease, date(2026, 10, 11), 6200)
        name = billing.generate(shop.market, "2026-10", NOV_1).created[0]
        fee = site.get_doc("Fee", name)
        assert [(line.days, line.amount) for line in fee.lines] == [(10, 1000.0), (21, 4200.0)]
        assert yuan(fee.amount) == D("5200.00")

    def test_what_is_billed_is_not_changed_underneath(self, site):
        shop = factories.shop(rent="3100.00")
        factories.rent_bill(shop)
        with pytest.raises(site.ValidationError, match="2026-10-31"):
            change_rent(site, shop.lease, date(2026, 10, 11), 6200)
        lease = site.get_doc("Lease", shop.lease)
        lease.monthly_rent = 1
        with pytest.raises(site.ValidationError, match="2026-10-31"):
            lease.save(ignore_permissions=True)

    @pytest.mark.parametrize("days", [[date(2029, 1, 1)], [date(2026, 11, 5), date(2026, 11, 5)]])
    def test_changes_outside_the_lease_or_twice_on_a_day_are_refused(self, site, days):
        shop = factories.shop()
        lease = site.get_doc("Lease", shop.lease)
        for day in days:
            lease.append("rent_changes", {"effective_from": day, "monthly_rent": 1})
        with pytest.raises(site.ValidationError):
            lease.save(ignore_permissions=True)


class TestRenewal:
    def test_the_next_lease_begins_the_day_after_with_the_deposit(self, site):
        shop = factories.shop(rent="3000.00", end_date=date(2026, 10, 31), deposit=5000)
        now = datetime(2026, 10, 20, 9)
        factories.at_counter(shop.market, "Administrator", now)
        counter.take_deposit(shop.lease, "Transfer", D("5000.00"), "Administrator", now)
        # when
        name = lease_changes.renew(shop.lease, date(2027, 10, 31), D("3300.00"), now)
        # then
        lease = site.get_doc("Lease", name)
        assert (lease.start_date, lease.monthly_rent, lease.cycle) == (date(2026, 11, 1), 3300.0, "Monthly")
        assert (lease.status, lease.renewed_from) == ("Active", shop.lease)
        assert deposits.held([shop.lease, name]) == {shop.lease: D("0.00"), name: D("5000.00")}
        assert ledger.check(shop.market) == []
        with pytest.raises(site.ValidationError):
            lease_changes.renew(shop.lease, date(2028, 10, 31), D("1.00"), now)

    def test_the_tenant_s_account_goes_on_with_the_next_lease(self, site):
        shop = factories.shop(end_date=date(2026, 10, 31))
        user = factories.tenant(shop)
        name = lease_changes.renew(shop.lease, date(2027, 10, 31), D("3300.00"), OCT_20)
        leases.end_expired(NOV_1)
        bound = site.get_all("Stall Binding", {"user": user}, ["lease", "revoked"])
        assert {row.lease: row.revoked for row in bound} == {shop.lease: 1, name: 0}

    def test_signed_late_it_takes_up_the_bindings_that_ended_with_the_lease(self, site):
        # given a tenant, a helper whom the office has revoked, and an account that was closed since
        shop = factories.shop(end_date=date(2026, 10, 31))
        user = factories.tenant(shop)
        helper, closed = revoked_helper(site, shop), second_account(site, shop)
        leases.end_expired(NOV_1)
        site.db.set_value("User", closed, "enabled", 0)
        # when the lease is renewed some days after its end
        name = lease_changes.renew(shop.lease, date(2027, 10, 31), D("3300.00"), datetime(2026, 11, 3, 9))
        bound = site.get_all("Stall Binding", {"lease": name, "revoked": 0}, pluck="user")
        assert bound == [user]
        assert helper not in bound

    def test_a_lease_without_an_end_is_not_renewed(self, site):
        # such leases were entered before the end was checked
        shop = factories.shop()
        site.db.set_value("Lease", shop.lease, "end_date", date.max)
        with pytest.raises(site.ValidationError, match="终止日"):
            lease_changes.renew(shop.lease, date.max, D("1.00"), OCT_20)

    def test_a_lease_that_was_terminated_is_not_renewed(self, site):
        shop = factories.shop()
        factories.terminate(shop.lease, OCT_20.date())
        with pytest.raises(site.ValidationError, match="不能续租"):
            lease_changes.renew(shop.lease, date(2029, 10, 31), D("1.00"), OCT_20)

    def test_a_leap_day_is_a_day_like_any_other(self, site):
        shop = factories.shop(end_date=date(2028, 2, 28))
        now = datetime(2028, 2, 28, 9)
        name = lease_changes.renew(shop.lease, date(2028, 2, 29), D("2900.00"), now)
        last = lease_changes.renew(name, date(2029, 2, 28), D("2900.00"), now)
        days = site.get_all(
            "Lease", {"name": ["in", [name, last]]}, ["start_date", "end_date"], order_by="start_date"
        )
        assert [(row.start_date, row.end_date) for row in days] == [
            (date(2028, 2, 29), date(2028, 2, 29)),
            (date(2028, 3, 1), date(2029, 2, 28)),
        ]
        # and its rent is that of one day of 29
        drafts = billing.generate(shop.market, "2028-02", date(2028, 3, 1), name).created
        assert amounts(site, drafts) == {"Rent": D("100.00")}

    def test_only_an_active_lease_is_renewed(self, site):
        shop = factories.shop(status="Draft")
        with pytest.raises(site.ValidationError):
            lease_changes.renew(shop.lease, date(2029, 10, 31), D("1.00"), OCT_20)


class TestWithdrawal:
    def test_of_several_renewals_the_deposit_comes_back_all_the_way(self, site):
        # given a lease that was renewed ahead twice
        shop, now = held(factories.shop(end_date=date(2026, 12, 31), deposit=5000)), OCT_20
        first = lease_changes.renew(shop.lease, date(2027, 12, 31), D("3000.00"), now)
        second = lease_changes.renew(first, date(2028, 12, 31), D("3000.00"), now)
        assert deposits.held([second])[second] == D("5000.00")
        # when the tenant leaves
        done = lease_changes.terminate(shop.lease, now.date(), "退租", now)
        # then both are withdrawn, the stall is free and the deposit stands for the lease that ends
        assert done.withdrawn == (second, first)
        assert deposits.held([shop.lease])[shop.lease] == D("5000.00")
        factories.lease(
            shop.market, factories.merchant(shop.market), shop.stall, start_date=date(2026, 10, 21)
        )
        assert ledger.check(shop.market) == []

    def test_the_lease_goes_on_as_before_and_can_be_renewed_again(self, site):
        shop = held(factories.shop(end_date=date(2026, 12, 31), deposit=5000))
        user = factories.tenant(shop)
        name = lease_changes.renew(shop.lease, date(2027, 12, 31), D("3000.00"), OCT_20)
        for _time in range(2):  # twice changes nothing
            lease_changes.withdraw(name, "不续了", OCT_20)
        assert site.db.get_value("Lease", shop.lease, "status") == "Active"
        assert site.get_all("Stall Binding", {"revoked": 0, "user": user}, pluck="lease") == [shop.lease]
        again = lease_changes.renew(shop.lease, date(2027, 6, 30), D("3000.00"), OCT_20)
        assert deposits.held([shop.lease, again]) == {shop.lease: D("0.00"), again: D("5000.00")}
        # and the end of the lease binds the tenant to the one that stands
        leases.end_expired(date(2027, 1, 1))
        assert site.get_all("Stall Binding", {"revoked": 0, "user": user}, pluck="lease") == [again]

    def test_a_lease_signed_ahead_is_withdrawn_and_its_deposit_goes_back(self, site):
        shop = held(factories.shop(start_date=date(2026, 12, 1), deposit=5000))
        done = lease_changes.withdraw(shop.lease, "不租了", OCT_20)
        assert done.withdrawn == (shop.lease,)
        assert billing.generate(shop.market, "2026-12", date(2027, 1, 1)).created == []
        assert deposits.settle(shop.lease, OCT_20.date(), "不租了") == (D("5000.00"), [])

    @pytest.mark.parametrize("start", [OCT_20.date(), date(2026, 1, 1)])
    def test_what_has_begun_is_terminated_instead(self, site, start):
        shop = factories.shop(start_date=start)
        with pytest.raises(site.ValidationError):
            lease_changes.withdraw(shop.lease, "不租了", OCT_20)

    def test_it_needs_a_reason(self, site):
        shop = factories.shop(start_date=date(2026, 12, 1))
        with pytest.raises(site.ValidationError):
            lease_changes.withdraw(shop.lease, " ", OCT_20)


class TestTermination:
    def test_bills_beyond_the_last_day_are_drafted_anew_up_to_it(self, site):
        # given a quarter's rent from August on, billed in advance and paid
        shop = factories.shop(rent="3100.00", cycle="Quarterly", start_date=date(2026, 8, 1))
        factories.tariff(shop.market, "Water", "2.00")
        meter = factories.meter(shop)
        quarter = factories.rent_bill(shop, "2026-08", date(2026, 8, 1))
        factories.collect(
            shop.merchant, [quarter], "Cash", D("9300.00"), "Administrator", datetime(2026, 8, 3, 9)
        )
        # when it ends on 10 October, the meter read on that day
        meter_changes.read_at_handover(meter, D("30"), date(2026, 10, 10), OCT_20.date())
        done = lease_changes.terminate(shop.lease, date(2026, 10, 10), "提前退租", OCT_20)
        # then there is a draft for August, September and ten days of October, one for the water
        assert done.reversed == (quarter,)
        assert done.skipped == ()
        assert amounts(site, done.drafted) == {"Rent": D("7200.00"), "Water": D("60.00")}
        assert ledger.prepaid_balance(shop.merchant) == D("9300.00")
        # and publishing them leaves the rest as balance
        for period in ("2026-08", "2026-10"):
            factories.publish(shop.market, period, OCT_20.date())
        assert ledger.prepaid_balance(shop.merchant) == D("2040.00")
        assert ledger.check(shop.market) == []

    def test_a_meter_that_was_not_read_is_named(self, site):
        shop = factories.shop()
        factories.tariff(shop.market, "Water", "2.00")
        factories.meter(shop, meter_no="W-LEFT")
        done = lease_changes.terminate(shop.lease, date(2026, 10, 10), "提前退租", OCT_20)
        assert "W-LEFT" in dict(done.skipped)[shop.stall]

    @pytest.mark.parametrize(
        ("last_day", "reason"),
        [(date(2026, 10, 21), "明天"), (date(2020, 1, 1), "早于起租"), (date(2026, 10, 10), " ")],
    )
    def test_the_future_a_day_outside_the_lease_and_no_reason_are_refused(self, site, last_day, reason):
        shop = factories.shop()
        with pytest.raises(site.ValidationError):
            lease_changes.terminate(shop.lease, last_day, reason, OCT_20)


class TestWhatStands:
    """What bills and the ledger build on does not change underneath."""

    @pytest.mark.parametrize(("end", "new_end"), [("2026-10-15", "2026-12-31"), ("2026-12-31", "2026-10-15")])
    def test_the_end_is_not_moved_within_the_days_that_are_billed(self, site, end, new_end):
        # given the rent of October, for the days up to the lease's end
        shop = factories.shop(end_date=date.fromisoformat(end))
        factories.rent_bill(shop)
        lease = site.get_doc("Lease", shop.lease)
        lease.end_date = date.fromisoformat(new_end)
        with pytest.raises(site.ValidationError, match="2026-10-31"):
            lease.save(ignore_permissions=True)

    def test_nor_within_the_days_of_another_fee(self, site):
        # given a lease without rent that is billed for its water
        shop = factories.shop(rent="0.00")
        factories.tariff(shop.market, "Water", "2.00")
        factories.reading(factories.meter(shop), "2026-10", "30", date(2026, 10, 31))
        factories.bills(shop.market, "2026-10", NOV_1)
        lease = site.get_doc("Lease", shop.lease)
        lease.end_date = date(2026, 10, 15)
        with pytest.raises(site.ValidationError, match="2026-10-31"):
            lease.save(ignore_permissions=True)

    def test_the_end_is_moved_after_the_days_that_are_billed(self, site):
        shop = factories.shop(end_date=date(2026, 10, 31))
        factories.rent_bill(shop)
        lease = site.get_doc("Lease", shop.lease)
        lease.end_date = date(2026, 12, 31)
        lease.save(ignore_permissions=True)
        assert len(billing.generate(shop.market, "2026-11", NOV_1).created) == 1

    def test_merchant_and_stall_stay_once_there_are_bills_or_money(self, site):
        shop = factories.shop()
        factories.rent_bill(shop)
        for field, other in [
            ("merchant", factories.merchant(shop.market)),
            ("stall", factories.stall(shop.market)),
        ]:
            lease = site.get_doc("Lease", shop.lease)
            lease.set(field, other)
            with pytest.raises(site.ValidationError):
                lease.save(ignore_permissions=True)

    def test_the_day_of_a_termination_stays(self, site):
        shop = factories.shop()
        lease_changes.terminate(shop.lease, date(2026, 10, 20), "提前退租", OCT_20)
        lease = site.get_doc("Lease", shop.lease)
        lease.terminated_on = date(2026, 10, 5)
        with pytest.raises(site.ValidationError, match="2026-10-20"):
            lease.save(ignore_permissions=True)

    def test_the_days_of_a_lease_that_has_ended_are_not_let_again(self, site):
        # given a lease that was terminated on the 15th
        shop = factories.shop()
        lease_changes.terminate(shop.lease, date(2026, 10, 15), "提前退租", OCT_20)
        tenant = factories.merchant(shop.market)
        # then the next begins on the 16th and not before
        with pytest.raises(site.ValidationError, match="2026-10-15"):
            factories.lease(shop.market, tenant, shop.stall, start_date=date(2026, 10, 15))
        factories.lease(shop.market, tenant, shop.stall, start_date=date(2026, 10, 16))
