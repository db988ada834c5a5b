"""A WeChat Pay that keeps the bills of a day in memory, for tests of reconciliation without HTTP."""

from datetime import date, datetime
from typing import Any

from cn_connect.wechat.pay_messages import Refund, Transaction

TRADE = "交易时间,商户号,特约商户号,微信订单号,商户订单号,交易状态,商户退款单号,订单金额,申请退款金额,手续费"
FUND = "记账时间,业务类型,收支类型,收支金额(元),业务凭证号"


class DayBills:
    """A gateway with the bills of a day, and orders that can be asked about. `failure` is raised when it is set."""

    def __init__(self, mchid: str, paid_at: datetime) -> None:
        self.mchid, self.paid_at = mchid, paid_at
        self.trades: list[str] = []
        self.movements: list[str] = []
        self.asked: dict[str, Transaction] = {}
        self.refunds: dict[str, Refund] = {}
        self.failure: Exception | None = None

    def paid(self, number: str, amount: Any, fee: Any = "0.00") -> None:
        """A payment that WeChat knows of, in yuan, and the fee it kept."""
        self.trades.append(
            f"`{self.paid_at},`{self.mchid},`0,`42,`{number},`SUCCESS,`0,`{amount},`0.00,`{fee}"
        )
        self.movements.append(f"`{self.paid_at},`交易,`收入,`{amount},`{number}")

    def accepted(self, number: str, order: str, amount: Any) -> None:
        """A refund, in yuan, that WeChat took in on the day."""
        self.trades.append(
            f"`{self.paid_at},`{self.mchid},`0,`42,`{order},`REFUND,`{number},`{amount},`{amount},`0.00"
        )
        self.movements.append(f"`{self.paid_at},`退款,`支出,`{amount},`{number}")

    def download_trade_bill(self, day: date, sub_mchid: str | None = None) -> bytes:
        if self.failure:
            raise self.failure
        return "\n".join([TRADE, *self.trades, "总交易单数", "`1"]).encode() if self.trades else b""

    def download_fund_bill(self, day: date, sub_mchid: str | None = None) -> bytes:
        return "\n".join([FUND, *self.movements, "资金流水总笔数", "`1"]).encode() if self.movements else b""

    def query_order(self, number: str, sub_mchid: str | None = None) -> Transaction | None:
        return self.asked.get(number)

    def query_refund_state(self, number: str, sub_mchid: str | None = None) -> Refund | None:
        return self.refunds.get(number)
