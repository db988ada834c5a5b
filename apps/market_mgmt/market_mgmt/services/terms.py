"""The Chinese words of printed documents, whatever language the person who prints them works in."""

CHANNELS = {"WeChat": "微信支付", "Cash": "现金", "Transfer": "银行转账", "POS": "刷卡"}
OTHER_CHANNEL = "其他"

# In the order in which documents list them; types that an office adds carry their own Chinese name.
FEE_TYPES = {
    "Rent": "租金",
    "Management": "管理费",
    "Water": "水费",
    "Electricity": "电费",
    "Sanitation": "卫生费",
}
# What a receipt is for when it is for no fee; receipts of before deposits were taken say no more than "Fee".
PURPOSES = {"Fee": "预存款", "Prepayment": "预存款", "Deposit": "押金"}

ENTRY_TYPES = {
    "Charge": "出账",
    "Recognition": "确认收入",
    "Late Fee": "滞纳金",
    "Payment": "收款",
    "Allocation": "核销",
    "Waiver": "减免",
    "Refund Hold": "退款待付",
    "Refund": "退款",
    "Deposit": "收押金",
    "Deposit Release": "退押金",
    "Opening": "期初",
    "Cash Over/Short": "长短款",
    "Reversal": "冲正",
}
ACCOUNTS = {
    "Receivable": "应收账款",
    "Late Fee Receivable": "应收滞纳金",
    "Prepaid": "预存款",
    "Cash": "货币资金",
    "Income": "收入",
    "Deferred Income": "预收账款",
    "Late Fee Income": "滞纳金收入",
    "Waived": "减免额",
    "Deposit Held": "代管押金",
    "Refund Payable": "应付退款",
    "Opening Balance": "期初余额",
    "Cash Over/Short": "长短款",
}


def channel(name: str | None) -> str:
    """The Chinese name of a way to pay; of none, that it is another one: no amount goes without."""
    return CHANNELS.get(name or "", name or OTHER_CHANNEL)


def entry_type(name: str) -> str:
    """The Chinese name of a kind of ledger entry."""
    return ENTRY_TYPES.get(name, name)


def account(name: str) -> str:
    """The Chinese name of an account."""
    return ACCOUNTS.get(name, name)


def fee_type(name: str) -> str:
    """The Chinese name of a fee type."""
    return FEE_TYPES.get(name, name)


def fee_type_rank(name: str) -> int:
    """Where a fee type stands in a list."""
    return list(FEE_TYPES).index(name) if name in FEE_TYPES else len(FEE_TYPES)
