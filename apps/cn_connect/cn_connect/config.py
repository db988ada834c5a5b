"""Settings from site_config.json. What is missing is named together with the command that sets it."""

from pathlib import Path
from typing import Any

import frappe
from cn_connect.errors import ConfigMissing


def require(key: str) -> Any:
    """The setting of that name. Raises ConfigMissing."""
    value = frappe.conf.get(key)
    if value in (None, "", {}, []):
        raise ConfigMissing(
            "The setting {0} is missing. Set it with: bench --site {1} set-config {0} VALUE",
            key,
            frappe.local.site,
        )
    return value


def require_object(key: str, *fields: str) -> dict[str, Any]:
    """The setting as an object that has all `fields`. Raises ConfigMissing naming the key or field."""
    value = require(key)
    if not isinstance(value, dict):
        raise ConfigMissing(
            "The setting {0} must be an object. Set it with: bench --site {1} set-config -p {0} JSON",
            key,
            frappe.local.site,
        )
    check_fields(key, value, *fields)
    return value


def check_fields(key: str, value: dict[str, Any], *fields: str) -> None:
    """Raises ConfigMissing naming the first of `fields` that the object lacks."""
    for field in fields:
        if not value.get(field):
            raise ConfigMissing(
                "The setting {0} lacks {1}. Set it with: bench --site {2} set-config -p {0} JSON",
                key,
                field,
                frappe.local.site,
            )


def read_text(setting: str) -> str:
    """The setting itself if it is a PEM, else the text of the file it names (relative to the site's folder)."""
    if "-----BEGIN" in setting:
        return setting
    path = Path(setting)
    if not path.is_absolute():
        path = Path(frappe.get_site_path(setting))
    try:
        return path.read_text()
    except OSError as error:
        raise ConfigMissing("The file {0} cannot be read: {1}", setting, error.strerror) from error
