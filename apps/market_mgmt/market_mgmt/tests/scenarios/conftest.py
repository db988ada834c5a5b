"""The sentences that the scenarios (*.feature) are made of. What they do is in `book`."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import parse
import pytest
from pytest_bdd import parsers, step, then

import frappe
from cn_connect.money import yuan
from frappe import _
from frappe.utils import getdate
from market_mgmt.services import cashiers, late_fees, ledger, payments, reconciliation, terms
from market_mgmt.services.rows import number
from market_mgmt.tests import factories
from market_mgmt.tests.scenarios.book import CASHIER, FEE_TYPES, MCHID, SUPERVISOR, Book
from market_mgmt.tests.wechat_bills import DayBills

Table = list[list[str]]
Step = Callable[[Callable[..., Any]], Callable[..., Any]]


@parse.with_pattern(r"\d{4}-\d\d-\d\d")
def as_day(text: str) -> date:
    return date.fromisoformat(text)


@parse.with_pattern(r"-?\d+(?:\.\d+)?")
def as_number(text: str) -> Decimal:
    return Decimal(text)


@parse.with_pattern("|".join(FEE_TYPES))
def as_kind(text: str) -> str:
    return text


@parse.with_pattern(r"[^“”]+")
def as_name(text: str) -> str:
    return text


@parse.with_pattern("主管|申请人")
def as_person(text: str) -> str:
    return {"主管": SUPERVISOR, "申请人": CASHIER}[text]


TYPES = {"Who": as_person, "Day": as_day, "N": as_number, "Kind": as_kind, "Name": as_name}


def does(sentence: str) -> Step:
    """A step of 假如 or 当; with {day} it happens on that day."""
    return step(parsers.parse(sentence, extra_types=TYPES))


def shows(sentence: str) -> Step:
    """A step of 那么."""
    return then(parsers.parse(sentence, extra_types=TYPES))


@pytest.fixture
def wechat(monkeypatch: pytest.MonkeyPatch) -> DayBills:
    """What WeChat keeps of the day."""
    gateway = DayBills(MCHID, datetime(2026, 11, 5, 10))
    for module in (payments, reconciliation):
        monkeypatch.setattr(module, "pay_client", lambda mchid: gateway)
    return gateway


@pytest.fixture
def book(site: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """A new market's books; at the end nothing may be refused unnoticed, and every invariant must hold."""
    monkeypatch.setattr(site.db, "commit", lambda *_: None)
    found = Book()
    monkeypatch.setattr("cn_connect.clock.now", lambda: found.now)
    monkeypatch.setattr("cn_connect.clock.today", lambda: found.today)
    yield found
    assert not found.refusal, f"没有提到的拒绝：{found.refusal}"
    assert ledger.check(found.market) == []


# -- 摊位、租约、表 ------------------------------------------------------------------------------------------------------

TERMS: dict[str, Callable[..., dict[str, Any]]] = {
    r"租期 (\S+) 至 (\S+)": lambda start, end: {"start_date": as_day(start), "end_date": as_day(end)},
    r"按季交租": lambda: {"cycle": "Quarterly"},
    r"免租 (\d+) 天": lambda days: {"rent_free_days": int(days)},
    r"押金 (\S+) 元": lambda amount: {"deposit": float(amount)},
    r"没有滞纳金条款": lambda: {"late_fee_clause": 0},
}


@step(parsers.re(r"“(?P<merchant>.+?)”租用“(?P<stall>.+?)”，月租 (?P<rent>[\d.]+) 元(?P<terms>.*)"))
def let(book: Book, merchant: str, stall: str, rent: str, terms: str) -> None:
    values: dict[str, Any] = {}
    for term in filter(None, terms.split("，")):
        found = [(build, match) for pattern, build in TERMS.items() if (match := re.fullmatch(pattern, term))]
        assert found, f"不认识的条款：{term}"
        values |= found[0][0](*found[0][1].groups())
    with book.on(None):
        book.let(merchant, stall, Decimal(rent), **values)


@does("{kind:Kind}自 {since:Day} 起 {price:N} 元")
def price(book: Book, kind: str, since: date, price: Decimal) -> None:
    factories.tariff(book.market, FEE_TYPES[kind], str(price), since)


@does("滞纳金规则自 {since:Day} 起日率 {rate:N}、上限 {cap:N}")
def late_fee_rule(book: Book, since: date, rate: Decimal, cap: Decimal) -> None:
    factories.late_fee_rule(book.market, since, daily_rate=float(rate), cap_share=float(cap))


@does("“{stall:Name}”装{kind:Kind}表“{meter:Name}”，底数 {reading:N}")
def fit_meter(book: Book, stall: str, kind: str, meter: str, reading: Decimal) -> None:
    book.fit_meter(stall, FEE_TYPES[kind], meter, reading)


@does("“{stall:Name}”装{kind:Kind}表“{meter:Name}”，底数 {reading:N}，{digits:d} 位，倍率 {multiplier:N}")
def fit_other_meter(
    book: Book, stall: str, kind: str, meter: str, reading: Decimal, digits: int, multiplier: Decimal
) -> None:
    book.fit_meter(stall, FEE_TYPES[kind], meter, reading, digits=digits, multiplier=float(multiplier))


@does("{period} 供应方{kind:Kind}账单 {units:N} 个单位、{amount:N} 元")
def supplier_bill(book: Book, period: str, kind: str, units: Decimal, amount: Decimal) -> None:
    book.supplier_bill(FEE_TYPES[kind], period, units, amount)


@does("“{stall:Name}”自 {since:Day} 起月租改为 {rent:N} 元")
def change_rent(book: Book, stall: str, since: date, rent: Decimal) -> None:
    with book.on(None):
        book.change_rent(stall, since, rent)


@does("{day:Day} “{stall:Name}”续租到 {end:Day}，月租 {rent:N} 元")
def renew(book: Book, day: date, stall: str, end: date, rent: Decimal) -> None:
    with book.on(day):
        book.renew(stall, end, rent)


@does("{day:Day} “{stall:Name}”退租，最后一天 {last:Day}")
def terminate(book: Book, day: date, stall: str, last: date) -> None:
    with book.on(day):
        book.terminate(stall, last)


@does("{day:Day} 到期的租约结束")
def end_leases(book: Book, day: date) -> None:
    with book.on(day):
        book.end_leases()


@does("{day:Day} 抄“{meter:Name}”读数 {reading:N}")
def read(book: Book, day: date, meter: str, reading: Decimal) -> None:
    with book.on(day):
        book.read(meter, reading)


@does("{day:Day} 换租抄“{meter:Name}”读数 {reading:N}")
def read_at_handover(book: Book, day: date, meter: str, reading: Decimal) -> None:
    with book.on(day):
        book.read_at_handover(meter, reading)


@does("{day:Day} “{meter:Name}”止数 {final:N}，换成“{new:Name}”，底数 {start:N}，倍率 {multiplier:N}")
def replace_meter(
    book: Book, day: date, meter: str, final: Decimal, new: str, start: Decimal, multiplier: Decimal
) -> None:
    with book.on(day):
        book.replace_meter(meter, final, new, start, multiplier)


@does("{day:Day} 确认“{meter:Name}” {period} 的读数")
def confirm_reading(book: Book, day: date, meter: str, period: str) -> None:
    with book.on(day):
        book.confirm_reading(meter, period)


# -- 账单 ----------------------------------------------------------------------------------------------------------------


@does("{day:Day} 出 {period} 的账单")
def bill(book: Book, day: date, period: str) -> None:
    with book.on(day):
        book.draft(period)
        book.publish(period)


@does("{day:Day} 生成 {period} 的账单草稿")
def draft(book: Book, day: date, period: str) -> None:
    with book.on(day):
        book.draft(period)


@does("{day:Day} 审核并发布 {period} 的账单")
def publish(book: Book, day: date, period: str) -> None:
    with book.on(day):
        book.publish(period)


@does("{day:Day} 冲正“{stall:Name}” {period} 的{kind:Kind}账单")
def reverse_bill(book: Book, day: date, stall: str, period: str, kind: str) -> None:
    with book.on(day):
        book.reverse_bill(stall, kind, period)


@does("{day:Day} 向“{stall:Name}”另收{kind:Kind} {amount:N} 元，事由“{reason:Name}”")
def one_off(book: Book, day: date, stall: str, kind: str, amount: Decimal, reason: str) -> None:
    with book.on(day):
        book.one_off(stall, kind, amount, reason)


@does("{day:Day} 计提滞纳金")
def accrue(book: Book, day: date) -> None:
    with book.on(day):
        book.accrue()


# -- 收款、减免、退款 -----------------------------------------------------------------------------------------------------


@does("{day:Day} “{merchant:Name}”{channel}付 {amount:N} 元")
def take(book: Book, day: date, merchant: str, channel: str, amount: Decimal) -> None:
    with book.on(day):
        book.take(merchant, channel, amount)


@does("{day:Day} “{merchant:Name}”{channel}付 {amount:N} 元，先付“{stall:Name}” {period} 的{kind:Kind}")
def take_for(
    book: Book, day: date, merchant: str, channel: str, amount: Decimal, stall: str, period: str, kind: str
) -> None:
    with book.on(day):
        book.take(merchant, channel, amount, book.fee(stall, kind, period))


@does("{day:Day} 原收款人冲正这笔收款")
def reverse_own_payment(book: Book, day: date) -> None:
    with book.on(day):
        book.reverse_payment(CASHIER)


@does("{day:Day} 另一个人冲正这笔收款")
def reverse_payment(book: Book, day: date) -> None:
    with book.on(day):
        book.reverse_payment(SUPERVISOR)


@does("{day:Day} “{merchant:Name}”在手机上下单付全部欠费")
def order_by_wechat(book: Book, day: date, merchant: str) -> None:
    with book.on(day):
        book.order_by_wechat(merchant)


@does("{day:Day} 微信通知付款成功")
def notified(book: Book, day: date) -> None:
    with book.on(day):
        book.notified()


@does("{day:Day} 微信通知 {paid_on:Day} 付款成功")
def notified_late(book: Book, day: date, paid_on: date) -> None:
    with book.on(day):
        book.notified(paid_on)


@does("{day:Day} 收“{stall:Name}”的押金 {amount:N} 元")
def take_deposit(book: Book, day: date, stall: str, amount: Decimal) -> None:
    with book.on(day):
        book.take_deposit(stall, amount)


@does("{day:Day} 结算“{stall:Name}”的押金")
def settle_deposit(book: Book, day: date, stall: str) -> None:
    with book.on(day):
        book.settle_deposit(stall)


PARTS = {"本金": "Principal", "滞纳金": "Late Fee"}


@does("{day:Day} 申请减免“{stall:Name}” {period} {kind:Kind}的{part} {amount:N} 元，主管{decision}")
def waive(
    book: Book, day: date, stall: str, period: str, kind: str, part: str, amount: Decimal, decision: str
) -> None:
    with book.on(day):
        book.waive(
            book.fee(stall, kind, period), PARTS[part], amount, {"批准": True, "驳回": False}[decision]
        )


@does("{day:Day} 为“{merchant:Name}”申请{channel}退款 {amount:N} 元")
def ask_refund(book: Book, day: date, merchant: str, channel: str, amount: Decimal) -> None:
    with book.on(day):
        book.ask_refund(merchant, amount, channel, reopen=False)


@does("{day:Day} 为“{merchant:Name}”申请{channel}退款 {amount:N} 元，重新打开费用")
def ask_refund_of_fees(book: Book, day: date, merchant: str, channel: str, amount: Decimal) -> None:
    with book.on(day):
        book.ask_refund(merchant, amount, channel, reopen=True)


@does("{day:Day} {who:Who}{decision}退款")
def review_refund(book: Book, day: date, who: str, decision: str) -> None:
    with book.on(day):
        book.review_refund({"批准": True, "驳回": False}[decision], who)


@does("{day:Day} 付出退款")
def pay_out(book: Book, day: date) -> None:
    with book.on(day):
        book.pay_out()


@does("{day:Day} 微信通知退款{outcome}")
def wechat_says(book: Book, day: date, outcome: str) -> None:
    with book.on(day):
        book.wechat_says({"成功": "SUCCESS", "关闭": "CLOSED", "异常": "ABNORMAL"}[outcome])


@does("{day:Day} 商户为这张收据申请发票")
def ask_invoice(book: Book, day: date) -> None:
    with book.on(day):
        book.ask_invoice()


@does("{day:Day} 清点现金 {cash:N} 元，结班")
def count_drawer(book: Book, day: date, cash: Decimal) -> None:
    with book.on(day):
        book.count_drawer(cash, None)


@does("{day:Day} 清点现金 {cash:N} 元，结班，说明“{note:Name}”")
def count_drawer_with_note(book: Book, day: date, cash: Decimal, note: str) -> None:
    with book.on(day):
        book.count_drawer(cash, note)


@does("微信账单上有这张支付单，{amount:N} 元，手续费 {fee:N} 元")
def on_the_bill(book: Book, wechat: DayBills, amount: Decimal, fee: Decimal) -> None:
    wechat.paid(book.order, amount, fee)


@does("微信账单上有“{number:Name}”，{amount:N} 元")
def something_on_the_bill(wechat: DayBills, number: str, amount: Decimal) -> None:
    wechat.paid(number, amount)


@does("微信查得到这张支付单已付")
def known_to_wechat(book: Book, wechat: DayBills) -> None:
    wechat.asked[book.order] = book.success(wechat.paid_at.date())


@does("{day:Day} 与微信 {of:Day} 的账单对账")
def reconcile(book: Book, wechat: DayBills, day: date, of: date) -> None:
    with book.on(day):
        book.reconcile(of)


@does("{day:Day} 差异都查明，“{reason:Name}”")
def resolve_differences(book: Book, day: date, reason: str) -> None:
    with book.on(day):
        book.resolve_differences(reason)


@shows("对账结果是“{status:Name}”")
def reconciled(book: Book, status: str) -> None:
    assert not book.refusal
    assert _(book.reconciled.status) == status


@shows("差异是")
def differences(book: Book, datatable: Table) -> None:
    """| 种类 | 单号 |"""
    numbers = {book.order: "这张支付单"}
    compare([[_(row.kind), numbers.get(row.number, row.number)] for row in book.differences()], datatable)


@does("{day:Day} 结 {period} 的账")
def close_month(book: Book, day: date, period: str) -> None:
    with book.on(day):
        book.close_month(period)


# -- 那么 ----------------------------------------------------------------------------------------------------------------


def money(amount: Any) -> str:
    return f"{yuan(amount):.2f}"


def compare(found: list[list[str]], datatable: Table) -> None:
    """The rows below the heading, in any order."""
    assert sorted(found) == sorted(datatable[1:])


@shows("被拒绝，因为“{reason:Name}”")
def refused(book: Book, reason: str) -> None:
    said, book.refusal = book.refusal, ""
    assert reason in said


@shows("{period} 的账单是")
def bills(book: Book, period: str, datatable: Table) -> None:
    """| 摊位 | 费用 | 起 | 止 | 金额 | 状态 |"""
    fields = ["stall", "fee_type", "period_start", "period_end", "amount", "status"]
    rows = frappe.get_all("Fee", {"market": book.market, "period": period}, fields)
    compare(
        [
            [
                frappe.db.get_value("Stall", row.stall, "stall_no"),
                _(row.fee_type),
                str(row.period_start),
                str(row.period_end),
                money(row.amount),
                _(row.status),
            ]
            for row in rows
        ],
        datatable,
    )


@shows("“{stall:Name}” {period} 的{kind:Kind}账单明细是")
def bill_lines(book: Book, stall: str, period: str, kind: str, datatable: Table) -> None:
    """| 明细 | 金额 |"""
    lines = book.fee(stall, kind, period).lines
    compare([[line.description, money(line.amount)] for line in lines], datatable)


@shows("“{stall:Name}” {period} 的{kind:Kind}账单没有出")
def not_billed(book: Book, stall: str, period: str, kind: str) -> None:
    with pytest.raises(frappe.DoesNotExistError):
        book.fee(stall, kind, period)


@shows("“{stall:Name}” {period} 的{kind:Kind}到期日是 {due:Day}")
def due(book: Book, stall: str, period: str, kind: str, due: date) -> None:
    assert getdate(book.fee(stall, kind, period).due_date) == due


@shows("“{stall:Name}” {period} 的{kind:Kind}账单是“{status:Name}”")
def bill_status(book: Book, stall: str, period: str, kind: str, status: str) -> None:
    assert _(book.fee(stall, kind, period).status) == status


@shows("“{meter:Name}” {period} 用量 {used:N}，{status}")
def consumption(book: Book, meter: str, period: str, used: Decimal, status: str) -> None:
    reading = book.reading_of(meter, period)
    assert (number(reading.consumption), _(reading.status)) == (used, status)


@shows("{day:Day} “{merchant:Name}”欠本金 {principal:N} 元、滞纳金 {late_fee:N} 元")
def owes(book: Book, day: date, merchant: str, principal: Decimal, late_fee: Decimal) -> None:
    assert not book.refusal
    book.today = day
    rows = book.open_rows(merchant)
    zero = Decimal("0.00")
    assert sum((row.principal for row in rows), zero) == principal
    assert sum((row.late_fee for row in rows), zero) == late_fee


@shows("“{merchant:Name}”的预存款是 {amount:N} 元")
def balance(book: Book, merchant: str, amount: Decimal) -> None:
    assert not book.refusal
    assert book.balance(merchant) == amount


@shows("“{stall:Name}”的押金是 {amount:N} 元")
def deposit(book: Book, stall: str, amount: Decimal) -> None:
    assert not book.refusal
    assert book.deposit(stall) == amount


@shows("到 {day:Day} “{stall:Name}” {period} {kind:Kind}的滞纳金是这样算的")
def late_fee(book: Book, day: date, stall: str, period: str, kind: str, datatable: Table) -> None:
    """| 起 | 止 | 本金 | 日率 | 天数 | 金额 |"""
    found = late_fees.derivation_of(book.fee(stall, kind, period).name, day)
    steps = found.steps() if found else ()
    compare(
        [
            [
                *(str(span.start), str(span.end), money(span.unpaid)),
                *(str(span.daily_rate.normalize()), str(span.days), str(amount.normalize())),
            ]
            for span, amount in steps
        ],
        datatable,
    )


@shows("新记的账目是")
def new_entries(book: Book, datatable: Table) -> None:
    """| 日期 | 类型 | 借 | 贷 | 金额 |"""
    assert not book.refusal
    compare(
        [
            [
                str(entry.posting_date),
                terms.ENTRY_TYPES[entry.entry_type],
                *(terms.ACCOUNTS[account] for account in (entry.debit_account, entry.credit_account)),
                money(entry.amount),
            ]
            for entry in book.new_entries()
        ],
        datatable,
    )


@shows("收据是")
def receipts(book: Book, datatable: Table) -> None:
    """| 号码 | 金额 | 状态 |"""
    compare([[row.name, money(row.amount), _(row.status)] for row in book.receipts()], datatable)


@shows("退款是“{status:Name}”")
def refund_status(book: Book, status: str) -> None:
    assert _(frappe.db.get_value("Refund", book.refund, "status")) == status


@shows("发票申请是“{status:Name}”，金额 {amount:N} 元")
def invoice(book: Book, status: str, amount: Decimal) -> None:
    row = frappe.db.get_value("Invoice Request", book.invoice, ["status", "amount"], as_dict=True)
    assert (_(row.status), yuan(row.amount)) == (status, amount)


@shows("抽屉里应有 {amount:N} 元")
def drawer(book: Book, amount: Decimal) -> None:
    assert cashiers.expected(book.at_counter(CASHIER))["Cash"] == amount
