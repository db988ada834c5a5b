"""The printed receipt: what it says, that it can be verified, that it is the same each time."""

import base64
import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader

from cn_connect import sealed
from cn_connect.tests.signatures import is_genuine, unsigned
from market_mgmt.services import counter, ledger, receipt_pdf, receipts
from market_mgmt.tests import factories

NOW = datetime(2026, 11, 15, 10, 3, 20)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


@pytest.fixture
def shop(site):
    return factories.shop(factories.market(market_name="南渡江市场", receipt_title="南渡江市场管理办公室"))


def paid(site, shop, extra="0", months=("2026-10",)):
    """The receipt of a merchant who pays everything, and `extra` beyond."""
    for month in months:
        factories.rent_bill(shop, month, date(2026, 11, 1))
    rows = ledger.open_fees(NOW.date(), merchant=shop.merchant)
    amount = sum((row.total for row in rows), Decimal(extra))
    factories.collect(shop.merchant, [row.name for row in rows], "Cash", amount, "Administrator", NOW)
    return site.get_last_doc("Receipt", {"market": shop.market})


def text_of(content):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_it_says_who_paid_what_and_is_no_invoice(site, shop):
    receipt = paid(site, shop)
    text = text_of(receipt_pdf.render(receipt.name)).replace("\t", " ")
    payer = site.db.get_value("Merchant", shop.merchant, "merchant_name")
    # 3,000.00 and the late fee of seven days from 9 November at 0.05 %.
    for word in ("收据", receipt.name, payer, "租金", "2026-10", "3,000.00", "10.50", "￥3,010.50", "现金"):
        assert word in text
    assert "人民币叁仟零壹拾元伍角" in text
    assert "发票" not in text.replace("不是税务发票；需要发票请向市场办公室申请", "")


def test_without_a_seal_image_it_shows_a_sample_that_says_so(site, shop):
    text = text_of(receipt_pdf.render(paid(site, shop)))
    assert "样章" in text and "尚未上传印章" in text


def test_with_a_seal_image_there_is_no_sample(site, shop):
    values = {"doctype": "File", "file_name": "seal.png", "content": PIXEL, "is_private": 1}
    file = site.get_doc(values).insert(ignore_permissions=True)
    site.db.set_value("Market", shop.market, "seal_image", file.file_url)
    site.clear_document_cache("Market", shop.market)
    assert "样章" not in text_of(receipt_pdf.render(paid(site, shop)))


def test_a_seal_that_is_no_picture_is_refused(site, shop):
    values = {"doctype": "File", "file_name": "seal.txt", "content": "no picture", "is_private": 1}
    file = site.get_doc(values).insert(ignore_permissions=True)
    with pytest.raises(site.ValidationError):
        receipt_pdf.picture(file.file_url)


def test_it_was_sealed_when_it_was_issued(site, shop):
    receipt = paid(site, shop)
    found = sealed.verify(receipt.verification_code)
    assert (found["kind"], found["reference"], found["void"]) == ("Receipt", receipt.name, False)
    assert site.db.get_value("Merchant", shop.merchant, "merchant_name") not in found["title"]
    assert receipt.verification_code in text_of(receipt_pdf.render(receipt))


def test_printing_again_gives_the_same_pages_and_no_second_seal(site, shop):
    receipt = paid(site, shop)
    assert unsigned(receipt_pdf.render(receipt.name)) == unsigned(receipt_pdf.render(receipt.name))
    assert site.db.count("Sealed Document", {"reference": receipt.name}) == 1


def test_the_counter_prints_one_original_and_then_copies(site, shop):
    receipt = paid(site, shop).name
    first, second, third = (receipts.print_for_office(receipt, NOW) for _ in range(3))
    assert "副本" not in text_of(first)
    for copy, content in ((1, second), (2, third)):
        assert f"副本·第{copy}次补打" in "".join(text_of(content).split())
    assert site.db.get_value("Receipt", receipt, "prints") == 3
    # what the merchant downloads is the original
    assert receipts.pdf(receipt) == first


def test_the_original_and_its_copies_are_signed(site, shop):
    receipt = paid(site, shop).name
    assert is_genuine(receipts.print_for_office(receipt, NOW))
    assert is_genuine(receipts.print_for_office(receipt, NOW))


def test_a_prepayment_is_a_line_of_its_own(site, shop):
    text = text_of(receipt_pdf.render(paid(site, shop, extra="200")))
    assert "预存款" in text and "200.00" in text


def test_many_lines_go_on_overleaf(site, shop):
    months = [f"2026-{month:02d}" for month in range(4, 11)]
    pages = PdfReader(io.BytesIO(receipt_pdf.render(paid(site, shop, months=months)))).pages
    assert len(pages) == 2
    assert "接下页" in pages[0].extract_text() and "大写" in pages[1].extract_text()


def test_a_void_receipt_is_marked_and_verified_as_void(site, shop):
    receipt = paid(site, shop)
    counter.reverse(receipt.payment_order, "收错", "somebody@else.example", NOW)
    assert "作废" in text_of(receipt_pdf.render(receipt.name))
    assert sealed.verify(receipt.verification_code)["void"] is True
