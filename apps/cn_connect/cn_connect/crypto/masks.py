"""What people see in place of personal data. Pure."""

STAR = "*"


def mask(value: str, kind: str) -> str:
    """`13812345678` as `138****5678`, an ID number as `4600**********1234`, other text as its first character.

    At least half of a value of unusual length stays hidden.
    """
    if kind == "phone":
        return _keep(value, 3, 4)
    if kind == "id_number":
        return _keep(value, 4, 4)
    return _keep(value, 1, 0)


def is_masked(value: str) -> bool:
    """Whether the value holds stars, which no phone or ID number does."""
    return STAR in value


def _keep(value: str, first: int, last: int) -> str:
    if len(value) < (first + last) * 3 // 2:
        shown = len(value) // 4
        first, last = shown, min(last, shown)
    hidden = len(value) - first - last
    return value[:first] + STAR * hidden + (value[-last:] if last else "")
