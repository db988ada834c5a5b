"""Draft, submitted, cancelled."""

from __future__ import annotations


class DocStatus(int):
    DRAFT = 0
    SUBMITTED = 1
    CANCELLED = 2

    @classmethod
    def draft(cls) -> DocStatus:
        return cls(cls.DRAFT)

    @classmethod
    def submitted(cls) -> DocStatus:
        return cls(cls.SUBMITTED)

    @classmethod
    def cancelled(cls) -> DocStatus:
        return cls(cls.CANCELLED)

    def is_draft(self) -> bool:
        return self == self.DRAFT

    def is_submitted(self) -> bool:
        return self == self.SUBMITTED

    def is_cancelled(self) -> bool:
        return self == self.CANCELLED
