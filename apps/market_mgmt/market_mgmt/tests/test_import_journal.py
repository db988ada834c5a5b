"""The record of imports: what is told of a file that comes again, who let bad rows pass, what a check leaves."""

import io
from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from market_mgmt.services.imports import arrears, merchants
from market_mgmt.services.imports.common import Confirmation
from market_mgmt.tests import factories
from market_mgmt.tests.workbooks import arrears as list_of
from market_mgmt.tests.workbooks import form, stall_row

AS_OF, DUE = date(2026, 10, 31), datetime(2026, 10, 8)
CONFIRMED = Confirmation("Administrator", datetime(2026, 10, 31, 9, 30))


@pytest.fixture
def shop(site):
    return factories.shop()


@pytest.fixture
def stall_no(shop):
    return shop.stall.removeprefix(f"{shop.market}-")


def run(shop, content, dry_run=False, **values):
    return arrears.run(shop.market, content, "arrears.xlsx", AS_OF, dry_run, **values)


def corrected(workbook, column, value):
    """The workbook of rejected rows with one cell of its first row put right."""
    book = load_workbook(io.BytesIO(workbook))
    header = next(cell for line in book.active.iter_rows() for cell in line if cell.value == column)
    book.active.cell(header.row + 1, header.column).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_check_writes_nothing_and_counts_what_would_be_added(site, shop, stall_no):
    run(shop, list_of([stall_no, "租金", "2026-08", 1500, DUE, None]))
    before = {
        doctype: site.db.count(doctype) for doctype in ("Fee", "Market Import", "File", "Account Entry")
    }
    rows = [stall_no, "租金", "2026-08", 1500, DUE, None], [stall_no, "租金", "2026-09", 1500, DUE, None]
    result = run(shop, list_of(*rows, [stall_no, "租金", "九月", 1, DUE, None]), dry_run=True)
    assert (result.status, result.rows) == ("Checked", 3)
    assert (result.accepted, result.unchanged, result.rejected) == (2, 1, 1)
    assert result.error_workbook
    assert {doctype: site.db.count(doctype) for doctype in before} == before


def test_the_record_says_who_let_bad_rows_pass_and_when(site, shop, stall_no):
    content = list_of([stall_no, "租金", "2026-09", 1500, DUE, None], ["Z9", "租金", "2026-09", 1, DUE, None])
    refused = site.get_doc("Market Import", run(shop, content).document)
    assert (refused.status, refused.kind, refused.accepted, refused.confirmed_by) == (
        *("Refused", "Arrears", 0),
        None,
    )
    result = run(shop, content, confirmation=CONFIRMED)
    posted = site.get_doc("Market Import", result.document)
    assert posted.name == refused.name
    assert (posted.status, posted.accepted, posted.rejected) == ("Posted", 1, 1)
    assert (posted.confirmed_by, posted.confirmed_at) == (CONFIRMED.by, CONFIRMED.at)


def test_rows_that_lacked_something_go_in_once_it_is_there(site, shop, stall_no):
    # given a list that was posted without the row of a stall that nobody had put in
    content = list_of(
        [stall_no, "租金", "2026-09", 1500, DUE, None], ["B77", "租金", "2026-09", 1200, DUE, None]
    )
    run(shop, content, confirmation=CONFIRMED)
    # when the stall and its lease are there and the same list comes again
    stall = factories.stall(shop.market, stall_no="B77")
    factories.lease(shop.market, shop.merchant, stall)
    result = run(shop, content)
    # then its row goes in, and nothing else
    assert (result.status, result.added, result.unchanged, result.repeated) == (
        "Posted",
        {"Fee": 1},
        1,
        False,
    )
    again = run(shop, content)
    assert (again.repeated, again.added, again.unchanged) == (True, {}, 2)


def test_what_was_posted_is_not_forgotten_when_the_file_comes_again_without_a_supervisor(
    site, shop, stall_no
):
    content = list_of([stall_no, "租金", "2026-09", 1500, DUE, None], ["Z9", "租金", "2026-09", 1, DUE, None])
    name = run(shop, content, confirmation=CONFIRMED).document
    assert run(shop, content).status == "Refused"
    assert site.db.get_value("Market Import", name, ["status", "confirmed_by"]) == ("Posted", CONFIRMED.by)


def test_the_corrected_workbook_of_rejected_arrears_adds_only_what_is_new(shop, stall_no):
    good = [[stall_no, "租金", f"2026-0{month}", 1500, DUE, "台账"] for month in range(1, 9)]
    content = list_of(*good, [stall_no, "租金", "2026-09", "一千五", DUE, "-"])
    result = run(shop, content, confirmation=CONFIRMED)
    result = run(shop, corrected(result.error_workbook, "欠费金额", "１，５００．００"))
    assert (result.rows, result.added) == (1, {"Fee": 1})


def test_the_corrected_workbook_of_a_vacant_stall_keeps_its_dashes(site):
    # given a stall without a tenant whose empty cells the office marked with dashes, and a wrong price
    market = factories.market()
    dashes = dict.fromkeys(
        ("商户名称", "营业执照号", "经营类别", "身份证号", "联系电话", "租期开始", "租期结束", "押金"), "-"
    )
    content = form({**dashes, "月租金(元)": "--", "水费单价(元/吨)": "三块二"}, stall_row(2))
    result = merchants.run(market, content, "form.xlsx", AS_OF, False, CONFIRMED)
    # when the price is put right in the workbook of rejected rows
    content = corrected(result.error_workbook, "水费单价", 3.2)
    result = merchants.run(market, content, "form.xlsx", AS_OF, False)
    assert (result.status, result.added["Stall"], "Lease" in result.added) == ("Posted", 1, False)


def test_a_form_that_is_in_adds_nothing_and_says_so(site):
    market = factories.market()
    content = form({})
    merchants.run(market, content, "form.xlsx", AS_OF, False)
    # the same file, and another one with the same rows and one more
    again = merchants.run(market, content, "form.xlsx", AS_OF, False)
    more = merchants.run(market, form({}, stall_row(2)), "form.xlsx", AS_OF, False)
    assert (again.repeated, again.unchanged, again.added) == (True, 1, {})
    assert (more.repeated, more.unchanged, more.added["Stall"]) == (False, 1, 1)


def test_rejected_forms_are_not_kept_with_the_record_since_they_hold_identity_numbers(site, shop):
    bad = merchants.run(shop.market, form({"身份证号": "1"}), "form.xlsx", AS_OF, False)
    listed = run(shop, list_of(["Z9", "租金", "2026-09", 1, DUE, None]))
    assert bad.error_workbook and not site.db.get_value("Market Import", bad.document, "error_workbook")
    assert site.db.get_value("Market Import", listed.document, "error_workbook")


def test_a_document_that_refuses_says_which_row_of_the_file_it_was(site, monkeypatch):
    market = factories.market()

    def refuse(self, lease, stall):
        site.throw("租约不对")

    monkeypatch.setattr(merchants._Writer, "_lease", refuse)
    for dry_run in (True, False):
        result = merchants.run(market, form({}), "form.xlsx", AS_OF, dry_run)
        assert [(error.row, error.reason) for error in result.errors] == [(3, "租约不对")]
    assert result.status == "Refused"
    assert not site.db.exists("Stall", {"market": market})
