"""The office's methods about leases: renewed, terminated, handed over, their deposits settled."""

from datetime import date
from decimal import Decimal

from cn_connect import clock
from cn_connect.api_method import api_method
from market_mgmt.api import answers
from market_mgmt.api.staff.common import ADMINISTRATOR, CLERK, FINANCE, SUPERVISOR, cents, own
from market_mgmt.services import deposits, lease_changes, meter_changes, openings


@api_method(methods=["POST"], roles=[CLERK, SUPERVISOR, ADMINISTRATOR])
def read_at_handover(meter: str, current: Decimal, reading_date: date) -> answers.Named:
    """Records what a meter showed when its stall changed hands: until then the old tenant pays, from then on the new one."""
    own("Meter", [meter])
    return {"name": meter_changes.read_at_handover(meter, current, reading_date, clock.today())}


@api_method(methods=["POST"], roles=[SUPERVISOR, ADMINISTRATOR])
def activate_lease(lease: str) -> answers.NamedStatus:
    """Lets a drafted lease hold its stall; from then on it is billed."""
    own("Lease", [lease])
    return {"name": lease, "status": lease_changes.activate(lease)}


@api_method(methods=["POST"], roles=[SUPERVISOR, ADMINISTRATOR])
def renew_lease(
    lease: str,
    end_date: date,
    monthly_rent: Decimal,
    start_date: date | None = None,
    cycle: str | None = None,
) -> answers.Named:
    """Makes the next lease of the same merchant and stall, also late; deposit and bindings go over to it."""
    own("Lease", [lease])
    rent = cents(monthly_rent)
    return {"name": lease_changes.renew(lease, end_date, rent, clock.now(), start_date, cycle)}


@api_method(methods=["POST"], roles=[SUPERVISOR, ADMINISTRATOR])
def withdraw_renewal(lease: str, reason: str) -> answers.WithdrawnLease:
    """Takes back a renewal, or another lease, that has not begun: deposit and bindings go back to the lease before it."""
    own("Lease", [lease])
    done = lease_changes.withdraw(lease, reason, clock.now())
    return {"reversed": list(done.reversed), "withdrawn": list(done.withdrawn)}


@api_method(methods=["POST"], roles=[SUPERVISOR, ADMINISTRATOR])
def terminate_lease(lease: str, last_day: date, reason: str) -> answers.Termination:
    """Ends a lease before its time: bills that this changes are drafted anew, a renewal ahead is withdrawn."""
    own("Lease", [lease])
    done = lease_changes.terminate(lease, last_day, reason, clock.now())
    skipped: list[answers.SkippedStall] = [{"stall": stall, "reason": why} for stall, why in done.skipped]
    return {
        "reversed": list(done.reversed),
        "drafted": list(done.drafted),
        "skipped": skipped,
        "withdrawn": list(done.withdrawn),
    }


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def settle_deposit(lease: str, reason: str) -> answers.SettledDeposit:
    """Releases the deposit of a lease that has ended and is billed to its end; own debts first, the rest is balance."""
    own("Lease", [lease])
    balance, leases = deposits.settle(lease, clock.today(), reason, clock.now())
    opening = openings.recorded([lease])[lease].deposit
    return {"prepaid_balance": balance, "leases_paid": leases, "opening_deposit": opening}


@api_method(methods=["POST"], roles=[FINANCE, ADMINISTRATOR])
def record_opening(
    lease: str, reason: str, deposit: Decimal | None = None, balance: Decimal | None = None
) -> answers.Opening:
    """Records deposit and prepaid balance that a lease brought along from before this system; the last word counts."""
    own("Lease", [lease])
    said = openings.Opening(*(None if given is None else cents(given) for given in (deposit, balance)))
    openings.record(lease, said, clock.now(), reason)
    found = openings.recorded([lease])[lease]
    return {"deposit": found.deposit, "balance": found.balance}
