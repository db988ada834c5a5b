"""`/api/…`: finds the handler of a path and turns what it returns into a response."""

from __future__ import annotations

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Submount
from werkzeug.wrappers import Request, Response

import frappe
from frappe.api.v1 import url_rules
from frappe.utils.response import build_response

API_URL_MAP = Map(
    [Submount("/api", url_rules()), Submount("/api/v1", url_rules())],
    strict_slashes=False,
    merge_slashes=False,
)


def handle(request: Request) -> Response:
    """`/api/method/<dotted>`, `/api/resource/<DocType>[/<name>[/…]]`; anything else is 404."""
    try:
        endpoint, arguments = API_URL_MAP.bind_to_environ(request.environ).match()
    except (NotFound, MethodNotAllowed):
        raise frappe.DoesNotExistError from None
    data = endpoint(**arguments)
    if isinstance(data, Response):
        return data
    if data is not None:
        frappe.response["data"] = data
    return build_response(frappe.response.get("type") or "json")
