"""Defaults of users and of the site (`tabDefaultValue`), and the global values of `frappe.db.get_global`."""

from __future__ import annotations

from typing import Any

import frappe

COMMON = ("__default", "__global")


def get_defaults_for(parent: str = "__default") -> frappe._dict:
    """Key → value, or a list when there are several."""
    front = frappe.local.request_cache["defaults"]
    if parent not in front:
        values: frappe._dict = frappe._dict()
        rows = frappe.db.sql(
            "select defkey, defvalue from `tabDefaultValue` where parent = %s order by creation", (parent,)
        )
        for key, value in rows:
            if key not in values:
                values[key] = value
            elif isinstance(values[key], list):
                if value not in values[key]:
                    values[key].append(value)
            elif values[key] != value:
                values[key] = [values[key], value]
        front[parent] = values
    return front[parent]


def get_defaults(user: str | None = None) -> frappe._dict:
    """Defaults of the site overlaid by those of the user."""
    user = user or (frappe.session.user if frappe.session else "Guest")
    values = frappe._dict(get_global_defaults())
    values.update(get_defaults_for(user))
    if user not in frappe.STANDARD_USERS:
        values.user = values.owner = user
    return values


def get_global_defaults() -> frappe._dict:
    return get_defaults_for("__default")


def get_user_default(key: str, user: str | None = None) -> Any:
    """The user's value, else the site's; of several the first."""
    value = get_defaults_for(user or frappe.session.user).get(key)
    if value is None:
        value = get_defaults_for(user or frappe.session.user).get(frappe.scrub(key))
    if value is None:
        value = get_global_defaults().get(key) or get_global_defaults().get(frappe.scrub(key))
    if isinstance(value, list):
        return value[0] if value else None
    return value


def get_global_default(key: str) -> Any:
    value = get_global_defaults().get(key)
    return value[0] if isinstance(value, list) and value else value


def set_user_default(key: str, value: Any, user: str | None = None, parenttype: str | None = None) -> None:
    set_default(key, value, user or frappe.session.user, parenttype or "User")


def set_default(key: str, value: Any, parent: str, parenttype: str = "__default") -> None:
    """One value takes the place of all that the key had."""
    frappe.db.sql("delete from `tabDefaultValue` where defkey = %s and parent = %s", (key, parent))
    if value is not None:
        add_default(key, value, parent, parenttype)
    else:
        clear_defaults_cache(parent)


def add_default(key: str, value: Any, parent: str, parenttype: str | None = None) -> None:
    now = frappe.utils.now()
    frappe.db.sql(
        "insert into `tabDefaultValue` (name, creation, modified, owner, modified_by, parent, parenttype, parentfield,"
        " defkey, defvalue) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            frappe.generate_hash(length=10),
            now,
            now,
            "Administrator",
            "Administrator",
            parent,
            parenttype or "__default",
            "system_defaults",
            key,
            value if isinstance(value, str) else frappe.utils.cstr(value),
        ),
    )
    clear_defaults_cache(parent)


def clear_default(
    key: str | None = None,
    value: str | None = None,
    parent: str | None = None,
    name: str | None = None,
    parenttype: str | None = None,
) -> None:
    """Remove the values that all given conditions name."""
    conditions = {"name": name, "defkey": key, "defvalue": value, "parent": parent, "parenttype": parenttype}
    given = {column: wanted for column, wanted in conditions.items() if wanted}
    if not given:
        raise Exception("[clear_default] No key specified.")
    where = " and ".join(f"{column} = %s" for column in given)
    frappe.db.sql(f"delete from `tabDefaultValue` where {where}", list(given.values()))
    clear_defaults_cache(parent)


def clear_user_default(key: str, user: str | None = None) -> None:
    clear_default(key, parent=user or frappe.session.user)


def clear_defaults_cache(parent: str | None = None) -> None:
    frappe.local.request_cache.pop("defaults", None)
    if parent == "__global":
        frappe.cache.front("apps").clear()
        frappe.cache.invalidate_fronts()
