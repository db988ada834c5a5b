"""Bills of WeChat Pay are read by column names, whatever their order; an empty day has an empty bill."""

from datetime import datetime
from decimal import Decimal

import pytest

from cn_connect.wechat.bills import BillUnreadable, fund_rows, trade_rows

D = Decimal
TRADE = (
    "\ufeff商户订单号,交易时间,商户号,特约商户号,微信订单号,交易状态,商户退款单号,订单金额,申请退款金额,手续费,将来的列\r\n"
    "`CM1,`2026-11-05 10:00:00,`1900000001,`0,`42001,`SUCCESS,`0,`128.50,`0.00,`0.49000,`x\r\n"
    "`CM1,`2026-11-06 09:00:00,`1900000001,`190002,`42001,`REFUND,`CMR1,`128.50,`28.50,`-0.11000,`x\r\n"
    "总交易单数,应结订单总金额\r\n`2,`128.50\r\n"
)
FUND = (
    "记账时间,业务类型,收支类型,收支金额(元),业务凭证号\n"
    "`2026-11-05 10:00:00,`交易,`收入,`128.50,`CM1\n"
    "`2026-11-05 10:00:00,`扣除交易手续费,`支出,`0.49,`CM1\n"
    "资金流水总笔数,收入笔数\n`2,`1\n"
)


def test_payments_and_refunds_are_told_apart():
    paid, back = trade_rows(TRADE.encode())
    assert (paid.kind, paid.number, paid.amount, paid.fee) == ("Payment", "CM1", D("128.50"), D("0.49000"))
    assert (paid.at, paid.sub_mchid) == (datetime(2026, 11, 5, 10), None)
    assert (back.kind, back.number, back.out_trade_no) == ("Refund", "CMR1", "CM1")
    assert (back.amount, back.fee, back.sub_mchid) == (D("28.50"), D("-0.11000"), "190002")


def test_an_empty_bill_has_no_rows():
    assert trade_rows(b"") == []
    assert fund_rows(b"") == []


def test_movements_of_the_account():
    assert [(row.direction, row.business, row.amount) for row in fund_rows(FUND.encode())] == [
        ("Income", "交易", D("128.50")),
        ("Expense", "扣除交易手续费", D("0.49")),
    ]


def test_a_column_that_is_missing_is_named():
    with pytest.raises(BillUnreadable, match="手续费"):
        trade_rows(TRADE.replace("手续费", "服务费").encode())


def test_a_value_that_is_no_amount_is_named_with_its_line():
    with pytest.raises(BillUnreadable, match=r"3.*申请退款金额"):
        trade_rows(TRADE.replace("`28.50", "`abc").encode())


def test_a_bill_of_the_earlier_format_is_read_by_its_older_names():
    earlier = (
        TRADE.replace("特约商户号", "子商户号")
        .replace("申请退款金额", "退款金额")
        .replace("订单金额", "总金额")
    )
    assert trade_rows(earlier.encode()) == trade_rows(TRADE.encode())
