"""The site's keys: made once at installation, read from site_config, extended by rotation, never overwritten."""

import secrets

import frappe
from cn_connect.config import require, require_object
from cn_connect.crypto import lookup, sm4
from cn_connect.errors import ConfigMissing
from frappe.installer import update_site_config

_LOOKUP_BYTES = 32


def create_keys() -> None:
    """Puts SM4 and look-up keys into site_config if they are not there (after_install).

    Existing keys stay: without them everything sealed so far could not be read any more.
    """
    if not frappe.conf.get("sm4_keys"):
        _store("sm4_keys", {"current": "1", "keys": {"1": secrets.token_hex(sm4.KEY_BYTES)}})
    if not frappe.conf.get("lookup_key"):
        _store("lookup_key", secrets.token_hex(_LOOKUP_BYTES))


def add_key_version() -> str:
    """Adds a fresh SM4 key, makes it the current one and returns its version; the old ones stay for old values."""
    stored = require_object("sm4_keys", "current", "keys")
    version = str(max(int(known) for known in stored["keys"]) + 1)
    keys = {**stored["keys"], version: secrets.token_hex(sm4.KEY_BYTES)}
    _store("sm4_keys", {"current": version, "keys": keys})
    return version


def keyring() -> sm4.Keyring:
    """All SM4 keys of this site. Raises ConfigMissing."""
    stored = require_object("sm4_keys", "current", "keys")
    try:
        keys = {str(version): bytes.fromhex(key) for version, key in stored["keys"].items()}
        return sm4.Keyring(str(stored["current"]), keys)
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigMissing("The setting {0} is unusable: {1}", "sm4_keys", error) from error


def hash_of(value: str, kind: str) -> str:
    """The look-up hash of a value under this site's key, for comparing with a `…_hash` field. Raises ConfigMissing."""
    try:
        key = bytes.fromhex(require("lookup_key"))
    except (ValueError, TypeError) as error:
        raise ConfigMissing("The setting {0} is unusable: {1}", "lookup_key", error) from error
    return lookup.lookup_hash(key, value, kind)


def _store(key: str, value: object) -> None:
    update_site_config(key, value, validate=False)
    frappe.local.conf[key] = value
