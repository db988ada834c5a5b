"""Bills of WeChat Pay are read by column names, whatever their order; an empty day has an empty bill."""

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


NAMED = (
    "交易时间,商户号,特约商户号,微信订单号,商户订单号,交易状态,商户退款单号,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)


def named_bill(names):
    """A bill whose payments of 3000.00 are called by these names, as WeChat writes them: nothing is quoted."""
    rows = [
        f"`2026-11-05 10:00:00,`1900000001,`0,`4200{n},`CM{n},`SUCCESS,`0,`{name},`,`11.40000,`0.38%,`3000.00,`0.00,`"
        for n, name in enumerate(names)
    ]
    return "\r\n".join(
        [f"\ufeff{NAMED}", *rows, "总交易单数,应结订单总金额", f"`{len(names)},`0.00", ""]
    ).encode()


@pytest.mark.parametrize(
    "name",
    [
        "城东,城西菜市场",
        "甲,乙,丙",
        '"特价"摊位',
        '"',
        "换\n行",
        "换\r\n`行",
        "甲,`乙",
        "总交易单数,",
        "\n总交易单数,1",
    ],
)
def test_a_name_may_hold_whatever_it_likes(name):
    row, _other = trade_rows(named_bill([name, "平常"]))
    assert (row.number, row.amount, row.fee, row.at) == (
        "CM0",
        D("3000.00"),
        D("11.4"),
        datetime(2026, 11, 5, 10),
    )


@given(st.lists(st.text(alphabet=',"`\n\r甲x 0.', max_size=8), min_size=1, max_size=5))
def test_names_never_move_amounts(names):
    rows = trade_rows(named_bill(names))
    assert [(row.number, row.amount, row.fee) for row in rows] == [
        (f"CM{n}", D("3000.00"), D("11.4")) for n in range(len(names))
    ]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "", "1,2"])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(BillUnreadable):
        trade_rows(named_bill(["x"]).replace(b"`3000.00", f"`{amount}".encode()))
