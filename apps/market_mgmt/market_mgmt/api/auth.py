"""Signing in by WeChat, and binding the account to a stall."""

from datetime import datetime
from typing import cast

import frappe
from cn_connect import browsers, clock, refused_codes, retry, sms_limits
from cn_connect.answer_time import no_sooner
from cn_connect.api_errors import refuse
from cn_connect.api_method import api_method
from cn_connect.wechat import accounts, gateway
from frappe import _
from market_mgmt.api import answers
from market_mgmt.services import bindings, merchant_users, privacy

MERCHANT = "Market Merchant"
# An account that signs in for the first time on several devices at once meets itself.
SIGN_IN_ATTEMPTS = 8
# More than asking for a code takes, with the message of the one asked for before just being sent beside it.
_CODE_SECONDS = 0.1


@api_method(methods=["POST"], allow_guest=True)
def wechat_login(code: str) -> answers.SignedIn:
    """Signs in with a code of wx.login; the first time, an account is made that is not bound to any stall."""
    program = gateway.mini_program()
    with refused_codes.counted("sign_in", str(frappe.local.request_ip), clock.now()):
        person = program.code2session(code)

    def enter() -> answers.SignedIn:
        user = merchant_users.sign_in(person.openid, person.unionid, program.appid, clock.now())
        frappe.local.login_manager.login_as(user)
        return {"sid": frappe.session.sid, **_session_of(user)}

    # The code is used up now, so whoever meets another sign-in of the same account tries again in here.
    return retry.whole(enter, SIGN_IN_ATTEMPTS, also=retry.CONFLICTS)


@api_method(methods=["GET", "POST"], allow_guest=True)
def session() -> answers.Session:
    """Who is signed in, for which stalls, and the token that the session's writes carry."""
    return _session_of(frappe.session.user)


@api_method(methods=["POST"], allow_guest=True)
def logout() -> answers.SignedOut:
    """Ends the session."""
    if frappe.session.user != "Guest":
        frappe.local.login_manager.logout()
    return {"user": None}


@api_method(methods=["POST"], roles=[MERCHANT])
def accept_privacy(version: str) -> answers.Consent:
    """Records the consent to the privacy text of that version, which must be the current one."""
    consent = privacy.accept(frappe.session.user, version, clock.now())
    accepted_at = cast(datetime, frappe.utils.get_datetime(consent.accepted_at))
    return {"version": consent.version, "accepted_at": accepted_at}


@api_method(methods=["GET", "POST"], roles=[MERCHANT])
def scan_stall(token: str) -> answers.ScannedStall:
    """The stall whose QR code was scanned, to fill in the binding form."""
    stall = _stall_of_token(token)
    found = frappe.db.get_value("Stall", stall, ["market", "stall_no"], as_dict=True)
    market_name = frappe.db.get_value("Market", found.market, "market_name")
    return {"market": found.market, "market_name": market_name, "stall_no": found.stall_no}


@api_method(methods=["POST"], roles=[MERCHANT])
def request_sms_code(market: str, stall_no: str, phone: str) -> answers.CodeSent:
    """Sends a code to a phone that is on file for the stall; the answer is the same for one that is not, and as fast."""
    with no_sooner(_CODE_SECONDS):
        privacy.require(frappe.session.user)
        _check_phone(phone)
        bindings.ask_for_code(frappe.session.user, market, stall_no, phone, clock.now())
    return {"retry_after": int(sms_limits.PAUSE.total_seconds())}


@api_method(methods=["POST"], roles=[MERCHANT])
def bind_by_sms(market: str, stall_no: str, phone: str, sms_code: str) -> answers.Session:
    """Binds the account to the stall's active lease, proved by a code sent to the phone that is on file."""
    return _bind_by_code(market, stall_no, phone, sms_code)


@api_method(methods=["POST"], roles=[MERCHANT])
def bind_by_qr(
    token: str, phone_code: str | None = None, phone: str | None = None, sms_code: str | None = None
) -> answers.Session:
    """Binds by the QR code of a stall and a proved phone: a code of getPhoneNumber, or phone and SMS code.

    The QR code only says which stall is meant; the phone must be the one on file.
    """
    stall = _stall_of_token(token)
    place = frappe.db.get_value("Stall", stall, ["market", "stall_no"], as_dict=True)
    if phone and sms_code:
        return _bind_by_code(place.market, place.stall_no, phone, sms_code)
    if not phone_code:
        refuse(_("Please confirm your phone number by WeChat or by an SMS code."), "PHONE_NOT_PROVED")
    user, now = frappe.session.user, clock.now()
    privacy.require(user)
    bindings.refuse_if_locked(user, bindings.place(place.market, place.stall_no), now)
    with refused_codes.counted("phone", user, now):
        proved = gateway.mini_program().phone_number(phone_code)
    bindings.bind(user, accounts.openid_of(user), stall, proved, bindings.PROOF_PHONE, now)
    return _session_of(user)


def _bind_by_code(market: str, stall_no: str, phone: str, sms_code: str) -> answers.Session:
    user, now = frappe.session.user, clock.now()
    privacy.require(user)
    _check_phone(phone)
    bindings.prove_by_code(user, market, stall_no, phone, sms_code, now)
    stall = bindings.stall_of_number(market, stall_no)
    bindings.bind(user, accounts.openid_of(user), stall, phone, bindings.PROOF_SMS, now)
    return _session_of(user)


def _session_of(user: str) -> answers.Session:
    if user == "Guest":
        return {
            "user": None,
            "stalls": [],
            "bound": False,
            "privacy_accepted": False,
            "csrf_token": None,
        }
    stalls: list[answers.BoundStall] = [
        {"market": bound.market, "stall": bound.stall, "stall_no": bound.stall_no, "lease": bound.lease}
        for bound in bindings.current_merchants(user)
    ]
    return {
        "user": user,
        "stalls": stalls,
        "bound": bool(stalls),
        "privacy_accepted": privacy.accepted(user),
        "csrf_token": browsers.csrf_token(),
    }


def _stall_of_token(token: str) -> str:
    stall = bindings.stall_of_token(token)
    if not stall:
        refuse(_("This QR code is not valid any more. Please ask the market office."), "QR_UNKNOWN", 404)
    return stall


def _check_phone(phone: str) -> None:
    if not bindings.looks_like_phone(phone):
        refuse(_("Please enter a mobile number of 11 digits."), "PHONE_INVALID")
