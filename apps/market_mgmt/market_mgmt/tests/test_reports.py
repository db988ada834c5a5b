"""Daily journal and collection analysis: their figures are the ledger's, and their workbooks compute the same."""

import io
from datetime import date, datetime, time
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from cn_connect import sealed
from cn_connect.tests.signatures import is_genuine, signature_of, unsigned
from market_mgmt.api import public
from market_mgmt.services import counter, ledger, reports
from market_mgmt.tests import factories
from market_mgmt.tests.formulas import Sheet
from market_mgmt.tests.recalculated import column

D = Decimal
DAY = date(2026, 11, 15)
MADE_AT = datetime(2026, 11, 15, 18)


def pay(shop, amount, channel="Cash", hour=10):
    fees = [row.name for row in ledger.open_fees(DAY, merchant=shop.merchant)]
    now = datetime(2026, 11, 15, hour)
    return factories.collect(shop.merchant, fees, channel, D(amount), "Administrator", now)


@pytest.fixture
def world(site):
    """Three shops of 3,000.00 rent due on 8 November (late fee 10.50 by the 15th), on two floors.

    One pays all, one a third in two ways, one nothing.
    """
    market = factories.market(market_name="南渡江市场")
    factories.area(market, "A", floor="一楼", area_name="海鲜区")
    upstairs = factories.area(market, "B", floor="二楼", area_name="干货区")
    shops = [factories.shop(market) for _ in range(2)]
    stall = factories.stall(market, area=upstairs)
    tenant = factories.merchant(market)
    shops.append(factories.Shop(market, stall, tenant, factories.lease(market, tenant, stall)))
    factories.bills(market, "2026-10", date(2026, 11, 1))
    pay(shops[0], "3100.00", hour=9)
    pay(shops[1], "510.50", "Transfer", hour=10)
    pay(shops[1], "500.00", "POS", hour=11)
    return shops


def workbook(report):
    return load_workbook(io.BytesIO(report.xlsx))


def text_of(report):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(report.pdf)).pages)


def test_the_journal_lists_every_payment_and_what_it_was_for(world):
    data = reports.daily_journal(world[0].market, DAY, MADE_AT).data
    found = [
        (
            t["time"],
            t["channel"],
            t["amount"],
            t["parts"]["租金"],
            t["parts"]["滞纳金"],
            t["parts"]["转入预存"],
        )
        for t in data["takings"]
    ]
    assert found == [
        ("09:00", "现金", D("3100.00"), D("3000.00"), D("10.50"), D("89.50")),
        ("10:00", "银行转账", D("510.50"), D("500.00"), D("10.50"), D("0.00")),
        ("11:00", "刷卡", D("500.00"), D("500.00"), D("0.00"), D("0.00")),
    ]
    assert data["total"] == D("4110.50")


def test_the_journals_receivables_lead_from_the_morning_to_the_evening(world):
    data = reports.daily_journal(world[0].market, DAY, MADE_AT).data
    assert data["opening"] == D("9000.00")
    assert {m["label"]: m["amount"] for m in data["movements"]} == {
        "新增滞纳金": D("21.00"),
        "收回账单": D("-4000.00"),
        "收回滞纳金": D("-21.00"),
    }
    assert data["closing"] == D("5000.00")


def test_a_payment_taken_back_is_a_negative_line(site, world):
    order = site.db.get_value("Market Payment Order", {"market": world[0].market, "channel": "POS"})
    counter.reverse(order, "刷错卡", "somebody@else.example", MADE_AT)
    data = reports.daily_journal(world[0].market, DAY, MADE_AT).data
    assert sorted(t["amount"] for t in data["takings"] if t["channel"] == "刷卡") == [
        D("-500.00"),
        D("500.00"),
    ]
    assert data["total"] == D("3610.50")


def test_the_journals_workbook_computes_the_same(world):
    report = reports.daily_journal(world[0].market, DAY, MADE_AT)
    book = workbook(report)
    takings, sums = Sheet(book, "收款流水"), Sheet(book, "汇总")
    total = takings.row("合计")
    assert takings.value(f"{column(takings, '收款金额')}{total}") == report.data["total"]
    assert takings.value(f"{column(takings, '核对')}{total}") == "正确"
    assert sums.value(f"C{sums.row('现金')}") == D("3100.00")
    assert sums.value(f"C{sums.row('滞纳金')}") == D("21.00")
    assert sums.value(f"C{sums.row('日终应收（含滞纳金）')}") == report.data["closing"]


def test_a_day_without_payments_has_a_journal_too(world):
    report = reports.daily_journal(world[0].market, date(2026, 11, 14), MADE_AT)
    assert report.data["total"] == D("0.00")
    takings = Sheet(workbook(report), "收款流水")
    assert takings.value(f"{column(takings, '收款金额')}{takings.row('合计')}") == 0
    assert "没有记录" in text_of(report)


def test_the_collection_rate_is_paid_over_charged(world):
    data = reports.collection(world[0].market, "2026-10", DAY, MADE_AT).data
    assert (data["charged"], data["paid"], data["outstanding"]) == (D("9000.00"), D("4000.00"), D("5000.00"))
    assert data["rate"] == D("0.444444")


def test_the_rate_of_an_earlier_day_does_not_know_later_payments(world):
    data = reports.collection(world[0].market, "2026-10", date(2026, 11, 14), MADE_AT).data
    assert (data["paid"], data["rate"]) == (D("0.00"), D("0"))


def test_a_drafted_or_reversed_bill_does_not_count(site, world):
    from market_mgmt.services import billing

    fee = site.db.get_value("Fee", {"lease": world[2].lease})
    billing.reverse(fee, "错账", datetime.combine(DAY, time(12)))
    billing.generate(world[0].market, "2026-10", DAY)
    data = reports.collection(world[0].market, "2026-10", DAY, MADE_AT).data
    assert data["charged"] == D("6000.00")


def test_the_collection_workbook_computes_the_same(world):
    report = reports.collection(world[0].market, "2026-10", DAY, MADE_AT)
    book = workbook(report)
    summary, detail = Sheet(book, "缴费率"), Sheet(book, "费用明细")
    assert book.sheetnames[0] == "缴费率"
    for label, charged, paid in (
        ("一楼", "6000", "4000"),
        ("二楼", "3000", "0"),
        ("干货区", "3000", "0"),
        ("租金", "9000", "4000"),
    ):
        row = summary.row(label)
        assert (summary.value(f"C{row}"), summary.value(f"E{row}")) == (D(charged), D(paid))
        assert summary.value(f"G{row}") == D(paid) / D(charged)
    total = summary.row("合计")
    assert summary.value(f"F{total}") == report.data["outstanding"]
    assert detail.value(f"L{detail.row('合计')}") == report.data["outstanding"]


def test_earlier_arrears_and_the_worst_debtors_are_shown(world):
    factories.rent_bill(world[2], "2026-09", date(2026, 11, 1))
    data = reports.collection(world[0].market, "2026-10", DAY, MADE_AT).data
    assert [(row["label"], row["charged"]) for row in data["earlier"]] == [("2026-09", D("9000.00"))]
    assert data["top"][0]["outstanding"] == D("6000.00")


@pytest.mark.parametrize("kind", ["journal", "collection"])
def test_a_report_is_sealed_numbered_and_the_same_twice(world, kind):
    def made():
        if kind == "journal":
            return reports.daily_journal(world[0].market, DAY, MADE_AT)
        return reports.collection(world[0].market, "2026-10", DAY, MADE_AT)

    first, second = made(), made()
    assert (unsigned(first.pdf), first.xlsx) == (unsigned(second.pdf), second.xlsx)
    text = text_of(first)
    code = text.split("验证码：")[1][:32]
    found = sealed.verify(code)
    assert found["content_hash"] == sealed.content_hash(first.data)
    assert found["content_hash"] in text
    for word in ("南渡江市场", "第", "页", "Administrator"):
        assert word in text


@pytest.mark.parametrize("kind", ["journal", "collection"])
def test_a_reports_pdf_is_signed_and_one_changed_byte_is_noticed(world, kind):
    # given the PDF of a report, whose signature covers all of it
    if kind == "journal":
        content = reports.daily_journal(world[0].market, DAY, MADE_AT).pdf
    else:
        content = reports.collection(world[0].market, "2026-10", DAY, MADE_AT).pdf
    assert is_genuine(content)
    # when somebody changes a byte of a page
    place = content.index(b"stream", len(content) // 3) + 20
    changed = bytearray(content)
    changed[place] ^= 1
    # then the validator says that it is not what was signed
    assert not signature_of(bytes(changed)).intact


def test_anybody_learns_of_a_report_what_it_is_when_of_which_market_and_its_hash(site, world):
    report = reports.daily_journal(world[0].market, DAY, MADE_AT)
    code = text_of(report).split("验证码：")[1][:32]
    site.set_user("Guest")
    found = public.verify_document(code)
    assert (found["valid"], found["kind"], found["issued_at"]) == (
        *(True, "Daily Journal"),
        "2026-11-15T18:00:00+08:00",
    )
    assert found["title"] == "南渡江市场 日流水账 2026年11月15日"
    assert found["content_hash"] == sealed.content_hash(report.data)


def test_the_public_title_of_a_report_names_nobody(site, world):
    reports.collection(world[0].market, "2026-10", DAY, MADE_AT)
    title = site.get_last_doc("Sealed Document", {"kind": "Collection Analysis"}).title
    assert title == "南渡江市场 缴费率分析 账期 2026-10，截至 2026年11月15日"
