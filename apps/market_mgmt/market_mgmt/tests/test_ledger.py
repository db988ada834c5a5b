"""The ledger keeps what was written: nobody changes or deletes an entry, and every difference is found."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from market_mgmt import annotations
from market_mgmt.domain.ledger import Posting
from market_mgmt.services import ledger, ledger_guard, payments, terms
from market_mgmt.services.late_fees import accrue_market
from market_mgmt.tests import factories

D = Decimal


@pytest.fixture
def entry(site, rent):
    return site.get_doc("Account Entry", {"fee": rent})


def test_not_even_administrator_changes_an_entry(site, entry):
    entry.amount = 1
    with pytest.raises(site.PermissionError):
        entry.save(ignore_permissions=True)


def test_not_even_administrator_deletes_an_entry(site, entry):
    with pytest.raises(site.PermissionError):
        site.delete_doc("Account Entry", entry.name, ignore_permissions=True, force=True)


def test_nobody_writes_an_entry_by_hand(site, entry):
    with pytest.raises(site.PermissionError):
        site.copy_doc(entry).insert(ignore_permissions=True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE `tabAccount Entry` SET amount = 1 WHERE name = %s",
        "DELETE FROM `tabAccount Entry` WHERE name = %s",
    ],
)
def test_the_database_refuses_too(site, entry, statement):
    with pytest.raises(Exception, match="never changed or deleted"):
        site.db.sql(statement, [entry.name])


def test_the_triggers_may_be_installed_again(site):
    ledger_guard.install()


def comment(entry):
    entry.add_comment("Comment", "已核对")


def tag(entry):
    annotations.add_tag("待查", entry.doctype, entry.name)


def tag_several(entry):
    annotations.add_tags(["待查"], entry.doctype, [entry.name])


def like(entry):
    annotations.toggle_like(entry.doctype, entry.name, add="Yes")


@pytest.mark.parametrize("annotate", [comment, tag, tag_several, like])
def test_nothing_is_hung_on_an_entry(site, entry, annotate):
    with pytest.raises(site.PermissionError, match="不能加标签、点赞、评论或指派"):
        annotate(entry)


def test_frappe_asks_the_ledger_before_it_tags_or_likes(site):
    for method in ("frappe.desk.doctype.tag.tag.add_tag", "frappe.desk.like.toggle_like"):
        assert site.get_hooks("override_whitelisted_methods")[method][-1].startswith(
            "market_mgmt.annotations."
        )


def test_a_bill_may_be_commented(site, rent):
    site.get_doc("Fee", rent).add_comment("Comment", "商户已来电")
    assert site.db.exists("Comment", {"reference_doctype": "Fee", "reference_name": rent})


def test_a_voucher_posts_once(site, shop, rent):
    posting = Posting(
        *(
            shop.market,
            shop.merchant,
            date(2026, 11, 1),
            "Payment",
            "Cash",
            "Prepaid",
            D("5.00"),
            f"twice|{rent}",
        )
    )
    ledger.post([posting])
    with pytest.raises(site.DuplicateEntryError):
        ledger.post([posting])


def test_late_fees_are_posted_once_per_amount_owed(site, shop, rent):
    assert accrue_market(shop.market, date(2026, 11, 8)) == 0
    assert accrue_market(shop.market, date(2026, 11, 10)) == D("1.00")
    assert accrue_market(shop.market, date(2026, 11, 10)) == 0
    assert accrue_market(shop.market, date(2026, 11, 30)) == D("10.00")
    # an older day posts nothing and takes nothing back
    assert accrue_market(shop.market, date(2026, 11, 12)) == 0
    assert ledger.fee_balance(rent) == (D("1000.00"), D("11.00"))
    assert accrue_market(shop.market, date(2030, 1, 1)) == D("189.00")  # up to the cap of 20 %
    assert ledger.check(shop.market) == []


def test_what_is_shown_needs_no_posting(site, shop, rent):
    row = ledger.open_fees(date(2026, 11, 11), lease=shop.lease)[0]
    assert (row.principal, row.late_fee, row.total) == (D("1000.00"), D("1.50"), D("1001.50"))
    assert row.days_overdue(date(2026, 11, 11)) == 3
    assert ledger.fee_balance(rent) == (D("1000.00"), D("0.00"))


def test_a_published_bill_is_neither_edited_nor_deleted(site, rent):
    fee = site.get_doc("Fee", rent)
    fee.amount = 1
    for change in (fee.save, lambda: site.delete_doc("Fee", rent, force=True)):
        with pytest.raises(site.PermissionError):
            change()


def test_a_cache_that_differs_is_found_and_rebuilt(site, shop, rent):
    # given a figure that somebody changed behind the ledger's back
    site.db.set_value("Fee", rent, "outstanding", 1)
    found = ledger.check(shop.market)
    assert [(violation.rule, violation.document) for violation in found] == [("cache = ledger", rent)]
    # when the caches are rebuilt
    assert ledger.rebuild_caches(shop.market, date(2026, 11, 20)) == 1
    assert ledger.check(shop.market) == []


def test_other_differences_are_found(site, shop, rent):
    order = factories.order(shop, [rent], datetime(2026, 11, 5))
    receipt = payments.settle(
        factories.transaction(order, datetime(2026, 11, 5)), datetime(2026, 11, 5)
    ).receipt
    damage = [
        ("Market Payment Order", order, "amount", 999, "payment = amount received"),
        ("Receipt", receipt, "number", 2, "receipt numbers are gapless"),
        ("Receipt", receipt, "amount", 999, "receipt lines add up"),
        ("Fee", rent, "status", "Published", "status = ledger"),
        ("Fee", rent, "amount", 999, "charged once"),
    ]
    for doctype, name, field, wrong, rule in damage:
        right = site.db.get_value(doctype, name, field)
        site.db.set_value(doctype, name, field, wrong)
        assert rule in {violation.rule for violation in ledger.check(shop.market)}
        site.db.set_value(doctype, name, field, right)
    assert ledger.check(shop.market) == []


def test_screens_and_printed_documents_use_the_same_words(site):
    for word, printed in {**terms.ENTRY_TYPES, **terms.ACCOUNTS}.items():
        assert site._(word, lang="zh", context="Account Entry") == printed


def test_money_that_pays_a_bill_before_it_was_charged_is_found(site, shop, rent):
    # given a bill of 1 November, paid in the books of October with money of November
    paid = datetime(2026, 11, 5, 9)
    order = factories.order(shop, [rent], paid, status="Closed", amount=100.0)
    payments.settle(factories.transaction(order, paid), paid)
    assert ledger.check(shop.market) == []
    entry = ("Allocation", "Prepaid", "Receivable", D("1.00"), "early")
    ledger.post([Posting(shop.market, shop.merchant, date(2026, 10, 31), *entry, fee=rent)])
    ledger.refresh_caches([rent], date(2026, 10, 31))
    # then both sides are named
    found = {violation.rule for violation in ledger.check(shop.market)}
    assert found == {"outstanding ≥ 0", "allocated ≤ received"}
