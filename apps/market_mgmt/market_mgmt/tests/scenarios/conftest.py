"""The sentences of the scenarios (*.feature): what is done is a method of `book`, what is looked at one of `checks`."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import parse
import pytest
from pytest_bdd import parsers, step, then

from market_mgmt.services import ledger, payments, reconciliation
from market_mgmt.tests import figures
from market_mgmt.tests.scenarios import checks
from market_mgmt.tests.scenarios.book import CASHIER, SUPERVISOR, Book

# -- words ----------------------------------------------------------------------------------------------------------------


def like(pattern: str, convert: Callable[[str], Any]) -> Callable[[str], Any]:
    """A part of a sentence that looks like this, and what it stands for."""
    return parse.with_pattern(pattern)(lambda text: convert(text))


def one_of(words: Mapping[str, Any]) -> Callable[[str], Any]:
    """A part of a sentence that is one of these words, and what each stands for."""
    return like("|".join(words), words.__getitem__)


TERMS: dict[str, Callable[..., dict[str, Any]]] = {
    r"租期 (\S+) 至 (\S+)": lambda start, end: {"start_date": start, "end_date": end},
    r"按季交租": lambda: {"cycle": "Quarterly"},
    r"免租 (\d+) 天": lambda days: {"rent_free_days": int(days)},
    r"押金 (\S+) 元": lambda amount: {"deposit": float(amount)},
    r"没有滞纳金条款": lambda: {"late_fee_clause": 0},
}


def terms_of_lease(text: str) -> dict[str, Any]:
    """`，按季交租，押金 500 元` → values of a Lease."""
    values: dict[str, Any] = {}
    for term in filter(None, text.split("，")):
        found = [(build, match) for pattern, build in TERMS.items() if (match := re.fullmatch(pattern, term))]
        assert found, f"不认识的条款：{term}"
        build, match = found[0]
        values |= build(*match.groups())
    return values


WORDS = {
    "Day": like(r"\d{4}-\d\d-\d\d", date.fromisoformat),
    "N": like(r"-?\d+(?:\.\d+)?", Decimal),
    "Name": like("[^“”]+", str),
    "Terms": like(".*", terms_of_lease),
    "FeeType": one_of(
        {
            "租金": "Rent",
            "管理费": "Management",
            "水费": "Water",
            "电费": "Electricity",
            "卫生费": "Sanitation",
        }
    ),
    "Register": one_of({"尖": "Sharp", "峰": "Peak", "平": "Shoulder", "谷": "Valley"}),
    "Channel": one_of({"现金": "Cash", "转账": "Transfer", "POS": "POS", "微信": "WeChat"}),
    "Part": one_of({"本金": "Principal", "滞纳金": "Late Fee"}),
    "Decision": one_of({"批准": True, "驳回": False}),
    "Outcome": one_of({"成功": "SUCCESS", "关闭": "CLOSED", "异常": "ABNORMAL"}),
    "Person": one_of({"主管": SUPERVISOR, "另一个人": SUPERVISOR, "申请人": CASHIER, "原收款人": CASHIER}),
}

# -- sentences ------------------------------------------------------------------------------------------------------------

ACTIONS: dict[str, Callable[..., None]] = {
    # 摊位、租约、表
    "“{merchant:Name}”租用“{stall:Name}”，月租 {rent:N} 元{terms:Terms}": Book.let,
    "“{stall:Name}”自 {since:Day} 起月租改为 {rent:N} 元": Book.change_rent,
    "{day:Day} “{stall:Name}”续租到 {end:Day}，月租 {rent:N} 元": Book.renew,
    "{day:Day} “{stall:Name}”退租，最后一天 {last_day:Day}": Book.terminate,
    "{day:Day} 补签“{stall:Name}” {ended:Day} 到期的租约到 {end:Day}，月租 {rent:N} 元": Book.renew_late,
    "{day:Day} 撤销“{stall:Name}”的续租": Book.withdraw,
    "{day:Day} 到期的租约结束": Book.end_leases,
    "{fee_type:FeeType}自 {since:Day} 起 {price:N} 元": Book.set_price,
    "{fee_type:FeeType}自 {since:Day} 起 {price:N} 元，保底 {minimum:N} 元": Book.set_minimum,
    "{fee_type:FeeType}自 {since:Day} 起 {price:N} 元，超过 {bound:N} 为 {over:N} 元，超过 {top:N} 为 {most:N} 元": (
        Book.set_tiers
    ),
    "{fee_type:FeeType}自 {since:Day} 起 {price:N} 元，尖 {sharp:N} 元、峰 {peak:N} 元、谷 {valley:N} 元": Book.set_hours,
    "滞纳金规则自 {since:Day} 起日率 {rate:N}、上限 {cap:N}": Book.set_late_fee_rule,
    "“{stall:Name}”装{fee_type:FeeType}表“{meter:Name}”，底数 {reading:N}": Book.fit_meter,
    "“{stall:Name}”装{fee_type:FeeType}表“{meter:Name}”，底数 {reading:N}，倍率 {multiplier:N}": Book.fit_meter,
    "“{stall:Name}”装{fee_type:FeeType}表“{meter:Name}”，底数 {reading:N}，时段{register:Register}": Book.fit_register,
    "{day:Day} 抄“{meter:Name}”读数 {reading:N}": Book.read,
    "{day:Day} 换租抄“{meter:Name}”读数 {reading:N}": Book.read_at_handover,
    "{day:Day} “{meter:Name}”止数 {final:N}，换成“{new:Name}”，底数 {start:N}，倍率 {multiplier:N}": Book.replace_meter,
    "{day:Day} 确认“{meter:Name}” {period} 的读数": Book.confirm_reading,
    "{period} 供应方{fee_type:FeeType}账单 {units:N} 个单位、{amount:N} 元": Book.enter_supplier_bill,
    # 账单
    "{day:Day} 生成 {period} 的账单草稿": Book.draft,
    "{day:Day} 审核并发布 {period} 的账单": Book.publish,
    "{day:Day} 发布“{stall:Name}” {period} 的{fee_type:FeeType}账单": Book.publish_one,
    "{day:Day} 确认收入": Book.recognise,
    "{day:Day} 出 {period} 的账单": Book.draft_and_publish,
    "{day:Day} 冲正“{stall:Name}” {period} 的{fee_type:FeeType}账单": Book.reverse_bill,
    "{day:Day} 向“{stall:Name}”另收{fee_type:FeeType} {amount:N} 元，事由“{reason:Name}”": Book.charge_once,
    "{day:Day} 计提滞纳金": Book.accrue,
    # 收款、押金
    "{day:Day} “{merchant:Name}”{channel:Channel}付 {amount:N} 元": Book.take,
    "{day:Day} “{merchant:Name}”{channel:Channel}付 {amount:N} 元，先付“{stall:Name}” {period} 的{fee_type:FeeType}": (
        Book.take_for
    ),
    "市场不收部分缴纳": Book.take_no_parts,
    "{day:Day} {by:Person}冲正这笔收款": Book.reverse_payment,
    "{day:Day} 原来的转账退票": Book.bounce_first,
    "{day:Day} 支付单关闭": Book.close_order,
    "{day:Day} “{merchant:Name}”在手机上下单付全部欠费": Book.order_by_wechat,
    "{day:Day} 微信通知付款成功": Book.notify,
    "{day:Day} 微信通知 {paid_on:Day} 付款成功": Book.notify,
    "{day:Day} 清点现金 {cash:N} 元，结班": Book.count_drawer,
    "{day:Day} 清点现金 {cash:N} 元，结班，说明“{note:Name}”": Book.count_drawer,
    "{day:Day} 收“{stall:Name}”的押金 {amount:N} 元": Book.take_deposit,
    "{day:Day} 结算“{stall:Name}”的押金": Book.settle_deposit,
    "{day:Day} 登记“{stall:Name}”的期初押金 {deposit:N} 元、期初预存款 {balance:N} 元": Book.record_opening,
    # 减免、退款、发票
    "{day:Day} 申请减免“{stall:Name}” {period} {fee_type:FeeType}的{part:Part} {amount:N} 元，主管{approve:Decision}": (
        Book.waive
    ),
    "{day:Day} 申请减免“{stall:Name}” {period} {fee_type:FeeType}的{part:Part} {amount:N} 元": Book.ask_waiver,
    "{day:Day} 为“{merchant:Name}”申请{channel:Channel}退款 {amount:N} 元": Book.ask_refund,
    "{day:Day} 为“{merchant:Name}”申请{channel:Channel}退款 {amount:N} 元，重新打开费用": Book.ask_refund_of_fees,
    "{day:Day} 为“{merchant:Name}”申请这笔收款的{channel:Channel}退款 {amount:N} 元，重新打开费用": Book.ask_refund_of_payment,
    "{day:Day} {by:Person}{approve:Decision}退款": Book.review_refund,
    "{day:Day} 付出退款": Book.pay_out,
    "{day:Day} 微信通知退款{status:Outcome}": Book.notify_refund,
    "{day:Day} 商户为这张收据申请发票": Book.ask_invoice,
    # 对账、月结
    "微信账单上有这张支付单，{amount:N} 元，手续费 {fee:N} 元": Book.list_order_at_wechat,
    "微信账单上有“{number:Name}”，{amount:N} 元": Book.list_at_wechat,
    "微信查得到这张支付单已付": Book.let_wechat_know,
    "{day:Day} 与微信 {of:Day} 的账单对账": Book.reconcile,
    "{day:Day} 差异都查明，“{reason:Name}”": Book.resolve_differences,
    "{day:Day} 结 {period} 的账": Book.close_month,
}
CHECKS: dict[str, Callable[..., None]] = {
    "被拒绝，因为“{reason:Name}”": checks.refused,
    "{period} 的账单是": checks.bills,
    "“{stall:Name}” {period} 的{fee_type:FeeType}账单明细是": checks.bill_lines,
    "“{stall:Name}” {period} 的{fee_type:FeeType}账单没有出": checks.not_billed,
    "“{stall:Name}” {period} 的{fee_type:FeeType}到期日是 {due:Day}": checks.due,
    "“{stall:Name}” {period} 的{fee_type:FeeType}账单是“{status:Name}”": checks.bill_status,
    "“{meter:Name}” {period} 用量 {used:N}，{status}": checks.consumption,
    "{day:Day} “{merchant:Name}”欠本金 {principal:N} 元、滞纳金 {late_fee:N} 元": checks.owes,
    "到 {day:Day} “{stall:Name}” {period} {fee_type:FeeType}的滞纳金是这样算的": checks.late_fee,
    "“{merchant:Name}”的预存款是 {amount:N} 元": checks.balance,
    "“{stall:Name}”的押金是 {amount:N} 元": checks.deposit,
    "新记的账目是": checks.new_entries,
    "收据是": checks.receipts,
    "减免是": checks.waivers,
    "退款是“{status:Name}”": checks.refund_status,
    "发票申请是“{status:Name}”，金额 {amount:N} 元": checks.invoice,
    "抽屉里应有 {amount:N} 元": checks.drawer,
    "对账结果是“{status:Name}”": checks.reconciled,
    "差异是": checks.differences,
}


def action(sentence: str, method: Callable[..., None]) -> Callable[..., None]:
    """The step of a sentence of 假如 or 当: with {day} it happens on that day; a refusal is kept in the book."""

    def act(book: Book, day: date | None = None, **said: Any) -> None:
        with book.on(day):
            method(book, **said)

    said = ["book", *re.findall(r"\{(\w+)", sentence)]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    act.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in said])  # type: ignore[attr-defined]
    return act


for sentence, method in ACTIONS.items():
    step(parsers.parse(sentence, extra_types=WORDS))(action(sentence, method))
for sentence, check in CHECKS.items():
    then(parsers.parse(sentence, extra_types=WORDS))(check)


@pytest.fixture
def book(site: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """A new market's books; at the end nothing may be refused unnoticed, and every invariant must hold."""
    found = Book()
    monkeypatch.setattr(site.db, "commit", lambda *_: None)
    monkeypatch.setattr("cn_connect.clock.now", lambda: found.now)
    monkeypatch.setattr("cn_connect.clock.today", lambda: found.today)
    for module in (payments, reconciliation):
        monkeypatch.setattr(module, "pay_client", lambda mchid: found.wechat)
    yield found
    assert not found.refusal, f"没有提到的拒绝：{found.refusal}"
    assert ledger.check(found.market) == []
    figures.compare(found.market, found.today)
