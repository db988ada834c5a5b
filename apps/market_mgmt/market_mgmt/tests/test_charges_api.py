"""The office's methods: who may do what, in which market."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from market_mgmt.api import staff as api
from market_mgmt.services import billing, leases, ledger
from market_mgmt.tests import factories

D = Decimal
NOW = datetime(2026, 11, 5, 10)


@pytest.fixture
def shop(site, monkeypatch):
    monkeypatch.setattr("cn_connect.clock.now", lambda: NOW)
    monkeypatch.setattr("cn_connect.clock.today", NOW.date)
    return factories.shop(rent="1000.00")


def test_finance_bills_a_month_and_the_cashier_collects_it(site, shop):
    finance, cashier, supervisor = (
        factories.staff(shop.market, f"Market {role}") for role in ("Finance", "Cashier", "Supervisor")
    )
    site.set_user(finance)
    run = api.generate_bills(shop.market, "2026-10")
    assert (len(run["created"]), run["skipped"]) == (1, [])
    # another person looks at them, and publishes them
    site.set_user(supervisor)
    assert api.publish_bills(run["created"]) == {"published": 0}  # not before somebody has looked at them
    assert api.review_bills(run["created"]) == {"reviewed": 1}
    assert api.publish_bills(run["created"]) == {"published": 1}
    assert api.publish_bills(run["created"]) == {"published": 0}
    site.set_user(cashier)
    session = api.open_session(shop.market, D("200.00"))["name"]
    taken = api.collect(shop.merchant, run["created"], "Cash", D("1000.00"))
    assert taken["receipt"] == f"{shop.market}-2026-000001"
    # and a supervisor takes it back
    site.set_user(supervisor)
    assert api.reverse_payment(taken["payment_order"], "假币") == {"fees": run["created"]}
    # and the drawer is counted
    site.set_user(cashier)
    closed = api.close_session(session, {"Cash": D("200.00")})
    assert (closed["status"], set(closed["differences"].values())) == ("Closed", {"0.00"})


def test_a_button_clicked_twice_takes_money_once(site, shop, monkeypatch):
    cashier = factories.staff(shop.market, "Market Cashier")
    lease = factories.shop(shop.market, deposit=3000.0)
    site.set_user(cashier)
    api.open_session(shop.market, D("200.00"))
    api.collect(shop.merchant, [], "Cash", D("500.00"))
    with pytest.raises(site.DuplicateEntryError, match="500"):
        api.collect(shop.merchant, [], "Cash", D("500.00"))
    api.take_deposit(lease.lease, "POS", D("100.00"))
    with pytest.raises(site.DuplicateEntryError):
        api.take_deposit(lease.lease, "POS", D("100.00"))
    # another amount, way, merchant or purpose is another payment, and so is what the cashier says is one
    api.collect(shop.merchant, [], "Cash", D("500.01"))
    api.collect(shop.merchant, [], "Transfer", D("500.00"))
    api.collect(lease.merchant, [], "Cash", D("500.00"))
    api.collect(lease.merchant, [], "POS", D("100.00"))
    api.collect(shop.merchant, [], "Cash", D("500.00"), again=True)
    # or what comes later
    monkeypatch.setattr("cn_connect.clock.now", lambda: NOW + timedelta(minutes=1))
    api.collect(shop.merchant, [], "Cash", D("500.00"))
    assert ledger.prepaid_balance(shop.merchant) == D("2500.01")


def test_what_a_reversal_or_a_refund_opens_is_shown_before(site, shop, monkeypatch):
    # given 1300.00, of which 1000.00 paid October and the rest part of November, twelve days late now
    rent = factories.rent_bill(shop)
    cashier, supervisor = (
        factories.staff(shop.market, f"Market {role}") for role in ("Cashier", "Supervisor")
    )
    taken = factories.collect(shop.merchant, [], "Transfer", D("1300.00"), cashier, NOW)
    [november] = factories.bills(shop.market, "2026-11", date(2026, 12, 1))
    later = datetime(2026, 12, 20, 10)
    monkeypatch.setattr("cn_connect.clock.now", lambda: later)
    monkeypatch.setattr("cn_connect.clock.today", later.date)
    site.set_user(supervisor)
    shown = api.preview_reversal(taken.order)
    assert [(one["fee"], one["taken_off"], one["principal"], one["late_fee"]) for one in shown["fees"]] == [
        (rent, "1000.00", "1000.00", "21.00"),
        (november, "300.00", "1000.00", "6.00"),
    ]
    assert (shown["balance"], shown["refunded"], shown["deposits"]) == ("0.00", "0.00", [])
    # a part that goes back opens what was paid last
    part = api.preview_refund(taken.order, D("400.00"))["fees"]
    assert [(one["fee"], one["taken_off"]) for one in part] == [(rent, "100.00"), (november, "300.00")]
    # nothing has happened yet, and what happens is what was shown
    assert ledger.fee_balance(rent) == (D("0.00"), D("0.00"))
    api.open_session(shop.market, D("0.00"))
    assert api.reverse_payment(taken.order, "退票") == {"fees": sorted([rent, november])}
    owed = {row.name: row for row in ledger.open_fees(later.date(), merchant=shop.merchant)}
    assert [(one["principal"], one["late_fee"]) for one in shown["fees"]] == [
        (str(owed[name].principal), str(owed[name].late_fee)) for name in (rent, november)
    ]


def test_nobody_closes_the_session_of_another_cashier(site, shop):
    one, other = (factories.staff(shop.market, "Market Cashier") for _ in range(2))
    site.set_user(one)
    session = api.open_session(shop.market, D("0.00"))["name"]
    site.set_user(other)
    with pytest.raises(site.PermissionError):
        api.close_session(session, {})


def test_a_lease_is_renewed_and_another_terminated(site, shop):
    leaving = factories.shop(shop.market)
    site.set_user(factories.staff(shop.market, "Market Supervisor"))
    name = api.renew_lease(shop.lease, date(2029, 12, 31), D("1100.00"))["name"]
    assert site.db.get_value("Lease", name, "start_date") == date(2029, 1, 1)
    done = api.terminate_lease(leaving.lease, date(2026, 11, 4), "退租")
    assert (done["reversed"], len(done["drafted"]), done["skipped"]) == ([], 1, [])


def test_a_deposit_is_taken_and_settled(site, shop):
    # rent of 3000 for November, of which 4 days of 30
    rented = factories.shop(shop.market, deposit=500, end_date=date(2026, 11, 4))
    site.set_user(factories.staff(shop.market, "Market Cashier", "Market Finance"))
    api.open_session(shop.market, D("0.00"))
    assert api.take_deposit(rented.lease, "Cash", D("500.00"))["receipt"]
    leases.end_expired(NOW.date())
    with pytest.raises(site.ValidationError, match="2026-11 租金"):
        api.settle_deposit(rented.lease, "租约到期")
    factories.bills(shop.market, "2026-11", NOW.date())
    settled = api.settle_deposit(rented.lease, "租约到期")
    assert settled == {
        "prepaid_balance": "100.00",
        "leases_paid": [rented.lease],
        "opening_deposit": None,
    }


def test_what_a_lease_brought_along_is_recorded_and_corrected(site, shop):
    rented = factories.shop(shop.market, deposit=500)
    site.set_user(factories.staff(shop.market, "Market Finance"))
    opened = api.record_opening(rented.lease, "旧账本", D("500.00"), D("20.00"))
    assert opened == {"deposit": "500.00", "balance": "20.00"}
    assert api.record_opening(rented.lease, "抄错了", balance=D("2.00")) == {
        "deposit": "500.00",
        "balance": "2.00",
    }
    assert ledger.prepaid_balance(rented.merchant) == D("2.00")
    with pytest.raises(site.ValidationError, match="500"):
        api.record_opening(rented.lease, "抄错了", deposit=D("500.01"))


def test_a_renewal_that_has_not_begun_is_withdrawn(site, shop):
    site.set_user(factories.staff(shop.market, "Market Supervisor"))
    name = api.renew_lease(shop.lease, date(2029, 12, 31), D("1100.00"))["name"]
    assert api.withdraw_renewal(name, "不续了") == {"reversed": [], "withdrawn": [name]}
    # leaving early does it by itself
    again = api.renew_lease(shop.lease, date(2029, 12, 31), D("1100.00"))["name"]
    assert api.terminate_lease(shop.lease, NOW.date(), "退租")["withdrawn"] == [again]


def test_another_market_is_out_of_reach(site, shop):
    elsewhere = factories.shop()
    bill = factories.rent_bill(elsewhere)
    meter = factories.meter(elsewhere)
    held = factories.reading(meter, "2026-10", "0").created
    site.set_user(factories.staff(shop.market, *OFFICE))
    for attempt in (
        lambda: api.generate_bills(elsewhere.market, "2026-11"),
        lambda: api.publish_bills([bill]),
        lambda: api.review_bills([bill]),
        lambda: api.collect(elsewhere.merchant, [bill], "Cash", D("1.00")),
        lambda: api.open_session(elsewhere.market, D("0.00")),
        lambda: api.take_deposit(elsewhere.lease, "Cash", D("1.00")),
        lambda: api.renew_lease(elsewhere.lease, date(2029, 12, 31), D("1.00")),
        lambda: api.terminate_lease(elsewhere.lease, NOW.date(), "x"),
        lambda: api.withdraw_renewal(elsewhere.lease, "x"),
        lambda: api.record_opening(elsewhere.lease, "x", D("1.00")),
        lambda: api.settle_deposit(elsewhere.lease, "x"),
        lambda: api.create_fee(elsewhere.lease, "Management", D("1.00"), "x"),
        lambda: api.reverse_bill(bill, "x"),
        lambda: api.confirm_readings(held),
        lambda: api.void_reading(held[0], "x"),
        lambda: api.read_at_handover(meter, D("1"), NOW.date()),
        lambda: api.close_month(elsewhere.market, "2026-10"),
    ):
        with pytest.raises(site.PermissionError):
            attempt()


def test_a_clerk_reads_a_meter_when_a_stall_changes_hands(site, shop):
    meter = factories.meter(shop)
    site.set_user(factories.staff(shop.market, "Market Clerk"))
    name = api.read_at_handover(meter, D("12.5"), date(2026, 11, 4))["name"]
    assert site.db.get_value("Meter Reading", name, ["kind", "consumption"]) == ("Handover", 12.5)


def test_the_late_fee_of_a_bill_is_derived_step_by_step(site, shop):
    rent = factories.rent_bill(shop, "2026-10", date(2026, 10, 20))  # due on the 27th
    site.set_user(factories.staff(shop.market, "Market Cashier"))
    derived = api.late_fee_derivation(rent, date(2026, 10, 31))
    assert (derived["amount"], derived["cap"], derived["capped"]) == ("2.00", "200.00", False)
    assert derived["steps"] == [
        {
            "first_day": "2026-10-28",
            "last_day": "2026-10-31",
            "principal": "1000.00",
            "daily_rate": "0.0005",
            "days": 4,
            "amount": "2.00",
        }
    ]


def test_finance_closes_a_month(site, shop, monkeypatch):
    factories.rent_bill(shop, "2026-10", date(2026, 10, 20))
    monkeypatch.setattr(site.db, "commit", lambda: None)
    site.set_user(factories.staff(shop.market, "Market Finance"))
    assert api.close_month(shop.market, "2026-10") == {"name": f"{shop.market}-2026-10"}


OFFICE = ("Market Finance", "Market Cashier", "Market Clerk", "Market Supervisor")


@pytest.mark.parametrize("role", ["Market Clerk", "Market Leader", "Market Merchant"])
def test_not_everybody_bills_or_collects(site, shop, role):
    site.set_user(factories.staff(shop.market, role))
    for attempt in (
        lambda: api.generate_bills(shop.market, "2026-10"),
        lambda: api.publish_bills([]),
        lambda: api.collect(shop.merchant, [], "Cash", D("1.00")),
        lambda: api.reverse_payment("x", "x"),
    ):
        with pytest.raises(site.PermissionError):
            attempt()


def test_a_clerk_confirms_and_voids_readings(site, shop):
    first = factories.reading(factories.meter(shop), "2026-10", "0").created
    second = factories.reading(factories.meter(shop), "2026-10", "0").created
    site.set_user(factories.staff(shop.market, "Market Clerk"))
    assert api.confirm_readings(first) == {"confirmed": 1}
    assert api.void_reading(second[0], "抄错") == {"name": second[0], "status": "Void"}
    with pytest.raises(site.DoesNotExistError):
        api.confirm_readings(["nothing"])


def test_a_one_off_fee_is_drafted_published_and_reversed(site, shop):
    site.set_user(factories.staff(shop.market, "Market Finance"))
    name = api.create_fee(shop.lease, "Management", D("50.00"), "补办门禁卡")["name"]
    site.set_user(factories.staff(shop.market, "Market Finance"))
    api.review_bills([name])
    api.publish_bills([name])
    assert ledger.fee_balance(name)[0] == D("50.00")
    assert api.reverse_bill(name, "录错")["status"] == "Reversed"
    with pytest.raises(site.ValidationError):
        api.create_fee(shop.lease, "Management", D("0.005"), "half a cent")


@pytest.fixture
def draft(site, shop):
    """A bill that the finance clerk who is signed in has generated."""
    site.set_user(factories.staff(shop.market, "Market Finance"))
    return api.generate_bills(shop.market, "2026-10")["created"]


def test_who_generates_a_bill_neither_reviews_nor_publishes_it(site, shop, draft):
    clerk = site.session.user
    with pytest.raises(site.PermissionError):
        api.review_bills(draft)
    site.set_user(factories.staff(shop.market, "Market Supervisor"))
    api.review_bills(draft)
    site.set_user(clerk)
    with pytest.raises(site.PermissionError):
        api.publish_bills(draft)
    assert site.db.get_value("Fee", draft[0], ["status", "generated_by"]) == ("Reviewed", clerk)


def test_a_one_off_fee_needs_two_people_as_well(site, shop):
    site.set_user(factories.staff(shop.market, "Market Finance"))
    name = api.create_fee(shop.lease, "Management", D("50.00"), "补办门禁卡")["name"]
    with pytest.raises(site.PermissionError):
        api.review_bills([name])


def test_one_person_does_all_where_the_market_does_not_ask_for_two(site, shop, draft):
    site.db.set_value("Market", shop.market, "bills_by_two_people", 0)
    api.review_bills(draft)
    assert api.publish_bills(draft) == {"published": 1}


def test_what_the_system_has_drafted_anybody_of_finance_publishes(site, shop):
    names = billing.generate(shop.market, "2026-10", NOW.date()).created
    clerk = factories.staff(shop.market, "Market Finance")
    site.set_user(clerk)
    api.review_bills(names)
    assert api.publish_bills(names) == {"published": 1}
    assert site.db.get_value("Fee", names[0], "published_by") == clerk


def test_only_a_supervisor_dates_a_bill_back_and_says_why(site, shop, draft):
    early = date(2026, 10, 1)
    other, supervisor = (factories.staff(shop.market, f"Market {role}") for role in ("Finance", "Supervisor"))
    site.set_user(other)
    api.review_bills(draft)
    with pytest.raises(site.PermissionError):
        api.publish_bills(draft, early, "补记")
    site.set_user(supervisor)
    for nothing in (None, " "):
        with pytest.raises(site.ValidationError, match="2026-11-05"):
            api.publish_bills(draft, early, nothing)
    assert api.publish_bills(draft, early, "合同约定十月一日出账") == {"published": 1}
    found = site.db.get_value("Fee", draft[0], ["bill_date", "early_date_reason", "published_by"])
    assert found == (early, "合同约定十月一日出账", supervisor)


def test_the_future_is_for_test_sites(site, shop):
    site.set_user(factories.staff(shop.market, "Market Finance"))
    allowed, site.local.conf["allow_tests"] = site.local.conf.get("allow_tests"), 0
    try:
        with pytest.raises(site.ValidationError):
            api.generate_bills(shop.market, "2026-10", date(2026, 11, 6))
    finally:
        site.local.conf["allow_tests"] = allowed
