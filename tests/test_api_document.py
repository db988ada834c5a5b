"""docs/api/openapi.json and the table of error codes say what the code does."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import openapi

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def document() -> dict:
    return openapi.document()


def test_the_committed_document_is_current(document):
    assert json.loads(openapi.TARGET.read_text(encoding="utf-8")) == document, "run deploy/openapi.py"


def test_it_is_the_same_every_time(document):
    assert json.dumps(openapi.document()) == json.dumps(document)


def test_check_refuses_a_stale_file(monkeypatch, tmp_path, document):
    stale = tmp_path / "openapi.json"
    stale.write_text("{}")
    monkeypatch.setattr(openapi, "TARGET", stale)
    monkeypatch.setattr(openapi, "ROOT", tmp_path)
    monkeypatch.setattr(openapi, "document", lambda: document)
    monkeypatch.setattr("sys.argv", ["openapi.py", "--check"])

    with pytest.raises(SystemExit, match="stale"):
        openapi.main()
    assert stale.read_text() == "{}"


def test_every_path_has_a_chinese_summary(document):
    english = [
        path
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if operation["summary"].isascii()
    ]
    assert not english


def test_every_answer_is_described(document):
    """An endpoint answers named fields or a file; `dict` alone would tell a client nothing."""
    bare = []
    for path, operations in document["paths"].items():
        operation = operations["post"]
        content = operation["responses"]["200"].get("content", {})
        message = content.get("application/json", {}).get("schema", {}).get("properties", {}).get("message")
        if message is not None and not {"properties", "$ref"} & set(message):
            # A table from names to values of one type is described, too.
            if isinstance(message.get("additionalProperties"), dict):
                continue
            bare.append(path)
    assert not bare


def test_references_lead_somewhere(document):
    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(document)):
        target = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_the_error_codes_are_those_in_the_code(document):
    # ERROR is what `describe` falls back on; WITHDRAWN is a note in an outbox message that no client gets.
    assert set(document["x-error-codes"]) == set(_codes_in_code()) - {"WITHDRAWN"} | {"ERROR"}


def _codes_in_code() -> Iterator[str]:
    for path in sorted(ROOT.glob("apps/*/*/**/*.py")):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from _codes_of(node)


def _codes_of(node: ast.AST) -> Iterator[str]:
    """Codes given to refuse(…, code), WorkbookFault(code, …), `error_code = code`, {"error_code": code}, (Class, code)."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        position = {"refuse": 1, "WorkbookFault": 0}.get(node.func.id)
        if position is not None and len(node.args) > position:
            yield from _code(node.args[position])
    elif isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "error_code" for target in node.targets
    ):
        yield from _code(node.value)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "error_code":
                yield from _code(value)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "_CODES":
        for entry in getattr(node.value, "elts", []):
            yield from _code(entry.elts[1])


def _code(node: ast.expr) -> Iterator[str]:
    # CONNECT_ERROR belongs to the base class, which nothing raises.
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != "CONNECT_ERROR":
        yield node.value
