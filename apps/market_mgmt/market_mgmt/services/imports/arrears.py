"""Import of what stalls owed before the system was introduced (期初欠费), and of deposits and balances that were there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import frappe
from cn_connect.excel import read_table
from cn_connect.excel_cells import CellFault, PartialDate, Row, ShownNumber, as_code, as_date, as_decimal
from cn_connect.excel_headers import Columns
from cn_connect.excel_text import same_key
from cn_connect.money import format_yuan, yuan
from frappe import _
from frappe.utils import getdate
from market_mgmt.domain.openings import Opening
from market_mgmt.domain.periods import Period, month_of
from market_mgmt.services import billing, openings, terms
from market_mgmt.services.billing import OpeningFee
from market_mgmt.services.imports import journal, stamp
from market_mgmt.services.imports.common import (
    REFUSALS,
    WRITING,
    Attempt,
    Confirmation,
    ImportResult,
    Progress,
    checked,
    judged,
    refuse_repeats,
)
from market_mgmt.services.imports.journal import Source
from market_mgmt.services.leases import HELD

SHEET = "期初欠费"
STALL, FEE_TYPE, PERIOD, AMOUNT, DUE, REMARK = "摊位号", "费用类型", "账期", "欠费金额", "应缴日期", "说明"
_AT_ONCE = 1000
REQUIRED = (STALL, FEE_TYPE, PERIOD, AMOUNT, DUE)
COLUMNS = Columns(
    REQUIRED,
    (REMARK,),
    units={AMOUNT: ("元",)},
    words={
        STALL: ("档口号", "铺位号", "摊号", "摊位编号", "摊位"),
        FEE_TYPE: ("费用", "类型", "收费项目", "项目"),
        PERIOD: ("月份", "所属月份", "费用月份"),
        AMOUNT: ("金额", "欠费", "欠款", "欠款金额", "应收金额"),
        DUE: ("到期日", "应缴日", "截止日期", "缴费期限"),
        REMARK: ("备注",),
    },
)
# How offices write fee types; names and codes of the fee types themselves are understood as well.
ALIASES = {chinese: name for name, chinese in terms.FEE_TYPES.items()} | {"摊位费": "Rent", "摊租": "Rent"}


# What stands in the place of a fee type for money that was there: it is no debt, so its due date says nothing.
DEPOSIT, BALANCE = "期初押金", "期初预存款"
_MONEY = {
    **dict.fromkeys((DEPOSIT, "押金", "已收押金"), DEPOSIT),
    **dict.fromkeys((BALANCE, "预存款", "预存余额", "预存", "预交款"), BALANCE),
}


@dataclass(frozen=True)
class ArrearsLine:
    """A debt as an opening fee; of money that was there only the lease, what it is and how much."""

    row: Row
    fee: OpeningFee

    @property
    def opening(self) -> Opening | None:
        if self.fee.fee_type == DEPOSIT:
            return Opening(deposit=self.fee.amount)
        return Opening(balance=self.fee.amount) if self.fee.fee_type == BALANCE else None


def run(
    market: str,
    content: bytes,
    file_name: str,
    as_of: date,
    dry_run: bool,
    confirmation: Confirmation | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Checks the list and, unless `dry_run`, records its good rows as opening fees in one transaction.

    A stall's fee of a period is recorded once, so repeating the file adds nothing. Raises as the other imports do.
    """
    source = Source(journal.ARREARS, market, content, file_name)
    again = journal.posted_before(source)
    if again:
        return again
    table = read_table(content, SHEET, COLUMNS)
    stamp.check(table, SHEET, market)
    leases, fee_types = _leases(market), _fee_types()
    parsed = checked(table, lambda row: _line(row, market, leases, fee_types), progress)
    lines = [line for line in parsed if line]
    refuse_repeats([line.row for line in lines], PERIOD, [line.fee.key for line in lines])
    known = _known(market, [line for line in lines if not line.opening])
    known |= _known_money([line for line in lines if line.opening])
    good = [line for line in lines if not line.row.errors]
    with journal.attempted(source, dry_run, confirmation) as attempt:
        new = [line for line in good if line.fee.key not in known]
        added = _post([line for line in new if not line.opening], as_of, attempt, progress)
        posted = _open([line for line in new if line.opening], as_of, attempt)
        unchanged = sum(line.fee.key in known for line in good)
        result = attempt.result = judged(table, as_of, dry_run, confirmation, unchanged)
        counts = {"Fee": added, "Account Entry": posted}
        result.added = {doctype: count for doctype, count in counts.items() if count}
    return result


def _post(lines: Sequence[ArrearsLine], as_of: date, attempt: Attempt, progress: Progress | None) -> int:
    """Records the fees, many at once; one by one those among which there is one that is refused. Returns how many."""
    for start in range(0, len(lines), _AT_ONCE):
        piece = lines[start : start + _AT_ONCE]
        frappe.db.savepoint("import_piece")
        try:
            billing.record_openings([line.fee for line in piece], as_of)
        except REFUSALS:
            frappe.db.rollback(save_point="import_piece")
            frappe.clear_messages()
            for line in piece:
                with attempt.row(line.row, PERIOD):
                    billing.record_openings([line.fee], as_of)
        frappe.db.release_savepoint("import_piece")
        if progress:
            progress(WRITING, min(start + _AT_ONCE, len(lines)), len(lines))
    return sum(not line.row.errors for line in lines)


def _open(lines: Sequence[ArrearsLine], as_of: date, attempt: Attempt) -> int:
    """Records deposits and balances, after the debts that a balance pays. Returns how many."""
    now = datetime.combine(as_of, time())
    for line in lines:
        with attempt.row(line.row, AMOUNT):
            openings.record(line.fee.lease, line.opening or Opening(), now, _("Import of the list"))
    return sum(not line.row.errors for line in lines)


def _line(
    row: Row, market: str, leases: dict[str, list[Any]], fee_types: dict[str, str]
) -> ArrearsLine | None:
    stall_no = row.take(STALL, as_code, required=True)
    fee_type = row.take(FEE_TYPE, lambda value: _fee_type(value, fee_types), required=True)
    period = row.take(PERIOD, _period, required=True)
    amount = row.take(AMOUNT, _amount, required=True)
    is_money = fee_type in (DEPOSIT, BALANCE)
    due = row.take(DUE, as_date, required=not is_money)
    held = leases.get(same_key(f"{market}-{stall_no}"), [])
    lease = _lease_of(held, month_of(period)) if stall_no and period else None
    if stall_no and period and not lease:
        row.fault(STALL, _("has no lease in the period {0}").format(period))
    if period and due and not is_money and due < month_of(period).start:
        row.fault(DUE, _("lies before the period"))
    if row.errors or lease is None:
        return None
    # As the stall is written in the system, whatever the case in the file.
    key = f"{market}|{lease.stall.removeprefix(f'{market}-')}|{fee_type}|{period}"
    if is_money:  # of a lease there is one, whatever the month says
        key = f"{market}|{lease.name}|{fee_type}"
    return ArrearsLine(row, OpeningFee(lease.name, fee_type, period, amount, due, key))


def _known(market: str, lines: Sequence[ArrearsLine]) -> set[str]:
    """The keys of lines recorded already. Faults rows that contradict what is billed."""
    known = set()
    billed = {
        (row.lease, row.fee_type, row.period): row
        for row in frappe.get_all(
            "Fee",
            filters={"market": market, "source": ["!=", "One-off"], "status": ["!=", "Reversed"]},
            fields=["lease", "fee_type", "period", "source", "amount", "due_date"],
        )
    }
    for line in lines:
        fee = line.fee
        found = billed.get((fee.lease, fee.fee_type, fee.period))
        if found and (found.source != "Opening" or yuan(found.amount) != fee.amount):
            line.row.fault(PERIOD, _("is billed already with {0}").format(format_yuan(yuan(found.amount))))
        elif found and found.due_date and getdate(found.due_date) != fee.due_date:
            line.row.fault(DUE, _("is billed already, due on {0}").format(getdate(found.due_date)))
        elif found:
            known.add(fee.key)
    return known


def _known_money(lines: Sequence[ArrearsLine]) -> set[str]:
    """The keys of deposits and balances recorded already. Faults rows that say another amount."""
    known = set()
    recorded = openings.recorded(line.fee.lease for line in lines)
    for line in lines:
        before = recorded[line.fee.lease]
        amount = before.deposit if line.fee.fee_type == DEPOSIT else before.balance
        if amount is not None and amount != line.fee.amount:
            line.row.fault(AMOUNT, _("is recorded already with {0}").format(format_yuan(amount)))
        elif amount is not None:
            known.add(line.fee.key)
    return known


def _leases(market: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in frappe.get_all(
        "Lease",
        filters={"market": market, **HELD},
        fields=["name", "stall", "start_date", "end_date"],
        order_by="start_date desc",
    ):
        found.setdefault(same_key(row.stall), []).append(row)
    return found


def _lease_of(leases: list[Any], days: Period) -> Any:
    """The latest lease that had begun in the period and not ended before it."""
    for row in leases:
        if getdate(row.start_date) <= days.end and getdate(row.end_date) >= days.start:
            return row
    return None


def _fee_types() -> dict[str, str]:
    known = {same_key(alias): name for alias, name in (ALIASES | _MONEY).items()}
    for row in frappe.get_all("Fee Type", fields=["name", "code"]):
        known |= {same_key(word): row.name for word in (row.name, row.code, _(row.name)) if word}
    return known


def _fee_type(value: Any, known: dict[str, str]) -> str:
    name = known.get(same_key(as_code(value)))
    if not name:
        raise CellFault(_("is no fee type"))
    return name


def _period(value: Any) -> str:
    if isinstance(value, PartialDate) and value.missing & {"year", "month"}:
        raise CellFault(_("does not show the whole date; format the cell so that it shows 2026-03-01"))
    if isinstance(value, (date, datetime)):
        return f"{value:%Y-%m}"
    if isinstance(value, float) and not isinstance(value, ShownNumber) and not value.is_integer():
        # What was typed as 2026.10 is shown as 2026.1.
        raise CellFault(_("is not a month such as 2026-09"))
    match = re.fullmatch(r"((?:19|20)\d{2})[-/.年]?(\d{1,2})月?", as_code(value), re.ASCII)
    if not match or not 1 <= int(match[2]) <= 12:
        raise CellFault(_("is not a month such as 2026-09"))
    return f"{match[1]}-{int(match[2]):02d}"


def _amount(value: Any) -> Decimal:
    amount = as_decimal(value)
    if amount <= 0 or amount != round(amount, 2):
        raise CellFault(_("must be an amount above 0 with at most two decimals"))
    return amount
