"""SQL, single values and transactions: the same on SQLite and on MariaDB."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

import frappe

FIELDS = [
    {"fieldname": "label_text", "fieldtype": "Data"},
    {"fieldname": "code", "fieldtype": "Data", "unique": 1},
    {"fieldname": "amount", "fieldtype": "Currency"},
    {"fieldname": "rate", "fieldtype": "Float"},
    {"fieldname": "n", "fieldtype": "Int", "default": "3"},
    {"fieldname": "flag", "fieldtype": "Check", "default": "1"},
    {"fieldname": "day", "fieldtype": "Date"},
    {"fieldname": "moment", "fieldtype": "Datetime"},
    {"fieldname": "clock", "fieldtype": "Time"},
    {"fieldname": "kind", "fieldtype": "Select", "options": "A\nB", "default": "A"},
    {"fieldname": "remark", "fieldtype": "Small Text"},
]


@pytest.fixture
def value_doctype(make_doctype) -> str:
    return make_doctype("Value", FIELDS)


@pytest.fixture
def rows(value_doctype) -> str:
    """Three rows: one, two, three."""
    frappe.db.bulk_insert(
        value_doctype,
        ["name", "code", "label_text", "amount", "n", "day", "moment", "clock", "creation", "modified"],
        [
            ["one", "C1", "Äpfel", 0.1, 1, "2026-01-01", "2026-01-01 10:00:00", "10:11:12", "2026-01-01", "2026-01-01"],
            ["two", "C2", "apfel ", 0.2, 2, "2026-02-28", "2026-02-28 23:59:59.5", "01:00:00", "2026-01-02", "2026-01-03"],
            ["three", None, None, 10, 2, None, None, None, "2026-01-03", "2026-01-02"],
        ],
    )  # fmt: skip
    return value_doctype


def sql(query: str, *values, **kwargs):
    return frappe.db.sql(query.replace("TABLE", "`tabRT Value`"), *values, **kwargs)


class TestSql:
    def test_shapes(self, rows):
        query = "select name, n from TABLE where n = 1"
        assert sql(query) == (("one", 1),)
        assert sql(query, as_dict=True) == [{"name": "one", "n": 1}]
        assert sql(query, as_dict=True)[0].name == "one"
        assert sql(query, pluck=True) == ["one"]
        assert sql(query, as_list=True) == [["one", 1]]
        assert sql("select name from TABLE where n = 9") == ()
        assert sql("select name from TABLE where n = 9", as_list=True) == []
        assert sql("select name from TABLE where n = 9", as_dict=True) == []
        assert sql("update TABLE set n = 5 where name = 'none'") == ()

    @pytest.mark.parametrize(
        ("condition", "values"),
        [
            ("n = %s", 1),
            ("n = %s", (1,)),
            ("n = %s and name = %s", [1, "one"]),
            ("n = %(n)s and n = %(n)s", {"n": 1}),
            ("name in %s", (["one", "nobody"],)),
            ("name in %(names)s", {"names": ("one", "nobody")}),
            ("day = %s", (datetime.date(2026, 1, 1),)),
            ("moment = %s", (datetime.datetime(2026, 1, 1, 10),)),
            ("moment = %s", ("2026-01-01 10:00:00.000000",)),
            ("clock = %s", (datetime.timedelta(hours=10, minutes=11, seconds=12),)),
            ("amount = %s", (Decimal("0.1"),)),
            ("amount = %s", (0.1,)),
            ("name like 'on%%' and n = %s", (1,)),
        ],
    )
    def test_values_are_bound(self, rows, condition, values):
        assert sql(f"select name from TABLE where {condition}", values) == (("one",),)

    def test_percent_is_literal_without_values(self, rows):
        assert sql("select name from TABLE where name like 'on%'") == (("one",),)

    def test_column_types(self, rows):
        row = sql("select * from TABLE where name = 'two'", as_dict=True)[0]
        assert row.day == datetime.date(2026, 2, 28)
        assert row.moment == datetime.datetime(2026, 2, 28, 23, 59, 59, 500000)
        assert row.clock == datetime.timedelta(hours=1)
        assert row.amount == 0.2 and isinstance(row.amount, float)
        assert row.n == 2 and isinstance(row.n, int)

    def test_columns_have_their_defaults(self, rows):
        row = sql("select * from TABLE where name = 'one'", as_dict=True)[0]
        assert (row.flag, row.kind, row.rate, row.docstatus, row.remark) == (1, "A", 0.0, 0, None)
        assert isinstance(sql("select amount from TABLE where name = 'three'")[0][0], float)

    def test_dates_from_expressions(self, rows):
        row = sql(
            "select max(day) a, min(moment) b, date(max(moment)) c, ifnull(max(day), min(day)) d from TABLE"
        )[0]
        assert row == (
            datetime.date(2026, 2, 28),
            datetime.datetime(2026, 1, 1, 10),
            datetime.date(2026, 2, 28),
            datetime.date(2026, 2, 28),
        )
        assert sql("select replace(day, 'x', '') from TABLE where name = 'one'") == (("2026-01-01",),)

    def test_sums_of_decimals_are_exact(self, rows):
        query = "select sum(amount) s, sum(amount) = 0.3, count(*) c from TABLE where n < 3 and amount < 1"
        assert sql(query) == ((0.3, 1, 2),)
        assert sql("select n from TABLE group by n having sum(amount) = 10.2") == ((2,),)

    def test_division_is_not_of_integers(self, rows):
        assert sql("select 7 / 2, n / 2 from TABLE where name = 'one'") == ((3.5, 0.5),)

    def test_a_column_is_named_as_it_is_written(self, rows):
        row = sql("select count(*), max(n), sum(n) as total from TABLE", as_dict=True)[0]
        assert set(row) == {"count(*)", "max(n)", "total"}

    def test_functions_of_mariadb(self, rows):
        query = """
            select ifnull(remark, 'none') a, coalesce(null, n) b, round(2.675, 2) c, round(2.5) d, round(null, 2) e
            from TABLE where name = %s
        """
        assert sql(query, ("one",)) == (("none", 1, 2.68, 3, None),)

    def test_text_is_escaped_for_a_statement(self, rows):
        assert sql("select 'a''b'") == (("a'b",),)
        assert frappe.db.escape("50%") == "'50%%'" and frappe.db.escape("50%", percent=False) == "'50%'"
        for text in ("a'b", 'say "x"', "back\\slash", "new\nline", "%_"):
            assert sql(f"select {frappe.db.escape(text, percent=False)}") == ((text,),)

    def test_a_backslash_makes_like_literal(self, rows):
        frappe.db.set_value(rows, "one", "label_text", "50%")
        assert frappe.db.count(rows, {"label_text": ("like", r"50\%")}) == 1
        assert frappe.db.count(rows, {"label_text": ("like", r"5\%")}) == 0

    def test_errors(self, rows):
        with pytest.raises(frappe.db.TableMissingError, match="doesn't exist"):
            sql("select * from `tabRT Nowhere`")
        with pytest.raises(frappe.db.OperationalError, match="Unknown column"):
            sql("select no_such_column from TABLE")
        with pytest.raises(frappe.db.ProgrammingError):
            sql("selec name from TABLE")


class TestCollation:
    @pytest.mark.parametrize("text", ["C1", "c1", "C1  ", "Ｃ１"])
    def test_text_compares_without_case_width_and_trailing_spaces(self, rows, text):
        assert frappe.db.get_value(rows, {"code": text}) == "one"

    def test_accents_do_not_count(self, rows):
        assert frappe.db.count(rows, {"label_text": "APFEL"}) == 2
        assert sql("select count(distinct label_text) from TABLE")[0][0] == 1

    @pytest.mark.parametrize("name", ["one", "ONE", "One "])
    def test_names_too(self, rows, name):
        assert frappe.db.get_value(rows, name) == "one"
        assert frappe.db.exists(rows, name) == "one"

    def test_unique_keys_too(self, rows):
        with pytest.raises(Exception) as clash:
            frappe.db.bulk_insert(rows, ["name", "code"], [["four", "c1 "]])
        assert frappe.db.is_unique_key_violation(clash.value)

    def test_primary_keys_too(self, rows):
        with pytest.raises(Exception) as clash:
            frappe.db.bulk_insert(rows, ["name"], [["ONE"]])
        assert frappe.db.is_primary_key_violation(clash.value)

    def test_unique_columns_may_be_empty_many_times(self, rows):
        frappe.db.bulk_insert(rows, ["name", "code"], [["four", None], ["five", None]])
        assert frappe.db.count(rows, {"code": ("is", "not set")}) == 3


class TestGetValue:
    def test_by_name(self, rows):
        assert frappe.db.get_value(rows, "one", "n") == 1
        assert frappe.db.get_value(rows, "one") == "one"
        assert frappe.db.get_value(rows, "one", ["name", "n"]) == ("one", 1)
        assert frappe.db.get_value(rows, "one", ["name", "n"], as_dict=True) == {"name": "one", "n": 1}
        assert frappe.db.get_value(rows, "one", "n as k", as_dict=True) == {"k": 1}
        assert frappe.db.get_value(rows, "one", "*", as_dict=True).amount == 0.1

    def test_nothing_found(self, rows):
        assert frappe.db.get_value(rows, "nobody", "n") is None
        assert frappe.db.get_value(rows, "nobody", ["n", "name"]) is None
        assert frappe.db.get_value(rows, None, "n") is None
        assert frappe.db.get_values(rows, {"n": 99}) == ()

    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            ({"n": 2}, ["two", "three"]),
            ({"n": ["=", 1]}, ["one"]),
            ({"n": ("!=", 1)}, ["two", "three"]),
            ({"n": [">", 1]}, ["two", "three"]),
            ({"n": ["in", [1, 5]]}, ["one"]),
            ({"n": ["not in", [1, 5]]}, ["two", "three"]),
            ({"n": ["in", []]}, []),
            ({"name": ["like", "t%"]}, ["two", "three"]),
            ({"name": ["not like", "t%"]}, ["one"]),
            ({"day": ["between", ["2026-01-01", "2026-01-31"]]}, ["one"]),
            ({"day": None}, ["three"]),
            ({"day": ["is", "set"]}, ["one", "two"]),
            ({"day": ["is", "not set"]}, ["three"]),
            ({"code": ["!=", "C1"]}, ["two"]),
            ({"day": [">", datetime.date(2026, 1, 1)]}, ["two"]),
            ({"flag": True}, ["one", "two", "three"]),
            ([["n", "=", 1]], ["one"]),
            ([["RT Value", "n", "=", 1], ["name", "!=", "two"]], ["one"]),
            (["one", "two"], ["one", "two"]),
            ({}, ["one", "two", "three"]),
        ],
    )
    def test_filters(self, rows, filters, names):
        found = frappe.db.get_values(rows, filters, "name")
        assert sorted(name for (name,) in found) == sorted(names)

    def test_order(self, rows):
        assert frappe.db.get_value(rows, {}) == "two"  # the last one modified
        assert frappe.db.get_value(rows, {}, order_by="creation asc") == "one"
        assert frappe.db.get_value(rows, {}, order_by="n desc, name asc") == "three"

    def test_expressions(self, rows):
        assert frappe.db.get_value(rows, {"n": 2}, "sum(amount)") == 10.2
        assert frappe.db.get_value(rows, {"n": ["<", 9]}, "max(day)") == datetime.date(2026, 2, 28)

    def test_bad_field_names_are_refused(self, rows):
        with pytest.raises(frappe.ValidationError):
            frappe.db.get_value(rows, {"n = 1; drop table x": 1})

    def test_get_values(self, rows):
        assert frappe.db.get_values(rows, {"n": 1}, "name") == (("one",),)
        assert frappe.db.get_values(rows, {"n": 1}, ["name", "n"], as_dict=True) == [{"name": "one", "n": 1}]
        assert len(frappe.db.get_values(rows, {"n": 2}, "name", limit=1)) == 1

    def test_locking_reads(self, rows):
        assert frappe.db.get_value(rows, "one", "n", for_update=True) == 1
        assert sql("select n from TABLE where name = 'one' for update") == ((1,),)

    def test_exists(self, rows):
        assert frappe.db.exists(rows, {"n": 1}) == "one"
        assert frappe.db.exists({"doctype": rows, "n": 1}) == "one"
        assert frappe.db.exists(rows, "nobody") is None
        assert frappe.db.exists(rows, None) is None
        assert frappe.db.exists("System Settings", "System Settings") == "System Settings"

    def test_count(self, rows):
        assert frappe.db.count(rows) == 3
        assert frappe.db.count(rows, {"n": 2}) == 2
        assert frappe.db.count(rows, [["n", "=", 1]]) == 1


class TestSetValue:
    def test_one_field(self, rows):
        before = frappe.db.get_value(rows, "one", "modified")
        frappe.db.set_value(rows, "one", "n", 7)
        n, modified, modified_by = frappe.db.get_value(rows, "one", ["n", "modified", "modified_by"])
        assert n == 7 and modified > before and modified_by == "Administrator"

    def test_several_fields_without_touching_modified(self, rows):
        before = frappe.db.get_value(rows, "one", "modified")
        frappe.db.set_value(rows, "one", {"n": 7, "label_text": "x"}, update_modified=False)
        assert frappe.db.get_value(rows, "one", ["n", "label_text", "modified"]) == (7, "x", before)

    def test_by_filters(self, rows):
        frappe.db.set_value(rows, {"n": 2}, "label_text", "both")
        assert frappe.db.count(rows, {"label_text": "both"}) == 2

    def test_values_take_the_type_of_their_column(self, rows):
        frappe.db.set_value(rows, "one", {"n": "8", "amount": "1.25", "day": "2026-05-05", "flag": False})
        assert frappe.db.get_value(rows, "one", ["n", "amount", "day", "flag"]) == (
            8,
            1.25,
            datetime.date(2026, 5, 5),
            0,
        )

    @pytest.mark.parametrize("day", ["2026-01-05", "2026-1-5", "20260105", "2026-01-05 10:00:00"])
    def test_dates_of_documents_are_read(self, value_doctype, day):
        doc = frappe.get_doc({"doctype": value_doctype, "day": day}).insert()
        assert frappe.db.get_value(value_doctype, doc.name, "day") == datetime.date(2026, 1, 5)

    @pytest.mark.parametrize("day", ["tomorrow", "2026-02-31", "05-01-2026"])
    def test_what_is_no_date_is_refused(self, value_doctype, day):
        with pytest.raises((frappe.db.DataError, frappe.db.OperationalError), match="Incorrect date value"):
            frappe.get_doc({"doctype": value_doctype, "day": day}).insert()

    def test_decimals_are_kept_to_nine_places(self, rows):
        frappe.db.set_value(rows, "one", "rate", 0.12345678949)
        assert frappe.db.get_value(rows, "one", "rate") == 0.123456789

    def test_none_changes_nothing(self, rows):
        assert frappe.db.set_value(rows, None, "n", 9) is None
        assert frappe.db.count(rows, {"n": 9}) == 0

    def test_what_does_not_fit_is_refused(self, rows):
        with pytest.raises(frappe.db.DataError, match="too long"):
            frappe.db.set_value(rows, "one", "label_text", "x" * 141)
        for field, value in (("n", "abc"), ("n", 99999999999), ("amount", 10**13), ("day", "2026-13-01")):
            with pytest.raises((frappe.db.DataError, frappe.db.OperationalError)):
                frappe.db.set_value(rows, "one", field, value)
        with pytest.raises(Exception, match="cannot be null"):
            frappe.db.set_value(rows, "one", "n", None)
        with pytest.raises(Exception) as clash:
            frappe.db.set_value(rows, "one", "code", "C2")
        assert frappe.db.is_unique_key_violation(clash.value)

    def test_delete(self, rows):
        frappe.db.delete(rows, {"n": 2})
        assert frappe.db.get_values(rows, {}) == (("one",),)
        frappe.db.delete(rows)
        assert frappe.db.count(rows) == 0

    def test_bulk_insert(self, value_doctype):
        frappe.db.bulk_insert(value_doctype, ["name", "n"], ((f"r{i}", i) for i in range(25)))
        assert frappe.db.count(value_doctype) == 25
        frappe.db.bulk_insert(value_doctype, ["name", "n"], [["r1", 1], ["new", 1]], ignore_duplicates=True)
        assert frappe.db.count(value_doctype) == 26

    def test_bulk_insert_writes_every_text_as_it_is(self, value_doctype):
        texts = ["100% \\ 'one' \"two\" `three`", "%s %(name)s ?", "菜篮子 🥬\n\t;--", "1", "", None]
        rows = [[f"t{number}", text, None] for number, text in enumerate(texts)]
        frappe.db.bulk_insert(value_doctype, ["name", "remark", "label_text"], rows)
        assert frappe.db.get_all(value_doctype, pluck="remark", order_by="name") == texts

    def test_bulk_insert_of_rows_that_are_too_long_for_one_statement(self, value_doctype):
        long = "长" * 20_000
        frappe.db.bulk_insert(
            value_doctype, ["name", "remark"], [[f"r{n:03d}", f"{n} {long}"] for n in range(60)]
        )
        found = frappe.db.get_all(value_doctype, pluck="remark", order_by="name")
        assert found == [f"{n} {long}" for n in range(60)]

    def test_bulk_insert_of_values_of_several_types(self, value_doctype):
        rows = [["a", 1, 1], ["b", 1.0, True], ["c", True, 2.6], ["d", Decimal("1.5"), 0]]
        frappe.db.bulk_insert(value_doctype, ["name", "amount", "n"], rows)
        fields = ["name", "amount", "n"]
        found = frappe.db.get_all(value_doctype, fields=fields, order_by="name", as_list=True)
        assert [tuple(row) for row in found] == [("a", 1.0, 1), ("b", 1.0, 1), ("c", 1.0, 3), ("d", 1.5, 0)]

    def test_bulk_insert_of_values_that_look_like_moments(self, value_doctype):
        whole = "2026-11-21 10:00:00.000000"
        fields, names = ["name", "label_text", "moment", "amount"], ["a", "b"]
        frappe.db.bulk_insert(value_doctype, fields, [[name, whole, whole, 1.0000000004] for name in names])
        text, moment, amount = frappe.db.get_value(value_doctype, "a", fields[1:])
        assert (text, str(moment), amount) == (whole, whole[:19], 1.0)
        assert (
            frappe.db.get_all(value_doctype, {"moment": whole[:19]}, pluck="name", order_by="name") == names
        )


class TestSingles:
    def test_values_are_typed(self):
        frappe.db.set_single_value("System Settings", "session_expiry", "240:00")
        frappe.db.set_single_value("System Settings", {"backup_limit": 7})
        assert frappe.db.get_single_value("System Settings", "session_expiry") == "240:00"
        assert frappe.db.get_single_value("System Settings", "backup_limit") == 7
        assert frappe.db.get_value("System Settings", None, "backup_limit") == "7"
        assert frappe.db.get_value("System Settings", "System Settings", ["backup_limit"], as_dict=True) == {
            "backup_limit": "7"
        }
        assert frappe.db.get_singles_dict("System Settings").backup_limit == "7"

    def test_set_value_of_a_single(self):
        frappe.db.set_value("System Settings", None, "backup_limit", 4)
        assert frappe.db.get_single_value("System Settings", "backup_limit") == 4

    def test_unknown_field(self):
        with pytest.raises(frappe.ValidationError):
            frappe.db.get_single_value("System Settings", "no_such_field")


class TestTransaction:
    def test_rollback_undoes(self, rows):
        frappe.db.rollback()
        assert frappe.db.count(rows) == 0

    def test_savepoints(self, rows):
        frappe.db.savepoint("sp_one")
        frappe.db.set_value(rows, "one", "n", 50)
        frappe.db.rollback(save_point="sp_one")
        assert frappe.db.get_value(rows, "one", "n") == 1
        frappe.db.savepoint("sp_two")
        frappe.db.set_value(rows, "one", "n", 51)
        assert frappe.db.get_value(rows, "one", "n") == 51
        with pytest.raises(frappe.db.OperationalError):
            frappe.db.rollback(save_point="never_made")

    def test_callbacks_run_once_after_commit(self, site):
        calls: list[str] = []
        frappe.db.after_commit.add(lambda: calls.append("after"))
        frappe.db.after_rollback.add(lambda: calls.append("never"))
        frappe.db.commit()
        frappe.db.commit()
        frappe.db.rollback()
        assert calls == ["after"]

    def test_callbacks_are_forgotten_on_rollback(self, site):
        calls: list[str] = []
        frappe.db.after_commit.add(lambda: calls.append("never"))
        frappe.db.after_rollback.add(lambda: calls.append("rolled back"))
        frappe.db.rollback()
        frappe.db.commit()
        assert calls == ["rolled back"]

    def test_writes_are_counted(self, rows):
        before = frappe.db.transaction_writes
        frappe.db.set_value(rows, "one", "n", 50)
        assert frappe.db.transaction_writes > before
        frappe.db.rollback()
        assert frappe.db.transaction_writes == 0


class TestSchema:
    def test_what_there_is(self, value_doctype):
        assert frappe.db.table_exists(value_doctype)
        assert not frappe.db.table_exists("RT Nowhere")
        columns = frappe.db.get_table_columns(value_doctype)
        assert columns[:7] == ["name", "creation", "modified", "modified_by", "owner", "docstatus", "idx"]
        assert columns[-4:] == ["_user_tags", "_comments", "_assign", "_liked_by"]

    def test_a_missing_table_raises(self, site):
        with pytest.raises(frappe.db.TableMissingError):
            frappe.db.get_table_columns("RT Nowhere")

    def test_fields_can_be_added_and_changed(self, make_doctype):
        name = make_doctype("Changing", [{"fieldname": "a", "fieldtype": "Data"}])
        frappe.db.bulk_insert(name, ["name", "a"], [["x", "12"]])
        frappe.db.commit()
        doctype = frappe.get_doc("DocType", name)
        try:
            doctype.fields[0].length = 300
            doctype.append("fields", {"fieldname": "b", "fieldtype": "Int", "label": "B", "default": "4"})
            doctype.save()
            assert frappe.db.get_value(name, "x", ["a", "b"]) == ("12", 4)
            frappe.db.set_value(name, "x", "a", "x" * 300)
        finally:
            frappe.delete_doc("DocType", name, force=True)
            frappe.db.sql_ddl(f"drop table if exists `tab{name}`")
