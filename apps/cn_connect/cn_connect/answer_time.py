"""Answers that take the same time whatever was asked, where the time would tell what the answer does not."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_sooner(
    seconds: float,
    pause: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Ends, by return or by error, so many seconds after it began at the earliest.

    Not around anything that writes: a transaction would stay open, and on SQLite nobody else could write.
    """
    began = clock()
    try:
        yield
    finally:
        left = seconds - (clock() - began)
        if left > 0:
            pause(left)
