"""Arguments of whitelisted functions must have the types that the function declares (checked by pydantic)."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any

import frappe


def validate_argument_types(func: Callable, apply_condition: Callable[[], bool] = lambda: True) -> Callable:
    """Decorator: check and convert the arguments whenever the condition holds."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if apply_condition():
            args, kwargs = transform_parameter_types(func, args, kwargs)
        return func(*args, **kwargs)

    return wrapper


def transform_parameter_types(func: Callable, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments converted to the declared types ("7" → 7), or FrappeTypeError."""
    names, checked = _signature(func)
    if not checked:
        return args, kwargs
    given = zip(names, args, strict=False)
    converted = [_converted(checked, name, value) for name, value in given]
    return (
        (*converted, *args[len(converted) :]),
        {name: _converted(checked, name, value) for name, value in kwargs.items()},
    )


def _converted(checked: dict[str, tuple[Any, Any, Any]], name: str, value: Any) -> Any:
    if name not in checked:
        return value
    annotation, default, adapter = checked[name]
    if value is None and default is None:
        return value  # `limit: int = None` means that None is fine
    try:
        return adapter.validate_python(value)
    except ValueError:
        if value == default and type(value) is type(default):
            return value
        expected = getattr(annotation, "__name__", None) or str(annotation)
        raise frappe.FrappeTypeError(
            f"Argument '{name}' should be of type '{expected}' but got '{type(value).__name__}' instead."
        ) from None


@functools.lru_cache(maxsize=4096)
def _signature(func: Callable) -> tuple[list[str], dict[str, tuple[Any, Any, Any]]]:
    """Names of the positional parameters, and (annotation, default, checker) of those that are checked.

    Annotations that are strings are left alone, as Frappe does: who postpones them opts out of the check.
    """
    parameters = inspect.signature(func).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    checked = {
        p.name: (p.annotation, p.default, _adapter(p.annotation))
        for p in named
        if p.annotation not in (p.empty, Any) and not _is_forward_reference(p.annotation)
    }
    return [p.name for p in named if p.kind is not p.KEYWORD_ONLY], checked


def _is_forward_reference(annotation: Any) -> bool:
    if typing.get_origin(annotation) is typing.Literal:
        return False
    parts = typing.get_args(annotation)
    return isinstance(annotation, str | typing.ForwardRef) or any(map(_is_forward_reference, parts))


def _adapter(annotation: Any) -> Any:
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:  # models bring their own configuration
        return TypeAdapter(annotation)
