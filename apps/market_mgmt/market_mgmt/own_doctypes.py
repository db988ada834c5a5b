"""The DocTypes of this app, read from their definitions: which belong to a market, which all markets share.

Knows no Frappe: hooks are read before there is a site. A new DocType is in by its definition alone.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

MARKET = "Market"


@cache
def definitions() -> dict[str, dict[str, Any]]:
    """Name → definition, rows of tables included, in alphabetical order."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*/doctype/*/*.json")):
        said = json.loads(path.read_text("utf-8"))
        if said.get("doctype") == "DocType":
            found[said["name"]] = said
    return found


def tables() -> tuple[str, ...]:
    """Rows, which live in their documents."""
    return tuple(name for name, said in definitions().items() if said.get("istable"))


def of_a_market() -> tuple[str, ...]:
    """The market itself and everything that carries one."""
    return tuple(name for name in _documents() if name == MARKET or _carries_market(name))


def shared_settings() -> tuple[str, ...]:
    """What holds for all markets of the site, and people may change."""
    return tuple(name for name in _shared() if _is_written_by_people(name))


def shared_records() -> tuple[str, ...]:
    """What services write about all markets, or about nobody's."""
    return tuple(name for name in _shared() if not _is_written_by_people(name))


def _documents() -> list[str]:
    return [name for name in definitions() if name not in tables()]


def _shared() -> list[str]:
    return [name for name in _documents() if name not in of_a_market()]


def _carries_market(name: str) -> bool:
    fields = definitions()[name]["fields"]
    return any((field["fieldname"], field.get("options")) == ("market", MARKET) for field in fields)


def _is_written_by_people(name: str) -> bool:
    rules = definitions()[name].get("permissions", [])
    return any(rule.get("write") or rule.get("create") for rule in rules)
