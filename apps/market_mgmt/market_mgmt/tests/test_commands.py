"""What operators run: figures rebuilt from the ledger, and every invariant shown with its count."""

import json
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from market_mgmt import commands
from market_mgmt.services.ledger_check import RULES
from market_mgmt.tests import factories


@pytest.fixture
def shop(site):
    shop = factories.shop(rent="1000.00")
    factories.rent_bill(shop)
    return shop


@pytest.fixture
def run(site, shop, monkeypatch):
    """Runs a command on the open site, for the one market of the test."""

    @contextmanager
    def opened(_context):
        yield [shop.market]

    monkeypatch.setattr(commands, "_opened", opened)
    monkeypatch.setattr(site.db, "commit", lambda: None)
    return lambda command, *arguments: CliRunner().invoke(command, list(arguments), obj={"profile": False})


def test_the_audit_ends_with_a_line_of_json(run):
    done = run(commands.audit_ledger)
    outcome = json.loads(done.output.splitlines()[-1])
    assert done.exit_code == 0
    assert (outcome["ok"], outcome["entries"], outcome["violations"]) == (True, 1, 0)
    assert outcome["invariants"] == len(RULES)
    assert all(f"✓ {rule}" in done.output for rule in RULES)


def test_the_audit_names_the_first_violation_and_fails(site, run, shop):
    fee = site.db.get_value("Fee", {"market": shop.market})
    site.db.set_value("Fee", fee, "outstanding", 1)
    done = run(commands.audit_ledger)
    assert done.exit_code == 1
    assert f"    {fee}: 1.00 0.00 0.00 0.00 ≠ 1000.00 0.00 0.00 0.00" in done.output
    assert json.loads(done.output.splitlines()[-1])["violations"] == 1


def test_balances_are_rebuilt_from_the_ledger(site, run, shop):
    fee = site.db.get_value("Fee", {"market": shop.market})
    site.db.set_value("Fee", fee, "outstanding", 1)
    assert "1 bills rebuilt, 1 differences before" in run(commands.rebuild_balances).output
    assert site.db.get_value("Fee", fee, "outstanding") == 1000
