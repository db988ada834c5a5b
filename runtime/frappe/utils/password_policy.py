"""Which passwords people may choose: at least eight characters, and nothing that is guessed first.

What is common is judged by zxcvbn, as stock Frappe does: lists of common passwords and names, keyboard rows, dates, repetitions.
"""

from __future__ import annotations

from collections.abc import Iterable

import frappe

MIN_LENGTH = 8
MIN_SCORE = 2  # of 0 to 4: more than a million guesses
_JUDGED = 72  # more characters take long and make nothing better
# What zxcvbn, made for English, does not know.
_COMMON_HERE = (
    *("woaini", "woaini1314", "woaini520", "5201314", "1314520", "5201314520", "aini1314", "woshishui"),
    *("zhongguo", "beijing", "shanghai", "guangzhou", "hainan", "haikou", "nihao", "mima", "woaiwojia"),
    *("guanli", "guanliyuan", "caiwu", "market", "frappe", "administrator"),
)


def check(password: str, about: Iterable[str | None] = ()) -> None:
    """ValidationError, with the reason, unless the password may be used; `about`: what is known of its user."""
    if len(password) < MIN_LENGTH:
        frappe.throw(frappe._("A password has at least {0} characters.").format(MIN_LENGTH))
    known = [
        part for text in about if text for part in (text, *text.replace("@", " ").replace(".", " ").split())
    ]
    if password.lower() in {text.lower() for text in known}:
        frappe.throw(frappe._("The password must not be the user's name."))
    from zxcvbn import zxcvbn  # its lists take a while to load

    if zxcvbn(password[:_JUDGED], user_inputs=[*known, *_COMMON_HERE])["score"] < MIN_SCORE:
        frappe.throw(frappe._("This password is too easy to guess. Please choose another one."))
