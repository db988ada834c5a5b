"""`make probe`: the matrix person × door × document over HTTP, from the site's own metadata; ends with one JSON line.

A new DocType, role row or whitelisted method takes part by itself. The site is a throw-away one with two markets; on a
stock bench (BENCH_DIR, FRAPPE_SITE) it is the site of the tests.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.live import live
from tests.security.documents import Document, of_every_doctype
from tests.security.matrix import Findings, ask_everybody, lines
from tests.security.methods import every_method
from tests.security.people import everybody
from tests.security.rights import Rights
from tests.sites import Bench, new_bench, new_site, servers, stock_bench
from tests.world import NOW, World


def prepared(world: World) -> tuple[list[str], list[Document], Rights]:
    """Two markets whose merchants have paid a bill and owe another, and a document of every DocType."""
    world.site.set_clock(NOW)
    markets = [world.market(), world.market()]
    for market in markets:
        world.paid(world.bound_tenant(market=market))
    with world.books() as frappe:
        documents = of_every_doctype(frappe, markets)
        rights = Rights.read(frappe)
    return markets, documents, rights


def probe(world: World, only: frozenset[str] = frozenset()) -> Findings:
    """Everybody at everything; `only`: these DocTypes, and the methods if it has the word `methods`."""
    markets, documents, rights = prepared(world)
    people = everybody(world, *markets)
    with world.books() as frappe:
        methods = every_method(frappe) if not only or "methods" in only else []
    chosen = [document for document in documents if not only or document.doctype in only]
    return ask_everybody(people, chosen, methods, rights)


def throw_away(directory: Path) -> Bench:
    """A bench with a new site of both apps."""
    bench = new_bench(directory, servers())
    new_site(bench)
    return bench


def main(only: frozenset[str]) -> int:
    """0 when nothing was answered wrongly."""
    with (
        tempfile.TemporaryDirectory(prefix="probe-", dir="/tmp") as folder,
        live(stock_bench() or throw_away(Path(folder, "bench"))) as site,
    ):
        found = probe(World(site), only)
    for line in lines(found):
        print(line)
    for door, count in sorted(found.doors.items()):
        print(f"{count:7} {door}")
    result = {"cells": found.cells, "wrong": len(found.wrong), "server_errors": len(found.server_errors)}
    print(json.dumps(result))
    return int(bool(found.wrong or found.server_errors))


if __name__ == "__main__":
    sys.exit(main(frozenset(sys.argv[1:])))
