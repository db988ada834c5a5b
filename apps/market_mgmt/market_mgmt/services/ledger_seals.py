"""Sealing the ledger each night, and proving that what was sealed is still there, unchanged.

A seal is written to the database and, one line of JSON each, to private/ledger_seals.jsonl of the site: when somebody
empties all the tables, that file still knows how many entries there were.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import frappe
from cn_connect.bulk import bulk_insert
from cn_connect.money import yuan
from market_mgmt.domain.seals import START, entry_hash, seal_hash
from market_mgmt.services.rows import chunks, lock

LOG = "ledger_seals.jsonl"
# What a hash covers. Columns may be added, none may ever be taken away.
_COLUMNS = (
    *(
        "name",
        "creation",
        "owner",
        "market",
        "merchant",
        "lease",
        "stall",
        "fee",
        "posting_date",
        "value_date",
    ),
    *(
        "entry_type",
        "debit_account",
        "credit_account",
        "amount",
        "payment_order",
        "voucher_type",
        "voucher_no",
    ),
    *("idempotency_key", "reversal_of", "remark"),
)


def seal(market: str, now: datetime) -> str | None:
    """Seal the entries of a market that no seal covers yet; returns the seal's name, None when there are none."""
    lock("Market", [market])
    entry, line = frappe.qb.DocType("Account Entry"), frappe.qb.DocType("Ledger Seal Line")
    unsealed = frappe.qb.from_(entry).left_join(line).on(line.name == entry.name).select(entry.name)
    names = [name for (name,) in unsealed.where((entry.market == market) & line.name.isnull()).run()]
    if not names:
        return None
    hashes = _hashes(names)
    last = _last(market)
    document = frappe.get_doc(
        {
            "doctype": "Ledger Seal",
            "market": market,
            "number": (last.number if last else 0) + 1,
            "entries": len(names),
            "sealed_at": now,
            "previous_hash": last.hash if last else START,
            "hash": seal_hash(last.hash if last else START, hashes.items()),
        }
    ).insert(ignore_permissions=True)
    bulk_insert(
        "Ledger Seal Line",
        [
            {"name": name, "seal": document.name, "entry_hash": digest}
            for name, digest in sorted(hashes.items())
        ],
    )
    frappe.db.after_commit.add(lambda: _append(market, document))
    return document.name


def problems(market: str) -> Iterator[tuple[str, str]]:
    """(document, what is wrong with it) for every seal that no longer fits the ledger, and for seals that are gone."""
    previous, count = START, 0
    fields = ["name", "number", "entries", "previous_hash", "hash"]
    for found in frappe.get_all("Ledger Seal", {"market": market}, fields, order_by="number"):
        count += 1
        sealed = dict(
            frappe.get_all("Ledger Seal Line", {"seal": found.name}, ["name", "entry_hash"], as_list=True)
        )
        present = _hashes(sealed)
        for name in sorted(sealed):
            if name not in present:
                yield name, f"sealed by {found.name} and gone"
            elif present[name] != sealed[name]:
                yield name, f"changed since {found.name}"
        if found.number != count or found.previous_hash != previous or len(sealed) != found.entries:
            yield found.name, "the chain is broken"
        if seal_hash(found.previous_hash, sealed.items()) != found.hash:
            yield found.name, "its entries are not those that were sealed"
        previous = found.hash
    logged = _logged(market)
    if logged and (logged["number"] > count or (logged["number"] == count and logged["hash"] != previous)):
        yield f"{market}-{logged['number']}", f"is in {LOG} and not in the database"


def forget_later(market: str) -> int:
    """After an older backup was restored on purpose: drop the logged seals that it does not have; returns how many."""
    last = _last(market)
    path = _log_path()
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [
        line
        for line in lines
        if (one := json.loads(line))["market"] != market or one["number"] <= (last.number if last else 0)
    ]
    if len(kept) != len(lines):
        path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    return len(lines) - len(kept)


def _hashes(names: Any) -> dict[str, str]:
    table = frappe.qb.DocType("Account Entry")
    result = {}
    for piece in chunks(names):
        query = frappe.qb.from_(table).select(*(table[column] for column in _COLUMNS))
        for row in query.where(table.name.isin(piece)).run():
            values = dict(zip(_COLUMNS, row, strict=True))
            values["amount"] = yuan(values["amount"])
            result[values["name"]] = entry_hash(
                {column: None if value is None else str(value) for column, value in values.items()}
            )
    return result


def _last(market: str) -> frappe._dict | None:
    found = frappe.get_all(
        "Ledger Seal", {"market": market}, ["number", "hash"], order_by="number desc", limit=1
    )
    return found[0] if found else None


def _append(market: str, document: Any) -> None:
    line = {
        "market": market,
        "number": document.number,
        "entries": document.entries,
        "sealed_at": str(document.sealed_at),
        "hash": document.hash,
    }
    with _log_path().open("a", encoding="utf-8") as log:
        log.write(json.dumps(line, ensure_ascii=False) + "\n")


def _logged(market: str) -> dict[str, Any] | None:
    """The last seal of a market that the file knows."""
    path = _log_path()
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((one for line in reversed(lines) if (one := json.loads(line))["market"] == market), None)


def _log_path() -> Path:
    return Path(frappe.get_site_path("private", LOG))
