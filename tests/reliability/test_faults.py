"""Some points of some stories; `make fault-test` takes every point of all, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import frappe
from market_mgmt.services import ledger, receipts
from tests.reliability import faults
from tests.reliability.stories import STORIES
from tests.sites import copied_bench

pytestmark = pytest.mark.xdist_group("faults")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[faults.Trial]:
    with faults.trial(copied_bench(tmp_path_factory, worker_id, "faults")) as trial:
        yield trial


@pytest.mark.parametrize(("story", "every"), [("partial", 5), ("red_card", 20), ("refund_succeeded", 11)])
def test_killed_anywhere_and_told_again_everything_is_there_once(
    trial: faults.Trial, story: str, every: int
) -> None:
    tally = trial.play(STORIES[story], every)

    assert tally.points > 3
    assert tally.sound


def commit_before_the_receipt() -> None:
    issue = receipts.issue

    def issue_too_late(*arguments):
        frappe.db.commit()
        return issue(*arguments)

    receipts.issue = issue_too_late


def test_a_settlement_in_two_transactions_is_found_out(trial: faults.Trial) -> None:
    tally = trial.play(STORIES["partial"], 9, commit_before_the_receipt)

    # killed between the two: the payment is there, and nobody will ever issue its receipt
    assert tally.half > 0
    assert tally.lost > 0
    assert tally.violations > 0
    assert tally.doubled == 0


def post_twice() -> None:
    post = ledger.post

    def post_again(postings):
        again = [replace(posting, idempotency_key=f"{posting.idempotency_key}|again") for posting in postings]
        return [*post(postings), *post(again)]

    ledger.post = post_again


def test_what_is_posted_twice_is_found_out(trial: faults.Trial) -> None:
    tally = trial.play(STORIES["closed"], 40, post_twice)

    assert tally.doubled > 0
