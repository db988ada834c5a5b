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
    read_only,
    whitelist,
    whitelisted,
    xss_safe_methods,
)
from frappe.context import (
    conf,
    connect,
    db,
    debug_log,
    destroy,
    error_log,
    flags,
    form,
    form_dict,
    get_conf,
    get_site_config,
    get_user,
    init,
    job,
    lang,
    local,
    message_log,
    qb,
    request,
    response,
    session,
    set_user,
    user,
)
from frappe.documents import (
    clear_document_cache,
    copy_doc,
    delete_doc,
    delete_doc_if_exists,
    get_all,
    get_cached_doc,
    get_cached_value,
    get_doc,
    get_document_cache_key,
    get_last_doc,
    get_list,
    get_meta,
    get_meta_module,
    get_precision,
    get_single,
    get_system_settings,
    get_value,
    import_doc,
    is_table,
    make_property_setter,
    new_doc,
    reload_doc,
    reload_doctype,
    rename_doc,
    set_value,
)
from frappe.installed import (
    append_hook,
    call,
    create_folder,
    get_all_apps,
    get_app_path,
    get_app_source_path,
    get_attr,
    get_doc_hooks,
    get_file_items,
    get_file_json,
    get_hooks,
    get_installed_apps,
    get_module,
    get_module_list,
    get_module_path,
    get_newargs,
    get_pymodule_path,
    get_site_path,
    read_file,
    scrub,
    setup_module_map,
    unscrub,
)
from frappe.messages import (
    bold,
    clear_last_message,
    clear_messages,
    errprint,
    get_desk_link,
    get_message_log,
    get_traceback,
    log,
    log_error,
    msgprint,
    respond_as_web_page,
    throw,
)
from frappe.shortcuts import (
    _,
    are_emails_muted,
    as_json,
    as_unicode,
    clear_cache,
    enqueue,
    enqueue_doc,
    format,
    format_value,
    generate_hash,
    get_print,
    get_request_header,
    logger,
    parse_json,
    publish_progress,
    publish_realtime,
    render_template,
    safe_decode,
    safe_encode,
    safe_eval,
    sendmail,
    set_user_lang,
)
from frappe.utils.redis_wrapper import cache

import frappe.query_builder  # isort: skip

__version__ = "15.55.1"
__title__ = "Frappe Framework"
STANDARD_USERS = ("Guest", "Administrator")
_lt = _

from frappe.utils.jinja import get_template  # noqa: E402  needs the names above


@whitelist(allow_guest=True)
def ping() -> str:
    """Answers as long as the site does."""
    return "pong"


# Frappe's callers rely on these being there after `import frappe`.
import frappe.defaults  # noqa: E402
import frappe.model.document  # noqa: E402
import frappe.permissions  # noqa: E402
import frappe.sessions  # noqa: E402
import frappe.translate  # noqa: E402
