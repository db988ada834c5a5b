"""Arguments of whitelisted functions must have the types that the function declares (checked by pydantic)."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any
from unittest import mock

import frappe

SKIPPED = (inspect.Parameter.empty, Any)


@functools.lru_cache(maxsize=4096)
def _adapter(annotation: Any) -> Any:
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:  # models bring their own configuration
        return TypeAdapter(annotation)


@functools.lru_cache(maxsize=4096)
def _signature(func: Callable) -> tuple[tuple[str, ...], dict[str, tuple[Any, Any]]]:
    """Names of the positional parameters, and (annotation, default) of the annotated ones.

    Annotations that are strings are left alone, as Frappe does: who postpones them opts out of the check.
    """
    annotated: dict[str, tuple[Any, Any]] = {}
    positional = []
    for name, parameter in inspect.signature(func).parameters.items():
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            positional.append(name)
        annotation = parameter.annotation
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if annotation in SKIPPED or isinstance(annotation, str) or _has_forward_reference(annotation):
            continue
        annotated[name] = (annotation, parameter.default)
    return tuple(positional), annotated


def _has_forward_reference(annotation: Any) -> bool:
    if isinstance(annotation, str | typing.ForwardRef):
        return True
    return any(_has_forward_reference(arg) for arg in typing.get_args(annotation) if arg is not annotation)


def _type_name(kind: Any) -> str:
    return getattr(kind, "__name__", None) or str(kind)


def raise_type_error(func: Callable, name: str, value: Any, expected: Any) -> None:
    """FrappeTypeError that names the argument and both types."""
    given = type(value).__name__
    raise frappe.FrappeTypeError(
        f"Argument '{name}' should be of type '{_type_name(expected)}' but got '{given}' instead."
    )


def transform_parameter_types(func: Callable, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments converted to the declared types ("7" → 7), or FrappeTypeError."""
    from pydantic import ValidationError

    positional, annotated = _signature(func)
    if not annotated:
        return args, kwargs
    new_args, new_kwargs = list(args), dict(kwargs)
    values = [(i, name, args[i]) for i, name in enumerate(positional[: len(args)])]
    values += [(None, name, value) for name, value in kwargs.items()]  # type: ignore[misc]
    for place, name, value in values:
        if name not in annotated or isinstance(value, mock.Mock):
            continue
        annotation, default = annotated[name]
        if value is None and default is None:
            continue  # `limit: int = None` means that None is fine
        try:
            converted = _adapter(annotation).validate_python(value)
        except ValidationError:
            if default is not inspect.Parameter.empty and value == default and type(value) is type(default):
                continue
            raise_type_error(func, name, value, annotation)
        if place is None:
            new_kwargs[name] = converted
        else:
            new_args[place] = converted
    return tuple(new_args), new_kwargs


def validate_argument_types(func: Callable, apply_condition: Callable[[], bool] = lambda: True) -> Callable:
    """Decorator: check and convert the arguments whenever the condition holds."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if apply_condition():
            args, kwargs = transform_parameter_types(func, args, kwargs)
        return func(*args, **kwargs)

    return wrapper
