"""The embedded runtime: an independent implementation of the part of Frappe v15's public API that these apps use.

`import frappe` gives the same names as Frappe does; where each lives is told by the imports below.
"""

# ruff: noqa: F401 — the names are imported to be found here
from __future__ import annotations

from frappe.types import _dict  # isort: skip
from frappe.exceptions import *  # noqa: F403  isort: skip
from frappe.access import (
    allowed_http_methods_for_whitelisted_func,
    get_roles,
    guest_methods,
    has_permission,
    is_whitelisted,
    only_for,
    whitelist,
    whitelisted,
)
from frappe.context import (
    conf,
    connect,
    db,
    destroy,
    flags,
    form_dict,
    get_site_config,
    init,
    lang,
    local,
    message_log,
    qb,
    request,
    response,
    session,
    set_user,
)
from frappe.documents import (
    clear_document_cache,
    copy_doc,
    delete_doc,
    get_all,
    get_cached_doc,
    get_cached_value,
    get_doc,
    get_last_doc,
    get_list,
    get_meta,
    get_single,
    get_system_settings,
    get_value,
    is_table,
    new_doc,
    rename_doc,
    set_value,
)
from frappe.installed import (
    call,
    get_all_apps,
    get_app_path,
    get_attr,
    get_doc_hooks,
    get_hooks,
    get_installed_apps,
    get_module,
    get_module_list,
    get_module_path,
    get_site_path,
    scrub,
    setup_module_map,
)
from frappe.messages import (
    bold,
    clear_last_message,
    clear_messages,
    errprint,
    get_message_log,
    get_traceback,
    log_error,
    msgprint,
    throw,
)
from frappe.shortcuts import (
    _,
    as_json,
    as_unicode,
    clear_cache,
    enqueue,
    enqueue_doc,
    format_value,
    generate_hash,
    get_print,
    get_request_header,
    logger,
    parse_json,
    publish_realtime,
    render_template,
    safe_eval,
    sendmail,
)
from frappe.utils.redis_wrapper import cache

import frappe.query_builder  # isort: skip

__version__ = "15.55.1"
STANDARD_USERS = ("Guest", "Administrator")

from frappe.utils.jinja import get_template  # noqa: E402  needs the names above


@whitelist(allow_guest=True)
def ping() -> str:
    """Answers as long as the site does."""
    return "pong"


# Frappe's callers rely on these being there after `import frappe`.
import frappe.database  # noqa: E402
import frappe.defaults  # noqa: E402
import frappe.model.document  # noqa: E402
import frappe.permissions  # noqa: E402
import frappe.sessions  # noqa: E402
import frappe.translate  # noqa: E402
