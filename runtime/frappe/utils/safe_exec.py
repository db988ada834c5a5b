"""Expressions that administrators write (workflow conditions, virtual fields), evaluated without dangerous parts."""

from __future__ import annotations

import ast
from functools import lru_cache
from types import CodeType
from typing import Any

import frappe

BUILTINS = {
    name: __builtins__[name] if isinstance(__builtins__, dict) else getattr(__builtins__, name)
    for name in [
        "abs",
        "all",
        "any",
        "bool",
        "dict",
        "enumerate",
        "filter",
        "float",
        "frozenset",
        "int",
        "isinstance",
        "len",
        "list",
        "map",
        "max",
        "min",
        "range",
        "reversed",
        "round",
        "set",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
    ]
}
FORBIDDEN = (ast.Lambda, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)


@lru_cache(maxsize=512)
def _compiled(code: str) -> CodeType:
    tree = ast.parse(code.strip(), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, FORBIDDEN):
            raise SyntaxError(f"Operation not allowed: {type(node).__name__}")
        if isinstance(node, ast.Attribute) and (
            node.attr.startswith("_") or node.attr in ("format", "format_map")
        ):
            raise SyntaxError(f"Illegal rule {code}. Cannot use {node.attr!r}")
        if isinstance(node, ast.Name) and node.id.startswith("__"):
            raise SyntaxError(f"Illegal rule {code}. Cannot use {node.id!r}")
    return compile(tree, "<expression>", "eval")


def safe_eval(
    code: str, eval_globals: dict[str, Any] | None = None, eval_locals: dict[str, Any] | None = None
) -> Any:
    """The value of one expression; SyntaxError when it reaches for what it must not."""
    scope = {**(eval_globals or {}), **(eval_locals or {}), "__builtins__": {}}
    for name, value in BUILTINS.items():
        scope.setdefault(name, value)
    return eval(_compiled(code), scope)


def get_workflow_safe_globals() -> dict[str, Any]:
    """What a workflow condition may use besides `doc`."""
    utils = frappe.utils
    return {
        "frappe": frappe._dict(
            db=frappe._dict(get_value=frappe.db.get_value, get_list=frappe.db.get_list),
            session=frappe.session,
            utils=frappe._dict(
                now_datetime=utils.now_datetime,
                add_to_date=utils.add_to_date,
                get_datetime=utils.get_datetime,
                now=utils.now,
            ),
        )
    }
