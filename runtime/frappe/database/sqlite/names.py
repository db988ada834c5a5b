"""What MariaDB calls otherwise than SQLite: functions, units of time, types of CAST."""

from __future__ import annotations

# Functions SQLite has under another name, or whose own behaviour differs from MariaDB's.
FUNCTIONS = {
    "if": "iif",
    "left": "str_left",
    "right": "str_right",
    "round": "round_half_up",
    "current_timestamp": "now",
    "current_date": "curdate",
    "current_time": "curtime",
    "substring": "substr",
    "mid": "substr",
    "char_length": "length",
    "character_length": "length",
    "ucase": "upper",
    "lcase": "lower",
    "ceiling": "ceil",
    "power": "pow",
    "rand": "random_float",
    "day": "dayofmonth",
    "sysdate": "now",
    "adddate": "date_add",
    "subdate": "date_sub",
    "database": "curdatabase",
    "date": "to_date",
    "time": "to_time",
    "isnull": "is_null",
}


UNITS = ("microsecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


MOMENTS = {"current_date": "curdate()", "current_timestamp": "now()", "current_time": "curtime()"}


CAST_TYPES = {
    "char": "text",
    "varchar": "text",
    "nchar": "text",
    "signed": "integer",
    "unsigned": "integer",
    "int": "integer",
    "integer": "integer",
    "decimal": "real",
    "double": "real",
    "float": "real",
}


CAST_FUNCTIONS = {"date": "to_date", "datetime": "to_datetime", "time": "to_time"}
