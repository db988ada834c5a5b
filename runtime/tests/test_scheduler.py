"""Scheduled jobs: when they are due, and what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

METHOD = "frappe.sessions.clear_expired_sessions"


def job(**values: Any) -> Any:
    """A job type that is not saved."""
    import frappe

    return frappe.get_doc({"doctype": "Scheduled Job Type", "method": METHOD, "frequency": "Daily", **values})


@pytest.mark.parametrize(
    ("frequency", "cron", "last", "next_time"),
    [
        ("Daily", None, "2026-11-10 00:00:00", "2026-11-11 00:00:00"),
        ("Hourly", None, "2026-11-10 13:14:15", "2026-11-10 14:00:00"),
        ("Monthly", None, "2026-11-10 13:14:15", "2026-12-01 00:00:00"),
        ("Weekly", None, "2026-11-10 13:14:15", "2026-11-15 00:00:00"),
        ("Yearly", None, "2026-11-10 13:14:15", "2027-01-01 00:00:00"),
        ("Cron", "0 6 * * 1", "2026-11-10 13:14:15", "2026-11-16 06:00:00"),
        ("Cron", "*/5 * * * *", "2026-11-10 13:14:15", "2026-11-10 13:15:00"),
    ],
)
def test_the_next_time_follows_from_the_last_run(
    site: str, frequency: str, cron: str | None, last: str, next_time: str
) -> None:
    from frappe.utils import get_datetime

    doc = job(frequency=frequency, cron_format=cron, last_execution=last)
    assert doc.get_next_execution() == get_datetime(next_time)


def test_days_missed_are_made_up_once(site: str) -> None:
    from frappe.utils import get_datetime

    doc = job(last_execution="2026-11-10 00:00:00")
    assert not doc.is_event_due(get_datetime("2026-11-10 23:59:59"))
    assert doc.is_event_due(get_datetime("2026-11-11 00:00:00"))
    assert doc.is_event_due(get_datetime("2026-11-15 12:00:00"))
    doc.last_execution = get_datetime("2026-11-15 12:00:00")
    assert not doc.is_event_due(get_datetime("2026-11-15 12:00:01"))


def test_a_bad_cron_expression_is_refused(site: str) -> None:
    import frappe

    with pytest.raises(frappe.ValidationError):
        job(method="frappe.nosuch.thing", frequency="Cron", cron_format="bad").insert()


@pytest.fixture
def saved(site: str) -> Iterator[Any]:
    """Saves job types and removes them with their logs (runs commit)."""
    import frappe

    made = []

    def save(method: str) -> Any:
        made.append(job(method=method, create_log=1).insert())
        return made[-1]

    yield save
    for doc in made:
        frappe.delete_doc("Scheduled Job Type", doc.name, force=True)
    frappe.db.commit()


def logs(doc: Any) -> list[str]:
    import frappe

    return frappe.get_all("Scheduled Job Log", {"scheduled_job_type": doc.name}, pluck="status")


def test_a_run_is_recorded(saved: Any) -> None:
    import frappe

    doc = saved("frappe.utils.now")
    assert doc.name == "utils.now"
    doc.execute()
    assert logs(doc) == ["Complete"]
    assert frappe.db.get_value("Scheduled Job Type", doc.name, "last_execution")


def test_a_failed_run_is_recorded_and_does_not_raise(saved: Any) -> None:
    import frappe

    doc = saved("frappe.nosuch.thing")
    doc.execute()
    assert logs(doc) == ["Failed"]
    details = frappe.db.get_value("Scheduled Job Log", {"scheduled_job_type": doc.name}, "details")
    assert "nosuch" in details


def test_hooks_become_job_types(site: str) -> None:
    import frappe

    found = frappe.db.get_value("Scheduled Job Type", {"method": METHOD}, ["name", "frequency"])
    assert found == ("sessions.clear_expired_sessions", "Daily")
