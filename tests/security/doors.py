"""Every generic way to a document over HTTP: what is asked, which right it needs, and what a success looks like."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from tests.live import Caller

Ask = Callable[[Caller, str, str], requests.Response]


@dataclass(frozen=True)
class Door:
    """A way in. `right` is what it needs; `shows` tells from the answer whether the document's existence shows."""

    title: str
    right: str
    ask: Ask
    shows: Callable[[requests.Response, str], bool] = lambda answer, name: answer.ok
    lists: bool = False  # the right to select is enough
    writes: bool = False  # not tried by those who may: it would change or remove what the others ask for


def _resource(verb: str, body: Any = None) -> Ask:
    def ask(caller: Caller, doctype: str, name: str) -> requests.Response:
        return caller.http.request(
            verb, f"{caller.base}/api/resource/{doctype}/{name}", json=body, timeout=30
        )

    return ask


def _get(method: str, /, **arguments: Any) -> Ask:
    def ask(caller: Caller, doctype: str, name: str) -> requests.Response:
        filled = {key: _filled(value, doctype, name) for key, value in arguments.items()}
        return caller.http.get(f"{caller.base}/api/method/{method}", params=filled, timeout=30)

    return ask


def _post(method: str, /, **arguments: Any) -> Ask:
    def ask(caller: Caller, doctype: str, name: str) -> requests.Response:
        filled = {key: _filled(value, doctype, name) for key, value in arguments.items()}
        return caller.http.post(f"{caller.base}/api/method/{method}", json=filled, timeout=30)

    return ask


def _filled(value: Any, doctype: str, name: str) -> Any:
    return value.replace("{doctype}", doctype).replace("{name}", name) if isinstance(value, str) else value


def _page(path: str, /, **arguments: Any) -> Ask:
    def ask(caller: Caller, doctype: str, name: str) -> requests.Response:
        filled = {key: _filled(value, doctype, name) for key, value in arguments.items()}
        return caller.http.get(f"{caller.base}{_filled(path, doctype, name)}", params=filled, timeout=30)

    return ask


def _attached(caller: Caller, doctype: str, name: str) -> requests.Response:
    """A file hung on the document."""
    return caller.http.post(
        f"{caller.base}/api/method/upload_file",
        files={"file": ("probe.txt", f"{doctype} {name}".encode())},
        data={"doctype": doctype, "docname": name, "is_private": "1"},
        timeout=30,
    )


def _not_empty(answer: requests.Response, name: str) -> bool:
    """Something that is not nothing: a row, a number, a true."""
    if not answer.ok:
        return False
    body = answer.json()
    said = body.get("message", body.get("data"))
    if isinstance(said, dict):
        return any(said.values())
    return bool(said)


_BY_NAME = '{"name": "{name}"}'
_AS_DOCUMENT = '{"doctype": "{doctype}", "name": "{name}"}'

DOORS = (
    Door("GET resource", "read", _resource("GET")),
    Door("client.get by name", "read", _get("frappe.client.get", doctype="{doctype}", name="{name}")),
    Door("client.get by filter", "read", _get("frappe.client.get", doctype="{doctype}", filters=_BY_NAME)),
    Door("client.get_list", "read", _get("frappe.client.get_list", doctype="{doctype}", filters=_BY_NAME), _not_empty, lists=True),
    Door("client.get_count", "read", _get("frappe.client.get_count", doctype="{doctype}", filters=_BY_NAME), _not_empty, lists=True),
    Door(
        "client.get_value", "read",
        _get("frappe.client.get_value", doctype="{doctype}", fieldname="name", filters=_BY_NAME), _not_empty,
    ),
    Door("GET resource list", "read", _page("/api/resource/{doctype}", filters=_BY_NAME), _not_empty, lists=True),
    Door(
        "client.has_permission", "read",
        _get("frappe.client.has_permission", doctype="{doctype}", docname="{name}", perm_type="read"), _not_empty,
    ),
    Door("get_transitions", "read", _post("frappe.model.workflow.get_transitions", doc=_AS_DOCUMENT), writes=True),
    Door("apply_workflow", "write", _post("frappe.model.workflow.apply_workflow", doc=_AS_DOCUMENT, action="Approve"), writes=True),
    Door("run_doc_method", "read", _post("run_doc_method", dt="{doctype}", dn="{name}", method="probe"), writes=True),
    Door("printview", "print", _page("/printview", doctype="{doctype}", name="{name}"), writes=True),
    Door("PUT resource", "write", _resource("PUT", {}), writes=True),
    Door("client.set_value", "write", _post("frappe.client.set_value", doctype="{doctype}", name="{name}", fieldname="docstatus", value="0"), writes=True),
    Door("client.save", "write", _post("frappe.client.save", doc=_AS_DOCUMENT), writes=True),
    Door("client.submit", "write", _post("frappe.client.submit", doc=_AS_DOCUMENT), writes=True),
    Door("client.cancel", "write", _post("frappe.client.cancel", doctype="{doctype}", name="{name}"), writes=True),
    Door("client.rename_doc", "write", _post("frappe.client.rename_doc", doctype="{doctype}", old_name="{name}", new_name="PROBE-RENAMED"), writes=True),
    Door("client.delete", "delete", _post("frappe.client.delete", doctype="{doctype}", name="{name}"), writes=True),
    Door("DELETE resource", "delete", _resource("DELETE"), writes=True),
    Door("upload_file onto it", "write", _attached, writes=True),
)  # fmt: skip


def created(caller: Caller, doctype: str, market: str) -> requests.Response:
    """An empty document of the DocType that claims a market."""
    body = {"market": market} if market else {}
    return caller.http.post(f"{caller.base}/api/resource/{doctype}", json=body, timeout=30)


def told(answer: requests.Response, name: str) -> str:
    """What the answer says, the name left out: equal for what is there and for what is not."""
    try:
        body = answer.json()
    except (json.JSONDecodeError, requests.JSONDecodeError):
        body = answer.text
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    text = re.sub(r"href=\\*[\"'][^\"']*", "", text.replace(name, "NAME"))  # a link names the address itself
    return f"{answer.status_code} {text}"
