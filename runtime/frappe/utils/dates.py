"""Dates and times of the site: its time zone's clock, parsing, arithmetic, periods."""

from __future__ import annotations

import calendar
import datetime
import math
import re
from functools import lru_cache
from typing import Any

import pytz
from dateutil import parser
from dateutil.relativedelta import relativedelta

import frappe

DATE_FORMAT = "%Y-%m-%d"
TIME_FORMAT = "%H:%M:%S.%f"
DATETIME_FORMAT = f"{DATE_FORMAT} {TIME_FORMAT}"
DateTimeLikeObject = Any
_NO_DATE = ("0001-01-01", "0000-00-00")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_TIMEDELTA = re.compile(
    r"(?:(?P<days>-?\d+) day[s]?, )?(?P<hours>-?\d+):(?P<minutes>\d+)(?::(?P<seconds>\d+(?:\.\d*)?))?\Z"
)
timezone = lru_cache(maxsize=32)(pytz.timezone)


def get_system_timezone() -> str:
    """The time zone of System Settings."""
    return frappe.get_system_settings("time_zone") or "Asia/Kolkata"


def get_datetime_in_timezone(time_zone: str) -> datetime.datetime:
    return datetime.datetime.now(timezone(time_zone))


def now_datetime() -> datetime.datetime:
    """The site's clock, without a time zone."""
    return get_datetime_in_timezone(get_system_timezone()).replace(tzinfo=None)


def now() -> str:
    """The site's clock as text, with microseconds. `frappe.flags.current_date` replaces the date."""
    if frappe.flags.current_date:
        return f"{getdate(frappe.flags.current_date)} {nowtime()}"
    return now_datetime().strftime(DATETIME_FORMAT)


def nowdate() -> str:
    return now_datetime().strftime(DATE_FORMAT)


today = nowdate


def nowtime() -> str:
    return now_datetime().strftime(TIME_FORMAT)


def convert_utc_to_timezone(utc_timestamp: Any, time_zone: str) -> datetime.datetime:
    return pytz.utc.localize(get_datetime(utc_timestamp)).astimezone(timezone(time_zone))


def convert_utc_to_system_timezone(utc_timestamp: Any) -> datetime.datetime:
    return convert_utc_to_timezone(utc_timestamp, get_system_timezone())


def is_invalid_date_string(date_string: Any) -> bool:
    return not date_string or (isinstance(date_string, str) and date_string.startswith(_NO_DATE))


def getdate(string_date: DateTimeLikeObject = None, parse_day_first: bool = False) -> datetime.date:
    """The date in a text, date or datetime; today without an argument; None for `0000-00-00`."""
    if isinstance(string_date, datetime.datetime):
        return string_date.date()
    if isinstance(string_date, datetime.date):
        return string_date
    if not string_date:
        return now_datetime().date()
    if not isinstance(string_date, str) or is_invalid_date_string(string_date):
        return None  # type: ignore[return-value]
    try:
        if _ISO_DATE.match(string_date):
            return datetime.date.fromisoformat(string_date)
        return parser.parse(string_date, dayfirst=parse_day_first).date()
    except (ValueError, OverflowError):
        frappe.throw(
            frappe._("{} is not a valid date string.").format(frappe.bold(string_date)),
            title=frappe._("Invalid Date"),
        )


def get_datetime(datetime_str: DateTimeLikeObject = None) -> datetime.datetime:
    """The moment in a text, date or datetime; now without an argument; None for an empty text."""
    if datetime_str is None:
        return now_datetime()
    if isinstance(datetime_str, datetime.datetime):
        return datetime_str
    if isinstance(datetime_str, datetime.date):
        return datetime.datetime.combine(datetime_str, datetime.time())
    if isinstance(datetime_str, datetime.timedelta):
        return now_datetime().replace(hour=0, minute=0, second=0, microsecond=0) + datetime_str
    if isinstance(datetime_str, (list, tuple)):
        return datetime.datetime(*datetime_str)
    if is_invalid_date_string(datetime_str):
        return None  # type: ignore[return-value]
    try:
        return datetime.datetime.strptime(datetime_str, DATETIME_FORMAT)
    except ValueError:
        return parser.parse(datetime_str)


def get_timedelta(time: Any = None) -> datetime.timedelta | None:
    """A duration from "HH:MM:SS", a time or a timedelta; None if the text is none."""
    if isinstance(time, datetime.timedelta):
        return time
    time = time or datetime.timedelta()
    if isinstance(time, datetime.timedelta):
        return time
    try:
        return parse_timedelta(str(time))
    except (AttributeError, ValueError):
        return None


def parse_timedelta(s: str) -> datetime.timedelta:
    match = _TIMEDELTA.match(s)
    return datetime.timedelta(**{k: float(v) for k, v in match.groupdict().items() if v is not None})  # type: ignore[union-attr]


def to_timedelta(time_str: Any) -> Any:
    """A time of day as the duration since midnight, the form that Time fields have."""
    if isinstance(time_str, datetime.time):
        time_str = str(time_str)
    if isinstance(time_str, str):
        moment = parser.parse(time_str)
        return datetime.timedelta(
            hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond
        )
    return time_str


def get_time(time_str: Any) -> datetime.time:
    """The time of day."""
    if isinstance(time_str, datetime.datetime):
        return time_str.time()
    if isinstance(time_str, datetime.time):
        return time_str
    if isinstance(time_str, datetime.timedelta):
        return (datetime.datetime(1, 1, 1) + time_str).time()
    return parser.parse(time_str).time()


def add_to_date(
    date: DateTimeLikeObject,
    years: int = 0,
    months: int = 0,
    weeks: int = 0,
    days: int = 0,
    hours: int = 0,
    minutes: int = 0,
    seconds: int = 0,
    as_string: bool = False,
    as_datetime: bool = False,
) -> Any:
    """`date` moved. A text gives a text, a date a date (a datetime when hours or less are added)."""
    if hours or minutes or seconds:
        as_datetime = True
    if isinstance(date, str):
        as_string = True
        if " " in date:
            as_datetime = True
        date = parser.parse(date)
    elif date is None:
        date = now_datetime()
    elif as_datetime and not isinstance(date, datetime.datetime):
        date = datetime.datetime.combine(date, datetime.time())
    # relativedelta takes whole days only
    extra = datetime.timedelta(days=days - math.floor(days), weeks=weeks - math.floor(weeks))
    date = date + relativedelta(
        years=years, months=months, weeks=math.floor(weeks), days=math.floor(days), hours=hours,
        minutes=minutes, seconds=seconds,
    ) + extra  # fmt: skip
    if as_string:
        return date.strftime(DATETIME_FORMAT if as_datetime else DATE_FORMAT)
    return date


def add_days(date: DateTimeLikeObject, days: float) -> Any:
    return add_to_date(date, days=days)  # type: ignore[arg-type]


def add_months(date: DateTimeLikeObject, months: int) -> Any:
    """The same day some months on, or that month's last day."""
    return add_to_date(date, months=months)


def add_years(date: DateTimeLikeObject, years: int) -> Any:
    return add_to_date(date, years=years)


def date_diff(string_ed_date: DateTimeLikeObject, string_st_date: DateTimeLikeObject) -> int:
    """Days from the second to the first."""
    return (getdate(string_ed_date) - getdate(string_st_date)).days


days_diff = date_diff


def month_diff(string_ed_date: DateTimeLikeObject, string_st_date: DateTimeLikeObject) -> int:
    """Calendar months that the period touches."""
    end, start = getdate(string_ed_date), getdate(string_st_date)
    return (end.year - start.year) * 12 + end.month - start.month + 1


def time_diff(string_ed_date: Any, string_st_date: Any) -> datetime.timedelta:
    return get_datetime(string_ed_date) - get_datetime(string_st_date)


def time_diff_in_seconds(string_ed_date: Any, string_st_date: Any) -> float:
    return time_diff(string_ed_date, string_st_date).total_seconds()


def time_diff_in_hours(string_ed_date: Any, string_st_date: Any) -> float:
    return round(time_diff_in_seconds(string_ed_date, string_st_date) / 3600, 6)


def get_timestamp(date: Any) -> float:
    return calendar.timegm(getdate(date).timetuple()) * 1.0


def get_first_day(dt: Any, d_years: int = 0, d_months: int = 0, as_str: bool = False) -> Any:
    """First day of the month, moved by years and months."""
    first = getdate(dt).replace(day=1) + relativedelta(years=d_years, months=d_months)
    return first.strftime(DATE_FORMAT) if as_str else first


def get_last_day(dt: Any) -> datetime.date:
    return get_first_day(dt, 0, 1) - datetime.timedelta(days=1)


def is_last_day_of_the_month(dt: Any) -> bool:
    return getdate(dt) == get_last_day(dt)


def get_quarter_start(dt: Any, as_str: bool = False) -> Any:
    date = getdate(dt)
    first = date.replace(month=(date.month - 1) // 3 * 3 + 1, day=1)
    return first.strftime(DATE_FORMAT) if as_str else first


def get_quarter_ending(date: Any) -> datetime.date:
    return get_last_day(get_quarter_start(date) + relativedelta(months=2))


def get_year_start(dt: Any, as_str: bool = False) -> Any:
    first = getdate(dt).replace(month=1, day=1)
    return first.strftime(DATE_FORMAT) if as_str else first


def get_year_ending(date: Any) -> datetime.date:
    return getdate(date).replace(month=12, day=31)


def get_weekdays() -> list[str]:
    return list(calendar.day_name)


def get_weekday(datetime: datetime.datetime | None = None) -> str:
    return calendar.day_name[(datetime or now_datetime()).weekday()]


def get_month(datetime: Any = None) -> str:
    return calendar.month_name[getdate(datetime).month]


def get_first_day_of_the_week() -> str:
    return frappe.get_system_settings("first_day_of_the_week") or "Sunday"


def get_first_day_of_week(dt: Any, as_str: bool = False) -> Any:
    date = getdate(dt)
    start = get_weekdays().index(get_first_day_of_the_week())
    first = date - datetime.timedelta(days=(date.weekday() - start) % 7)
    return first.strftime(DATE_FORMAT) if as_str else first


def get_last_day_of_week(dt: Any) -> datetime.date:
    return get_first_day_of_week(dt) + datetime.timedelta(days=6)
