"""Expressions that administrators write (workflow conditions, virtual fields), evaluated without dangerous parts."""

from __future__ import annotations

import ast
import builtins
from functools import lru_cache
from types import CodeType
from typing import Any

import frappe

_NAMES = """
abs all any bool dict enumerate filter float frozenset int isinstance len list map max min range reversed round set
sorted str sum tuple zip
"""
BUILTINS = {name: getattr(builtins, name) for name in _NAMES.split()}
FORBIDDEN = (ast.Lambda, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)


@lru_cache(maxsize=512)
def _compiled(code: str) -> CodeType:
    tree = ast.parse(code.strip(), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, FORBIDDEN):
            raise SyntaxError(f"Operation not allowed: {type(node).__name__}")
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name.startswith("_") or name in ("format", "format_map"):
            raise SyntaxError(f"Illegal rule {code}. Cannot use {name!r}")
    return compile(tree, "<expression>", "eval")


def safe_eval(
    code: str, eval_globals: dict[str, Any] | None = None, eval_locals: dict[str, Any] | None = None
) -> Any:
    """The value of one expression; SyntaxError when it reaches for what it must not."""
    scope = {**BUILTINS, **(eval_globals or {}), **(eval_locals or {}), "__builtins__": {}}
    return eval(_compiled(code), scope)


def validate_expression(code: str) -> None:
    """ValidationError unless it can be evaluated later, so that a mistake shows where it is made."""
    try:
        _compiled(code)
    except SyntaxError as error:
        message = frappe._("Invalid python code on line {0}")
        frappe.throw(frappe.messages.fill(message, str(error.lineno or 1)))


def get_workflow_safe_globals() -> dict[str, Any]:
    """What a workflow condition may use besides `doc`."""
    names = ("now_datetime", "add_to_date", "get_datetime", "now")
    return {
        "frappe": frappe._dict(
            db=frappe._dict(get_value=frappe.db.get_value, get_list=frappe.db.get_list),
            session=frappe.session,
            utils=frappe._dict({name: getattr(frappe.utils, name) for name in names}),
        )
    }
