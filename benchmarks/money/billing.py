"""Billing in bulk against the bare database.

A month's bills of every stall (rent, water, electricity) are drafted by `services.billing.generate`, market by market,
each in a transaction of its own. The same rows are what that writes: one row of Fee and its rows of Fee Line, with the
columns and values that billing gives them; billing writes nothing else. The peer is the database's own driver, which
gets these rows as tuples that need no conversion and puts them by `executemany` into twins of the two tables, made with
the same columns, indexes and triggers, through the same connection, market by market in turn with billing; so both
tables grow alike and both commit alike. Reading leases, tariffs and readings, computing and locking are billing's
own: the peer does none of it.

Reviewing and publishing are measured as well, in the first few markets: they change every fee twice and post a charge
each. Their peer is the `executemany` of the posted entries alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import frappe
from benchmarks.money import world
from tests.sites import Bench, connected

FEES, ENTRIES = ("Fee", "Fee Line"), ("Account Entry",)
PUBLISHED_MARKETS = 3


@dataclass
class Billing:
    """Rows and seconds, of the product and of the bare database."""

    stalls: int
    fees: int = 0
    rows: int = 0
    seconds: float = 0.0
    bare: float = 0.0
    published: int = 0
    publish: float = 0.0
    publish_bare: float = 0.0

    @property
    def ratio(self) -> float:
        """Billing's rows per second as a share of the bare database's."""
        return self.bare / self.seconds

    @property
    def publish_ratio(self) -> float:
        return self.publish_bare / self.publish


def measure(bench: Bench, stalls: int, per_market: int) -> Billing:
    """Bill and publish `stalls` in markets of `per_market`. RuntimeError when a stall is not billed in full."""
    from market_mgmt.services import billing, ledger

    found = Billing(stalls)
    with connected(bench):
        markets = []
        for start in range(0, stalls, per_market):
            markets.append(world.market(min(per_market, stalls - start), [world.PERIOD]))
            frappe.db.commit()
        for doctype in (*FEES, *ENTRIES):
            _make_twin(doctype)
        for market in markets:
            with _columns_written() as columns:
                began = time.perf_counter()
                run = billing.generate(market.name, world.PERIOD, world.BILL_DATE)
                frappe.db.commit()
                found.seconds += time.perf_counter() - began
            if run.skipped or len(run.created) != 3 * market.stalls:
                raise RuntimeError(f"{len(run.created)} bills of {market}: {run.skipped[:3]}")
            found.fees += len(run.created)
            rows, found_bare = _bare(market.name, FEES, columns)
            found.rows += rows
            found.bare += found_bare
        for market in markets[:PUBLISHED_MARKETS]:
            drafts = frappe.get_all("Fee", {"market": market.name}, pluck="name", order_by=None)
            with _columns_written() as columns:
                began = time.perf_counter()
                billing.review(drafts, "Administrator", world.NOW)
                frappe.db.commit()
                billing.publish(market.name, world.PERIOD, world.BILL_DATE)
                frappe.db.commit()
                found.publish += time.perf_counter() - began
            entries, seconds = _bare(market.name, ENTRIES, columns)
            found.published += entries
            found.publish_bare += seconds
        if ledger.check(markets[0].name):
            raise RuntimeError("the ledger is not in order")
    return found


def _bare(market: str, doctypes: tuple[str, ...], columns: dict[str, list[str]]) -> tuple[int, float]:
    """Put a market's rows into the twins; how many rows, and the seconds it took."""
    mark = "?" if frappe.db.db_type == "sqlite" else "%s"
    work: list[tuple[str, list[tuple[Any, ...]]]] = []
    for doctype in doctypes:
        names = ", ".join(f"`{column}`" for column in columns[doctype])
        marks = ", ".join([mark] * len(columns[doctype]))
        work.append(
            (f"INSERT INTO `{_twin(doctype)}` ({names}) VALUES ({marks})", _rows(market, doctype, names))
        )
    connection = frappe.db.connection
    began = time.perf_counter()
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    for statement, rows in work:
        cursor.executemany(statement, rows)
    connection.commit()
    return sum(len(rows) for _, rows in work), time.perf_counter() - began


def _rows(market: str, doctype: str, names: str) -> list[tuple[Any, ...]]:
    """What was written of a market, in the order in which it was, as values that the driver passes on unchanged."""
    where = (
        "parent IN (SELECT name FROM `tabFee` WHERE market = %s)" if doctype == "Fee Line" else "market = %s"
    )
    found = frappe.db.sql(f"SELECT {names} FROM `tab{doctype}` WHERE {where}", (market,))
    frappe.db.commit()
    return [tuple(_plain(value) for value in row) for row in found]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, (date, datetime)) else value


@contextmanager
def _columns_written() -> Iterator[dict[str, list[str]]]:
    """The columns that are inserted in bulk meanwhile, by DocType."""
    seen: dict[str, list[str]] = {}
    insert = frappe.db.bulk_insert

    def watched(doctype: str, fields: list[str], *rest: Any, **options: Any) -> None:
        seen[doctype] = list(fields)
        insert(doctype, fields, *rest, **options)

    frappe.db.bulk_insert = watched
    try:
        yield seen
    finally:
        del frappe.db.bulk_insert


def _twin(doctype: str) -> str:
    return f"bare{doctype}"


def _make_twin(doctype: str) -> None:
    """An empty table like that of a DocType, with its indexes and triggers."""
    if frappe.db.db_type == "sqlite":
        made = frappe.db.sql(
            "SELECT sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL", (f"tab{doctype}",)
        )
        statements = [sql.replace(f"tab{doctype}", _twin(doctype)) for (sql,) in made]
        statements = [
            sql.replace(f"{frappe.scrub(doctype)}_no_", f"bare_{frappe.scrub(doctype)}_no_")
            for sql in statements
        ]
    else:
        statements = [f"CREATE TABLE `{_twin(doctype)}` LIKE `tab{doctype}`"]
        for trigger in frappe.db.sql("SHOW TRIGGERS WHERE `Table` = %s", (f"tab{doctype}",), as_dict=True):
            statements.append(
                f"CREATE TRIGGER `bare_{trigger.Trigger}` {trigger.Timing} {trigger.Event}"
                f" ON `{_twin(doctype)}` FOR EACH ROW {trigger.Statement}"
            )
    for statement in statements:
        frappe.db.sql_ddl(statement)
