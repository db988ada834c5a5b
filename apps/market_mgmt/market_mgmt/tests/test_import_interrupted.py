"""Imports that are killed in the middle, or started twice at once: the file goes in once and as a whole.

These tests commit, each into a market of its own.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from market_mgmt.services import ledger
from market_mgmt.tests import factories
from market_mgmt.tests.workbooks import OTHER_IDS, arrears, form, readings, stall_row

IDS = ("469099196704300013", *OTHER_IDS)
COUNTED = ("Stall", "Merchant", "Lease", "Meter", "Tariff", "Meter Reading", "Fee", "Account Entry")


@dataclass(frozen=True)
class File:
    """A workbook of a kind for a market, and what it adds."""

    kind: str
    market: str
    path: Path
    added: dict
    period: str | None = None

    def entry(self, **values):
        named = {"kind": self.kind, "market": self.market, "path": str(self.path), "period": self.period}
        return "import_file", named | values


def merchants_file(folder):
    market = factories.market()
    # No lease ends before those of other tests, which end what has expired.
    people = ({"身份证号": IDS[n], "联系电话": f"1400000000{n}", "租期结束": "2030-12-31"} for n in range(4))
    rows = [stall_row(n, **person) for n, person in enumerate(people, start=1)]
    (folder / "form.xlsx").write_bytes(form(*rows))
    added = {"Market Area": 1, "Stall": 4, "Meter": 8, "Merchant": 4, "Lease": 4, "Tariff": 2}
    return File("merchants", market, folder / "form.xlsx", added)


def arrears_file(folder):
    shop = factories.shop()
    number = shop.stall.removeprefix(f"{shop.market}-")
    lines = [[number, "租金", f"2026-0{n}", 1500, datetime(2026, n + 1, 8), None] for n in range(2, 9)]
    (folder / "arrears.xlsx").write_bytes(arrears(*lines))
    return File("arrears", shop.market, folder / "arrears.xlsx", {"Fee": 7})


def readings_file(folder):
    shop = factories.shop()
    number = shop.stall.removeprefix(f"{shop.market}-")
    for n in range(3):
        factories.meter(shop, meter_no=f"W{n}", initial_reading=100)
    day = datetime(2026, 10, 31)
    (folder / "readings.xlsx").write_bytes(
        readings(*([number, f"W{n}", "水表", 100, 110 + n, day] for n in range(3)))
    )
    return File("readings", shop.market, folder / "readings.xlsx", {"Meter Reading": 3}, "2026-10")


def counts(site, market):
    return {doctype: site.db.count(doctype, {"market": market}) for doctype in COUNTED}


@pytest.fixture(params=[merchants_file, arrears_file, readings_file])
def file(request, site, tmp_path):
    return request.param(tmp_path)


def test_a_file_whose_import_was_killed_goes_in_once_when_it_is_imported_again(site, race, file):
    before = counts(site, file.market)
    # given an import that was killed when all was written and nothing committed
    assert race(file.entry(die_at=-1)) == [None]
    # then nothing is left of it
    assert counts(site, file.market) == before
    # when the file is imported again, and once more
    assert race(file.entry()) == [{"status": "Posted", "repeated": False, "added": file.added}]
    once = counts(site, file.market)
    assert race(file.entry()) == [{"status": "Posted", "repeated": True, "added": {}}]
    # then it is in once
    assert counts(site, file.market) == once
    assert ledger.check(file.market) == []


def test_a_form_whose_import_was_killed_between_two_rows_leaves_no_half_of_it(site, race, tmp_path):
    file = merchants_file(tmp_path)
    assert race(file.entry(die_at=2)) == [None]
    assert set(counts(site, file.market).values()) == {0}
    assert race(file.entry())[0]["added"] == file.added


def test_a_file_that_is_imported_twice_at_once_goes_in_once(site, race, file):
    first, second = sorted(race(file.entry(), file.entry()), key=lambda answer: answer["repeated"])
    assert (first["repeated"], first["added"]) == (False, file.added)
    assert (second["repeated"], second["added"]) == (True, {})
    assert site.db.count("Market Import", {"market": file.market}) == 1
