"""The nightly chain over the ledger shows what triggers cannot: entries that are gone or were put back differently."""

import json
from datetime import date, datetime

import pytest

from market_mgmt.services import ledger, ledger_seals
from market_mgmt.services.late_fees import accrue_market
from market_mgmt.tests import factories

NIGHT = datetime(2026, 11, 2, 2, 30)


@pytest.fixture
def log(tmp_path, monkeypatch):
    path = tmp_path / "seals.jsonl"
    monkeypatch.setattr(ledger_seals, "_log_path", lambda: path)
    return path


@pytest.fixture
def shop(site, log):
    shop = factories.shop(rent="1000.00")
    factories.rent_bill(shop)
    return shop


@pytest.fixture
def sealed(site, shop):
    return ledger_seals.seal(shop.market, NIGHT)


def entry_of(site, shop):
    return site.db.get_value("Account Entry", {"market": shop.market})


def problems(shop):
    return dict(ledger_seals.problems(shop.market))


def without_triggers(monkeypatch, found):
    """What the table would hold after somebody got past the triggers."""
    monkeypatch.setattr(ledger_seals, "_hashes", lambda names: {n: found[n] for n in names if n in found})


def test_a_night_seals_what_is_new_and_only_once(site, shop, sealed):
    assert sealed == f"{shop.market}-1"
    assert ledger_seals.seal(shop.market, NIGHT) is None
    accrue_market(shop.market, date(2026, 11, 10))
    second = site.get_doc("Ledger Seal", ledger_seals.seal(shop.market, NIGHT))
    assert (second.number, second.entries) == (2, 1)
    assert second.previous_hash == site.db.get_value("Ledger Seal", sealed, "hash")
    assert problems(shop) == {}
    assert ledger.check(shop.market) == []


def test_an_entry_that_is_gone_is_found(site, shop, sealed, monkeypatch):
    without_triggers(monkeypatch, {})
    assert problems(shop) == {entry_of(site, shop): f"sealed by {sealed} and gone"}


def test_an_entry_that_was_put_back_differently_is_found(site, shop, sealed, monkeypatch):
    entry = entry_of(site, shop)
    without_triggers(monkeypatch, {entry: "0" * 64})
    assert problems(shop) == {entry: f"changed since {sealed}"}


def test_seals_that_the_file_knows_and_the_database_does_not_are_found(site, shop, sealed, log):
    line = {"market": shop.market, "number": 2, "entries": 1, "sealed_at": str(NIGHT), "hash": "f" * 64}
    log.write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert problems(shop) == {f"{shop.market}-2": "is in ledger_seals.jsonl and not in the database"}
    # when an older backup was restored on purpose
    assert ledger_seals.forget_later(shop.market) == 1
    assert problems(shop) == {}


def test_a_seal_is_written_to_the_file_after_the_commit(site, shop, sealed, log):
    assert not log.exists()
    site.db.after_commit.run()
    written = json.loads(log.read_text(encoding="utf-8"))
    assert (written["market"], written["number"], written["entries"]) == (shop.market, 1, 1)
    assert written["hash"] == site.db.get_value("Ledger Seal", sealed, "hash")
    assert problems(shop) == {}


@pytest.mark.parametrize("doctype", ["Ledger Seal", "Ledger Seal Line"])
def test_the_database_refuses_to_change_a_seal(site, sealed, doctype):
    with pytest.raises(Exception, match="never changed or deleted"):
        site.db.sql(f"DELETE FROM `tab{doctype}` WHERE name LIKE '%%'")


def test_not_even_administrator_deletes_a_seal(site, sealed):
    with pytest.raises(site.PermissionError):
        site.delete_doc("Ledger Seal", sealed, ignore_permissions=True, force=True)
