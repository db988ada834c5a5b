"""Everything this app says to people exists in Chinese."""

import ast
import csv
import json
from pathlib import Path

import pytest

import cn_connect
from cn_connect import errors

PACKAGE = Path(cn_connect.__file__).parent
ERRORS = {name for name in dir(errors) if isinstance(getattr(errors, name), type)}
# Calls whose first text is shown to people.
SPEAKING = {"_"} | ERRORS - {"GatewayRefused", "NoConsent"}


def translations():
    found = {}
    for part in sorted((PACKAGE / "translations" / "parts").glob("*.csv")):
        with part.open(newline="", encoding="utf-8") as file:
            found.update({row[0]: row[1] for row in csv.reader(file) if row})
    return found


def messages():
    for path in sorted(PACKAGE.rglob("*.py")):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in SPEAKING
                and node.args
            ):
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value


def labels():
    for path in sorted(PACKAGE.rglob("doctype/*/*.json")):
        doctype = json.loads(path.read_text(encoding="utf-8"))
        yield doctype["name"]
        for field in doctype["fields"]:
            yield field.get("label")
            if field["fieldtype"] == "Select":
                yield from field.get("options", "").split("\n")


@pytest.mark.parametrize("source", [messages, labels], ids=["messages", "labels"])
def test_every_text_is_translated(source):
    missing = {text for text in source() if text} - set(translations())

    assert not missing


def test_translations_keep_the_placeholders():
    for source, translation in translations().items():
        for number in range(4):
            placeholder = f"{{{number}}}"
            assert (placeholder in source) == (placeholder in translation), source
