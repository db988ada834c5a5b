"""Every answer that the tests get from an API method has the shape that the method declares."""

from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import pytest
from pydantic import TypeAdapter

from cn_connect import api_method
from cn_connect.api_method import ApiMethod


def _shape(value: Any) -> Any:
    """The keys of objects, however deep."""
    if isinstance(value, dict):
        return {key: _shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_shape(entry) for entry in value]
    return None


def _check(method: ApiMethod, answer: Any) -> None:
    declared = get_type_hints(method.function)["return"]
    read = TypeAdapter(declared).validate_python(answer)
    assert _shape(read) == _shape(answer), f"{method.name} answers what {declared} does not have"


@pytest.fixture(autouse=True)
def answers_as_declared() -> Iterator[None]:
    """Compare the answer of every API method called in a test with its return type."""
    # A patch of its own: `monkeypatch`, asked for here, would be undone only after the site is gone.
    original: Callable[..., Any] = api_method._answer

    def checked(method: ApiMethod, args: tuple, kwargs: dict) -> Any:
        answer = original(method, args, kwargs)
        _check(method, answer)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api_method, "_answer", checked)
        yield
