"""The ledger: the only writer of Account Entry, and the only place that derives balances from it.

Fee.outstanding, Fee.late_fee, Fee.late_fee_posted and Fee.status are caches of it (`refresh_caches`); `check` compares
every invariant. What decides about money reads with `lock=True` after locking the owning rows: under MariaDB's
REPEATABLE READ a plain read may still see the state before the lock.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import frappe
from cn_connect.bulk import bulk_insert
from cn_connect.money import to_db, yuan
from frappe import _
from market_mgmt.domain import late_fee
from market_mgmt.domain.allocation import OpenFee
from market_mgmt.domain.ledger import PREPAID, FeeAccount, Posting, fee_account
from market_mgmt.services.closed_months import booked
from market_mgmt.services.ledger_caches import rebuild_caches, refresh_caches
from market_mgmt.services.ledger_check import Violation, check
from market_mgmt.services.rows import chunks, columns, number

__all__ = [
    "OpenFeeRow",
    "Violation",
    "check",
    "credit_balances",
    "entries_of",
    "entries_of_balance",
    "entries_of_lease",
    "entries_of_order",
    "entries_of_voucher",
    "fee_accounts",
    "fee_balance",
    "open_fees",
    "owed",
    "post",
    "prepaid_balance",
    "prepaid_balances",
    "published",
    "rebuild_caches",
    "refresh_caches",
]

OPEN = ("Published", "Partly Paid")
STANDING = (*OPEN, "Paid", "Waived")

_ENTRY = (
    *("name", "market", "merchant", "lease", "stall", "fee", "payment_order", "posting_date"),
    *(
        "value_date",
        "voucher_type",
        "voucher_no",
        "entry_type",
        "debit_account",
        "credit_account",
        "amount",
        "reversal_of",
    ),
)
_FEE = ("name", "market", "merchant", "lease", "stall", "fee_type", "period")
_TERMS = ("amount", "late_fee_applies", "late_fee_from", "late_fee_rate", "late_fee_cap")
_OPEN_FEE = (*_FEE, "bill_date", "due_date", *_TERMS)
# A query of its own within the query: what locks the bills must not lock their types.
_PRIORITY = "(SELECT priority FROM `tabFee Type` WHERE name = fee_type) AS priority"


@dataclass(frozen=True)
class LedgerEntry:
    """An Account Entry as read back, amount in exact yuan."""

    name: str
    market: str
    merchant: str
    lease: str | None
    stall: str | None
    fee: str | None
    payment_order: str | None
    posting_date: date
    value_date: date | None
    voucher_type: str | None
    voucher_no: str | None
    entry_type: str
    debit_account: str
    credit_account: str
    amount: Decimal
    reversal_of: str | None

    @property
    def counted_from(self) -> date:
        """The day that counts for late fees."""
        return self.value_date or self.posting_date


@dataclass(frozen=True)
class OpenFeeRow:
    """A published fee with something to pay as of a day; `late_fee` includes what has accrued but is not yet posted."""

    name: str
    market: str
    merchant: str
    lease: str
    stall: str
    fee_type: str
    period: str
    amount: Decimal
    bill_date: date
    due_date: date
    priority: int
    principal: Decimal
    late_fee: Decimal
    accrues: bool
    entry_count: int = 0
    # How the late fee of the bill's whole life came about, whether or not parts of it were paid.
    late_fee_lines: tuple[str, ...] = ()

    @property
    def total(self) -> Decimal:
        return self.principal + self.late_fee

    def days_overdue(self, as_of: date) -> int:
        """Days since the due date; zero or negative when it has not passed."""
        return (as_of - self.due_date).days

    def open_fee(self) -> OpenFee:
        return OpenFee(self.name, self.due_date, self.priority, self.principal, self.late_fee)


def post(postings: Sequence[Posting]) -> list[str]:
    """Write entries, all or (by the caller's rollback) none; returns their names.

    What falls into a closed month is booked on the first open day. Raises DuplicateEntryError when one of them was
    posted before: a voucher posts once.
    """
    rows = [{**vars(posting), "amount": to_db(posting.amount)} for posting in booked(postings)]
    try:
        return bulk_insert("Account Entry", rows)
    except Exception as error:
        if frappe.db.is_duplicate_entry(error) or frappe.db.is_unique_key_violation(error):
            frappe.throw(_("This has been posted already."), frappe.DuplicateEntryError)
        raise


def entries_of(fees: Iterable[str], lock: bool = False) -> dict[str, list[LedgerEntry]]:
    """All entries of these fees, oldest first; a fee without entries has an empty list."""
    result: dict[str, list[LedgerEntry]] = {}
    for piece in chunks(fees):
        result.update((fee, []) for fee in piece)
        for entry in _entries("fee", piece, lock):
            result[entry.fee or ""].append(entry)
    return result


def entries_of_order(order: str, lock: bool = False) -> list[LedgerEntry]:
    """All entries of a payment order, oldest first."""
    return _entries("payment_order", [order], lock)


def entries_of_lease(lease: str, lock: bool = False) -> list[LedgerEntry]:
    """All entries of a lease, oldest first."""
    return _entries("lease", [lease], lock)


def entries_of_voucher(voucher_type: str, name: str, lock: bool = False) -> list[LedgerEntry]:
    """All entries that a voucher posted, oldest first."""
    return [entry for entry in _entries("voucher_no", [name], lock) if entry.voucher_type == voucher_type]


def entries_of_balance(merchant: str, lock: bool = False) -> list[LedgerEntry]:
    """All entries of a merchant's prepaid balance, in the order in which they were written."""
    query = f"SELECT {columns(_ENTRY)} FROM `tabAccount Entry` WHERE merchant = %s"
    query += " AND %s IN (debit_account, credit_account) ORDER BY creation, name"
    rows = frappe.db.sql(f"{query} FOR UPDATE" if lock else query, (merchant, PREPAID), as_dict=True)
    return [LedgerEntry(**{**row, "amount": yuan(row.amount)}) for row in rows]


def _entries(column: str, values: Sequence[str], lock: bool) -> list[LedgerEntry]:
    query = f"SELECT {columns(_ENTRY)} FROM `tabAccount Entry` WHERE `{column}` IN %s"
    query += " ORDER BY posting_date, creation, name"
    rows = frappe.db.sql(f"{query} FOR UPDATE" if lock else query, (tuple(values),), as_dict=True)
    return [LedgerEntry(**{**row, "amount": yuan(row.amount)}) for row in rows]


def fee_accounts(fees: Iterable[str], lock: bool = False) -> dict[str, FeeAccount]:
    """What the ledger says about each of these fees."""
    return {fee: fee_account(entries) for fee, entries in entries_of(fees, lock).items()}


def fee_balance(fee: str, lock: bool = False) -> tuple[Decimal, Decimal]:
    """(principal, late fee) posted and unpaid of one fee, in yuan."""
    account = fee_accounts([fee], lock)[fee]
    return account.principal, account.late_fee


def late_fee_terms(fee: frappe._dict) -> late_fee.Terms | None:
    """The terms copied onto a bill when it was published; None if late fees do not run on it."""
    if not fee.late_fee_applies or not fee.late_fee_from:
        return None
    return late_fee.Terms(fee.late_fee_from, number(fee.late_fee_rate), number(fee.late_fee_cap))


def late_fee_owed(fee: frappe._dict, account: FeeAccount, as_of: date) -> Decimal:
    """Lifetime late fee of a bill up to and including `as_of`, posted or not."""
    derivation = late_fee_derivation(fee, account, as_of)
    return derivation.amount if derivation else account.late_fee_posted


def late_fee_derivation(fee: frappe._dict, account: FeeAccount, as_of: date) -> late_fee.Derivation | None:
    """How the lifetime late fee of a bill comes about; None if late fees do not run on it."""
    terms = late_fee_terms(fee)
    return late_fee.derive(terms, yuan(fee.amount), account.reductions, as_of) if terms else None


def open_fees(
    as_of: date,
    merchant: str | None = None,
    lease: str | None = None,
    market: str | None = None,
    names: Sequence[str] | None = None,
    lock: bool = False,
) -> list[OpenFeeRow]:
    """Published fees with something to pay as of a day, by due date, priority and name."""
    rows = published(merchant, lease, market, names, lock)
    return owed(rows, entries_of((row.name for row in rows), lock), as_of)


def published(
    merchant: str | None = None,
    lease: str | None = None,
    market: str | None = None,
    names: Sequence[str] | None = None,
    lock: bool = False,
    statuses: Sequence[str] = OPEN,
) -> list[frappe._dict]:
    """The bills that may still be paid, by name, as they were published: what is open of them is not in these rows."""
    conditions = {
        "status": tuple(statuses),
        "merchant": merchant,
        "lease": lease,
        "market": market,
        "name": tuple(names) if names is not None else None,
    }
    given = {column: value for column, value in conditions.items() if value is not None}
    where = " AND ".join(
        f"`{column}` {'=' if isinstance(given[column], str) else 'IN'} %({column})s" for column in given
    )
    query = f"SELECT {columns(_OPEN_FEE)}, {_PRIORITY} FROM `tabFee` WHERE {where} ORDER BY name"
    return frappe.db.sql(f"{query} FOR UPDATE" if lock else query, given, as_dict=True) if names != [] else []


def owed(
    bills: Iterable[frappe._dict], entries: Mapping[str, Sequence[LedgerEntry]], as_of: date
) -> list[OpenFeeRow]:
    """Those of `published` with something to pay as of a day, after their entries; by due date, priority and name."""
    result = []
    for row in bills:
        account = fee_account(entries[row.name])
        derivation = late_fee_derivation(row, account, as_of)
        unposted = derivation.amount - account.late_fee_posted if derivation else Decimal(0)
        opened = OpenFeeRow(
            **{key: row[key] for key in _FEE},
            amount=yuan(row.amount),
            bill_date=row.bill_date,
            due_date=row.due_date,
            priority=row.priority or 50,
            principal=account.principal,
            late_fee=account.late_fee + max(unposted, Decimal(0)),
            accrues=derivation is not None,
            entry_count=account.entry_count,
            late_fee_lines=tuple(derivation.lines()) if derivation else (),
        )
        if opened.total > 0:
            result.append(opened)
    return sorted(result, key=lambda row: (row.due_date, row.priority, row.name))


def credit_balances(account: str, owner: str, names: Iterable[str], lock: bool = False) -> dict[str, Decimal]:
    """What stands to the credit of each owner (`merchant` or `lease`) on an account, in yuan."""
    table = frappe.qb.DocType("Account Entry")
    moved = (table.debit_account == account) | (table.credit_account == account)
    totals: dict[str, Decimal] = {}
    for piece in chunks(names):
        totals.update((name, Decimal("0.00")) for name in piece)
        query = frappe.qb.from_(table).select(table[owner], table.credit_account, table.amount)
        query = query.where(table[owner].isin(piece) & moved)
        for name, credit, amount in (query.for_update() if lock else query).run():
            totals[name] += yuan(amount) if credit == account else -yuan(amount)
    return totals


def prepaid_balances(merchants: Iterable[str], lock: bool = False) -> dict[str, Decimal]:
    """What was received from each merchant and not yet used, in yuan."""
    return credit_balances(PREPAID, "merchant", merchants, lock)


def prepaid_balance(merchant: str, lock: bool = False) -> Decimal:
    """What was received from a merchant and not yet used, in yuan."""
    return prepaid_balances([merchant], lock)[merchant]
