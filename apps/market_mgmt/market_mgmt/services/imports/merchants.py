"""Import of the information collection form: areas, stalls, merchants, leases, meters and tariffs.

Adds what is missing. What a row says differently from what is stored is shown, and applied only when that is confirmed,
so the same file adds nothing the second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.crypto import keys
from cn_connect.excel import read_table
from cn_connect.excel_text import same_key
from cn_connect.money import to_db
from frappe import _
from market_mgmt.domain import leases as lease_rules
from market_mgmt.domain.openings import Opening
from market_mgmt.services import leases, openings, tariffs
from market_mgmt.services.imports import form, journal, stamp
from market_mgmt.services.imports.changes import Difference, Differences, tried
from market_mgmt.services.imports.common import (
    WRITING,
    Attempt,
    Change,
    Confirmation,
    ImportResult,
    Progress,
    checked,
    judged,
    require_supervisor,
)
from market_mgmt.services.imports.form import FormLine, LeaseLine
from market_mgmt.services.imports.journal import Source
from market_mgmt.services.imports.known import Known, area_key, refuse_contradictions


def run(
    market: str,
    content: bytes,
    file_name: str,
    as_of: date,
    dry_run: bool,
    confirmation: Confirmation | None = None,
    progress: Progress | None = None,
    changes_by: str | None = None,
) -> ImportResult:
    """Checks the form and, unless `dry_run`, adds its good rows in one transaction.

    `changes_by` is the supervisor who lets what differs be applied. Raises WorkbookFault when the file as a whole is
    unusable, PermissionError for a confirmation by no supervisor.
    """
    if changes_by:
        require_supervisor(changes_by)
    source = Source(journal.MERCHANTS, market, content, file_name)
    again = journal.posted_before(source)
    if again:
        return again
    table = read_table(content, form.SHEET, form.COLUMNS)
    stamp.check(table, form.SHEET, market)
    known = Known(market)
    lines = [line for line in checked(table, form.parse, progress) if line]
    refuse_contradictions(lines)
    for line in lines:
        known.check(line)
    with journal.attempted(source, dry_run, confirmation) as attempt:
        writer = _Writer(known, as_of, bool(changes_by))
        writer.write([line for line in lines if not line.row.errors], attempt, progress)
        unchanged = sum(not line.row.errors for line in writer.unchanged)
        result = attempt.result = judged(table, as_of, dry_run, confirmation, unchanged)
        result.added, result.changes = dict(writer.added), writer.changes
        _count_changes(result, bool(changes_by))
    return result


def _count_changes(result: ImportResult, applied: bool) -> None:
    """How many rows differ from what is stored, and in how many of them all of that was applied."""
    rows = {change.row for change in result.changes}
    left = rows if not applied else {change.row for change in result.changes if change.reason}
    result.differing, result.changed = len(left), len(rows - left)


class _Writer:
    """Adds the good rows, in the order in which documents link to each other."""

    def __init__(self, known: Known, as_of: date, apply_changes: bool) -> None:
        self.known = known
        self.market = known.market
        self.as_of = as_of
        self.apply_changes = apply_changes
        self.added: Counter[str] = Counter()
        self.changes: list[Change] = []
        self.unchanged: list[FormLine] = []
        self.new_stalls: set[str] = set()
        self.tenants: dict[str, dict[str, str]] = {}
        self.differences = Differences(known, as_of, self._area)

    def write(self, lines: Sequence[FormLine], attempt: Attempt, progress: Progress | None) -> None:
        self.tenants = _tenants(lines)
        for done, line in enumerate(lines, start=1):
            mark, before = self.known.mark(), self.added.copy()
            with attempt.row(line.row, form.STALL):
                self._row(line)
            if line.row.errors:
                self.known.forget(mark)
                self.added = before
            if progress:
                progress(WRITING, done, len(lines))
        good = [line for line in lines if not line.row.errors]
        for fee_type in ("Water", "Electricity"):
            self._tariffs(fee_type, good)

    def _row(self, line: FormLine) -> None:
        complete = self.known.has_all_of(line, self.as_of)
        found = [self._tried(line, one) for one in list(self.differences.of(line))]
        if same_key(line.stall_no) not in self.known.stalls:
            self._stall(line)
        stall = self.known.stall_name(line.stall_no)
        for fee_type in line.meters:
            if not self.known.meter_for(line, fee_type):
                self._meter(line, fee_type, stall)
        if line.lease and not self.known.lease_of(line):
            self._open(self._lease(line.lease, stall).name, line.lease.opening)
        elif news := self.known.news_of(line):
            self._open(self.known.lease_of(line).name, news)
        self.changes += found
        if complete and not found:
            self.unchanged.append(line)

    def _tried(self, line: FormLine, one: Difference) -> Change:
        mark, before = self.known.mark(), self.added.copy()
        change, kept = tried(line, one, self.apply_changes)
        if not kept:
            self.known.forget(mark)
            self.added = before
        return change

    def _insert(self, doctype: str, **values: Any) -> Any:
        document = frappe.get_doc({"doctype": doctype, "market": self.market, **values})
        if doctype == "Lease":
            leases.decide(document)  # it may have ended already
        document.insert(ignore_permissions=True)
        self.added[doctype] += 1
        return document

    def _area(self, line: FormLine) -> str:
        key = area_key(line.floor, line.area)
        if key not in self.known.areas:
            code = f"{len(self.known.areas) + 1:02d}"
            made = self._insert("Market Area", area_code=code, area_name=line.area, floor=line.floor)
            self.known.learn(self.known.areas, key, made.name)
        return self.known.areas[key]

    def _stall(self, line: FormLine) -> None:
        made = self._insert(
            "Stall",
            stall_no=line.stall_no,
            area=self._area(line),
            location=line.location,
            area_size=float(line.size or 0),
        )
        self.known.learn(self.known.stalls, same_key(line.stall_no), made)
        self.new_stalls.add(line.stall_no)

    def _meter(self, line: FormLine, fee_type: str, stall: str) -> None:
        meter = line.meters[fee_type]
        made = self._insert(
            "Meter",
            meter_no=meter.meter_no,
            stall=stall,
            fee_type=fee_type,
            digits=meter.digits or form.METER_DIGITS,
            multiplier=float(meter.multiplier or 1),
            initial_reading=float(meter.initial or 0),
            status="Active",
        )
        self.known.learn(self.known.meters, same_key(meter.meter_no), made)
        self.known.learn(self.known.places, (stall, fee_type), made)

    def _open(self, lease: str, opening: Opening) -> None:
        """Deposit and balance of before this system, for a lease of which none were recorded."""
        now = datetime.combine(self.as_of, time())
        openings.record(lease, opening, now, _("Import of the list"))
        posted = [amount for amount in (opening.deposit, opening.balance) if amount]
        if posted:
            self.added["Account Entry"] += len(posted)

    def _lease(self, lease: LeaseLine, stall: str) -> Any:
        merchant = self.known.merchant_of(lease) or self._merchant(lease)
        return self._insert(
            "Lease",
            merchant=merchant.name,
            stall=stall,
            start_date=lease.start,
            end_date=lease.end,
            monthly_rent=to_db(lease.rent),
            cycle="Monthly",
            deposit=to_db(lease.deposit or Decimal(0)),
            rent_free_days=lease.rent_free_days or 0,
            # Imported leases carry the clause unless the file says otherwise (domain.md, Money 5).
            late_fee_clause=int(lease.late_fee_clause is not False),
            status=lease_rules.ENDED if lease.end < self.as_of else lease_rules.ACTIVE,
        )

    def _merchant(self, lease: LeaseLine) -> Any:
        made = self._insert(
            "Merchant",
            merchant_name=lease.merchant_name,
            licence_number=self.tenants[lease.id_number].get("licence"),
            business_category=self.tenants[lease.id_number].get("category"),
            id_number=lease.id_number,
            phone=lease.phone,
            non_urgent_notices=1,
        )
        self.known.learn(self.known.merchants, keys.hash_of(lease.id_number, "id_number"), made)
        return made

    def _tariffs(self, fee_type: str, lines: Sequence[FormLine]) -> None:
        """The commonest price is the market's, another one the stall's own.

        They hold from the first day of the earliest lease (bills of earlier months need one). A market that has its
        price keeps it: a form with one new stall must not change it. A stall that has a price keeps that as well, see
        `changes`.
        """
        table = self.known.tariffs
        fresh = [
            line
            for line in lines
            if line.stall_no in self.new_stalls
            or table.unit_price(fee_type, self.known.stall_name(line.stall_no), self.as_of) is None
        ]
        if not fresh:
            return
        first_day = min([self.as_of, *(line.lease.start for line in lines if line.lease)])
        if not table.prices.get((fee_type, None)):
            counts = Counter(line.prices[fee_type] for line in fresh)
            # The lower price of equally common ones, so that the order of rows does not matter.
            price = min(counts, key=lambda value: (-counts[value], value))
            self._tariff(fee_type, None, price, first_day)
            table = tariffs.table(self.market)
        for line in fresh:
            stall = self.known.stall_name(line.stall_no)
            if table.unit_price(fee_type, stall, self.as_of) != line.prices[fee_type]:
                since = first_day if line.stall_no in self.new_stalls else self.as_of
                self._tariff(fee_type, stall, line.prices[fee_type], since)

    def _tariff(self, fee_type: str, stall: str | None, price: Decimal, since: date) -> None:
        self._insert("Tariff", fee_type=fee_type, stall=stall, unit_price=float(price), effective_from=since)


def _tenants(lines: Sequence[FormLine]) -> dict[str, dict[str, str]]:
    """Licence and category by identity number, from whichever of the tenant's rows says them."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        if line.lease:
            said = {"licence": line.lease.licence, "category": line.lease.category}
            own = found.setdefault(line.lease.id_number, {})
            own.update({key: value for key, value in said.items() if value and key not in own})
    return found
