"""A few kills; `make kill-test` does a hundred."""

from __future__ import annotations

import pytest

import frappe
from tests.reliability import kill
from tests.sites import Bench, connected, copied_bench


@pytest.fixture
def own_bench(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, request: pytest.FixtureRequest
) -> Bench:
    """A fresh site of this test alone."""
    return copied_bench(tmp_path_factory, worker_id, request.node.name)


def test_killed_web_processes_lose_nothing_and_leave_nothing_half(own_bench):
    result = kill.run(own_bench, kills=3, people=3, seed=3)

    assert result["acknowledged"] > 0
    assert result["cut_off"] > 0
    assert (result["lost"], result["half"]) == (0, 0)


def test_a_lost_document_and_a_half_one_are_found(own_bench):
    writer = kill.Writer(0, {}, "", inserted=["gone@kill.test"], sent_change=2, kept_change=2)
    with connected(own_bench):
        frappe.get_doc({"doctype": "User", **kill.user(writer.own), "last_name": "1"}).insert()
        frappe.db.delete("Has Role", {"parent": writer.own, "role": kill.ROLES[0]})
        frappe.db.commit()
    findings = kill.Findings()

    findings.look(own_bench, [writer])

    assert (findings.lost, findings.half) == (2, 1)
