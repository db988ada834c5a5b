"""Dates, numbers and texts under the path Frappe has them at; they live in small modules beside this one."""

from frappe.utils.dates import *  # noqa: F403
from frappe.utils.numbers import *  # noqa: F403
from frappe.utils.text import *  # noqa: F403
from frappe.utils.values import *  # noqa: F403
