"""Scenarios: deposits and balances of before the system are columns of the lists, posted once as opening entries."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt.services import deposits, ledger
from market_mgmt.services.imports import arrears, merchants
from market_mgmt.tests import factories, workbooks
from market_mgmt.tests.workbooks import form, stall_row

D = Decimal
AS_OF = date(2026, 10, 31)


@pytest.fixture
def market(site):
    return factories.market()


def run(market, *rows, dry_run=False, **more):
    return merchants.run(market, form(*rows), "form.xlsx", AS_OF, dry_run, **more)


def standing(site, market):
    """Deposit held of each lease by stall number, and what is prepaid at all."""
    rows = site.get_all("Lease", {"market": market}, ["name", "stall", "merchant"])
    held = deposits.held(row.name for row in rows)
    prepaid = ledger.prepaid_balances(row.merchant for row in rows)
    found = {row.stall.removeprefix(f"{market}-"): held[row.name] for row in rows}
    return found, sum(prepaid.values(), D(0))


def test_the_form_brings_deposits_and_balances_as_opening_entries(site, market):
    result = run(market, {"已收押金": 2000, "预存余额": "300.50"}, stall_row(2, 已收押金=0))
    assert (result.status, result.rejected, result.added["Account Entry"]) == ("Posted", 0, 2)
    assert standing(site, market) == ({"A01": D("2000.00"), "A02": D("0.00")}, D("300.50"))
    entries = site.get_all("Account Entry", {"market": market}, ["entry_type", "debit_account"])
    assert {tuple(entry.values()) for entry in entries} == {("Opening", "Opening Balance")}
    assert site.db.count("Lease", {"market": market, "deposit_opened": 1}) == 2
    assert ledger.check(market) == []


def test_a_check_writes_nothing(site, market):
    result = run(market, {"已收押金": 2000, "预存余额": 300}, dry_run=True)
    assert (result.status, result.rejected) == ("Checked", 0)
    assert site.db.count("Account Entry", {"market": market}) == 0


def test_the_same_amounts_again_add_nothing(site, market):
    run(market, {"已收押金": 2000, "预存余额": 300})
    again = run(market, {"已收押金": 2000, "预存余额": 300, "位置": None})
    assert (again.added, again.unchanged, again.changes) == ({}, 1, [])
    assert standing(site, market) == ({"A01": D("2000.00")}, D("300.00"))


def test_a_list_that_comes_later_adds_what_nobody_has_said_so_far(site, market):
    run(market, {})
    later = run(market, {"已收押金": 3000})
    assert (later.added, later.unchanged) == ({"Account Entry": 1}, 0)
    assert standing(site, market)[0] == {"A01": D("3000.00")}


def test_other_amounts_are_shown_and_applied_when_a_supervisor_says_so(site, market):
    run(market, {"已收押金": 2000, "预存余额": 300})
    shown = run(market, {"已收押金": 2500, "预存余额": 100})
    assert [(one.column, one.old, one.new, one.reason) for one in shown.changes] == [
        ("已收押金", "2,000.00", "2,500.00", None),
        ("预存余额", "300.00", "100.00", None),
    ]
    assert standing(site, market) == ({"A01": D("2000.00")}, D("300.00"))
    run(market, {"已收押金": 2500, "预存余额": 100, "位置": None}, changes_by="Administrator")
    assert standing(site, market) == ({"A01": D("2500.00")}, D("100.00"))
    assert ledger.check(market) == []


@pytest.mark.parametrize("amount", ["3000.01", "-1", "1.001", "约两千"])
def test_amounts_that_cannot_be_are_refused_by_check_and_import_alike(site, market, amount):
    for dry_run in (True, False):
        result = run(market, {"已收押金": amount}, dry_run=dry_run)
        assert result.rejected == 1
    assert site.db.count("Account Entry", {"market": market}) == 0


def test_a_balance_pays_arrears_that_are_open(site, market):
    # given a lease whose September is billed and open
    run(market, {})
    factories.bills(market, "2026-09", date(2026, 10, 1))
    owed = sum(row.total for row in ledger.open_fees(AS_OF, market=market))
    run(market, {"预存余额": 500})
    assert sum(row.total for row in ledger.open_fees(AS_OF, market=market)) == owed - D("500.00")


class TestOpeningArrearsList:
    """Where leases are there already, deposits and balances come with the arrears."""

    @pytest.fixture
    def shop(self, site):
        return factories.shop(deposit=3000, end_date=date(2027, 12, 31))

    @pytest.fixture
    def stall_no(self, site, shop):
        return site.db.get_value("Stall", shop.stall, "stall_no")

    def run(self, shop, *lines):
        return arrears.run(shop.market, workbooks.arrears(*lines), "arrears.xlsx", AS_OF, False)

    def test_debts_deposit_and_balance_of_a_lease(self, site, shop, stall_no):
        lines = [
            [stall_no, "租金", "2026-09", 1500, datetime(2026, 10, 8), None],
            [stall_no, "期初押金", "2026-10", 3000, None, "收据簿"],
            [stall_no, "预存款", "2026-10", "1600.00", None, None],
        ]
        result = self.run(shop, *lines)
        assert (result.rejected, result.added) == (0, {"Fee": 1, "Account Entry": 2})
        # the balance has paid the rent of September
        assert ledger.open_fees(AS_OF, market=shop.market) == []
        assert ledger.prepaid_balance(shop.merchant) == D("100.00")
        assert deposits.held([shop.lease])[shop.lease] == D("3000.00")
        assert ledger.check(shop.market) == []
        # and the same list, with a word more, adds nothing
        again = self.run(shop, *lines[:-1], [*lines[-1][:-1], "核对过"])
        assert (again.added, again.unchanged) == ({}, 3)

    @pytest.mark.parametrize(
        "lines",
        [
            [("期初押金", 3000.01)],
            [("期初押金", 0)],
            [("期初押金", 1000), ("押金", 1000)],
        ],
    )
    def test_what_is_refused(self, site, shop, stall_no, lines):
        result = self.run(shop, *([stall_no, kind, "2026-10", amount, None, None] for kind, amount in lines))
        assert result.status == "Refused"
        assert site.db.count("Account Entry", {"market": shop.market}) == 0

    def test_another_amount_than_was_recorded_is_refused(self, site, shop, stall_no):
        self.run(shop, [stall_no, "期初押金", "2026-10", 3000, None, None])
        result = self.run(shop, [stall_no, "期初押金", "2026-10", 2000, None, None])
        assert [(error.column, "3,000.00" in error.reason) for error in result.errors] == [("欠费金额", True)]
