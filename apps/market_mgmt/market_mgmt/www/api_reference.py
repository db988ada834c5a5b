"""The page /api-reference: every API method of the installed apps, from the same source as docs/api/openapi.json."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import frappe
from cn_connect import openapi, openapi_view
from frappe import _

no_cache = 1

TYPES = {
    "string": "文本",
    "integer": "整数",
    "number": "数字",
    "boolean": "布尔",
    "object": "对象",
    "date": "日期",
    "date-time": "时间",
    "decimal": "小数",
    "null": "空",
    "any": "任意",
}


def get_context(context: Any) -> None:
    """The methods by module and the error codes, in Chinese whatever the reader's language."""
    document = _document(frappe.local.site, tuple(frappe.get_hooks("api_modules")))
    context.groups = openapi_view.groups(document)
    context.error_codes = openapi_view.error_codes(document)
    context.count = sum(len(group.methods) for group in context.groups)
    context.types = TYPES
    roles = {role for group in context.groups for method in group.methods for role in method.roles}
    context.role_labels = {role: _(role, "zh") for role in roles}


@lru_cache(maxsize=4)
def _document(_site: str, modules: tuple[str, ...]) -> dict[str, Any]:
    """Code does not change while a process runs, so this is made once per process and site."""
    apps_first = sorted(modules, key=lambda name: name.startswith("cn_connect."))
    return openapi.translated(openapi.generate(apps_first), lambda text: _(text, "zh"))
