"""Apps write MariaDB's SQL; this module rewrites it for SQLite.

A statement is tokenized once and cached with its parameter slots, so that the same text costs nothing the next time.
What is rewritten: %s and %(name)s, string escapes, LIKE's backslash, functions of other names, INTERVAL, integer
division, exact SUM, ON DUPLICATE KEY, INSERT IGNORE, GROUP_CONCAT's separator and locking clauses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from frappe.database.sqlite.names import CAST_FUNCTIONS, CAST_TYPES, FUNCTIONS, MOMENTS, UNITS
from frappe.database.sqlite.tokens import Token, tokenize


@dataclass(frozen=True)
class Statement:
    """A rewritten statement: text between the parameter slots, and which parameter fills each slot."""

    parts: tuple[str, ...]
    slots: tuple[str | None, ...]
    kind: str
    locks: bool

    @property
    def text(self) -> str:
        return "?".join(self.parts)


@lru_cache(maxsize=4096)
def translate(query: str, has_values: bool) -> Statement:
    """The SQLite form of a MariaDB statement. `has_values`: whether %-placeholders are meant (pymysql's rule)."""
    tokens = tokenize(query, has_values)
    tokens, locks = _strip_locking(tokens)
    tokens = _fold_intervals(tokens)
    kind = next((t.low for t in tokens if t.kind == "word"), "")
    out: list[str | tuple[str | None]] = []
    _Rewriter(tokens, out).run(0, len(tokens))
    parts: list[str] = [""]
    slots: list[str | None] = []
    for piece in out:
        if isinstance(piece, tuple):
            slots.append(piece[0])
            parts.append("")
        else:
            parts[-1] += piece
    return Statement(tuple(parts), tuple(slots), kind, locks)


def _strip_locking(tokens: list[Token]) -> tuple[list[Token], bool]:
    """Take FOR UPDATE / LOCK IN SHARE MODE (with NOWAIT, SKIP LOCKED) off; say whether there was one."""
    words = [(i, t.low) for i, t in enumerate(tokens) if t.kind == "word"]
    for n, (i, word) in enumerate(words):
        rest = [w for _, w in words[n : n + 4]]
        if (word == "for" and rest[1:2] == ["update"]) or rest == ["lock", "in", "share", "mode"]:
            return tokens[:i], True
    return tokens, False


def _fold_intervals(tokens: list[Token]) -> list[Token]:
    """`operand + INTERVAL n DAY` → `date_add(operand, INTERVAL n DAY)`, likewise for minus."""
    for i, token in enumerate(tokens):
        if token.low != "interval" or token.kind != "word":
            continue
        sign = _previous(tokens, i)
        unit = next((j for j in range(i, len(tokens)) if tokens[j].low in UNITS), None)
        if sign is None or unit is None or tokens[sign].text not in "+-":
            continue
        last = _previous(tokens, sign)
        if last is None:
            continue
        first = _operand_start(tokens, last)
        call = "date_add" if tokens[sign].text == "+" else "date_sub"
        folded = [Token("word", call), Token("op", "("), *tokens[first:sign], Token("op", ",")]
        return _fold_intervals(
            tokens[:first] + folded + tokens[i : unit + 1] + [Token("op", ")")] + tokens[unit + 1 :]
        )
    return tokens


def _previous(tokens: list[Token], i: int) -> int | None:
    return next((j for j in range(i - 1, -1, -1) if tokens[j].kind != "space"), None)


def _operand_start(tokens: list[Token], last: int) -> int:
    """Where the operand that ends at `last` begins: a call or parenthesis, or a name with its qualifier."""
    start, depth = last, 0
    if tokens[last].text == ")":
        for start in range(last, -1, -1):
            depth += {")": 1, "(": -1}.get(tokens[start].text, 0)
            if depth == 0:
                break
        return start - 1 if start and tokens[start - 1].kind == "word" else start
    if start >= 2 and tokens[start - 1].text == ".":
        return start - 2
    return start


class _Rewriter:
    """Walks the tokens and appends SQLite text (str) and parameter slots (1-tuples) to `out`."""

    def __init__(self, tokens: list[Token], out: list) -> None:
        self.tokens, self.out = tokens, out
        self.on_duplicate = False

    def run(self, start: int, end: int) -> None:
        i = start
        while i < end:
            i = self.step(i, end)

    def step(self, i: int, end: int) -> int:
        token = self.tokens[i]
        if token.kind == "param":
            self.out.append((token.text[2:-2] if token.text != "%s" else None,))
        elif token.kind == "word":
            return self.word(i, end)
        elif token.kind == "op" and token.text == "/":
            self.out.append(" * 1.0 / ")
        elif token.kind == "op" and token.text in ("<=>", "&&", "||"):
            self.out.append({"<=>": " IS ", "&&": " AND ", "||": " OR "}[token.text])
        else:
            self.out.append(token.text)
        return i + 1

    def word(self, i: int, end: int) -> int:
        token = self.tokens[i]
        opening = self.next(i + 1, end)
        is_call = opening is not None and self.tokens[opening].text == "("
        if is_call:
            assert opening is not None
            handler = getattr(self, "call_" + token.low, None)
            closing = self.closing(opening)
            if handler and closing is not None:
                done = handler(i, opening, closing)
                if done:
                    return closing + 1
            self.out.append(FUNCTIONS.get(token.low, token.text))
            return i + 1
        if token.low == "ignore" and self.previous_word(i) in ("insert", "update"):
            self.out.append("or ignore")
        elif token.low in MOMENTS:
            self.out.append(MOMENTS[token.low])
        elif token.low == "rlike":
            self.out.append("regexp")
        elif token.low == "div":
            self.out.append("/")
        elif token.low == "like":
            return self.like(i, end)
        elif token.low == "truncate" and self.previous_word(i) is None:
            self.out.append("delete from")
            table = self.next(i + 1, end)
            return table + 1 if table and self.tokens[table].low == "table" else i + 1
        elif token.low == "on" and self.words(i, end, 4) == ["on", "duplicate", "key", "update"]:
            self.out.append("on conflict do update set")
            self.on_duplicate = True
            for _ in range(3):
                i = self.next(i + 1, end) or i
        elif token.low == "interval":
            return self.interval(i, end)
        else:
            self.out.append(token.text)
        return i + 1

    def like(self, i: int, end: int) -> int:
        """LIKE with MariaDB's default escape character, where the pattern is a literal or a parameter."""
        self.out.append("like")
        pattern = self.next(i + 1, end)
        if pattern is None or self.tokens[pattern].kind not in ("str", "param"):
            return i + 1
        self.out.append(" ")
        self.step(pattern, end)
        self.out.append(" escape '\\'")
        return pattern + 1

    def interval(self, i: int, end: int) -> int:
        """`+ INTERVAL n DAY` is handled in date_add/date_sub's arguments: they become `n, 'day'`."""
        for j in range(i + 1, end):
            if self.tokens[j].low in UNITS and self.tokens[j].kind == "word":
                self.run(i + 1, j)
                self.out.append(f", '{self.tokens[j].low}'")
                return j + 1
        self.out.append(self.tokens[i].text)
        return i + 1

    def call_sum(self, i: int, opening: int, closing: int) -> bool:
        """SUM over decimals is exact in MariaDB: add up millionths as integers, not binary fractions."""
        first = self.next(opening + 1, closing)
        after = self.next(closing + 1, len(self.tokens))
        if first is None or self.tokens[first].low == "distinct":
            return False
        if after is not None and self.tokens[after].low in ("over", "filter"):
            return False
        self.out.append("(sum(cast(round((")
        self.run(opening + 1, closing)
        self.out.append(") * 1000000.0) as integer)) / 1000000.0)")
        return True

    def call_values(self, i: int, opening: int, closing: int) -> bool:
        if not self.on_duplicate:
            return False
        self.out.append("excluded.")
        self.run(opening + 1, closing)
        return True

    def call_group_concat(self, i: int, opening: int, closing: int) -> bool:
        self.out.append("group_concat(")
        stop = closing
        separator: list[Token] = []
        for j in range(opening + 1, closing):
            low = self.tokens[j].low
            if self.tokens[j].kind == "word" and low == "separator":
                separator = [t for t in self.tokens[j + 1 : closing] if t.kind == "str"]
                stop = min(stop, j)
            elif low == "order" and self.words(j, closing, 2) == ["order", "by"]:
                stop = min(stop, j)
        self.run(opening + 1, stop)
        distinct = self.words(opening + 1, closing, 1) == ["distinct"]
        # SQLite takes no separator with DISTINCT; its own is the comma, as MariaDB's.
        if separator and not distinct:
            self.out.append(", " + separator[0].text)
        self.out.append(")")
        return True

    def call_timestampdiff(self, i: int, opening: int, closing: int) -> bool:
        unit = self.next(opening + 1, closing)
        if unit is None or self.tokens[unit].low not in UNITS:
            return False
        self.out.append(f"timestampdiff('{self.tokens[unit].low}'")
        self.run(unit + 1, closing)
        self.out.append(")")
        return True

    def call_extract(self, i: int, opening: int, closing: int) -> bool:
        unit = self.next(opening + 1, closing)
        source = self.next((unit or 0) + 1, closing)
        if unit is None or source is None or self.tokens[source].low != "from":
            return False
        self.out.append(FUNCTIONS.get(self.tokens[unit].low, self.tokens[unit].low) + "(")
        self.run(source + 1, closing)
        self.out.append(")")
        return True

    def call_cast(self, i: int, opening: int, closing: int) -> bool:
        depth = 0
        for j in range(opening + 1, closing):
            depth += {"(": 1, ")": -1}.get(self.tokens[j].text, 0)
            if depth == 0 and self.tokens[j].low == "as" and self.tokens[j].kind == "word":
                return self.cast(opening + 1, j, self.next(j + 1, closing))
        return False

    def call_convert(self, i: int, opening: int, closing: int) -> bool:
        depth = 0
        for j in range(opening + 1, closing):
            depth += {"(": 1, ")": -1}.get(self.tokens[j].text, 0)
            if depth == 0 and self.tokens[j].text == ",":
                return self.cast(opening + 1, j, self.next(j + 1, closing))
        return False

    def cast(self, start: int, end: int, kind: int | None) -> bool:
        name = self.tokens[kind].low if kind is not None else ""
        if name in CAST_FUNCTIONS:
            self.out.append(CAST_FUNCTIONS[name] + "(")
            self.run(start, end)
            self.out.append(")")
            return True
        if name not in CAST_TYPES:
            return False
        if name == "decimal":
            return self.cast_decimal(start, end, kind or 0)
        self.out.append("cast(")
        self.run(start, end)
        self.out.append(f" as {CAST_TYPES[name]})")
        return True

    def cast_decimal(self, start: int, end: int, kind: int) -> bool:
        """A decimal(m, d) is rounded to its d digits, a bare decimal to whole numbers."""
        opening = self.next(kind + 1, len(self.tokens))
        sizes: list[str] = []
        if opening is not None and self.tokens[opening].text == "(":
            sizes = [t.text for t in self.tokens[opening : self.closing(opening)] if t.kind == "number"]
        self.out.append("round_half_up(cast(")
        self.run(start, end)
        self.out.append(f" as real), {sizes[1] if len(sizes) > 1 else 0})")
        return True

    def next(self, i: int, end: int) -> int | None:
        while i < end:
            if self.tokens[i].kind != "space":
                return i
            i += 1
        return None

    def closing(self, opening: int) -> int | None:
        depth = 0
        for j in range(opening, len(self.tokens)):
            depth += {"(": 1, ")": -1}.get(self.tokens[j].text, 0)
            if depth == 0:
                return j
        return None

    def words(self, i: int, end: int, count: int) -> list[str]:
        return [t.low for t in self.tokens[i:end] if t.kind != "space"][:count]

    def previous_word(self, i: int) -> str | None:
        for token in reversed(self.tokens[:i]):
            if token.kind != "space":
                return token.low
        return None
