"""Public names of the runtime that nobody uses: it is a means, and what no app needs goes out again.

A name counts as used when it can be reached from where work begins: the code of the apps and of the simulators, the
whitelisted methods (they serve the HTTP interface), the commands of `bench`, and what runs while a module is imported.
From there every identifier and every dotted name in a text (hooks, job names) leads on. Names are matched by their
spelling alone, so a name that is common elsewhere passes; one that is printed here is certainly not called by name.

`--check` fails when there are any.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "runtime"
USERS = (ROOT / "apps", ROOT / "simulators")
# Of Frappe's documented interface, what apps call most often (counted in four of them): an app may rely on these
# before ours do, and each has its tests.
KEPT = {
    "add_months", "add_roles", "append_roles", "cancelled", "copy_doc", "date_diff", "delete_doc_if_exists", "draft",
    "get_csrf_token", "get_files_path", "get_first_day", "get_last_day", "get_last_doc", "get_message_log",
    "get_password", "is_cancelled", "notify_update", "only_for", "publish_realtime", "random_string", "reload",
    "remove_roles", "sendmail", "submitted",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_BEGINNING = {"whitelist", "_command", "command", "group"}
_IMPORT = (ast.Import, ast.ImportFrom)
_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Name:
    """A function, class or method of the runtime."""

    place: str
    name: str
    uses: frozenset[str]
    begins: bool
    defined: bool = True  # else another name for it, given at an import

    @property
    def is_public(self) -> bool:
        return self.defined and not self.name.startswith("_")


def words_of(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Identifiers and the words of texts below the nodes; docstrings tell nothing."""
    found: set[str] = set()
    for top in nodes:
        silent = {id(text) for node in ast.walk(top) for text in _docstring(node)}
        for node in ast.walk(top):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.alias):
                found.add(node.name.rpartition(".")[2])
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
                found.update(_WORD.findall(node.value))
    return frozenset(found)


def _docstring(node: ast.AST) -> Iterator[ast.AST]:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
        yield body[0].value


def names_of(path: Path, root: Path) -> Iterator[Name]:
    """Every definition of a module and, as `__import__`, what runs while it is imported."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    place = str(path.relative_to(root))
    rest = [node for node in module.body if not isinstance(node, (*_DEFINITION, *_IMPORT))]
    yield Name(place, "__import__", words_of(rest), begins=True)
    for node in ast.walk(module):
        if isinstance(node, _IMPORT):
            for alias in node.names:
                if alias.asname:
                    yield Name(place, alias.asname, frozenset([alias.name]), begins=False, defined=False)
    for node in module.body:
        if isinstance(node, _DEFINITION):
            yield from _defined(node, place)


def _defined(node: ast.AST, place: str, of_library: bool = False) -> Iterator[Name]:
    """The definition and, of a class, its methods. The controller of a DocType begins by itself, as the methods of a
    class do that a library calls: one whose base is named with its module."""
    assert isinstance(node, _DEFINITION)
    begins = bool(_BEGINNING & words_of(node.decorator_list)) or of_library
    if not isinstance(node, ast.ClassDef):
        yield Name(place, node.name, words_of([node]), begins)
        return
    is_controller = "/doctype/" in place
    silent = set(_docstring(node))
    body = [n for n in node.body if not (isinstance(n, ast.Expr) and n.value in silent)]
    rest = [n for n in body if not isinstance(n, _DEFINITION) or n.name.startswith("_")]
    yield Name(place, node.name, words_of([*rest, *node.bases, *node.keywords]), begins or is_controller)
    overrides = any(isinstance(base, ast.Attribute) for base in node.bases)
    for part in node.body:
        if isinstance(part, _DEFINITION) and part not in rest:
            yield from _defined(part, place, overrides)


def unused(runtime: Path, users: Iterable[Path]) -> list[Name]:
    """The public names below `runtime` that cannot be reached, by place."""
    names = [name for path in _sources(runtime) for name in names_of(path, runtime)]
    reached: set[str] = set(KEPT)
    for folder in users:
        for path in _sources(folder):
            reached |= words_of([ast.parse(path.read_text(encoding="utf-8"))])
    waiting = names
    while True:
        live = [n for n in waiting if n.begins or n.name in reached or re.fullmatch("__.*__", n.name)]
        if not live:
            break
        for name in live:
            reached |= name.uses
        waiting = [name for name in waiting if name not in live]
    return sorted((n for n in waiting if n.is_public), key=lambda n: (n.place, n.name))


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        if "tests" not in path.relative_to(folder).parts:
            yield path


def main() -> None:
    found = unused(RUNTIME, USERS)
    for name in found:
        print(f"{name.place}: {name.name}")
    if found and "--check" in sys.argv[1:]:
        raise SystemExit(
            f"{len(found)} public names of the runtime are used by no app, no hook and no HTTP method: "
            "take them out, or say in deploy/runtime_usage.py why they stay"
        )


if __name__ == "__main__":
    main()
