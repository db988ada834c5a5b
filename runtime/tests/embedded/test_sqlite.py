"""What only the embedded profile does: SQLite's locks and snapshots, MariaDB's dialect rewritten, tables rebuilt."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import frappe
from frappe.database.sqlite.database import SQLiteDatabase
from frappe.database.sqlite.dialect import translate
from frappe.database.sqlite.functions import collate
from frappe.types.frappedict import _dict

FIELDS = [
    _dict(fieldname="title", fieldtype="Data"),
    _dict(fieldname="code", fieldtype="Data", unique=1),
    _dict(fieldname="n", fieldtype="Int", default="1"),
    _dict(fieldname="kind", fieldtype="Select", search_index=1),
]


def meta(*fields: _dict, **properties) -> _dict:
    return _dict(name="Thing", fields=[*(_dict(f) for f in FIELDS), *fields], **properties)


@pytest.fixture
def db(tmp_path: Path, site: str, monkeypatch) -> Iterator[SQLiteDatabase]:
    """An empty database of its own with the table of a DocType Thing, standing in for frappe.db."""
    database = SQLiteDatabase(tmp_path / "things.sqlite3", lock_timeout=0.05, synchronous="OFF")
    real = frappe.local.db
    frappe.local.db = database
    database.create_system_tables()
    database.updatedb("Thing", meta())
    database.bulk_insert("Thing", ["name", "title", "n"], [["a", "A", 1], ["b", "B", 2]])
    database.commit()
    yield database
    database.close()
    frappe.local.db = real


@pytest.fixture
def other(db: SQLiteDatabase) -> Iterator[SQLiteDatabase]:
    """A second connection to the same file, as another process has it."""
    database = SQLiteDatabase(db.path, lock_timeout=0.05, synchronous="OFF")
    yield database
    database.close()


def number(database: SQLiteDatabase, name: str = "a") -> int:
    return database.sql("select n from tabThing where name = %s", (name,))[0][0]


class TestLocks:
    def test_a_second_writer_gives_up_in_time(self, db, other):
        db.sql("update tabThing set n = 5 where name = 'a'")
        with pytest.raises(frappe.QueryTimeoutError) as busy:
            other.sql("update tabThing set n = 6 where name = 'b'")
        assert busy.value.http_status_code == 503
        db.commit()
        other.sql("update tabThing set n = 6 where name = 'b'")
        other.commit()
        assert (number(db), number(db, "b")) == (5, 6)

    def test_locking_reads_wait_like_writers(self, db, other):
        db.sql("select n from tabThing where name = 'a' for update")
        with pytest.raises(frappe.QueryTimeoutError):
            other.sql("select n from tabThing where name = 'b' for update")
        with pytest.raises(frappe.QueryTimeoutError):
            other.sql("select n from tabThing where name = 'b' for update nowait")
        db.rollback()
        assert other.sql("select n from tabThing where name = 'b' for update") == ((2,),)

    def test_readers_are_never_blocked(self, db, other):
        db.sql("update tabThing set n = 5 where name = 'a'")
        assert number(other) == 1

    def test_a_reader_keeps_its_snapshot(self, db, other):
        assert number(other) == 1
        db.sql("update tabThing set n = 5 where name = 'a'")
        db.commit()
        assert number(other) == 1
        other.rollback()
        assert number(other) == 5

    def test_after_the_lock_the_latest_state_counts(self, db, other):
        assert number(other) == 1
        db.sql("update tabThing set n = 5 where name = 'a'")
        db.commit()
        assert other.sql("select n from tabThing where name = 'a' for update") == ((5,),)
        other.sql("update tabThing set n = n + 1 where name = 'a'")
        other.commit()
        assert number(db) == 6

    def test_increments_of_many_threads_all_count(self, db):
        def add() -> None:
            connection = SQLiteDatabase(db.path, lock_timeout=10, synchronous="OFF")
            for _ in range(20):
                value = connection.sql("select n from tabThing where name = 'a' for update")[0][0]
                connection.sql("update tabThing set n = %s where name = 'a'", (value + 1,))
                connection.commit()
            connection.close()

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert number(db) == 81

    def test_savepoints_survive_the_lock(self, db, other):
        assert number(db) == 1
        db.savepoint("here")
        db.sql("update tabThing set n = 5 where name = 'a'")
        db.rollback(save_point="here")
        assert number(db) == 1
        db.commit()


class TestTables:
    def test_new_fields_become_columns(self, db):
        db.updatedb("Thing", meta(_dict(fieldname="extra", fieldtype="Int", default="7")))
        assert db.sql("select extra from tabThing where name = 'a'") == ((7,),)

    def test_changed_fields_keep_their_values(self, db):
        db.sql_ddl("create index `tabThing:title_n` on tabThing (title, n)")
        db.sql_ddl("create trigger keep before delete on tabThing begin select raise(abort, 'kept'); end")
        wanted = meta()
        wanted.fields[0].length = 300
        wanted.fields[2].fieldtype = "Data"
        wanted.fields[2].default = None
        db.updatedb("Thing", wanted)
        assert db.column_types("tabThing")["title"] == "varchar(300)"
        assert db.sql("select title, n from tabThing order by name") == (("A", "1"), ("B", "2"))
        assert "tabThing:title_n" in db.stored_indexes("tabThing")
        with pytest.raises(Exception, match="kept"):
            db.delete("Thing", {"name": "a"})

    def test_removed_fields_keep_their_columns(self, db):
        wanted = meta()
        del wanted.fields[0]
        wanted.fields[1].default = "9"
        db.updatedb("Thing", wanted)
        assert db.sql("select title from tabThing where name = 'b'") == (("B",),)

    def test_a_varchar_is_not_cut(self, db):
        db.sql("update tabThing set title = %s where name = 'a'", ("x" * 100,))
        db.commit()
        wanted = meta()
        wanted.fields[0].length = 50
        with pytest.raises(db.DataError):
            db.updatedb("Thing", wanted)
        assert db.column_types("tabThing")["title"] == "varchar(140)"

    def test_a_change_that_fails_changes_nothing(self, db):
        db.sql("update tabThing set title = 'no number'")
        db.commit()
        wanted = meta(_dict(fieldname="extra", fieldtype="Data"))
        wanted.fields[0].fieldtype = "Int"
        with pytest.raises(db.DataError):
            db.updatedb("Thing", wanted)
        assert "extra" not in db.get_table_columns("Thing")
        assert db.sql("select title from tabThing where name = 'a'") == (("no number",),)

    def test_unique_can_be_taken_back(self, db):
        wanted = meta()
        wanted.fields[1].unique = 0
        db.updatedb("Thing", wanted)
        db.bulk_insert("Thing", ["name", "code"], [["c", "same"], ["d", "same"]])
        assert db.count("Thing", {"code": "same"}) == 2

    def test_child_tables_and_numbers_for_names(self, db):
        child = _dict(name="Part", fields=[_dict(fieldname="item", fieldtype="Data")], istable=1)
        db.updatedb("Part", child)
        assert {"parent", "parenttype", "parentfield"} <= set(db.get_table_columns("Part"))
        db.updatedb("Count", _dict(name="Count", fields=[], autoname="autoincrement"))
        db.bulk_insert("Count", ["name"], [[1], [2]])
        assert db.get_value("Count", 2) == 2

    def test_singles_have_no_table(self, db):
        db.updatedb("Only", _dict(name="Only", fields=[], issingle=1))
        assert not db.table_exists("Only")


class TestDialect:
    @pytest.mark.parametrize(
        ("mariadb", "sqlite"),
        [
            ("select `a` from `b` where c = %s", "select `a` from `b` where c = ?"),
            ("select a / b", "select a  * 1.0 /  b"),
            ("select a from t for update", "select a from t"),
            ("select a from t limit 5 for update skip locked", "select a from t limit 5"),
            ("select a like 'x%%' from t where b = %s", "select a like 'x%' escape '\\' from t where b = ?"),
        ],
    )
    def test_rewritten(self, mariadb, sqlite):
        assert translate(mariadb, "%s" in mariadb).filled(["x"])[0] == sqlite

    def test_percent_means_itself_without_values(self):
        assert translate("select '%s', 5 % 3", False).filled(())[0] == "select '%s', 5 % 3"

    def test_names_in_backticks_and_comments_stay_out_of_it(self):
        assert translate("select `if`, `left` from t -- for update\n", False).locks is False

    @pytest.mark.parametrize(
        ("a", "b", "order"),
        [
            ("a", "A", 0),
            ("a", "a  ", 0),
            ("é", "E", 0),
            ("Ａ１", "a1", 0),
            ("a", "b", -1),
            ("B", "a", 1),
            ("ß", "ss", 0),
        ],
    )
    def test_collation(self, a, b, order):
        assert collate(a, b) == order
