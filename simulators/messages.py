"""What the message gateways accepted, so that a trial or a test can read it as the recipient would."""

from __future__ import annotations

import itertools
import threading
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Message:
    number: int
    channel: str
    recipient: str
    template: str
    content: Any


class Messages:
    """Accepted messages in order; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._serial = itertools.count(1)
        self._sent: list[Message] = []

    def add(self, channel: str, recipient: str, template: str, content: Any) -> int:
        with self._lock:
            message = Message(next(self._serial), channel, recipient, template, content)
            self._sent.append(message)
            return message.number

    def find(self, channel: str | None = None, recipient: str | None = None) -> list[dict[str, Any]]:
        """Messages as dicts, oldest first, of one channel and recipient if given."""
        with self._lock:
            return [
                asdict(m)
                for m in self._sent
                if channel in (None, m.channel) and recipient in (None, m.recipient)
            ]

    def clear(self) -> None:
        with self._lock:
            self._sent.clear()
