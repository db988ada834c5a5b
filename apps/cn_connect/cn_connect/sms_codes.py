"""Sign-in codes by SMS: six digits, five minutes, used once; at most one a minute and ten a day per phone.

Three wrong codes lock whoever guesses (`subject`: an account and what it wants) for an hour. Everything is counted
in the shared cache before it is compared: neither a rollback nor guessing in parallel gains a try.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from cn_connect import config, counters
from cn_connect.china_time import epoch
from cn_connect.crypto import keys
from cn_connect.errors import CodeWrong, Locked, TooOften

LIFETIME = timedelta(minutes=5)
PAUSE = timedelta(minutes=1)
PER_DAY = 10
WRONG_ALLOWED = 3
LOCK = timedelta(hours=1)
# Many accounts guessing at one phone's code get this many tries together.
TRIES_PER_CODE = 5
_DAY = timedelta(days=1)
_MARGIN = timedelta(minutes=1)


def request(phone: str, purpose: str, now: datetime, deliver: bool = True) -> None:
    """Makes a code and sends it by the template `tencent_sms.code_template` (code, minutes).

    With `deliver=False` it counts and answers alike but sends nothing: for a phone that is not on file, which the caller
    must not let on. Raises TooOften, ConfigMissing, GatewayRefused, GatewayUnavailable.
    """
    from cn_connect import sms  # with Tencent's SDK, which only the process that sends needs

    settings = config.require_object("tencent_sms", *sms.REQUIRED, "code_template")
    code = issue(phone, purpose, now)
    if deliver:
        minutes = str(LIFETIME // timedelta(minutes=1))
        sms.send(phone, str(settings["code_template"]), [code, minutes], settings)


def issue(phone: str, purpose: str, now: datetime) -> str:
    """A fresh code for that phone and purpose; an earlier one ends. Raises TooOften."""
    person = keys.hash_of(phone, "phone")
    _limit(person, now)
    code = f"{secrets.randbelow(10**6):06d}"
    token = secrets.token_hex(8)
    kept = {"digest": _digest(token, code), "token": token, "until": epoch(now + LIFETIME)}
    counters.put(f"code:{purpose}:{person}", kept, LIFETIME + _MARGIN)
    return code


def verify(phone: str, purpose: str, code: str, subject: str, now: datetime) -> None:
    """Returns if the code is the phone's current one and uses it up.

    Raises CodeWrong, and Locked (with the seconds to wait) after three wrong codes of the same subject.
    """
    check_lock(subject, now)
    tries = counters.bump(f"wrong:{subject}", LOCK)
    if tries > WRONG_ALLOWED:
        raise _locked(subject, now)
    person = keys.hash_of(phone, "phone")
    name = f"code:{purpose}:{person}"
    if _fits(counters.get(name), code, now):
        counters.forget(name, f"wrong:{subject}")
        return
    if tries == WRONG_ALLOWED:
        raise _locked(subject, now)
    raise CodeWrong("The code is wrong or has expired.")


def check_lock(subject: str, now: datetime) -> None:
    """Raises Locked while that subject is locked."""
    until = counters.get(f"lock:{subject}")
    if until is None:
        return
    left = until - epoch(now)
    if left > 0:
        raise Locked("Too many wrong codes. Please try again in {0} minutes.", left, -(-left // 60))
    counters.forget(f"lock:{subject}", f"wrong:{subject}")


def _locked(subject: str, now: datetime) -> Locked:
    seconds = int(LOCK.total_seconds())
    counters.put(f"lock:{subject}", epoch(now) + seconds, LOCK)
    return Locked("Too many wrong codes. Please try again in {0} minutes.", seconds, seconds // 60)


def _limit(person: str, now: datetime) -> None:
    last = counters.get(f"sent:{person}")
    left = int(PAUSE.total_seconds()) - (epoch(now) - last) if last is not None else 0
    # The counter decides between two at once, the time between two in different minutes.
    if left > 0 or counters.bump(f"sent:{person}:{epoch(now) // 60}", PAUSE) > 1:
        raise TooOften("Please wait {0} seconds before asking for another code.", max(left, 1), max(left, 1))
    if counters.bump(f"day:{person}:{now:%Y%m%d}", _DAY) > PER_DAY:
        midnight = datetime(now.year, now.month, now.day) + _DAY
        raise TooOften(
            "No more than {0} codes a day are sent to one phone.", epoch(midnight) - epoch(now), PER_DAY
        )
    counters.put(f"sent:{person}", epoch(now), PAUSE)


def _fits(kept: dict | None, code: str, now: datetime) -> bool:
    if not kept or epoch(now) >= kept["until"]:
        return False
    if counters.bump(f"tries:{kept['token']}", LIFETIME + _MARGIN) > TRIES_PER_CODE:
        return False
    if not hmac.compare_digest(kept["digest"], _digest(kept["token"], code.strip())):
        return False
    # Of two that come with the right code at once, one used it up.
    return counters.bump(f"used:{kept['token']}", LIFETIME + _MARGIN) == 1


def _digest(token: str, code: str) -> str:
    return hashlib.sha256(f"{token}:{code}".encode()).hexdigest()
