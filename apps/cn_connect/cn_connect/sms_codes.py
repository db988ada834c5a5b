"""Sign-in codes by SMS: six digits, five minutes, used once, by the account (`requester`) that asked for it.

Three wrong codes lock whoever guesses, for that purpose, for an hour. Everything is counted in the shared cache before it is
compared: neither a rollback nor guessing in parallel gains a try. How many may be asked for is in `sms_limits`.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import frappe
from cn_connect import config, counters, sms_limits
from cn_connect.china_time import epoch
from cn_connect.crypto import keys
from cn_connect.errors import CodeWrong, ConnectError, GatewayUnavailable, Locked

LIFETIME = timedelta(minutes=5)
WRONG_ALLOWED = 3
LOCK = timedelta(hours=1)
TRIES_PER_CODE = 5
SENDINGS = 2
_MARGIN = timedelta(minutes=1)
_ALARM_PAUSE = timedelta(hours=1)


def admit(phone: str, requester: str, now: datetime) -> None:
    """Whether that account may ask for a code to that phone now. Raises TooOften, ConfigMissing.

    For requests: what follows, `send`, belongs into a job, so that neither time nor errors tell whether it was sent.
    """
    _settings()
    sms_limits.admit(keys.hash_of(phone, "phone"), requester, now)


def send(phone: str, purpose: str, requester: str, now: datetime) -> None:
    """Makes a code and sends it by the template `tencent_sms.code_template` (code, minutes), unless the phone has had
    too many today. Failures are logged, once an hour, and tried again at once if they may pass."""
    from cn_connect import sms  # with Tencent's SDK, which only the process that sends needs

    if not sms_limits.may_send(keys.hash_of(phone, "phone"), requester, now):
        return
    settings = _settings()
    values = [issue(phone, purpose, requester, now), str(LIFETIME // timedelta(minutes=1))]
    for attempt in range(1, SENDINGS + 1):
        try:
            sms.send(phone, str(settings["code_template"]), values, settings)
            return
        except ConnectError as error:
            if attempt == SENDINGS or not isinstance(error, GatewayUnavailable):
                if counters.bump("sms_code_alarm", _ALARM_PAUSE) == 1:
                    frappe.log_error("Sign-in code could not be sent", str(error))
                return


def issue(phone: str, purpose: str, requester: str, now: datetime) -> str:
    """A fresh code of that account for that phone and purpose; its earlier one ends, others' do not."""
    code = f"{secrets.randbelow(10**6):06d}"
    token = secrets.token_hex(8)
    kept = {"digest": _digest(token, code), "token": token, "until": epoch(now + LIFETIME)}
    counters.put(_place(phone, purpose, requester), kept, LIFETIME + _MARGIN)
    return code


def verify(phone: str, purpose: str, code: str, requester: str, now: datetime) -> None:
    """Returns if the code is the account's current one for that phone, and uses it up.

    Raises CodeWrong, and Locked (with the seconds to wait) after three wrong codes for that purpose.
    """
    subject = f"{requester}|{purpose}"
    check_lock(subject, now)
    tries = counters.bump(f"wrong:{subject}", LOCK)
    if tries > WRONG_ALLOWED:
        raise _locked(subject, now)
    name = _place(phone, purpose, requester)
    if _fits(counters.get(name), code, now):
        counters.forget(name, f"wrong:{subject}")
        return
    if tries == WRONG_ALLOWED:
        raise _locked(subject, now)
    raise CodeWrong("The code is wrong or has expired.")


def check_lock(subject: str, now: datetime) -> None:
    """Raises Locked while that subject (account and purpose) is locked."""
    until = counters.get(f"lock:{subject}")
    if until is None:
        return
    left = until - epoch(now)
    if left > 0:
        raise Locked("Too many wrong codes. Please try again in {0} minutes.", left, -(-left // 60))
    counters.forget(f"lock:{subject}", f"wrong:{subject}")


def _settings() -> dict:
    return config.require_object(
        "tencent_sms", "secret_id", "secret_key", "app_id", "sign_name", "code_template"
    )


def _locked(subject: str, now: datetime) -> Locked:
    seconds = int(LOCK.total_seconds())
    counters.put(f"lock:{subject}", epoch(now) + seconds, LOCK)
    return Locked("Too many wrong codes. Please try again in {0} minutes.", seconds, seconds // 60)


def _place(phone: str, purpose: str, requester: str) -> str:
    return f"code:{purpose}:{requester}:{keys.hash_of(phone, 'phone')}"


def _fits(kept: dict | None, code: str, now: datetime) -> bool:
    """A code that was never sent is compared, too: the time must not tell it from one that was."""
    held = kept or {"digest": _digest("", ""), "token": "none", "until": 0}
    tries = counters.bump(f"tries:{held['token']}", LIFETIME + _MARGIN)
    right = hmac.compare_digest(held["digest"], _digest(held["token"], code.strip()))
    if not kept or not right or epoch(now) >= held["until"] or tries > TRIES_PER_CODE:
        return False
    # Of two that come with the right code at once, one used it up.
    return counters.bump(f"used:{held['token']}", LIFETIME + _MARGIN) == 1


def _digest(token: str, code: str) -> str:
    return hashlib.sha256(f"{token}:{code}".encode(errors="replace")).hexdigest()
