"""The bills of a lease up to its last day: which a new last day changes, and which are missing before it is settled."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import frappe
from cn_connect.money import yuan
from frappe import _
from market_mgmt.domain.periods import Period, month_containing, month_key, month_of
from market_mgmt.services import labels
from market_mgmt.services.bill_sources import Found, Sources
from market_mgmt.services.fee_writer import GENERATED, ONE_OFF
from market_mgmt.services.values import as_date

_UNPUBLISHED = ("Draft", "Reviewed")


@dataclass(frozen=True)
class Missing:
    """A bill that is still to come: of which month, for what, and what stands in its way."""

    period: str
    fee_type: str
    reason: str

    def __str__(self) -> str:
        return _("{0} {1} ({2})").format(self.period, _(self.fee_type), self.reason)


def changed_by_end(lease: str, last_day_before: date, last_day: date) -> list[frappe._dict]:
    """The standing bills of a lease, which ends on `last_day` now, that are not what they would be with that day.

    Rows with name and period, by period. A bill of days up to `last_day`, or of the same amount, is right.
    """
    filters = {"lease": lease, "source": GENERATED, "status": ["!=", "Reversed"]}
    fields = ["name", "period", "period_end", "fee_type", "amount"]
    rows = frappe.get_all("Fee", filters, fields, order_by="period, name")
    beyond = [row for row in rows if min(as_date(row.period_end), last_day_before) > last_day]
    owner = _owner(lease)
    right = {
        (period, found.fee_type.name): found.bill.amount
        for period in {row.period for row in beyond}
        for found in _of(owner, Sources(owner.market, month_of(period), owner.stall))
        if found.bill
    }
    return [row for row in beyond if right.get((row.period, row.fee_type)) != yuan(row.amount)]


def missing(lease: str, as_of: date, renewed: bool = False) -> list[Missing]:
    """What of a lease that is over is not billed and published yet, by period; held and lacking readings included.

    Months before the market's first bill were billed before this system, but for the last one of a lease that was not
    `renewed`. What a meter
    that was not read in an earlier month had used came with its next reading.
    """
    owner = _owner(lease)
    last = month_key(as_date(owner.terminated_on or owner.end_date))
    billed = {
        (row.period, row.fee_type)
        for row in frappe.get_all(
            "Fee",
            {"lease": lease, "source": ["!=", ONE_OFF], "status": ["!=", "Reversed"]},
            ["period", "fee_type"],
        )
    }
    result = [
        Missing(row.period, row.fee_type, _("not published"))
        for row in frappe.get_all(
            "Fee", {"lease": lease, "status": ["in", _UNPUBLISHED]}, ["period", "fee_type"], order_by="name"
        )
    ]
    for month in () if owner.withdrawn_on else _months(owner, as_of, renewed):
        period = month_key(month.start)
        sources = Sources(owner.market, month, owner.stall)
        for found in _of(owner, sources):
            if found.problem:
                due = period >= last or sources.is_held(found)
            else:
                due = found.bill is not None and found.bill.amount > 0
            if due and (period, found.fee_type.name) not in billed:
                result.append(Missing(period, found.fee_type.name, found.problem or _("not billed")))
    return sorted(result, key=lambda one: (one.period, one.fee_type))


def require_none_missing(lease: str, renewed: Iterable[str], as_of: date) -> None:
    """Raises ValidationError that names the bills without which a lease, or one that it `renewed`, is not billed to its
    end."""
    for one in (lease, *renewed):
        found = missing(one, as_of, renewed=one != lease)
        if found:
            frappe.throw(
                _("Lease {0} is not billed to its end: {1}. Publish these bills first.").format(
                    labels.lease(one), "、".join(map(str, found))
                )
            )


def _months(owner: frappe._dict, as_of: date, renewed: bool) -> Iterator[Period]:
    """The months for which a lease may be billed here; the one after its end too, for meters handed over in it."""
    last = month_containing(as_date(owner.terminated_on or owner.end_date))
    first_bill = frappe.get_all(
        "Fee", {"market": owner.market, "source": GENERATED}, pluck="period", order_by="period", limit=1
    )
    since = month_of(first_bill[0]) if first_bill else last
    month = max(month_containing(as_date(owner.start_date)), since if renewed else min(since, last))
    while month.start <= min(last.end + timedelta(days=1), as_of):
        yield month
        month = month_containing(month.end + timedelta(days=1))


def _of(owner: frappe._dict, sources: Sources) -> Iterator[Found]:
    return (found for found in sources.bills() if found.lease.name == owner.name)


def _owner(lease: str) -> frappe._dict:
    fields = ["name", "market", "stall", "start_date", "end_date", "terminated_on", "withdrawn_on"]
    return frappe.db.get_value("Lease", lease, fields, as_dict=True)
