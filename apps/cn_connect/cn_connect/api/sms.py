"""Delivery reports of Tencent Cloud SMS. They carry no signature, so the address given to Tencent holds a secret token."""

import hmac
import json
from typing import Any

from werkzeug.wrappers import Response

import frappe
from cn_connect import clock, outbox
from cn_connect.gateway_method import gateway_method
from cn_connect.system_user import as_administrator
from frappe.utils import cstr


@gateway_method({200: "Taken in", 400: "The body is malformed", 401: "The token in the address is wrong"})
def report() -> Response:
    """Notes what became of sent messages. The token is `tencent_sms.report_token` (…/report?token=…)."""
    token = cstr((frappe.conf.get("tencent_sms") or {}).get("report_token"))
    given = frappe.request.args.get("token", "")
    if not token or not hmac.compare_digest(token.encode(), given.encode()):
        return _answer(401, 1, "token")
    try:
        entries = json.loads(frappe.request.get_data())
        states = [
            (str(entry["sid"]), entry["report_status"] == "SUCCESS", _reason(entry)) for entry in entries
        ]
    except (ValueError, KeyError, TypeError):
        return _answer(400, 1, "malformed")
    with as_administrator():
        for gateway_id, delivered, reason in states:
            outbox.record_report(gateway_id, delivered, clock.now(), None if delivered else reason)
    return _answer(200, 0, "OK")


def _reason(entry: dict[str, Any]) -> str:
    return f"{entry.get('errmsg', '')} {entry.get('description', '')}".strip()[:500]


def _answer(status: int, result: int, message: str) -> Response:
    body = json.dumps({"result": result, "errmsg": message})
    return Response(body, status=status, content_type="application/json")
