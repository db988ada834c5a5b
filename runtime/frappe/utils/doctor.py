"""What `bench doctor` asks about background jobs and the scheduler, on both profiles."""

from __future__ import annotations

from typing import Any

import frappe
from frappe.utils.background_jobs import get_store
from frappe.utils.scheduler import HEARTBEAT_KEY


def get_job_report() -> dict[str, Any]:
    """State of the jobs: `queues` (waiting jobs by queue), `running` (how many), `workers` (names of the living),
    `failed` (ids of those of the last week; the Error Log tells why), and `heartbeat`: the Unix time at
    which a scheduler last looked at the current site, or None. With Redis the jobs are those of the whole bench."""
    return {**get_store().report(), "heartbeat": frappe.cache.get_value(HEARTBEAT_KEY, expires=True)}
