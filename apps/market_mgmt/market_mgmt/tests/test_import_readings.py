"""Scenarios: a month's readings come in from a workbook, with good rows, bad rows, twice, and corrected."""

import io
import time
from dataclasses import replace
from datetime import date, datetime

import pytest
from openpyxl import load_workbook

from cn_connect.bulk import bulk_insert
from cn_connect.excel_file import WorkbookFault
from market_mgmt.services import reading_template
from market_mgmt.services.imports import readings
from market_mgmt.services.imports.common import Confirmation
from market_mgmt.tests import factories, workbooks

PERIOD, AS_OF, DAY = "2026-10", date(2026, 11, 1), datetime(2026, 10, 31)


@pytest.fixture
def shop(site):
    return factories.shop()


@pytest.fixture
def stall_no(site, shop):
    return site.db.get_value("Stall", shop.stall, "stall_no")


@pytest.fixture
def meter(shop):
    return factories.meter(shop, meter_no="W1", initial_reading=100)


def run(shop, content, dry_run=False, **values):
    return readings.run(shop.market, PERIOD, content, "readings.xlsx", AS_OF, dry_run, **values)


def stored(site, meter):
    return site.db.get_value(
        "Meter Reading", {"meter": meter, "period": PERIOD}, ["current_reading", "reading_date", "status"]
    )


def test_a_good_row_is_posted_under_its_import(site, shop, stall_no, meter):
    result = run(shop, workbooks.readings([stall_no, "W1", "水表", 100, 112.5, DAY]))
    assert (result.status, result.accepted, result.held) == ("Posted", 1, 0)
    assert stored(site, meter) == (112.5, date(2026, 10, 31), "Normal")
    document = site.get_doc("Market Import", result.document)
    assert (document.status, document.rows, document.accepted) == ("Posted", 1, 1)


def test_the_same_file_again_adds_nothing(site, shop, stall_no, meter):
    content = workbooks.readings([stall_no, "W1", "水表", 100, 112.5, DAY])
    first, second = run(shop, content), run(shop, content)
    assert (second.repeated, second.added, second.document) == (True, {}, first.document)
    assert site.db.count("Meter Reading", {"meter": meter}) == 1


def test_the_same_reading_in_another_file_adds_nothing(site, shop, stall_no, meter):
    run(shop, workbooks.readings([stall_no, "W1", "水表", 100, 112.5, DAY]))
    result = run(shop, workbooks.readings([stall_no, "W1", None, None, "112.5", DAY]))
    assert (result.accepted, result.unchanged, result.added) == (1, 1, {"Meter Reading": 0})


def test_another_value_for_a_recorded_reading_is_refused(shop, stall_no, meter):
    run(shop, workbooks.readings([stall_no, "W1", "水表", 100, 112.5, DAY]))
    result = run(shop, workbooks.readings([stall_no, "W1", "水表", 100, 113, DAY]), dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(3, "本期读数")]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (["Z99", "W1", "水表", 100, 110, DAY], "摊位号"),
        ([None, "W1", "水表", 100, 110, DAY], "摊位号"),
        (["S", "W9", "水表", 100, 110, DAY], "表号"),
        (["S", "W1", "电表", 100, 110, DAY], "类型"),
        (["S", "W1", "水表", 99, 110, DAY], "上期读数"),
        (["S", "W1", "水表", 100, "看不清", DAY], "本期读数"),
        (["S", "W1", "水表", 100, None, DAY], "本期读数"),
        (["S", "W1", "水表", 100, -5, DAY], "本期读数"),
        (["S", "W1", "水表", 100, 123456, DAY], "本期读数"),
        (["S", "W1", "水表", 100, 110, "2026-09-30"], "抄表日期"),
        (["S", "W1", "水表", 100, 110, "2026-11-02"], "抄表日期"),
        (["S", "W1", "水表", 100, 110, "2026-13-40"], "抄表日期"),
    ],
)
def test_every_fault_names_its_cell(shop, stall_no, meter, line, column):
    line[0] = stall_no if line[0] == "S" else line[0]
    result = run(shop, workbooks.readings(line), dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(3, column)]


def test_a_meter_read_twice_in_one_file_counts_once(shop, stall_no, meter):
    line = [stall_no, "W1", "水表", 100, 110, DAY]
    result = run(shop, workbooks.readings(line, line), dry_run=True)
    assert [(error.row, error.column) for error in result.errors] == [(4, "表号")]


def test_a_refused_file_leaves_a_trace_and_no_reading(site, shop, stall_no, meter):
    content = workbooks.readings([stall_no, "W1", "水表", 100, "？", DAY])
    result = run(shop, content)
    document = site.get_doc("Market Import", result.document)
    assert (document.status, document.rejected, bool(document.error_workbook)) == ("Refused", 1, True)
    assert not site.db.exists("Meter Reading", {"meter": meter})
    assert run(shop, content).document == result.document


def test_a_supervisor_lets_the_good_rows_of_a_bad_file_pass(site, shop, stall_no, meter):
    content = workbooks.readings([stall_no, "W1", "水表", 100, 110, DAY], [stall_no, "W9", "水表", 1, 2, DAY])
    assert run(shop, content).status == "Refused"
    result = run(shop, content, confirmation=Confirmation("Administrator", DAY))
    assert (result.status, result.accepted, result.rejected) == ("Posted", 1, 1)
    document = site.get_doc("Market Import", result.document)
    assert (document.confirmed_by, document.confirmed_at) == ("Administrator", DAY)


def test_a_zero_is_posted_but_held(site, shop, stall_no, meter):
    result = run(shop, workbooks.readings([stall_no, "W1", "水表", 100, 100, DAY]))
    assert (result.held, stored(site, meter)[2]) == (1, "Held")


def test_the_template_comes_filled_in_and_its_answer_is_accepted(site, shop, stall_no, meter):
    book = load_workbook(io.BytesIO(reading_template.build(shop.market, PERIOD)))
    sheet = book["抄表"]
    assert [cell.value for cell in sheet[5]] == [stall_no, "W1", "水表", 100, None, None]
    assert sheet.protection.sheet
    assert [cell.protection.locked for cell in sheet[5]] == [True, True, True, True, False, False]
    sheet["E5"], sheet["F5"] = 118, DAY
    buffer = io.BytesIO()
    book.save(buffer)
    assert run(shop, buffer.getvalue()).accepted == 1
    assert stored(site, meter)[0] == 118.0


def test_the_template_leaves_out_stalls_without_a_lease_and_meters_already_read(site, shop, stall_no, meter):
    vacant = factories.stall(shop.market)
    factories.meter(replace(shop, stall=vacant), meter_no="W2")
    assert len(reading_template.build(shop.market, PERIOD)) > 0
    run(shop, workbooks.readings([stall_no, "W1", "水表", 100, 112, DAY]))
    assert load_workbook(io.BytesIO(reading_template.build(shop.market, PERIOD)))["抄表"].max_row == 4


def test_the_period_is_read_off_the_dates(shop, stall_no):
    content = workbooks.readings(
        [stall_no, "W1", "水表", 100, 110, DAY], [stall_no, "W2", "水表", 1, 2, "坏"]
    )
    assert readings.period_of(shop.market, content) == PERIOD


def test_readings_of_the_first_days_of_a_month_may_end_the_one_before(shop, stall_no):
    early = workbooks.readings([stall_no, "W1", "水表", 100, 110, datetime(2026, 10, 8)])
    with pytest.raises(WorkbookFault) as fault:
        readings.period_of(shop.market, early)
    assert fault.value.error_code == "NO_PERIOD"


def test_ten_thousand_rows_finish_in_seconds_and_show_progress(site, shop, stall_no):
    meters = [
        {
            "name": f"{shop.market}-M{n}",
            "market": shop.market,
            "meter_no": f"M{n}",
            "stall": shop.stall,
            "fee_type": "Water",
            "digits": 5,
            "multiplier": 1.0,
            "initial_reading": 0.0,
            "status": "Active",
        }
        for n in range(10_000)
    ]
    bulk_insert("Meter", meters)
    content = workbooks.readings(*([stall_no, f"M{n}", "水表", 0, n + 1, DAY] for n in range(10_000)))
    steps: list[tuple[str, int]] = []
    began = time.monotonic()
    result = run(shop, content, progress=lambda step, done, total: steps.append((step, done)))
    assert (result.accepted, result.rejected) == (10_000, 0)
    assert len(steps) >= 10 and steps[-1] == ("Checking", 10_000)
    assert time.monotonic() - began < 30
