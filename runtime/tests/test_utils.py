"""Numbers, dates and texts as stock Frappe reads, rounds and shows them."""

from __future__ import annotations

import datetime
import math

import pytest

import frappe
from frappe import utils
from frappe.types.frappedict import _dict

DATE = datetime.date(2026, 1, 31)
MOMENT = datetime.datetime(2026, 1, 31, 5)


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "number"),
        [
            ("5.7", 5),
            ("abc", 0),
            (None, 0),
            (True, 1),
            ("", 0),
            (5.9, 5),
            ("1,000", 0),
            ("1e3", 1000),
            (" 5 ", 5),
        ],
    )
    def test_cint(self, value, number):
        assert utils.cint(value) == number

    def test_cint_default(self):
        assert utils.cint("abc", 9) == 9

    @pytest.mark.parametrize(
        ("value", "number"),
        [("1,234.567", 1234.567), (None, 0), ("abc", 0), ("12.5abc", 0), (True, 1), ("1e3", 1000), (DATE, 0)],
    )
    def test_flt(self, value, number):
        assert utils.flt(value) == number

    @pytest.mark.parametrize(
        ("value", "precision", "number"),
        [
            (2.5, 0, 2), (3.5, 0, 4), (0.5, 0, 0), (1.005, 2, 1.01), (2.675, 2, 2.68), (2.665, 2, 2.67),
            (0.285, 2, 0.29), (-0.285, 2, -0.28), ("-5.55", 1, -5.5), (123456789.125, 2, 123456789.13),
            (math.nan, 2, 0), (5, 2, 5.0),
        ],
    )  # fmt: skip
    def test_legacy_rounding(self, value, precision, number):
        assert utils.flt(value, precision, "Banker's Rounding (legacy)") == number

    @pytest.mark.parametrize(
        ("method", "value", "precision", "number"),
        [
            ("Commercial Rounding", 2.5, 0, 3),
            ("Commercial Rounding", -2.5, 0, -3),
            ("Commercial Rounding", 2.675, 2, 2.68),
            ("Commercial Rounding", -2.665, 2, -2.67),
            ("Banker's Rounding", 2.5, 0, 2),
            ("Banker's Rounding", 2.665, 2, 2.66),
            ("Banker's Rounding", 2.675, 2, 2.68),
        ],
    )
    def test_rounding_methods(self, method, value, precision, number):
        assert utils.rounded(value, precision, method) == number

    def test_sbool(self):
        assert utils.sbool("true") is True and utils.sbool("0") is False and utils.sbool("x") == "x"


class TestDates:
    @pytest.mark.parametrize(
        "value",
        [
            "2026-01-31", "2026/01/31", "31-01-2026", "2026-01-31 10:11:12", "2026-01-31T10:00:00+08:00",
            datetime.datetime(2026, 1, 31, 2), DATE, "20260131",
        ],
    )  # fmt: skip
    def test_getdate(self, value):
        assert utils.getdate(value) == DATE

    def test_getdate_of_nothing(self):
        assert utils.getdate() == utils.getdate("") == utils.now_datetime().date()

    @pytest.mark.parametrize("value", ["garbage", "2026-02-30"])
    def test_getdate_refuses(self, value):
        with pytest.raises(frappe.ValidationError):
            utils.getdate(value)

    def test_get_datetime(self):
        assert utils.get_datetime("2026-01-31") == datetime.datetime(2026, 1, 31)
        assert utils.get_datetime("2026-01-31 10:11:12.5") == datetime.datetime(
            2026, 1, 31, 10, 11, 12, 500000
        )
        assert utils.get_datetime(DATE) == datetime.datetime(2026, 1, 31)
        assert utils.get_datetime("") is None

    def test_now(self):
        assert utils.now_datetime().tzinfo is None
        assert utils.nowdate() == utils.today() == utils.now()[:10]

    @pytest.mark.parametrize(
        ("date", "shift", "result"),
        [
            ("2026-01-31", {"days": 1}, "2026-02-01"),
            ("2026-01-31", {"months": 1}, "2026-02-28"),
            ("2026-01-31", {"weeks": 1, "days": 1}, "2026-02-08"),
            ("2026-01-31", {"hours": 1}, "2026-01-31 01:00:00.000000"),
            ("2026-01-31 10:00:00", {"days": 1}, "2026-02-01 10:00:00.000000"),
            (DATE, {"days": 1}, datetime.date(2026, 2, 1)),
            (DATE, {"minutes": 1}, datetime.datetime(2026, 1, 31, 0, 1)),
            (MOMENT, {"days": -1}, datetime.datetime(2026, 1, 30, 5)),
            (DATE, {"days": 1, "as_string": True}, "2026-02-01"),
            (DATE, {"days": 1, "as_string": True, "as_datetime": True}, "2026-02-01 00:00:00.000000"),
        ],
    )
    def test_add_to_date(self, date, shift, result):
        moved = utils.add_to_date(date, **shift)
        assert moved == result and type(moved) is type(result)

    def test_short_forms(self):
        assert utils.add_days("2026-01-31", 1) == "2026-02-01"
        assert utils.add_months(DATE, 1) == datetime.date(2026, 2, 28)
        assert utils.add_days(DATE, -0.5) == DATE - datetime.timedelta(days=1)
        assert utils.add_days(MOMENT, 0.5) == datetime.datetime(2026, 1, 31, 17)

    def test_differences(self):
        assert utils.date_diff("2026-02-01", "2026-01-01") == 31

    def test_months(self):
        assert utils.get_first_day("2026-02-11") == datetime.date(2026, 2, 1)
        assert utils.get_first_day("2026-02-11", 1, 1) == datetime.date(2027, 3, 1)
        assert utils.get_last_day("2026-02-11") == datetime.date(2026, 2, 28)

    def test_times(self):
        assert utils.to_timedelta("10:11:12") == datetime.timedelta(hours=10, minutes=11, seconds=12)


class TestTexts:
    def test_html(self):
        assert utils.escape_html('<a href="x">\'&') == "&lt;a href=&quot;x&quot;&gt;&apos;&amp;"
        assert utils.escape_html(5) == 5
        assert utils.strip_html("<p>a <b>b</b></p>") == "a b"

    @pytest.mark.parametrize(
        ("html", "clean"),
        [
            (
                '<p onclick="x">a<script>alert(1)</script></p>',
                "<p>a&lt;script&gt;alert(1)&lt;/script&gt;</p>",
            ),
            ("plain & text", "plain & text"),
            ("a <b>c", "a <b>c</b>"),
            ('<a href="javascript:x">y</a>', "<a>y</a>"),
            ('{"a":"<b>"}', '{"a":"<b>"}'),
            ("5 < 6", "5 < 6"),
            ('<p style="color:red;">a</p>', '<p style="color:red;">a</p>'),
            ('<p style="color: red">a</p>', '<p style="color: red;">a</p>'),
            (
                '<p style="COLOR:Red;text-align : center !important">x</p>',
                '<p style="COLOR:Red;text-align: center !important;">x</p>',
            ),
            ('<p style="color:rgb(1, 2, 3)">a</p>', '<p style="color:rgb(1, 2, 3);">a</p>'),
            ('<p style="a{}color:red">x</p>', '<p style="">x</p>'),
            ('<p style="behavior:x">x</p>', '<p style="">x</p>'),
        ],
    )
    def test_sanitize_html(self, html, clean):
        assert utils.sanitize_html(html) == clean

    def test_email_addresses(self):
        assert utils.validate_email_address("A <a@b.cn>, c@d.cn") == "a@b.cn, c@d.cn"
        assert utils.validate_email_address("a b") == "" and utils.validate_email_address("a@b") == ""
        with pytest.raises(frappe.InvalidEmailAddressError):
            utils.validate_email_address("a b", throw=True)

    def test_urls(self):
        assert utils.get_url("/a/b").endswith("/a/b") and utils.get_url("http://x.y") == "http://x.y"

    @pytest.mark.parametrize("length", [0, 1, 7, 40])
    def test_random_strings(self, length):
        texts = {utils.random_string(length) for _ in range(20)}
        assert all(len(text) == length and (text.isalnum() or not length) for text in texts)
        assert len(texts) > 15 or length < 2

    def test_where_files_lie(self):
        public, private = utils.get_files_path(), utils.get_files_path(is_private=1)
        assert public.endswith("/public/files") and private.endswith("/private/files")
        assert utils.get_files_path("a", "b.txt", is_private=True) == f"{private}/a/b.txt"
        assert utils.get_files_path("b.txt") == f"{public}/b.txt"

    def test_small_ones(self):
        assert utils.cstr(None) == "" and utils.cstr(b"ab") == "ab"
        assert utils.get_fullname("Administrator") == "Administrator"


class TestTypedValues:
    @pytest.mark.parametrize(
        ("fieldtype", "value", "result"),
        [
            ("Int", "5", 5), ("Check", "1", 1), ("Float", None, 0.0), ("Currency", "1.5", 1.5), ("Data", None, ""),
            ("Date", "2026-01-31", DATE),
            ("Datetime", "2026-01-31", datetime.datetime(2026, 1, 31)),
            ("Time", "10:00:00", datetime.timedelta(hours=10)), ("Text", 5, "5"),
        ],
    )  # fmt: skip
    def test_cast(self, fieldtype, value, result):
        assert utils.cast_fieldtype(fieldtype, value, show_warning=False) == result


class TestDict:
    def test_attributes(self):
        row = _dict(a=1)
        row.b = 2
        assert row.a == 1 and row["b"] == 2 and row.missing is None
        assert row.copy() == {"a": 1, "b": 2} and isinstance(row.copy(), _dict)
        assert row.update({"c": 3}) is row and row.c == 3
        del row.c
        assert "c" not in row


class TestErrors:
    @pytest.mark.parametrize(
        ("name", "status"),
        [
            ("ValidationError", 417), ("PermissionError", 403), ("DoesNotExistError", 404), ("DuplicateEntryError", 409),
            ("AuthenticationError", 401), ("CSRFTokenError", 400), ("RateLimitExceededError", 429),
            ("TimestampMismatchError", 417), ("MandatoryError", 417), ("LinkExistsError", 417), ("DataError", 417),
            ("TooManyRequestsError", 429), ("FrappeTypeError", 417),
        ],
    )  # fmt: skip
    def test_status(self, name, status):
        assert getattr(frappe.exceptions, name).http_status_code == status

    def test_duplicate_is_a_clash_of_names(self):
        assert issubclass(frappe.DuplicateEntryError, frappe.NameError)
        assert issubclass(frappe.UniqueValidationError, frappe.ValidationError)
