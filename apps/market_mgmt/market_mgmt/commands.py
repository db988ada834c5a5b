"""Commands this app adds to `bench`: the ledger's figures rebuilt, and every invariant shown."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click

import frappe
from cn_connect import clock
from frappe.commands import get_site, pass_context
from market_mgmt.services import ledger, ledger_check, ledger_seals


@contextmanager
def _opened(context: object) -> Iterator[list[str]]:
    """The site that the command names; gives its markets."""
    frappe.init(site=str(get_site(context)))
    frappe.connect()
    try:
        yield frappe.get_all("Market", pluck="name", order_by="name")
    finally:
        frappe.destroy()


@click.command("rebuild-balances")
@pass_context
def rebuild_balances(context: object) -> None:
    """Recompute from the ledger what bills keep of it: outstanding, late fee, status."""
    with _opened(context) as markets:
        for market in markets:
            wrong = sum(one.rule in ("cache = ledger", "status = ledger") for one in ledger.check(market))
            fees = ledger.rebuild_caches(market, clock.today())
            frappe.db.commit()
            click.echo(f"{market}: {fees} bills rebuilt, {wrong} differences before")


@click.command("audit-ledger")
@click.option(
    "--accept-restore",
    is_flag=True,
    help="An older backup was restored on purpose: forget the seals that were made after it.",
)
@pass_context
def audit_ledger(context: object, accept_restore: bool) -> None:
    """Check every invariant of the ledger; prints each with its count and its first violation, last a line of JSON."""
    entries = violations = 0
    with _opened(context) as markets:
        for market in markets:
            if accept_restore and (forgotten := ledger_seals.forget_later(market)):
                click.echo(f"{market}: {forgotten} seals made after the backup forgotten")
            audit = ledger_check.audit(market)
            click.echo(f"{market}: {audit.entries} entries")
            for rule, count in audit.checked.items():
                first = audit.first(rule)
                click.echo(f"  {'✗' if first else '✓'} {rule:<32}{count:>9}")
                if first:
                    click.echo(f"    {first.document}: {first.detail}")
            entries += audit.entries
            violations += len(audit.violations)
    outcome = {
        "ok": not violations,
        "invariants": len(ledger_check.RULES),
        "entries": entries,
        "violations": violations,
    }
    click.echo(json.dumps(outcome))
    if violations:
        raise SystemExit(1)


commands = [rebuild_balances, audit_ledger]
