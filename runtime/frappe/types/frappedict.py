"""`_dict`: a dict whose keys are also attributes, the shape every row and document value travels in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


class _dict(dict):
    """A dict with attribute access; an unknown attribute is None, as callers of Frappe expect."""

    __slots__ = ()

    def __getattr__(self, key: str) -> Any:
        # Dunder look-ups come from copy, pickle and friends: they must fail, not answer None.
        if key[:2] == "__":
            raise AttributeError(key)
        return self.get(key)

    if TYPE_CHECKING:

        def __setattr__(self, key: str, value: Any) -> None: ...
    else:
        __setattr__ = dict.__setitem__
        __delattr__ = dict.__delitem__

    def update(self, *args: Any, **kwargs: Any) -> _dict:  # type: ignore[override]
        """Like dict.update, but returns self."""
        super().update(*args, **kwargs)
        return self

    def copy(self) -> _dict:
        return _dict(self)
