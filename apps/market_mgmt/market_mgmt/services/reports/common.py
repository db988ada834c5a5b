"""What every report shares: who made it of which market, its seal, the head of its workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import frappe
from cn_connect import clock, sealed
from cn_connect.excel_writer import SheetWriter
from cn_connect.sealed import Seal


@dataclass(frozen=True)
class Heading:
    """Title, market, number and maker of one report."""

    title: str
    subtitle: str
    market: str
    market_name: str
    number: str
    made_at: datetime
    maker: str

    @property
    def meta(self) -> list[tuple[str, str]]:
        """What the head of the report says besides its title."""
        made = f"{self.made_at:%Y-%m-%d %H:%M}"
        return [("报表编号", self.number), ("制表时间", made), ("制表人", self.maker)]

    @property
    def watermark(self) -> str:
        """Exports carry who and when (domain.md, Privacy)."""
        return f"{self.market_name}　{self.maker}　{self.made_at:%Y-%m-%d %H:%M}"

    def seal(self, kind: str, content: Mapping[str, Any]) -> Seal:
        """The verification code and hash of the report."""
        title = f"{self.market_name} {self.title} {self.subtitle}"[:140]
        return sealed.issue(kind, self.number, title, self.made_at, content)

    def write(self, writer: SheetWriter, seal: Seal) -> None:
        """The first lines of a sheet."""
        writer.title(f"{self.market_name}{self.title}")
        made = "　".join(f"{label}：{value}" for label, value in self.meta)
        writer.note(f"{self.subtitle}　{made}")
        writer.note(f"内容摘要 SHA-256：{seal.content_hash}　验真：{seal.url}")


def heading(market: str, title: str, subtitle: str, number: str, made_at: datetime | None) -> Heading:
    """The heading of a report made by the signed-in user, now unless told otherwise."""
    names = frappe.db.get_value("Market", market, ["market_name"], as_dict=True)
    maker = frappe.db.get_value("User", frappe.session.user, "full_name") or frappe.session.user
    made_at = (made_at or clock.now()).replace(microsecond=0)
    return Heading(title, subtitle, market, names.market_name if names else market, number, made_at, maker)
