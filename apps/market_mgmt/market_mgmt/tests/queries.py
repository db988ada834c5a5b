"""How many statements a piece of work sends to the database."""

from collections.abc import Callable
from typing import Any

import frappe


def count_queries(work: Callable[[], Any]) -> int:
    seen: list[Any] = []
    run = frappe.db.sql

    def counting(*args: Any, **kwargs: Any) -> Any:
        seen.append(args)
        return run(*args, **kwargs)

    frappe.db.sql = counting
    try:
        work()
    finally:
        del frappe.db.sql
    return len(seen)
