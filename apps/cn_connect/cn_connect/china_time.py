"""Times as gateways speak them: ISO 8601 with an offset, or epoch seconds. Pure.

Services and database fields hold naive site time; everything here reads a naive value as China time (one zone, no
daylight saving since 1991). `china_now` is the wall clock of signatures: other than `clock.now` it cannot be
pinned, because the other side checks it against its own.
"""

from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")


def aware(moment: datetime) -> datetime:
    """The moment with China's offset; a naive value is read as China time."""
    return moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment.astimezone(CHINA)


def naive(moment: datetime) -> datetime:
    """The moment as the naive China time that database fields hold."""
    return aware(moment).replace(tzinfo=None)


def china_now() -> datetime:
    """The wall clock, with offset."""
    return datetime.now(CHINA)


def epoch(moment: datetime) -> int:
    """Seconds since 1970, as gateways put them into signed headers."""
    return int(aware(moment).timestamp())


def parse_iso(text: str | None) -> datetime | None:
    """An ISO 8601 time of a gateway as naive China time; None for nothing. Raises ValueError if malformed."""
    if not text:
        return None
    return naive(datetime.fromisoformat(text.replace("Z", "+00:00")))
