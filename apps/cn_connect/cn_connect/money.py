"""Money as Decimal yuan: the only place where amounts are rounded, stored, converted and spelt out.

Frappe reads currency columns as float; `yuan` turns such a value into an exact Decimal, `to_db` back.
Pure: no Frappe, no clock, no I/O.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
ZERO = Decimal("0.00")

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_CAPITAL_LIMIT = Decimal(10) ** 16


def yuan(value: "Decimal | int | float | str | None") -> Decimal:
    """The amount in yuan, rounded half up to 0.01. None is 0.00. Raises ValueError for what is no number."""
    if value is None:
        return ZERO
    if isinstance(value, bool):
        raise ValueError(f"not an amount: {value!r}")
    try:
        # str() first: Decimal(0.1) would carry the binary noise of the float into the rounding.
        amount = value if isinstance(value, Decimal) else Decimal(str(value).strip())
        rounded = amount.quantize(CENT, rounding=ROUND_HALF_UP)
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {value!r}") from error
    if not rounded.is_finite():
        raise ValueError(f"not an amount: {value!r}")
    return rounded + ZERO  # adding zero turns -0.00 into 0.00


def to_db(amount: Decimal) -> float:
    """The float that a currency field takes, so that types match after a reload."""
    return float(yuan(amount))


def fen(amount: Decimal) -> int:
    """The amount in fen, as payment gateways count."""
    return int(yuan(amount).scaleb(2))


def from_fen(count: int) -> Decimal:
    """The amount in yuan of a count of fen. Raises ValueError for anything but an integer."""
    if isinstance(count, bool) or not isinstance(count, int):
        raise ValueError(f"not a count of fen: {count!r}")
    return yuan(Decimal(count).scaleb(-2))


def format_yuan(amount: Decimal) -> str:
    """`1234.5` as `1,234.50`."""
    return f"{yuan(amount):,.2f}"


def capital_rmb(amount: Decimal) -> str:
    """The amount in capitals (人民币大写) after Annex 1 of 《支付结算办法》.

    `1409.50` is 壹仟肆佰零玖元伍角, `16409.02` 壹万陆仟肆佰零玖元零贰分; 整 follows 元 only; 负 leads a negative amount.
    Raises ValueError from ten quadrillion yuan on.
    """
    value = yuan(amount)
    if abs(value) >= _CAPITAL_LIMIT:
        raise ValueError(f"amount too large to spell out: {value}")
    sign = "负" if value < 0 else ""
    whole, cents = divmod(abs(fen(value)), 100)
    jiao, last = divmod(cents, 10)
    if not whole and not cents:
        return "零元整"

    text = f"{_spell(whole)}元" if whole else ""
    if not cents:
        return f"{sign}{text}整"
    if jiao:
        text += f"{_DIGITS[jiao]}角"
    elif whole:
        text += "零"
    if last:
        text += f"{_DIGITS[last]}分"
    return sign + text


def _spell(number: int) -> str:
    """A positive integer in capitals; 亿 and 万 split it into parts that are read alike."""
    for unit, name in ((10**8, "亿"), (10**4, "万")):
        if number >= unit:
            high, low = divmod(number, unit)
            gap = "零" if 0 < low < unit // 10 else ""
            return f"{_spell(high)}{name}{gap}{_spell(low) if low else ''}"
    return _spell_section(number)


def _spell_section(number: int) -> str:
    """1 to 9999 in capitals; a run of zeros inside is one 零, zeros at the end are silent."""
    text = ""
    pending_zero = False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if pending_zero and text else "") + _DIGITS[digit] + _PLACES[place]
            pending_zero = False
        else:
            pending_zero = True
    return text
