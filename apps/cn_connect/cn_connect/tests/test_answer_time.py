"""Answers that take no less than a given time."""

import pytest

from cn_connect.answer_time import no_sooner


class _Clock:
    """Time that passes only by pausing and by `work`."""

    def __init__(self) -> None:
        self.now = 100.0

    def work(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("worked", "ends"), [(0.0, 0.05), (0.02, 0.05), (0.05, 0.05), (0.4, 0.4)])
def test_what_is_done_sooner_waits_and_what_takes_longer_does_not(worked, ends):
    clock = _Clock()
    with no_sooner(0.05, pause=clock.work, clock=clock):
        clock.work(worked)
    assert clock.now == pytest.approx(100 + ends)


def test_an_error_takes_as_long_as_an_answer():
    clock = _Clock()
    with pytest.raises(ValueError, match="refused"), no_sooner(0.05, pause=clock.work, clock=clock):
        raise ValueError("refused")
    assert clock.now == pytest.approx(100.05)
