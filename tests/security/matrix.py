"""Ask everything of everybody: each person at each door of each document, and at each whitelisted method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import requests

from tests.security.documents import MISSING, Document
from tests.security.doors import DOORS, Door, created, told
from tests.security.methods import Method
from tests.security.people import Person
from tests.security.rights import Rights


@dataclass
class Findings:
    """What was asked, and what was answered wrongly: one line each."""

    cells: int = 0
    wrong: list[str] = field(default_factory=list)
    server_errors: list[str] = field(default_factory=list)
    doors: Counter[str] = field(default_factory=Counter)

    def add(self, other: Findings) -> None:
        self.cells += other.cells
        self.wrong += other.wrong
        self.server_errors += other.server_errors
        self.doors += other.doors


def ask_everybody(
    people: Iterable[Person], documents: list[Document], methods: list[Method], rights: Rights
) -> Findings:
    """Everybody at once, one thread each."""
    found = Findings()
    with ThreadPoolExecutor(4) as pool:
        for part in pool.map(lambda person: _ask(person, documents, methods, rights), people):
            found.add(part)
    return found


def _ask(person: Person, documents: list[Document], methods: list[Method], rights: Rights) -> Findings:
    found = Findings()
    missing: dict[tuple[str, str], str] = {}
    for document in documents:
        for door in DOORS:
            _at_door(person, document, door, rights, found, missing)
        _creates(person, document, rights, found)
    for method in methods:
        for verb in ("GET", "POST"):
            _calls(person, method, verb, found)
    return found


def _at_door(
    person: Person,
    document: Document,
    door: Door,
    rights: Rights,
    found: Findings,
    missing: dict[tuple[str, str], str],
) -> None:
    """The document, and where it is closed also one that is not there: both must be answered alike. `missing` keeps
    what is answered of the DocType's that is not there."""
    allowed = rights.on(person, document, door.right) or (
        door.lists and rights.on(person, document, "select")
    )
    if allowed and (door.writes or document.parent or document.doctype in rights.narrowed):
        return
    where = f"{person.title} · {door.title} · {document.doctype} of {document.market}"
    answer = _counted(
        found, where, door.title, lambda: door.ask(person.caller, document.doctype, document.name)
    )
    if answer is None:
        return
    if allowed:
        if not door.shows(answer, document.name):
            found.wrong.append(f"{where}: should be open, {_short(answer)}")
        return
    if door.shows(answer, document.name):
        found.wrong.append(f"{where}: should be closed, {_short(answer)}")
    if rights.on(person, document, "read") or rights.on(person, document, "select"):
        return  # they may know that it is there
    key = (door.title, document.doctype)
    if key not in missing:
        nothing = _counted(
            found, where, door.title, lambda: door.ask(person.caller, document.doctype, MISSING)
        )
        missing[key] = told(nothing, MISSING) if nothing is not None else ""
    if missing[key] and missing[key] != told(answer, document.name):
        found.wrong.append(f"{where}: tells that it exists, {_short(answer)} / {missing[key][:160]}")


def _creates(person: Person, document: Document, rights: Rights, found: Findings) -> None:
    """An empty document that claims the market: only who may create there gets beyond the refusal."""
    allowed = rights.on(person, document, "create")
    if allowed:
        return
    where = f"{person.title} · create · {document.doctype} of {document.market}"
    answer = _counted(
        found, where, "create", lambda: created(person.caller, document.doctype, document.market or "")
    )
    if answer is not None and answer.ok:
        found.wrong.append(f"{where}: should be closed, {_short(answer)}")


def _calls(person: Person, method: Method, verb: str, found: Findings) -> None:
    """Without arguments: who may call it is told so, who may not is refused before that."""
    where = f"{person.title} · {verb} {method.name}"
    url = f"{person.caller.base}/api/method/{method.name}"
    answer = _counted(found, where, "method", lambda: person.caller.http.request(verb, url, timeout=60))
    if answer is None:
        return
    refused = answer.status_code in (401, 403)
    closed = method.is_closed_to(person)
    if verb not in method.verbs:
        if answer.ok:
            found.wrong.append(f"{where}: should not take this verb, {_short(answer)}")
    elif closed and not refused:
        found.wrong.append(f"{where}: should be closed, {_short(answer)}")
    elif not closed and refused and method.roles is not None:
        found.wrong.append(f"{where}: should be open, {_short(answer)}")


def _counted(found: Findings, where: str, door: str, ask: object) -> requests.Response | None:
    """One cell; an answer of 500 and more is a fault whatever was asked."""
    assert callable(ask)
    found.cells += 1
    found.doors[door] += 1
    answer: requests.Response = ask()
    if answer.status_code >= 500:
        found.server_errors.append(f"{where}: {_short(answer)}")
        return None
    return answer


def _short(answer: requests.Response) -> str:
    return f"{answer.status_code} {answer.text[:160]!r}"


def lines(found: Findings, most: int = 2000) -> Iterator[str]:
    """The first faults, for people."""
    for kind, texts in (("WRONG", found.wrong), ("SERVER ERROR", found.server_errors)):
        for text in texts[:most]:
            yield f"{kind} {text}"
