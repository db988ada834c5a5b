"""What only a server shows: row locks, deadlocks, lost connections, the database and its user. TEST_DB=mariadb."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import frappe


@pytest.fixture
def bill(make_doctype) -> Iterator[str]:
    """A DocType with the rows a and b, committed; both have n = 1."""
    name = make_doctype(
        "Server Bill",
        [
            {"fieldname": "n", "fieldtype": "Int"},
            {"fieldname": "amount", "fieldtype": "Currency", "default": "1.5"},
            {"fieldname": "kind", "fieldtype": "Select", "options": "A\nB", "default": "A"},
            {"fieldname": "code", "fieldtype": "Data", "unique": 1},
            {"fieldname": "owed_by", "fieldtype": "Link", "options": "User", "search_index": 1},
        ],
    )
    frappe.db.bulk_insert(name, ["name", "n"], [["a", 1], ["b", 1]])
    frappe.db.commit()
    yield name
    frappe.db.rollback()
    frappe.db.delete(name)
    frappe.db.commit()


@pytest.fixture
def other(bill: str) -> Iterator[Any]:
    """A second connection, as another process has it; it waits a second for a lock."""
    from frappe.database.mariadb.database import MariaDBDatabase

    database = MariaDBDatabase(frappe._dict(frappe.local.conf, db_lock_timeout=1))
    yield database
    database.close()


def number(database: Any, name: str, suffix: str = "") -> int:
    return database.sql(f"select n from `tabRT Server Bill` where name = %s {suffix}", (name,))[0][0]


def kill(database: Any) -> None:
    """The server ends the connection."""
    connection_id = database.sql("select connection_id()")[0][0]
    database.rollback()
    frappe.db.sql(f"kill {connection_id}")
    frappe.db.rollback()


class TestLocks:
    def test_a_locked_row_is_waited_for_and_others_are_free(self, bill, other):
        assert number(frappe.db, "a", "for update") == 1
        assert number(other, "b", "for update") == 1
        with pytest.raises(frappe.QueryTimeoutError) as busy:
            number(other, "a", "for update")
        assert busy.value.http_status_code == 503

    def test_readers_keep_their_snapshot_and_a_lock_shows_the_latest(self, bill, other):
        assert number(other, "a") == 1
        frappe.db.set_value(bill, "a", "n", 5)
        frappe.db.commit()
        assert number(other, "a") == 1
        assert number(other, "a", "for update") == 5

    def test_a_deadlock_ends_one_of_the_two(self, bill, other):
        outcomes: list[Any] = []
        number(frappe.db, "a", "for update")
        number(other, "b", "for update")

        def cross() -> None:
            try:
                outcomes.append(number(other, "a", "for update"))
            except (frappe.QueryDeadlockError, frappe.QueryTimeoutError) as error:
                outcomes.append(error)

        thread = threading.Thread(target=cross)
        thread.start()
        try:
            outcomes.append(number(frappe.db, "b", "for update"))
        except frappe.QueryDeadlockError as error:
            outcomes.append(error)
        frappe.db.rollback()
        thread.join()
        deadlocks = [o for o in outcomes if isinstance(o, frappe.QueryDeadlockError)]
        assert len(deadlocks) == 1


class TestLostConnection:
    def test_the_next_transaction_connects_again(self, bill, other):
        kill(other)
        assert number(other, "a") == 1

    def test_within_a_transaction_it_is_an_error_and_nothing_is_half_done(self, bill, other):
        other.sql("update `tabRT Server Bill` set n = 7 where name = 'a'")
        connection_id = other.sql("select connection_id()")[0][0]
        frappe.db.sql(f"kill {connection_id}")
        with pytest.raises(other.OperationalError):
            other.sql("update `tabRT Server Bill` set n = 7 where name = 'b'")
        other.rollback()
        assert (number(other, "a"), number(other, "b")) == (1, 1)

    def test_a_commit_that_is_lost_is_told(self, bill, other):
        other.sql("update `tabRT Server Bill` set n = 7 where name = 'a'")
        connection_id = other.sql("select connection_id()")[0][0]
        frappe.db.sql(f"kill {connection_id}")
        with pytest.raises(other.OperationalError):
            other.commit()
        assert number(other, "a") == 1


class TestSchema:
    def test_a_table_is_as_on_a_stock_site(self, bill):
        text = frappe.db.sql(f"show create table `tab{bill}`")[0][1]
        for part in (
            "`name` varchar(140) NOT NULL",
            "`creation` datetime(6) DEFAULT NULL",
            "`docstatus` int(1) NOT NULL DEFAULT 0",
            "`n` int(11) NOT NULL DEFAULT 0",
            "`amount` decimal(21,9) NOT NULL DEFAULT 1.500000000",
            "`kind` varchar(140) DEFAULT 'A'",
            "PRIMARY KEY (`name`)",
            "UNIQUE KEY `code` (`code`)",
            "KEY `owed_by` (`owed_by`)",
            "KEY `modified` (`modified`)",
            "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci ROW_FORMAT=DYNAMIC",
        ):
            assert part in text

    def test_nothing_is_altered_when_nothing_changed(self, bill, monkeypatch):
        statements: list[str] = []
        monkeypatch.setattr(frappe.db, "ddl", statements.append)
        frappe.db.updatedb(bill)
        assert statements == []

    def test_unique_can_be_taken_back(self, bill):
        meta = frappe._dict(name=bill, fields=[copy.copy(df) for df in frappe.get_meta(bill).fields])
        next(df for df in meta.fields if df.fieldname == "code").unique = 0
        try:
            frappe.db.updatedb(bill, meta)
            assert "code" not in frappe.db.stored_indexes(f"tab{bill}")
        finally:
            frappe.db.updatedb(bill)
        assert frappe.db.stored_indexes(f"tab{bill}")["code"] == "unique"

    def test_numbers_for_names(self, make_doctype):
        name = make_doctype(
            "Server Count", [{"fieldname": "n", "fieldtype": "Int"}], autoname="autoincrement"
        )
        first, second = (frappe.get_doc({"doctype": name}).insert().name for _ in range(2))
        assert second == first + 1


class TestDatabase:
    def test_an_existing_one_is_not_replaced(self, site, monkeypatch):
        from frappe.database import drop_database, get_db, setup_database

        conf = frappe._dict(frappe.local.conf, db_name=frappe.local.conf.db_name + "_2")
        monkeypatch.setattr(frappe.local, "conf", conf)
        setup_database()
        database = get_db()
        assert database.sql("show tables") == ()
        database.sql_ddl("create table kept (n int)")
        database.close()
        with pytest.raises(frappe.ValidationError):
            setup_database()
        assert get_db().sql("show tables") == (("kept",),)
        drop_database()
        with pytest.raises(get_db().OperationalError):
            get_db().sql("select 1")
