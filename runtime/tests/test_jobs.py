"""Background jobs: what is queued when, and what a worker does with it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

SET_VALUE = "frappe.client.set_value"


@pytest.fixture
def work_off(site: str, on_stock: bool) -> Callable[[], None]:
    """Let a worker process do what waits."""

    def run() -> None:
        program = ["frappe.utils.bench_helper", "frappe"] if on_stock else ["bench", "--site", site]
        command = [sys.executable, "-m", *program, "worker", "--burst", "--queue", "short,default,long"]
        environment = {**os.environ, "FRAPPE_BENCH_ROOT": os.path.dirname(os.getcwd())}
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)

    return run


@pytest.fixture
def role(site: str) -> Iterator[Any]:
    """A committed role for jobs to change."""
    import frappe

    doc = frappe.get_doc(doctype="Role", role_name=f"Job {frappe.generate_hash(length=8)}").insert()
    frappe.db.commit()
    yield doc
    frappe.db.rollback()
    frappe.delete_doc("Role", doc.name, force=True)
    frappe.db.commit()


def value_of(role: Any) -> int:
    """As another transaction sees it."""
    import frappe

    frappe.db.rollback()
    return frappe.db.get_value("Role", role.name, "disabled")


def disable(role: Any, **options: Any) -> Any:
    import frappe

    values = {"doctype": "Role", "name": role.name, "fieldname": "disabled", "value": 1}
    return frappe.enqueue(SET_VALUE, **{**values, **options})


def test_a_worker_runs_the_job_and_commits(role: Any, work_off: Callable) -> None:
    disable(role, queue="short")
    assert value_of(role) == 0
    work_off()
    assert value_of(role) == 1


def test_now_means_here_and_in_this_transaction(role: Any) -> None:
    import frappe

    answer = disable(role, now=True)
    assert answer["disabled"] == 1
    assert frappe.db.get_value("Role", role.name, "disabled") == 1
    assert value_of(role) == 0


def test_after_commit_means_not_at_all_when_rolled_back(role: Any, work_off: Callable) -> None:
    import frappe

    disable(role, enqueue_after_commit=True)
    frappe.db.rollback()
    work_off()
    assert value_of(role) == 0
    disable(role, enqueue_after_commit=True)
    frappe.db.commit()
    work_off()
    assert value_of(role) == 1


def test_a_job_of_one_id_is_queued_once_until_it_is_done(role: Any, work_off: Callable) -> None:
    assert disable(role, job_id=role.name, deduplicate=True) is not None
    assert disable(role, job_id=role.name, deduplicate=True) is None
    work_off()
    assert disable(role, job_id=role.name, deduplicate=True) is not None
    work_off()


def test_a_failing_job_undoes_its_work_and_leaves_an_error_log(role: Any, work_off: Callable) -> None:
    import frappe

    disable(role, fieldname="name", value="other")
    work_off()
    frappe.db.rollback()
    assert frappe.db.exists("Role", role.name)
    found = frappe.get_all("Error Log", {"method": SET_VALUE}, ["error"], order_by="creation desc", limit=1)
    assert "Cannot edit standard fields" in found[0].error


def test_a_job_runs_as_the_user_who_queued_it(role: Any, work_off: Callable) -> None:
    import frappe

    frappe.set_user("Guest")
    disable(role)
    frappe.set_user("Administrator")
    work_off()
    assert value_of(role) == 0


def test_an_unknown_queue_is_refused(role: Any) -> None:
    import frappe

    with pytest.raises(frappe.ValidationError):
        disable(role, queue="nope")
