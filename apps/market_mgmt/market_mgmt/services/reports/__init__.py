"""Reports as PDF and workbook: `daily_journal` (日流水账) and `collection` (缴费率分析)."""

from market_mgmt.services.reports.collection_report import build as collection
from market_mgmt.services.reports.journal_report import build as daily_journal
from market_mgmt.services.reports.layout import ReportFile

__all__ = ["ReportFile", "collection", "daily_journal"]
