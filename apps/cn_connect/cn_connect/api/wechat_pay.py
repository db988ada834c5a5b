"""Notifications of WeChat Pay v3. The answer tells WeChat whether to repeat: 200 done, 401 not yours, 500 try again.

The verified content goes to the functions of the hooks `wechat_pay_transaction` and `wechat_pay_refund`; they must be
idempotent, since WeChat repeats for 24 hours. WeChat is told so only after the commit.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response

import frappe
from cn_connect import counters, retry
from cn_connect.china_time import china_now
from cn_connect.errors import ConnectError, SignatureInvalid
from cn_connect.gateway_method import gateway_method
from cn_connect.system_user import as_administrator
from cn_connect.wechat.gateway import parse_notification
from cn_connect.wechat.pay_messages import refund, transaction

# Anybody can post here; what is forged is logged, but not so often that it fills the disk.
_LOGGED_PER_HOUR = 20

_ANSWERS = {
    200: "Taken in; a repetition is answered alike",
    401: "The signature is missing or wrong; nothing was done",
    500: "Not taken in; WeChat will repeat it",
}


@gateway_method(_ANSWERS)
def notify() -> Response:
    """A payment notification (raw signed body); hook `wechat_pay_transaction`."""
    return _receive("wechat_pay_transaction", transaction)


@gateway_method(_ANSWERS)
def refund_notify() -> Response:
    """A refund notification (raw signed body); hook `wechat_pay_refund`."""
    return _receive("wechat_pay_refund", refund)


def _receive(hook: str, read: Callable[[dict[str, Any]], Any]) -> Response:
    request = frappe.request
    try:
        # The wall clock, not the site's: WeChat signs with its own.
        told = read(parse_notification(dict(request.headers), request.get_data(), china_now()).resource)
    except SignatureInvalid as error:
        _log_some("WeChat Pay notification refused", error)
        return _answer(401, "FAIL", str(error))
    except ConnectError as error:
        _log_some("WeChat Pay notification could not be read", error)
        return _answer(500, "FAIL", "not ready")
    try:
        with as_administrator():
            retry.whole(lambda: _hand_over(hook, told))
    except Exception:
        # A returned response would commit, so what the handlers did is undone here.
        trace = frappe.get_traceback()
        _log(f"{hook} failed", trace)
        return _answer(500, "FAIL", "not processed")
    return _answer(200, "SUCCESS", "成功")


def _hand_over(hook: str, told: Any) -> None:
    for handler in frappe.get_hooks(hook):
        frappe.get_attr(handler)(told)
    frappe.db.commit()


def _log_some(title: str, error: ConnectError) -> None:
    if counters.bump("wechat_pay_refused", timedelta(hours=1)) <= _LOGGED_PER_HOUR:
        _log(title, f"{str(error)[:1000]}\nIP: {getattr(frappe.local, 'request_ip', None)}")
    else:
        frappe.db.rollback()


def _log(title: str, message: str) -> None:
    frappe.db.rollback()
    frappe.log_error(title, message)
    frappe.db.commit()


def _answer(status: int, code: str, message: str) -> Response:
    body = json.dumps({"code": code, "message": message}, ensure_ascii=False)
    return Response(body, status=status, content_type="application/json; charset=utf-8")
