"""Codes that WeChat refused: each is a question to WeChat that somebody waited for, so nobody asks without end.

Many people share an address, and a refused code is worth nothing to anybody, so the limits are wide: they only bound the load.
Only refusals count, per address or account and for the whole site; whoever has a good code is held up only beyond that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from cn_connect import counters
from cn_connect.errors import GatewayRefused, TooOften

PERIOD = timedelta(minutes=15)
PER_PERSON, PER_SITE = 600, 5000


@contextmanager
def counted(what: str, person: str, now: datetime) -> Iterator[None]:
    """Around a question to WeChat about a code that `person` (an address or an account) gave. Raises TooOften before it."""
    limits = {f"refused:{what}:{person}": PER_PERSON, f"refused:{what}": PER_SITE}
    for name, most in limits.items():
        if seconds := counters.left(name, most, PERIOD, now):
            raise TooOften(
                "Too many wrong attempts. Please try again in {0} minutes.", seconds, -(-seconds // 60)
            )
    try:
        yield
    except GatewayRefused:
        for name, most in limits.items():
            counters.spend(name, most, PERIOD, now)
        raise
