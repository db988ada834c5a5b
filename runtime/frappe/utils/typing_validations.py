"""Arguments of whitelisted functions must have the types that the function declares (checked by pydantic)."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from typing import Any

import frappe

# pydantic would check what it makes of annotations itself, with a checker that takes 7 MB of every process.
os.environ.setdefault("PYDANTIC_SKIP_VALIDATING_CORE_SCHEMAS", "1")


def validate_argument_types(func: Callable, apply_condition: Callable[[], bool] = lambda: True) -> Callable:
    """Decorator: whenever the condition holds, the arguments are converted to the declared types ("7" → 7).

    FrappeTypeError for what cannot be converted.
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if apply_condition():
            names, checked = _signature(func)
            if checked:
                converted = [_converted(checked, *given) for given in zip(names, args, strict=False)]
                args = (*converted, *args[len(converted) :])
                kwargs = {name: _converted(checked, name, value) for name, value in kwargs.items()}
        return func(*args, **kwargs)

    return wrapper


def _converted(checked: dict[str, tuple[Any, Any, Any]], name: str, value: Any) -> Any:
    if name not in checked:
        return value
    annotation, default, adapter = checked[name]
    if value == default and type(value) is type(default):
        return value  # `limit: int = None` means that None is fine
    try:
        return adapter.validate_python(value)
    except ValueError:
        expected = getattr(annotation, "__name__", None) or str(annotation)
        raise frappe.FrappeTypeError(
            f"Argument '{name}' should be of type '{expected}' but got '{type(value).__name__}' instead."
        ) from None


@functools.lru_cache(maxsize=4096)
def _signature(func: Callable) -> tuple[list[str], dict[str, tuple[Any, Any, Any]]]:
    """Names of the positional parameters, and (annotation, default, checker) of those that are checked.

    Annotations that are strings are left alone, as Frappe does: who postpones them opts out of the check.
    """
    from pydantic import ConfigDict, TypeAdapter

    config = ConfigDict(arbitrary_types_allowed=True)
    parameters = inspect.signature(func).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    checked = {
        p.name: (p.annotation, p.default, TypeAdapter(p.annotation, config=config))
        for p in named
        if p.annotation not in (p.empty, Any) and not isinstance(p.annotation, str)
    }
    return [p.name for p in named if p.kind is not p.KEYWORD_ONLY], checked
