"""Money that went back has a paper of its own, and the receipt of the payment says what is gone of it."""

import io
from datetime import datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader

from cn_connect import sealed
from cn_connect.tests.signatures import is_genuine
from cn_connect.wechat import pay_messages
from cn_connect.www import verify as verify_page
from market_mgmt.api import merchant as merchant_api
from market_mgmt.api import public, staff
from market_mgmt.patches import number_refund_vouchers
from market_mgmt.services import (
    counter,
    ledger,
    payments,
    receipt_pdf,
    receipts,
    refund_vouchers,
    refunds,
    reports,
    wechat_refunds,
)
from market_mgmt.tests import factories

D = Decimal
NOON = datetime(2026, 11, 2, 12)
CASHIER, OTHER_PERSON = "Administrator", "Guest"


@pytest.fixture
def shop(site):
    market = factories.market(market_name="南渡江市场", receipt_title="南渡江市场管理办公室")
    shop = factories.shop(market, rent="1000.00")
    factories.rent_bill(shop)
    return shop


@pytest.fixture
def taken(shop):
    """1,200.00 in cash, 200.00 of it prepaid."""
    return factories.collect(shop.merchant, [], "Cash", D("1200.00"), CASHIER, NOON)


def refunded(shop, amount, order=None, channel="Cash", reopen=False):
    name = refunds.request(shop.merchant, D(amount), channel, "多缴", OTHER_PERSON, NOON, order, reopen)
    refunds.review(name, True, None, CASHIER, NOON)
    factories.at_counter(shop.market, CASHIER, NOON)
    refunds.pay_out(name, CASHIER, NOON, "BANK-1")
    return name


def text_of(content):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def verified(code):
    return public.verify_document(code)


def test_a_receipt_says_what_of_its_money_went_back(site, shop, taken):
    receipt = site.get_doc("Receipt", taken.receipt)
    code = receipt.verification_code
    assert (verified(code)["valid"], verified(code)["note"]) == (True, "")
    refunded(shop, "150.00", taken.order)
    refunded(shop, "50.00", taken.order)
    found = verified(code)
    assert (found["valid"], found["note"]) == (True, "其中 ¥200.00 已退")
    # what was sealed has not changed
    assert found["content_hash"] == receipt_pdf.seal(receipt).content_hash
    site.local.form_dict = site._dict(code=code)
    page = site._dict()
    verify_page.get_context(page)
    assert (page.state, page.note) == ("valid", "其中 ¥200.00 已退")


def test_the_receipt_is_printed_with_what_went_back(site, shop, taken):
    original = receipts.pdf(taken.receipt)
    assert "已退" not in text_of(original)
    voucher = site.db.get_value("Refund", refunded(shop, "150.00", taken.order), "voucher")
    text = text_of(receipts.pdf(taken.receipt))
    assert "其中已退" in text and "150.00" in text and voucher in text


def test_a_receipt_of_which_all_went_back_is_void_and_no_more(site, shop, taken):
    refunded(shop, "1200.00", taken.order, reopen=True)
    found = verified(site.db.get_value("Receipt", taken.receipt, "verification_code"))
    assert (found["valid"], found["void"], found["note"]) == (False, True, "")


def test_a_refund_that_failed_or_is_under_way_is_not_gone_back(site, shop, taken):
    name = refunds.request(shop.merchant, D("50"), "Cash", "多缴", OTHER_PERSON, NOON, taken.order)
    refunds.review(name, True, None, CASHIER, NOON)
    code = site.db.get_value("Receipt", taken.receipt, "verification_code")
    assert verified(code)["note"] == ""
    refunds.give_up(name, "户名不符", NOON)
    assert verified(code)["note"] == ""
    assert not site.db.get_value("Refund", name, "voucher")


def test_the_voucher_says_who_gets_what_of_which_payment(site, shop, taken):
    refunded(shop, "50.00", taken.order)
    name = refunded(shop, "100.05", taken.order)
    content = refund_vouchers.render(name)
    assert is_genuine(content)
    text = text_of(content).replace("\t", " ")
    payee = site.db.get_value("Merchant", shop.merchant, "merchant_name")
    number = f"{shop.market}-TK2026-000002"
    for word in (
        *("退款单", number, payee, "现金", taken.receipt, taken.order, "多缴"),
        *("￥1,200.00", "￥50.00", "￥1,049.95", "￥100.05", "人民币壹佰元零伍分"),
        *("领款人签字", "南渡江市场管理办公室", name),
    ):
        assert word in text, word


def test_a_refund_of_balance_has_a_voucher_too(site, shop, taken):
    name = refunded(shop, "80.00", channel="Transfer")
    text = text_of(refund_vouchers.render(name))
    assert "预存款余额" in text and "BANK-1" in text and "银行转账" in text


def test_a_refund_by_wechat_gets_its_voucher_when_the_money_has_left(site, shop):
    order = factories.order(shop, [], NOON, amount=1100.0)
    payments.settle(factories.transaction(order, NOON), NOON)
    name = refunds.request(shop.merchant, D("80.00"), "WeChat", "多缴", OTHER_PERSON, NOON, order)
    refunds.review(name, True, None, CASHIER, NOON)
    with pytest.raises(site.ValidationError):
        refund_vouchers.render(name)
    said = pay_messages.Refund(name, "5030", order, "4200", "SUCCESS", D("80.00"), NOON)
    for _time in range(2):
        wechat_refunds.take_in(said, NOON)
    assert site.db.get_value("Refund", name, "voucher") == f"{shop.market}-TK2026-000001"
    assert "微信支付原路退回" in text_of(refund_vouchers.render(name))


def test_vouchers_are_numbered_by_themselves_and_without_gaps(site, shop, taken):
    names = [refunded(shop, "10.00", taken.order) for _time in range(3)]
    vouchers = [site.db.get_value("Refund", name, "voucher") for name in names]
    assert vouchers == [f"{shop.market}-TK2026-{number:06d}" for number in (1, 2, 3)]
    assert factories.collect(shop.merchant, [], "Cash", D("1"), CASHIER, NOON).receipt.endswith("-000002")
    assert ledger.check(shop.market) == []


@pytest.mark.parametrize("change", [{"voucher_number": 7}, {"amount": 11.0}, {"status": "Failed"}])
def test_the_audit_notices_a_gap_or_an_amount_that_did_not_leave(site, shop, taken, change):
    name = refunded(shop, "10.00", taken.order)
    site.db.set_value("Refund", name, change)
    assert {found.rule for found in ledger.check(shop.market)} & {
        "refund = amount paid out",
        "refund vouchers are gapless",
    }


def test_anybody_can_verify_a_voucher_and_it_names_nobody(site, shop, taken):
    name = refunded(shop, "10.00", taken.order)
    refund = site.get_doc("Refund", name)
    found = sealed.verify(refund.verification_code)
    assert (found["kind"], found["reference"], found["void"]) == ("Refund Voucher", refund.voucher, False)
    assert refund.voucher in found["title"] and "10.00" in found["title"]
    assert site.db.get_value("Merchant", shop.merchant, "merchant_name") not in found["title"]
    # printing again seals nothing new
    refund_vouchers.render(name)
    assert site.db.count("Sealed Document", {"reference": refund.voucher}) == 1


def test_the_journal_names_the_voucher(site, shop, taken):
    name = refunded(shop, "10.00", taken.order)
    data = reports.daily_journal(shop.market, NOON.date(), NOON).data
    assert [t["voucher"] for t in data["takings"] if t["amount"] < 0] == [
        site.db.get_value("Refund", name, "voucher")
    ]


def test_refunds_of_before_there_were_vouchers_get_theirs_in_their_order(site, shop, taken):
    names = [refunded(shop, amount, taken.order) for amount in ("10.00", "20.00")]
    site.db.set_value("Refund", names[0], "finished_at", datetime(2026, 11, 2, 13))
    nothing = {"voucher": None, "voucher_year": 0, "voucher_number": 0, "verification_code": None}
    for name in names:
        site.db.set_value("Refund", name, nothing)
    site.db.set_value("Receipt Counter", f"{shop.market}-2026-TK", "last_number", 0)
    site.db.delete("Sealed Document", {"kind": "Refund Voucher"})
    number_refund_vouchers.execute()
    number_refund_vouchers.execute()
    numbers = [site.db.get_value("Refund", name, "voucher_number") for name in names]
    assert numbers == [2, 1]
    assert text_of(refund_vouchers.render(names[0]))
    assert ledger.check(shop.market) == []


def test_staff_of_the_market_print_a_voucher_and_others_do_not(site, shop, taken):
    name = refunded(shop, "10.00", taken.order)
    cashier = factories.staff(shop.market, "Market Cashier")
    elsewhere = factories.staff(factories.market(), "Market Cashier")
    clerk = factories.staff(shop.market, "Market Clerk")
    site.set_user(cashier)
    staff.refund_pdf(name)
    assert site.local.response.filecontent.startswith(b"%PDF")
    with pytest.raises(site.DoesNotExistError):
        staff.refund_pdf("NO-SUCH")
    for user in (elsewhere, clerk):
        site.set_user(user)
        with pytest.raises(site.PermissionError):
            staff.refund_pdf(name)


def test_a_merchant_sees_what_went_back_and_has_the_voucher(site, shop, taken):
    name = refunded(shop, "10.00", taken.order)
    waiting = refunds.request(shop.merchant, D("20.00"), "Cash", "多缴", OTHER_PERSON, NOON, taken.order)
    tenant, other = factories.tenant(shop), factories.shop(shop.market)
    stranger = factories.tenant(other)
    site.set_user(tenant)
    listed = {row["name"]: row for row in merchant_api.refunds()["refunds"]}
    assert (listed[name]["amount"], listed[name]["status"]) == ("10.00", "Succeeded")
    assert listed[name]["voucher"] and listed[waiting]["voucher"] is None
    assert merchant_api.receipts()["receipts"][0]["refunded"] == "10.00"
    assert merchant_api.payment(taken.order)["refunded"] == "10.00"
    months = merchant_api.history()["months"]
    assert [p["refunded"] for month in months for p in month["payments"]] == ["10.00"]
    merchant_api.refund_pdf(name)
    assert site.local.response.filecontent.startswith(b"%PDF")
    with pytest.raises(site.ValidationError):
        merchant_api.refund_pdf(waiting)
    site.set_user(stranger)
    assert merchant_api.refunds() == {"total": 0, "refunds": []}
    for unknown in (name, "NO-SUCH"):
        with pytest.raises(site.DoesNotExistError):
            merchant_api.refund_pdf(unknown)


def test_a_reversed_payment_has_no_voucher_its_receipt_is_void(site, shop, taken):
    factories.at_counter(shop.market, OTHER_PERSON, NOON)
    counter.reverse(taken.order, "收错", OTHER_PERSON, NOON)
    assert (
        site.db.count("Sealed Document", {"kind": "Refund Voucher", "reference": ["like", f"{shop.market}%"]})
        == 0
    )
    assert verified(site.db.get_value("Receipt", taken.receipt, "verification_code"))["void"] is True
