"""`make hostile-imports`: hundreds of workbooks with what offices do to them, checked, imported, and compared with what Excel shows.

For each workbook the check and the import must say the same, and each row that is seen must be stored as it is seen, or
be a fault, or be named as not read, or as a difference that was left. What is seen is read by `oracle`, which knows
nothing of the product. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import frappe
from cn_connect.excel_file import WorkbookFault
from market_mgmt.services.imports.common import ImportResult
from tests.hostile import oracle
from tests.hostile.workbooks import CODES, DAYS, NUMBERS, mutated
from tests.hostile.world import Kind, kinds
from tests.sites import Bench, connected, new_bench, new_site

_SAID = ("rows", "accepted", "rejected", "unchanged", "unread", "held", "differing", "changed")
_SHOWN = 10


@dataclass
class Findings:
    """What went wrong, for people; empty when all is well."""

    workbooks: int = 0
    imported: int = 0
    rows_stored: int = 0
    disagreements: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The last line of the run."""
        return json.dumps(
            {
                "workbooks": self.workbooks,
                "check_and_import_agree": not self.disagreements,
                "silently_changed": len(self.changed),
            }
        )


def tried(count: int, seed: int) -> Findings:
    """Makes so many workbooks and tries each on the connected site; nothing stays."""
    found = Findings()
    imports = kinds()
    for number in range(count):
        random = Random(f"{seed}-{number}")
        kind = random.choice(imports)
        frappe.db.savepoint("workbook")
        try:
            _one(kind, random, f"{kind.name} {seed}-{number}", found)
        finally:
            frappe.db.rollback(save_point="workbook")
            frappe.clear_messages()
        found.workbooks += 1
    return found


def _one(kind: Kind, random: Random, name: str, found: Findings) -> None:
    draft = kind.draft(random)
    again = random.random() < 0.3
    if again:  # a list that comes again, changed
        kind.run(draft.saved(), False, False)
    draft = mutated(draft, random)
    content = draft.saved()
    apply_changes = random.random() < 0.5
    checked, imported = (_said(kind, content, dry_run, apply_changes) for dry_run in (True, False))
    if _figures(checked) != _figures(imported):
        found.disagreements.append(f"{name} {draft.done}: {_figures(checked)} / {_figures(imported)}")
    if isinstance(imported, ImportResult):
        found.imported += 1
        seen = oracle.Seen(content, kind.columns)
        differences = compare(kind, seen, imported, kind.stored(), apply_changes)
        found.rows_stored += imported.accepted
        found.changed += [f"{name} {draft.done}: {one}" for one in differences]


def _said(kind: Kind, content: bytes, dry_run: bool, apply_changes: bool) -> ImportResult | str:
    try:
        return kind.run(content, dry_run, apply_changes)
    except WorkbookFault as fault:
        return fault.error_code


def _figures(said: ImportResult | str) -> Any:
    if isinstance(said, str):
        return said
    errors = [(error.row, error.column, error.reason) for error in said.errors]
    return {
        **{name: getattr(said, name) for name in _SAID},
        "errors": errors,
        "changes": list(map(asdict, said.changes)),
    }


def compare(kind: Kind, seen: oracle.Seen, result: ImportResult, stored: Any, applied: bool) -> list[str]:
    """What is stored otherwise than it is seen, of the rows that were not refused or named."""
    told = {error.row for error in result.errors}
    told |= {int(row) for note in result.notes for row in re.findall(r"第 (\d+) 行", note)}
    left = {(one.row, one.column) for one in result.changes if one.reason or not applied}
    left |= {(row, "楼层") for row, column in left if column == "片区"}  # told together
    by_key = {oracle.code(key): values for key, values in stored.items()}
    wrong = []
    unread = 0
    for row in seen.rows():
        if row in told:
            continue
        keys = [oracle.code(text) for text in seen.texts(row, kind.key)]
        values = by_key.get(keys[0])
        if values is None:
            if kind.name == "readings" and not any(seen.texts(row, "本期读数") + seen.texts(row, "抄表日期")):
                unread += 1
                continue
            wrong.append(f"row {row} ({keys[0]}) is neither stored nor refused")
            continue
        wrong += [
            f"row {row} {column}: {seen.texts(row, column)} is stored as {values[column]!r}"
            for column in values
            if (row, column) not in left and not _as_seen(kind, seen, row, column, values[column])
        ]
    if unread != result.unread:
        wrong.append(f"{result.unread} rows were passed over as unread, of {unread}")
    return wrong


def _as_seen(kind: Kind, seen: oracle.Seen, row: int, column: str, stored: Any) -> bool:
    """Whether each text under the column's headings says what is stored; empty cells say nothing."""
    sort = kind.kinds.get(column)
    for text in seen.texts(row, column):
        if text in ("", "-", "—"):
            continue
        if sort == NUMBERS:
            number = oracle.number(text)
            if seen.scaled(column) or number is None or stored is None or number != Decimal(str(stored)):
                return False
        elif sort == DAYS:
            days: set[dt.date | None] = {oracle.day(text)}
            if oracle.number(text) is not None:
                days.add(seen.serial(row, column))
            if stored not in days:
                return False
        elif sort == CODES or column in ("联系电话", "身份证号"):
            if oracle.code(text) != oracle.code(str(stored)):
                return False
        elif text.lstrip("'") != str(stored).lstrip("'"):
            return False
    return True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make hostile-imports")
    parser.add_argument("--workbooks", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        bench: Bench = new_bench(Path(directory))
        new_site(bench)
        with connected(bench):
            found = tried(options.workbooks, options.seed)
    for one in (*found.disagreements[:_SHOWN], *found.changed[:_SHOWN]):
        print(one)
    print(
        f"导入 {found.imported} 份，收下 {found.rows_stored} 行，整份拒绝 {found.workbooks - found.imported} 份"
    )
    print(found.line())
    return int(bool(found.disagreements or found.changed or not found.rows_stored))


if __name__ == "__main__":
    sys.exit(main())
