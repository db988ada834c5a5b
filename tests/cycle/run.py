"""`make cycle`: one month of a market on a throw-away site, from the office's Excel files to receipts and reports.

The office's steps call the services that the API calls; merchants pay over HTTP against the WeChat simulator. Prints
an account of what happened, then one line of JSON. PDFs and workbooks stay in sites/<site>/private/files.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import Any

import frappe
from frappe import _
from market_mgmt.demo import month
from market_mgmt.demo.calendar import BILL_DATE, DUE_DATE, DUNNING_DAYS, PAYING_DAY, PERIOD, RED_CARD_DAY, at
from market_mgmt.services import dunning, ledger, red_cards, reports
from tests.cycle import people
from tests.cycle.amounts import differences, expected_bills
from tests.cycle.billed import billed_bills
from tests.cycle.report import Story
from tests.live import LiveSite, live
from tests.sites import PASSWORD, ROOT, Bench, stock_bench

SITE = "cycle.localhost"
FIXTURES = ROOT / "fixtures"
SUPERVISOR = "Administrator"
PDF_WORKERS = 2
FIGURES = (
    "stalls",
    "readings_imported",
    "readings_rejected",
    "bills",
    "billed",
    "paid",
    "late_fees",
    "outstanding",
    "red_cards_published",
    "red_cards_lifted",
    "max_lift_seconds",
    "receipts",
    "ledger_balanced",
)


def main() -> int:
    """Run the month; 0 when every figure holds."""
    began = time.monotonic()
    story = Story()
    try:
        result = run(story)
    except Exception as error:
        traceback.print_exc()
        print(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False))
        return 1
    result["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result["ok"] else 1


def run(story: Story, bench: Bench | None = None) -> dict[str, Any]:
    """The month on a fresh site; returns the figures of the JSON line."""
    bench = bench or stock_bench() or Bench(ROOT, SITE, stock=False)
    story.step("建立一次性站点，安装两个应用")
    os.chdir(bench.sites)
    fresh_site(bench)
    with live(bench) as site:
        story.done(f"{bench.site}，网址 {site.base}")
        frappe.init(site=bench.site, sites_path=".", force=True)
        frappe.connect()
        frappe.local.lang = "zh"
        try:
            return Cycle(story, site, bench).play()
        finally:
            frappe.destroy()


def fresh_site(bench: Bench) -> None:
    """Drop what an earlier run left and create the site anew; on a stock bench the user has made a new one."""
    if bench.stock:
        frappe.init(site=bench.site, sites_path=".", force=True)
        frappe.connect()
        used = frappe.db.count("Market")
        frappe.destroy()
        expect(not used, f"{bench.site} 里已有市场；月度演示需要一个新站点")
        return
    if (bench.sites / bench.site).exists():
        bench.command("drop-site", bench.site, "--force", "--no-backup")
    apps = ("--install-app", "cn_connect", "--install-app", "market_mgmt")
    bench.command("new-site", bench.site, "--admin-password", PASSWORD, *apps)


class Cycle:
    """The month's steps, sharing the site and the story."""

    def __init__(self, story: Story, site: LiveSite, bench: Bench) -> None:
        self.story, self.site = story, site
        self.files = bench.sites / bench.site / "private" / "files"
        self.figures: dict[str, Any] = {}

    def play(self) -> dict[str, Any]:
        """All steps in order."""
        self.import_files()
        self.bill()
        tenants = self.welcome()
        self.pay_on_time(tenants)
        self.dun()
        self.publish_red_cards()
        self.pay_late(tenants)
        self.download_receipts(tenants)
        self.write_reports()
        return self.judge(tenants)

    def import_files(self) -> None:
        story = self.story
        story.step("导入信息采集表")
        month.open_market()
        form = month.import_form(FIXTURES, story.progress)
        frappe.db.commit()
        self._keep("信息采集表_错误.xlsx", form.error_workbook)
        added = "，".join(f"{_(doctype)} {count}" for doctype, count in form.added.items())
        story.done(f"{form.rows} 行，收下 {form.accepted}，退回 {form.rejected}；{added}")
        story.step("导入前 11 个月抄表")
        history = month.import_history(FIXTURES, SUPERVISOR, story.progress)
        frappe.db.commit()
        story.done(f"{sum(r.accepted for r in history)} 条，退回 {sum(r.rejected for r in history)}")
        story.step("导入期初欠费")
        arrears = month.import_arrears(FIXTURES)
        frappe.db.commit()
        story.done(f"{arrears.accepted} 笔，退回 {arrears.rejected}")
        story.step(f"导入 {PERIOD} 抄表")
        current = month.import_readings(FIXTURES, PERIOD, story.progress)
        self._keep(f"抄表_{PERIOD}_错误.xlsx", current.error_workbook)
        again = month.import_readings(FIXTURES, PERIOD)
        expect(not any(again.added.values()), "importing the same readings again added something")
        confirmed = month.confirm_held(PERIOD, SUPERVISOR)
        frappe.db.commit()
        story.done(f"收下 {current.accepted}，退回 {current.rejected}，待核 {current.held}，复核 {confirmed}")
        imported = [*history, current]
        self.figures |= {
            "stalls": frappe.db.count("Stall", {"market": month.MARKET}),
            "readings_imported": sum(result.accepted for result in imported),
            "readings_rejected": sum(result.rejected for result in imported),
        }

    def bill(self) -> None:
        self.story.step(f"生成并发布 {PERIOD} 账单")
        run, published = month.bill()
        frappe.db.commit()
        again, more = month.bill()
        expect(not again.created and not more, "billing again made more bills")
        wrong = differences(expected_bills(FIXTURES, PERIOD), billed_bills(month.MARKET, PERIOD))
        expect(not wrong, f"bills differ from what the Excel files call for: {wrong[:3]}")
        billed = total("SELECT SUM(amount) FROM `tabFee` WHERE period = %s AND source = 'Generated'", PERIOD)
        self.story.done(f"{published} 张，合计 ¥{billed}；未能出账 {len(run.skipped)} 项")
        self.figures |= {"bills": published, "billed": str(billed)}

    def welcome(self) -> list[people.Tenant]:
        """Merchants sign in and bind their stalls before anything is due."""
        self.site.set_clock(at(BILL_DATE))
        self.story.step("商户微信登录、扫码绑定摊位")
        tenants = people.tenants(self.site, month.MARKET, BILL_DATE)
        frappe.db.commit()
        for done, tenant in enumerate(tenants, start=1):
            people.sign_in(tenant)
            self.story.progress(done, len(tenants))
        self.story.done(f"{len(tenants)} 户，{sum(len(t.stalls) for t in tenants)} 个摊位")
        return tenants

    def pay_on_time(self, tenants: list[people.Tenant]) -> None:
        self._pay("到期前缴费（全额、部分、两次尝试）", tenants, people.BEFORE_DUE, at(DUNNING_DAYS[0], 9))

    def pay_late(self, tenants: list[people.Tenant]) -> None:
        self._pay("红牌后缴费（通知重复、乱序、丢失）", tenants, people.AFTER_RED_CARD, at(PAYING_DAY, 9))

    def _pay(
        self, title: str, tenants: list[people.Tenant], habits: dict[int, people.Habit], now: datetime
    ) -> None:
        self.story.step(title)
        self.site.set_clock(now)
        payers = [(tenant, habit) for tenant in tenants if (habit := people.habit(tenant, habits))]
        before = sum((tenant.paid for tenant, _ in payers), Decimal(0))
        for done, (tenant, habit) in enumerate(payers, start=1):
            if people.open_fees(tenant):
                habit(tenant, self.site, now)
            self.story.progress(done, len(payers))
        expect(self.site.control("settle", timeout=60)["settled"], "notifications were not acknowledged")
        after = sum((tenant.paid for tenant, _ in payers), Decimal(0))
        self.story.done(f"{len(payers)} 户，共 ¥{after - before}")

    def dun(self) -> None:
        for day in DUNNING_DAYS:
            self.story.step(f"{day} 催缴（逾期 {(day - DUE_DATE).days} 天）")
            self.site.set_clock(at(day))
            run = dunning.run(month.MARKET, at(day))
            frappe.db.commit()
            deliver(at(day, 11))
            counts = "，".join(
                f"{_(level)} {_(channel)} {count}"
                for level, channels in run.counts.items()
                for channel, count in channels.items()
            )
            self.story.done(counts or "无")

    def publish_red_cards(self) -> None:
        self.story.step(f"{RED_CARD_DAY} 红牌起草与复核")
        now = at(RED_CARD_DAY)
        self.site.set_clock(now)
        dunning.run(month.MARKET, now)
        drafts = frappe.get_all("Red Card", filters={"status": "Drafted"}, order_by="name", pluck="name")
        expect(len(drafts) > 1, "no red card was drafted")
        rejected, *approved = drafts
        red_cards.review(rejected, False, "商户已提交困难说明，延期一周", SUPERVISOR, at(RED_CARD_DAY, 15))
        for card in approved:
            red_cards.review(card, True, None, SUPERVISOR, at(RED_CARD_DAY, 15))
        frappe.db.commit()
        deliver(at(RED_CARD_DAY, 16))
        self.figures["red_cards_published"] = len(approved)
        self.story.done(f"起草 {len(drafts)}，公示 {len(approved)}，驳回 1")

    def download_receipts(self, tenants: list[people.Tenant]) -> None:
        """Every payer downloads the last receipt as PDF over HTTP."""
        self.story.step("下载电子收据 PDF")
        payers = [tenant for tenant in tenants if tenant.orders]
        with ThreadPoolExecutor(PDF_WORKERS) as pool:
            for done, (name, pdf) in enumerate(pool.map(_last_receipt, payers), start=1):
                expect(pdf.startswith(b"%PDF"), f"receipt {name} is no PDF")
                self._keep(f"收据_{name}.pdf", pdf)
                self.story.progress(done, len(payers))
        frappe.db.rollback()
        self.figures["receipts"] = frappe.db.count("Receipt", {"market": month.MARKET})
        self.story.done(f"共开具 {self.figures['receipts']} 张，下载 {len(payers)} 张")

    def write_reports(self) -> None:
        self.story.step("日流水账与缴费率分析")
        made = at(PAYING_DAY, 18)
        journal = reports.daily_journal(month.MARKET, PAYING_DAY, made)
        analysis = reports.collection(month.MARKET, PERIOD, PAYING_DAY, made)
        frappe.db.commit()
        for name, report in ((f"日流水账_{PAYING_DAY}", journal), (f"缴费率分析_{PERIOD}", analysis)):
            self._keep(f"{name}.pdf", report.pdf)
            self._keep(f"{name}.xlsx", report.xlsx)
        self.story.done(f"PDF 与 Excel 在 {os.path.relpath(self.files, ROOT)}")

    def judge(self, tenants: list[people.Tenant]) -> dict[str, Any]:
        """The month's figures, and whether they agree with what the payers know and with the ledger's rules."""
        self.story.step("核对")
        swept = red_cards.sweep(at(PAYING_DAY, 18))
        expect(not swept, f"the sweeper had to lift {swept}")
        violations = ledger.check(month.MARKET)
        paid = total("SELECT SUM(amount) FROM `tabAccount Entry` WHERE entry_type = 'Payment'")
        confirmed = sum((tenant.paid for tenant in tenants), Decimal(0))
        expect(paid == confirmed, f"the ledger received {paid}, the phones confirmed {confirmed}")
        lifted = frappe.get_all("Red Card", filters={"status": "Lifted"}, fields=["settled_at", "lifted_at"])
        delays = [(card.lifted_at - card.settled_at).total_seconds() for card in lifted]
        self.figures |= {
            "paid": str(paid),
            "late_fees": str(
                total("SELECT SUM(amount) FROM `tabAccount Entry` WHERE entry_type = 'Late Fee'")
            ),
            "outstanding": str(
                total("SELECT SUM(outstanding) + SUM(late_fee) FROM `tabFee` WHERE status != 'Draft'")
            ),
            "red_cards_lifted": len(lifted),
            "max_lift_seconds": round(max(delays, default=0.0), 3),
            "ledger_balanced": not violations,
        }
        ok = not violations and bool(lifted) and max(delays) < 60
        self.story.done("账平" if not violations else f"账不平：{violations[:3]}")
        return {"ok": ok, **{name: self.figures[name] for name in FIGURES}}

    def _keep(self, name: str, content: bytes | None) -> None:
        if content:
            self.files.mkdir(parents=True, exist_ok=True)
            (self.files / name).write_bytes(content)


def _last_receipt(tenant: people.Tenant) -> tuple[str, bytes]:
    receipt = tenant.phone.get("market_mgmt.api.merchant.receipts", start=0, limit=1)["receipts"][0]["name"]
    return receipt, tenant.phone.post("market_mgmt.api.merchant.receipt_pdf", receipt=receipt)


def deliver(now: datetime) -> None:
    """What the outbox job of the next minutes does."""
    from cn_connect import outbox

    outbox.deliver_due(now, 5000)


def total(query: str, *values: Any) -> Decimal:
    """A sum of the site's database, in yuan."""
    from cn_connect.money import yuan

    return yuan(frappe.db.sql(query, values)[0][0] or 0)


def expect(holds: bool, problem: str) -> None:
    """AssertionError with what is wrong unless it holds; runs under -O too."""
    if not holds:
        raise AssertionError(problem)


if __name__ == "__main__":
    sys.exit(main())
