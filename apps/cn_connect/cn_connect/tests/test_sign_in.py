"""What is made of stock Frappe's answers to a log-in."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.wrappers import Response

from cn_connect import sign_in

LOGIN = SimpleNamespace(path="/api/method/login")
HOOKS = sorted(Path(__file__).parents[3].glob("*/*/hooks.py"))


@pytest.fixture
def stock(site: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """As if stock Frappe had answered; `hashes` counts the passwords that were worked out."""
    from frappe.utils import password

    work = SimpleNamespace(hashes=0)

    class Context:
        def dummy_verify(self) -> None:
            work.hashes += 1

    monkeypatch.setattr(sign_in, "_is_stock", lambda: True)
    monkeypatch.setattr(password, "passlibctx", Context())
    return work


def test_a_locked_account_is_told_when_to_come_back(stock: Any) -> None:
    response = Response(json.dumps({"exc_type": "SecurityException", "exc": "Traceback"}), status=500)
    sign_in.after_request(response, LOGIN)
    body = json.loads(response.get_data())
    assert (response.status_code, body["error_code"]) == (429, "LOCKED")
    assert int(response.headers["Retry-After"]) == body["retry_after"] > 0
    assert "exc" not in body


@pytest.mark.parametrize(("user", "hashes"), [("Administrator", 0), ("nobody@example.com", 1), ("", 1)])
def test_an_unknown_name_costs_the_work_of_a_wrong_password(
    stock: Any, monkeypatch: pytest.MonkeyPatch, user: str, hashes: int
) -> None:
    import frappe

    monkeypatch.setattr(frappe.local, "form_dict", frappe._dict(usr=user))
    sign_in.after_request(Response("{}", status=401), LOGIN)
    assert stock.hashes == hashes


def test_other_answers_stay(stock: Any) -> None:
    for path, status in (("/api/method/login", 200), ("/api/method/ping", 500)):
        response = Response('{"exc_type": "SecurityException"}', status=status)
        sign_in.after_request(response, SimpleNamespace(path=path))
        assert response.status_code == status


@pytest.mark.parametrize("path", HOOKS, ids=lambda path: path.parent.name)
def test_no_hook_is_named_twice_in_a_file(path: Path) -> None:
    """The second list would take the place of the first without a word."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    assert sorted(names) == sorted(set(names))
