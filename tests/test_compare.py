"""The figures of `make compare`: what is a ratio, and what the report says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.load import Measured, cases
from benchmarks.report import Figures, document, summary


class Named:
    """As much of a target as a report needs."""

    def __init__(self, name: str) -> None:
        self.name, self.label = name, f"Label {name}"

    def versions(self) -> str:
        return "1.0"


@pytest.fixture
def figures() -> Figures:
    """Three rounds; in the second the machine was busy with something else."""
    ours = [Measured(rate, 1.0, 2.0) for rate in (1000.0, 300.0, 1200.0)]
    peer = [Measured(rate, 8.0, 9.0) for rate in (100.0, 50.0, 100.0)]
    return Figures(
        seconds=4,
        rounds=3,
        runs={"ping": {"embedded": ours, "stock": peer}},
        sites={"embedded": 2.0, "stock": 20.0},
        starts={"embedded": 0.5, "stock": 2.0},
        memory={"embedded": 80.0, "stock": 160.0},
    )


def test_a_ratio_is_taken_within_a_round(figures: Figures) -> None:
    assert figures.ratio("ping", "embedded") == 10.0
    assert summary(figures)["ratios"]["embedded"] == {
        "ping": 10.0,
        "new_site": 0.1,
        "cold_start": 0.25,
        "memory": 0.5,
    }


def test_without_a_peer_there_are_no_ratios(figures: Figures) -> None:
    for values in (figures.runs["ping"], figures.sites, figures.starts, figures.memory):
        values.pop("stock")
    told = summary(figures)
    assert told["requests_per_second"] == {"ping": {"embedded": 1000.0}}
    assert set(told["ratios"]["embedded"].values()) == {None}
    assert "| ping | 1,000 | 1.00 | 2.00 | – |" in report_of(figures, "embedded")


def report_of(figures: Figures, *names: str) -> str:
    targets: list[Any] = [Named(name) for name in names]
    return document(targets, {"ping": "ping"}, figures)


def test_the_report_shows_medians_and_ratios(figures: Figures) -> None:
    told = report_of(figures, "embedded", "stock")
    assert "| ping | 1,000 | 1.00 | 2.00 | 100 | 8.00 | 9.00 | 10.0 |" in told
    assert "| 新建站点并安装两个应用（秒） | 2.0 | 20.0 |" in told


def test_the_requests_name_what_the_data_have() -> None:
    found = {case.name: case for case in cases({"market": "M", "fee": "F-1", "areas": ["M-A", "M-B"]})}
    assert found["read"].path == "/api/resource/Fee/F-1"
    assert (found["ping"].method, found["insert"].method) == ("GET", "POST")
    assert [row["area"] for row in json.loads(found["insert"].body)["areas"]] == ["M-A", "M-B"]
