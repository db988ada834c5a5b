"""MariaDB's date and time functions over the texts that SQLite stores."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=8192)
def _parse(value: Any) -> datetime | None:
    """The moment a stored text means, None where MariaDB would give NULL."""
    if isinstance(value, (int, float)):
        value = str(int(value))
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        pass
    if match := re.match(r"(\d{4})-?(\d{1,2})-?(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?", value):
        try:
            return datetime(*(int(g or 0) for g in match.groups()))  # type: ignore[arg-type]
        except ValueError:
            return None
    return None


def _text(moment: datetime, like: Any = None) -> str:
    """A date when what went in was one, else a datetime in the stored form."""
    if isinstance(like, str) and len(like) <= 10 and moment.time() == time.min:
        return moment.date().isoformat()
    return str(moment)


def _of_moment(function: Callable[[datetime], Any]) -> Callable[[Any], Any]:
    def wrapper(value: Any) -> Any:
        moment = _parse(value) if value is not None else None
        return None if moment is None else function(moment)

    return wrapper


def _add_months(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def _shift(value: Any, amount: Any, unit: str = "day", sign: int = 1) -> str | None:
    moment = _parse(value) if value is not None else None
    if moment is None or amount is None:
        return None
    n = sign * int(float(amount))
    if unit in ("month", "quarter", "year"):
        return _text(_add_months(moment, n * {"month": 1, "quarter": 3, "year": 12}[unit]), value)
    shifted = moment + timedelta(**{unit + "s": n})
    return _text(shifted, value if unit in ("day", "week") else None)


def _difference(unit: str, start: Any, end: Any) -> int | None:
    a, b = (_parse(v) if v is not None else None for v in (start, end))
    if a is None or b is None:
        return None
    if unit in ("month", "quarter", "year"):
        months = (b.year - a.year) * 12 + b.month - a.month
        rest_a, rest_b = (a.day, a.time()), (b.day, b.time())
        if months > 0 and rest_b < rest_a:
            months -= 1
        elif months < 0 and rest_b > rest_a:
            months += 1
        return int(months / {"month": 1, "quarter": 3, "year": 12}[unit])
    return int((b - a) / timedelta(**{unit + "s": 1}))


_FORMATS: dict[str, Callable[[datetime], str]] = {
    "Y": lambda d: f"{d.year:04}",
    "y": lambda d: f"{d.year % 100:02}",
    "m": lambda d: f"{d.month:02}",
    "c": lambda d: str(d.month),
    "d": lambda d: f"{d.day:02}",
    "e": lambda d: str(d.day),
    "H": lambda d: f"{d.hour:02}",
    "k": lambda d: str(d.hour),
    "h": lambda d: f"{d.hour % 12 or 12:02}",
    "i": lambda d: f"{d.minute:02}",
    "s": lambda d: f"{d.second:02}",
    "S": lambda d: f"{d.second:02}",
    "f": lambda d: f"{d.microsecond:06}",
    "p": lambda d: "AM" if d.hour < 12 else "PM",
    "T": lambda d: d.strftime("%H:%M:%S"),
    "j": lambda d: d.strftime("%j"),
    "M": lambda d: d.strftime("%B"),
    "b": lambda d: d.strftime("%b"),
    "W": lambda d: d.strftime("%A"),
    "a": lambda d: d.strftime("%a"),
    "w": lambda d: d.strftime("%w"),
    "u": lambda d: d.strftime("%W"),
    "v": lambda d: d.strftime("%V"),
    "x": lambda d: d.strftime("%G"),
    "%": lambda d: "%",
}


def _date_format(value: Any, pattern: str | None) -> str | None:
    moment = _parse(value) if value is not None else None
    if moment is None or pattern is None:
        return None
    return re.sub(r"%(.)", lambda m: _FORMATS.get(m.group(1), lambda _: m.group(1))(moment), pattern)


def _str_to_date(text: str | None, pattern: str | None) -> str | None:
    if text is None or pattern is None:
        return None
    python_pattern = pattern.replace("%i", "%M").replace("%s", "%S").replace("%e", "%d").replace("%c", "%m")
    try:
        moment = datetime.strptime(text, python_pattern)
    except ValueError:
        return None
    return _text(moment, None if re.search("%[HhIiSskT]", pattern) else text[:10])


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    parts = [float(p) for p in str(value).split(" ")[-1].split(":")]
    return parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)


def _timediff(a: Any, b: Any) -> str | None:
    start, end = (_parse(v) if v is not None else None for v in (b, a))
    if start is None or end is None:
        return None
    total = int((end - start).total_seconds())
    return (
        f"{'-' if total < 0 else ''}{abs(total) // 3600:02}:{abs(total) % 3600 // 60:02}:{abs(total) % 60:02}"
    )


def _days_between(a: Any, b: Any) -> int | None:
    end, start = (_parse(v) if v is not None else None for v in (a, b))
    return None if start is None or end is None else (end.date() - start.date()).days


def _last_day(moment: datetime) -> str:
    return (_add_months(moment.replace(day=1), 1) - timedelta(days=1)).date().isoformat()


_now = datetime.now


def _on_value(function: Callable) -> Callable[[Any], Any]:
    return lambda value: None if value is None else function(value)


DETERMINISTIC: list[tuple[str, int, Callable]] = [
    ("date_format", 2, _date_format),
    ("str_to_date", 2, _str_to_date),
    ("to_date", 1, _of_moment(lambda d: d.date().isoformat())),
    ("to_datetime", 1, _of_moment(str)),
    ("timestamp", 1, _of_moment(str)),
    ("timestamp", 2, lambda d, t: None if d is None or t is None else str(_parse(f"{str(d)[:10]} {t}"))),
    ("to_time", 1, lambda v: None if v is None else str(v).split(" ")[-1]),
    ("year", 1, _of_moment(lambda d: d.year)),
    ("month", 1, _of_moment(lambda d: d.month)),
    ("dayofmonth", 1, _of_moment(lambda d: d.day)),
    ("quarter", 1, _of_moment(lambda d: (d.month + 2) // 3)),
    ("week", 1, _of_moment(lambda d: int(d.strftime("%U")))),
    ("weekofyear", 1, _of_moment(lambda d: d.isocalendar()[1])),
    ("weekday", 1, _of_moment(lambda d: d.weekday())),
    ("dayofweek", 1, _of_moment(lambda d: d.isoweekday() % 7 + 1)),
    ("dayofyear", 1, _of_moment(lambda d: d.timetuple().tm_yday)),
    ("monthname", 1, _of_moment(lambda d: d.strftime("%B"))),
    ("dayname", 1, _of_moment(lambda d: d.strftime("%A"))),
    ("hour", 1, _on_value(lambda v: int((_seconds(v) or 0) // 3600))),
    ("minute", 1, _on_value(lambda v: int((_seconds(v) or 0) % 3600 // 60))),
    ("second", 1, _on_value(lambda v: int((_seconds(v) or 0) % 60))),
    ("last_day", 1, _of_moment(_last_day)),
    ("datediff", 2, _days_between),
    ("timestampdiff", 3, _difference),
    ("timediff", 2, _timediff),
    ("time_to_sec", 1, _seconds),
    ("date_add", 2, _shift),
    ("date_add", 3, _shift),
    ("date_sub", 2, lambda v, n: _shift(v, n, "day", -1)),
    ("date_sub", 3, lambda v, n, unit: _shift(v, n, unit, -1)),
    ("addtime", 2, lambda v, t: None if v is None else str(_parse(v) + timedelta(seconds=_seconds(t) or 0))),  # type: ignore[operator]
    ("unix_timestamp", 1, _of_moment(lambda d: d.timestamp())),
    ("from_unixtime", 1, _on_value(lambda v: str(datetime.fromtimestamp(float(v))))),  # noqa: DTZ006
]
VOLATILE: list[tuple[str, int, Callable]] = [
    ("now", 0, lambda: str(_now().replace(microsecond=0))),
    ("now", 1, lambda _digits: str(_now())),
    ("curdate", 0, lambda: _now().date().isoformat()),
    ("curtime", 0, lambda: _now().strftime("%H:%M:%S")),
    ("utc_timestamp", 0, lambda: str(datetime.utcnow().replace(microsecond=0))),  # noqa: DTZ003
    ("unix_timestamp", 0, lambda: int(_now().timestamp())),
]
