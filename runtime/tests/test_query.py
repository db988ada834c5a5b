"""get_list, get_all and the query builder: filters, fields, order, joins."""

from __future__ import annotations

import datetime

import pytest

import frappe
from frappe.query_builder import Case, DocType, Field, Order
from frappe.query_builder.functions import (
    Coalesce,
    Count,
    Date,
    IfNull,
    Max,
    Min,
    Sum,
)


@pytest.fixture
def bills(make_doctype) -> str:
    """Four bills, numbered by `n`, of two places; each has rows `x<n>` and `y`."""
    place = make_doctype(
        "Query Place",
        [{"fieldname": "title", "fieldtype": "Data"}, {"fieldname": "city", "fieldtype": "Data"}],
        autoname="field:title",
    )
    row = make_doctype(
        "Query Row",
        [{"fieldname": "item", "fieldtype": "Data"}, {"fieldname": "qty", "fieldtype": "Float"}],
        istable=1,
    )
    bill = make_doctype(
        "Query Bill",
        [
            {"fieldname": "place", "fieldtype": "Link", "options": place},
            {"fieldname": "status", "fieldtype": "Select", "options": "\nOpen\nPaid"},
            {"fieldname": "amount", "fieldtype": "Currency"},
            {"fieldname": "due", "fieldtype": "Date"},
            {"fieldname": "at", "fieldtype": "Datetime"},
            {"fieldname": "note", "fieldtype": "Data"},
            {"fieldname": "n", "fieldtype": "Int"},
            {"fieldname": "lines", "fieldtype": "Table", "options": row},
        ],
    )
    for title, city in (("North", "A"), ("South", "B")):
        frappe.get_doc({"doctype": place, "title": title, "city": city}).insert()
    values = [
        ("North", "Open", 10.5, "2026-01-01", "a"),
        ("South", "Paid", 20, "2026-02-01", None),
        (None, None, 5, None, ""),
        ("North", "Paid", 7.25, "2026-03-01", "B"),
    ]
    for n, (where, status, amount, due, note) in enumerate(values):
        frappe.get_doc(
            {
                "doctype": bill,
                "place": where,
                "status": status,
                "amount": amount,
                "due": due,
                "at": f"2026-01-0{n + 1} 10:00:00",
                "note": note,
                "n": n,
                "lines": [{"item": f"x{n}", "qty": n}, {"item": "y", "qty": 2}],
            }
        ).insert()
    return bill


class TestFilters:
    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"status": "Open"}, [0]),
            ({"status": "open"}, [0]),
            ([["status", "!=", "Open"]], [1, 2, 3]),
            ({"status": ["in", ["Open", ""]]}, [0, 2]),
            ({"status": ["in", "Open, Paid"]}, [0, 1, 3]),
            ({"status": ["not in", ["Open"]]}, [1, 2, 3]),
            ({"status": ["in", []]}, [2]),
            ({"status": ["not in", []]}, [0, 1, 3]),
            ({"note": ["in", ["A", None]]}, [0, 1, 2]),
            ({"note": ["not in", ["a", ""]]}, [3]),
            ({"note": ["like", "%a%"]}, [0]),
            ({"note": ["not like", "%a%"]}, [1, 2, 3]),
            ({"note": ["not like", "%"]}, []),
            ({"note": ["!=", "a"]}, [1, 2, 3]),
            ({"note": ["<", "b"]}, [0, 1, 2]),
            ({"note": [">=", "b"]}, [3]),
            ({"note": ["is", "set"]}, [0, 3]),
            ({"note": ["is", "not set"]}, [1, 2]),
            ({"place": ""}, [2]),
            ({"place": ["!=", ""]}, [0, 1, 3]),
            ({"place": None}, []),
            ({"place": ["!=", None]}, []),
            ({"due": "2026-01-01"}, [0]),
            ({"due": ["!=", "2026-01-01"]}, [1, 2, 3]),
            ({"due": ["<", "2026-02-02"]}, [0, 1, 2]),
            ({"due": [">", datetime.date(2026, 1, 1)]}, [1, 3]),
            ({"due": ["in", ["2026-01-01"]]}, [0]),
            ({"due": ["not in", ["2026-01-01"]]}, [1, 2, 3]),
            ({"due": ["is", "set"]}, [0, 1, 3]),
            ({"due": ["is", "not set"]}, [2]),
            ({"due": ["between", ["2026-01-01", "2026-02-01"]]}, [0, 1]),
            ({"due": ""}, []),
            ({"at": ["between", ["2026-01-02", "2026-01-03"]]}, [1, 2]),
            ({"at": ["between", ["2026-01-02 10:00:00", "2026-01-03 09:00:00"]]}, [1]),
            ({"at": [">", "2026-01-03"]}, [2, 3]),
            ({"at": "2026-01-02 10:00:00"}, [1]),
            ({"amount": 5}, [2]),
            ({"amount": ["!=", 5]}, [0, 1, 3]),
            ({"amount": [">", "7.25"]}, [0, 1]),
            ({"n": ["in", [1, "2"]]}, [1, 2]),
            ({"n": ["in", "1,2"]}, [1, 2]),
            ({"n": ["in", []]}, []),
            ({"n": ["not in", [1]]}, [0, 2, 3]),
            ({"n": ["is", "set"]}, [1, 2, 3]),
            ({"n": ["is", "not set"]}, []),
            ({"n": ["like", "1%"]}, [1]),
            ({"n": True}, [1]),
            ({"n": None}, [0]),
            ({"n": "1", "status": "Paid"}, [1]),
            ([["n", ">", 0], {"status": "Paid"}], [1, 3]),
            ([["RT Query Row", "item", "=", "x1"]], [1]),
            ([["RT Query Row", "item", "like", "x%"], ["RT Query Row", "qty", ">", 1]], [2, 3]),
            ({"docstatus": 0}, [0, 1, 2, 3]),
            ({"docstatus": ["!=", 0]}, []),
        ],
    )
    def test_operators(self, bills, filters, found):
        assert frappe.get_all(bills, filters=filters, pluck="n", order_by="n") == found
        assert frappe.get_list(bills, filters=filters, pluck="n", order_by="n") == found

    def test_any_of(self, bills):
        found = frappe.get_all(bills, or_filters={"status": "Open", "n": 3}, pluck="n", order_by="n")
        assert found == [0, 3]
        found = frappe.get_all(
            bills, filters={"status": "Paid"}, or_filters=[["n", "=", 0], ["n", "=", 1]], pluck="n"
        )
        assert found == [1]

    def test_refused(self, bills):
        with pytest.raises(frappe.ValidationError):
            frappe.get_all(bills, filters={"n": ["resembles", 1]})
        with pytest.raises((TypeError, frappe.ValidationError)):
            frappe.get_all(bills, filters=["status", "=", "Open"])
        with pytest.raises(frappe.db.OperationalError, match="no_such_field"):
            frappe.get_all(bills, filters={"no_such_field": 1})
        with pytest.raises(frappe.DoesNotExistError):
            frappe.get_list("RT Query Nothing")

    def test_values_are_never_sql(self, bills):
        evil = "' or '1'='1"
        assert frappe.get_all(bills, filters={"note": evil}) == []
        assert frappe.get_all(bills, filters={"note": ["like", evil]}) == []
        assert frappe.get_all(bills, filters={"note": ["in", [evil]]}) == []
        assert frappe.db.get_value(bills, {"note": evil}) is None


class TestFields:
    def test_default_is_name_by_last_change(self, bills):
        names = frappe.get_all(bills, pluck="name", order_by="n desc")
        assert frappe.get_all(bills) == [{"name": name} for name in names]

    def test_forms(self, bills):
        one = {"n": 1}
        assert frappe.get_all(bills, fields=["n", "due"], filters=one) == [
            {"n": 1, "due": datetime.date(2026, 2, 1)}
        ]
        assert frappe.get_all(bills, ["n"], one) == [{"n": 1}]
        assert frappe.get_all(bills, one, ["n"]) == [{"n": 1}]
        assert frappe.get_all(bills, fields="n", filters=one) == [{"n": 1}]
        assert frappe.get_all(bills, fields="n, status", filters=one) == [{"n": 1, "status": "Paid"}]
        assert frappe.get_all(bills, fields=["n as k", "`n` as j"], filters=one) == [{"k": 1, "j": 1}]
        assert frappe.get_all(bills, fields=[f"`tab{bills}`.`n` as j"], filters=one) == [{"j": 1}]
        assert frappe.get_all(bills, fields=["n"], filters=one, as_list=True) == ((1,),)
        assert frappe.db.get_all(bills, filters=one, pluck="n") == frappe.db.get_list(
            bills, filters=one, pluck="n"
        )

    def test_star(self, bills):
        everything = frappe.get_all(bills, fields=["*"], filters={"n": 1})[0]
        assert everything.amount == 20.0 and "_assign" in everything
        visible = frappe.get_list(bills, fields=["*"], filters={"n": 1})[0]
        assert visible.amount == 20.0 and "_assign" not in visible

    def test_aggregates(self, bills):
        rows = frappe.get_all(
            bills,
            fields=["status", "sum(amount) as total", "count(*) as c"],
            group_by="status",
            order_by="status",
        )
        assert [(r.status or "", r.total, r.c) for r in rows] == [
            ("", 5.0, 1),
            ("Open", 10.5, 1),
            ("Paid", 27.25, 2),
        ]
        assert frappe.get_all(bills, fields=["sum(amount)"]) == [{"sum(amount)": 42.75}]
        assert frappe.get_all(bills, fields=["max(due) as k"]) == [{"k": datetime.date(2026, 3, 1)}]
        assert frappe.get_all(bills, fields=["count(distinct place) as c"]) == [{"c": 2}]

    def test_distinct(self, bills):
        found = frappe.get_all(bills, fields=["status"], distinct=True)
        assert sorted(r.status or "" for r in found) == ["", "Open", "Paid"]
        children = [["RT Query Row", "item", "in", ["y", "x1"]]]
        assert len(frappe.get_all(bills, filters=children)) == 5
        assert len(frappe.get_all(bills, filters=children, distinct=True)) == 4

    def test_unknown_fields(self, bills):
        assert frappe.get_list(bills, fields=["no_such_field"]) == []
        assert frappe.get_list(bills, fields=["n", "no_such_field"], filters={"n": 1}) == [{"n": 1}]
        with pytest.raises(frappe.db.OperationalError, match="no_such_field"):
            frappe.get_all(bills, fields=["no_such_field"])

    @pytest.mark.parametrize(
        "field", ["(select 1)", "ifnull(note, 'x') as k", "concat(note, 'x') as k", "n, max(amount)"]
    )
    def test_what_is_no_field_is_refused(self, bills, field):
        with pytest.raises(frappe.DataError):
            frappe.get_list(bills, fields=[field])

    def test_a_single_has_no_list(self, site):
        with pytest.raises(frappe.db.TableMissingError):
            frappe.get_all("System Settings")


class TestOrderAndPage:
    @pytest.mark.parametrize(
        ("order_by", "found"),
        [
            ("n", [0, 1, 2, 3]),
            ("n desc", [3, 2, 1, 0]),
            ("place desc, n desc", [1, 3, 0, 2]),
            ("`tabRT Query Bill`.n desc", [3, 2, 1, 0]),
            ("`tabRT Query Bill`.`amount`", [2, 3, 0, 1]),
        ],
    )
    def test_order(self, bills, order_by, found):
        assert frappe.get_all(bills, pluck="n", order_by=order_by) == found

    @pytest.mark.parametrize(
        ("page", "found"),
        [
            ({"limit": 2}, [0, 1]),
            ({"limit": 0}, [0, 1, 2, 3]),
            ({"limit_start": 1, "limit_page_length": 2}, [1, 2]),
            ({"limit_start": 2, "limit": 5}, [2, 3]),
        ],
    )
    def test_page(self, bills, page, found):
        assert frappe.get_all(bills, pluck="n", order_by="n", **page) == found

    @pytest.mark.parametrize("order_by", ["n; drop table x", "sleep(1)"])
    def test_refused(self, bills, order_by):
        with pytest.raises(frappe.ValidationError):
            frappe.get_all(bills, order_by=order_by)


class TestBuilder:
    def test_select(self, bills):
        bill = DocType(bills)
        query = frappe.qb.from_(bill).select(bill.n, bill.amount).where(bill.status == "Paid").orderby(bill.n)
        assert query.run() == ((1, 20.0), (3, 7.25))
        assert query.run(as_dict=True) == [{"n": 1, "amount": 20.0}, {"n": 3, "amount": 7.25}]
        assert query.run(pluck=True) == [1, 3]
        assert frappe.db.sql(query) == query.run()

    def test_conditions(self, bills):
        bill = DocType(bills)

        def found(condition):
            return frappe.qb.from_(bill).select(bill.n).where(condition).orderby(bill.n).run(pluck=True)

        assert found((bill.n > 0) & (bill.amount < 10)) == [2, 3]
        assert found((bill.n == 0) | (bill.note == "b")) == [0, 3]
        assert found(bill.place.isnull()) == [2]
        assert found(bill.due.isnotnull()) == [0, 1, 3]
        assert found(bill.n.isin([1, 2])) == [1, 2]
        assert found(bill.n.notin((1, 2))) == [0, 3]
        assert found(bill.note.like("%A%")) == [0]
        assert found(bill.due[datetime.date(2026, 1, 1) : datetime.date(2026, 2, 1)]) == [0, 1]
        assert found(bill.note == "' or 1=1") == []
        assert found(Field("n") == 1) == [1]

    def test_joins_groups_and_order(self, bills):
        bill, place = DocType(bills), DocType("RT Query Place")
        query = (
            frappe.qb.from_(bill)
            .left_join(place)
            .on(place.name == bill.place)
            .select(place.city, Sum(bill.amount).as_("total"), Count("*").as_("c"))
            .groupby(place.city)
            .orderby(place.city, order=Order.desc)
        )
        assert query.run() == (("B", 20.0, 1), ("A", 17.75, 2), (None, 5.0, 1))
        assert query.limit(1).offset(1).run(as_dict=True) == [{"city": "A", "total": 17.75, "c": 2}]

    def test_functions(self, bills):
        bill = DocType(bills)
        row = (
            frappe.qb.from_(bill)
            .select(
                Max(bill.due),
                Min(bill.at),
                Date(Max(bill.at)),
                IfNull(Max(bill.note), "none"),
                Coalesce(Sum(bill.amount), 0),
                Sum(Case().when(bill.status == "Paid", bill.amount).else_(0)),
            )
            .run()[0]
        )
        assert row == (
            datetime.date(2026, 3, 1),
            datetime.datetime(2026, 1, 1, 10),
            datetime.date(2026, 1, 4),
            "B",
            42.75,
            27.25,
        )

    def test_subqueries(self, bills):
        bill, row = DocType(bills), DocType("RT Query Row")
        with_row = frappe.qb.from_(row).select(row.parent).where(row.item == "x1")
        assert frappe.qb.from_(bill).select(bill.n).where(bill.name.isin(with_row)).run() == ((1,),)
        derived = frappe.qb.from_(bill).select(bill.n).where(bill.n > 2).as_("t")
        assert frappe.qb.from_(derived).select(derived.n).run() == ((3,),)

    def test_writing(self, bills):
        bill = DocType(bills)
        frappe.qb.update(bill).set(bill.n, bill.n + 10).set(bill.note, "it's").where(bill.n == 3).run()
        assert frappe.db.get_value(bills, {"n": 13}, "note") == "it's"
        frappe.qb.into(bill).columns("name", "n").insert("q1", 21).insert("q2", 22).run()
        assert frappe.db.get_value(bills, "q2", "n") == 22
        frappe.qb.from_(bill).delete().where(bill.n > 20).run()
        assert not frappe.db.exists(bills, "q1")

    def test_desc_and_distinct_and_locks(self, bills):
        bill = DocType(bills)
        query = frappe.qb.from_(bill).select(bill.n).orderby(bill.n, order=frappe.qb.desc).limit(1)
        assert query.run() == ((3,),)
        assert len(frappe.qb.from_(bill).select(bill.status).distinct().run()) == 3
        assert frappe.qb.from_(bill).select(bill.n).where(bill.n == 1).for_update().run() == ((1,),)

    def test_values_are_bound(self, bills):
        bill = DocType(bills)
        text, values = frappe.qb.from_(bill).select(bill.n).where(bill.note == "x").walk()
        assert text == "SELECT `n` FROM `tabRT Query Bill` WHERE `note`=%(param1)s"
        assert values == {"param1": "x"}

    def test_values_inside_of_functions_are_bound(self, bills):
        bill = DocType(bills)
        hostile = "x\\',0)=0 or 1=1 -- 100%"
        found = frappe.qb.from_(bill).select(bill.n)
        assert found.where(Coalesce(bill.note == hostile, 0) == 1).run() == ()
        assert found.where(Coalesce(bill.note, hostile) == "no such").run() == ()
        assert found.where(IfNull(IfNull(bill.note, hostile), hostile) == "no such").run() == ()
        chosen = Case().when(Coalesce(bill.note, hostile) == hostile, hostile).else_("other")
        assert {row[0] for row in frappe.qb.from_(bill).select(chosen).run()} <= {hostile, "other"}
        frappe.qb.update(bill).set(bill.note, Coalesce(hostile, "y")).where(bill.n == 3).run()
        assert frappe.db.get_value(bills, {"n": 3}, "note") == hostile


@pytest.mark.parametrize("name", ["na;me", "name)--"])
def test_what_is_no_field_name_is_a_data_error(name):
    with pytest.raises(frappe.DataError):
        frappe.get_all("Role", filters=[["Role", name, "=", 1]])
