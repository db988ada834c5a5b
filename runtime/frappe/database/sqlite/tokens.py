"""MariaDB statements cut into tokens; string literals already as SQLite writes them."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<str>'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*")
    | (?P<ident>`[^`]*`)
    | (?P<param>%\([^)]+\)s | %s)
    | (?P<percent>%%)
    | (?P<comment>--[ \t][^\n]* | /\*.*?\*/)
    | (?P<number>\d+\.?\d*)
    | (?P<word>[A-Za-z_][\w$]*)
    | (?P<space>\s+)
    | (?P<op><=>|<>|!=|>=|<=|\|\||&&|.)
    """,
    re.VERBOSE | re.DOTALL,
)


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "Z": "\x1a", "b": "\b"}


class Token:
    __slots__ = ("kind", "low", "text")

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text
        self.low = text.lower() if kind in ("word", "op") else text


def tokenize(query: str, has_values: bool) -> list[Token]:
    tokens = []
    for match in _TOKEN.finditer(query):
        kind, text = match.lastgroup or "op", match.group()
        if kind == "comment":
            kind, text = "space", " "
        elif kind == "str":
            text = _string_literal(text, has_values)
        elif kind == "percent":
            kind, text = "op", "%"
            if not has_values:
                tokens.append(Token("op", "%"))
        elif kind == "param" and not has_values:
            tokens.extend((Token("op", "%"), Token("word", text[1:])))
            continue
        tokens.append(Token(kind, text))
    return tokens


def _string_literal(text: str, has_values: bool) -> str:
    quote, body = text[0], text[1:-1]
    body = body.replace(quote * 2, quote)
    if "\\" in body:
        # A backslash before % or _ stays: it is LIKE's escape, not the string's.
        body = re.sub(
            r"\\(.)",
            lambda m: m.group() if m.group(1) in "%_" else _ESCAPES.get(m.group(1), m.group(1)),
            body,
            flags=re.DOTALL,
        )
    if has_values:
        body = body.replace("%%", "%")
    return "'" + body.replace("'", "''") + "'"
