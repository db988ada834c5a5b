"""Faults on demand: the next calls of a target fail, wait, come twice or come late, or their answer is lost.

A target is a dotted name such as `wechat_pay.jsapi`, `wechat_pay.notify`, `wechat.subscribe` or `sms.send`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

MODES = ("fail", "delay", "duplicate", "hold", "drop", "tamper", "lose", "notify_first")


@dataclass
class Fault:
    """`count` calls of `target` behave as `mode` says; `options` are the mode's own (status, code, seconds)."""

    target: str
    mode: str
    count: int = 1
    options: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults still to come, by target; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []

    def plan(self, fault: Fault) -> None:
        """Add a fault; ValueError for a mode that does not exist."""
        if fault.mode not in MODES:
            raise ValueError(f"unknown mode {fault.mode!r}, known: {', '.join(MODES)}")
        with self._lock:
            self._planned.append(fault)

    def take(self, target: str, *modes: str) -> Fault | None:
        """Use up one call of the first fault planned for `target` (of one of `modes`, if given)."""
        with self._lock:
            for fault in self._planned:
                if fault.target == target and (not modes or fault.mode in modes):
                    fault.count -= 1
                    if fault.count <= 0:
                        self._planned.remove(fault)
                    return fault
        return None

    def failure(self, target: str) -> Fault | None:
        """What a gateway asks before it answers: waits out a planned delay, returns a planned failure."""
        delay = self.take(target, "delay")
        if delay:
            time.sleep(float(delay.options.get("seconds", 1)))
        return self.take(target, "fail")

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()
