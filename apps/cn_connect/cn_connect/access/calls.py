"""What a request asks for: the methods it names, and the documents."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import frappe
from frappe import _

# The right that a method of `frappe.client` (or a short name) is about; reading, where nothing is said.
RIGHTS = {
    **dict.fromkeys(
        ("set_value", "save", "rename_doc", "bulk_update", "attach_file", "upload_file"), "write"
    ),
    **dict.fromkeys(("insert", "insert_many"), "create"),
    "submit": "submit",
    "cancel": "cancel",
    "delete": "delete",
}
# Modules, and short names, that offer documents of any DocType: without a right on the DocType nothing is done there.
GENERIC = (
    "cn_connect.access.client.",
    "frappe.client.",
    "frappe.model.workflow.",
    "frappe.utils.print_format.",
    "frappe.www.printview",
)
SHORT = ("run_doc_method", "runserverobj", "upload_file")
_VERBS = {
    "GET": "read",
    "HEAD": "read",
    "POST": "create",
    "PUT": "write",
    "PATCH": "write",
    "DELETE": "delete",
}
# How methods name a document.
_PAIRS = (
    *(("doctype", "name"), ("doctype", "docname"), ("doctype", "old_name"), ("dt", "dn"), ("doc", "name")),
    *(("reference_doctype", "reference_name"), ("attached_to_doctype", "attached_to_name")),
)


@dataclass
class Target:
    """A DocType or one of its documents, the right that is needed, and the values that the client sends for it."""

    doctype: str
    name: Any
    right: str
    values: Any = None
    parent: str | None = None


@dataclass
class Call:
    """One thing that the request asks for. `method` is empty for `/api/resource` and its like."""

    method: str = ""
    generic: bool = False
    targets: list[Target] = field(default_factory=list)


def calls_of(path: str, verb: str, form: dict[str, Any]) -> list[Call]:
    """Everything that is asked for: by the path, by `cmd` (which wins in stock Frappe), by `method` of an upload."""
    found = []
    if path.startswith("/api/"):
        found.append(_by_path(path.removeprefix("/api/"), verb, form))
    if isinstance(form.get("cmd"), str) and f"/api/method/{form['cmd']}" not in (path, path.rstrip("/")):
        found.append(by_method(form["cmd"], form))
    if form.get("method") and any(call.method.rsplit(".", 1)[-1] == "upload_file" for call in found):
        found.append(by_method(str(form["method"]), form))
    return found


def by_method(method: str, form: dict[str, Any]) -> Call:
    short = method.rsplit(".", 1)[-1]
    generic = method.startswith(GENERIC) or short in SHORT
    right = RIGHTS.get(short, "read") if generic else "read"
    return Call(method, generic, list(_targets(short, right, form)))


def _by_path(rest: str, verb: str, form: dict[str, Any]) -> Call:
    kind, _slash, rest = rest.partition("/")
    version = kind
    if kind in ("v1", "v2"):
        kind, _slash, rest = rest.partition("/")
    first, _slash, name = rest.partition("/")
    name = name.removesuffix("/")
    if kind == "method" and first:
        return by_method(f"{first}/{name}" if name and version == "v2" else first, form)
    if kind in ("resource", "document") and first:
        if kind == "document" and "/method/" in name:
            name = name.rpartition("/method/")[0]
        values = _sent(form) if verb in ("POST", "PUT", "PATCH") else None
        right = "read" if name and verb == "POST" else _VERBS.get(verb, "write")
        return Call(
            "", True, [Target(first, name or None, right, values if not name or verb != "POST" else None)]
        )
    return Call("", kind == "doctype", [Target(first, None, "read")] if kind == "doctype" and first else [])


def _sent(form: dict[str, Any]) -> Any:
    data = parsed(form.get("data"))
    values = form if data is None else data
    if not isinstance(values, dict):
        frappe.throw(_("A document is sent as an object of fields and values."))
    return {key: value for key, value in values.items() if key not in ("cmd", "csrf_token", "doctype")}


def parsed(value: Any) -> Any:
    """JSON as what it says; ValidationError when it cannot be read."""
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return value
    try:
        found = json.loads(value)
        json.dumps(
            found, ensure_ascii=False
        ).encode()  # halves of characters are no text that could be stored
        return found
    except (ValueError, RecursionError):
        frappe.throw(_("The request holds JSON that cannot be read."))


def _targets(short: str, right: str, form: dict[str, Any]) -> Iterator[Target]:
    """By pairs of arguments, and by documents sent as such."""
    parent = form.get("parent") if isinstance(form.get("parent"), str) else None
    named = False
    for doctype_key, name_key in _PAIRS:
        doctype, name = form.get(doctype_key), form.get(name_key)
        if isinstance(doctype, str) and doctype and doctype[0] not in "{[" and name not in (None, ""):
            named = True
            for each in _names(name, listed=short == "download_multi_pdf"):
                yield Target(doctype, each, right, _set_values(short, form), parent)
    for key in ("doc", "docs", "document"):
        for doc in _documents(form.get(key)):
            named = True
            is_new = right == "create" or doc.get("__islocal") or not (doc.get("name") or doc.get("docname"))
            name = None if is_new else doc.get("docname") or doc.get("name")
            yield Target(str(doc["doctype"]), name, "create" if is_new and right != "read" else right, doc)
    doctype = form.get("doctype") or form.get("dt")
    if not named and isinstance(doctype, str) and doctype:
        # `run_doc_method` and `get` without a name mean the Single of that DocType
        yield Target(doctype, None, right, _set_values(short, form), parent)


def _names(name: Any, listed: bool) -> list[Any]:
    value = parsed(name) if listed else name
    return value if listed and isinstance(value, list) else [value]


def _documents(value: Any) -> list[dict[str, Any]]:
    value = parsed(value)
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("doctype"), str)]


def _set_values(short: str, form: dict[str, Any]) -> Any:
    if short != "set_value":
        return None
    fields = parsed(form.get("fieldname"))
    if not isinstance(fields, dict) and (not isinstance(fields, str) or not fields.strip()):
        frappe.throw(_("A document is sent as an object of fields and values."))
    return fields if isinstance(fields, dict) else {fields: form.get("value")}
