"""WeChat as this site is configured: clients from site_config, certificates and tokens in the shared cache."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache
from typing import Any

import frappe
from cn_connect import config
from cn_connect.errors import ConfigMissing, SignatureInvalid
from cn_connect.wechat.mini import DEFAULT_BASE as MINI_BASE
from cn_connect.wechat.mini import MiniProgram
from cn_connect.wechat.pay import PayClient
from cn_connect.wechat.pay_account import REQUIRED, from_settings
from cn_connect.wechat.pay_messages import Notification
from frappe.utils.synchronization import filelock

_CERTIFICATES_KEPT_SECONDS = 12 * 3600


def pay_client(mchid: str | None = None) -> PayClient:
    """The client of that merchant number, or of the only one configured. Raises ConfigMissing."""
    wanted = mchid or only_mchid()
    for settings in _accounts():
        if wanted == str(settings["mchid"]):
            return _client(settings)
    raise ConfigMissing("The merchant number {0} is not configured in {1}.", mchid, "wechat_pay")


def only_mchid() -> str:
    """The site's merchant number. Raises ConfigMissing when there is none, or when there are several to choose from."""
    numbers = {str(account["mchid"]) for account in _accounts()}  # one may be there with two certificates
    if len(numbers) > 1:
        raise ConfigMissing(
            "There are several merchant numbers in {0}; the market must name its own.", "wechat_pay"
        )
    return numbers.pop()


def parse_notification(headers: Mapping[str, str], body: bytes, now: datetime) -> Notification:
    """A notification to any of this site's merchant numbers. Raises SignatureInvalid, ConfigMissing."""
    failure = SignatureInvalid("The serial number {0} is unknown.", headers.get("Wechatpay-Serial"))
    for settings in _accounts():
        try:
            return _client(settings).parse_notification(headers, body, now)
        except SignatureInvalid as error:
            failure = error
    raise failure


def mini_program() -> MiniProgram:
    """The mini-program of this site. Raises ConfigMissing."""
    appid, secret = config.require("wechat_mini_appid"), config.require("wechat_mini_secret")
    base_url = frappe.conf.get("wechat_api_base") or MINI_BASE
    return _made_mini_program(frappe.local.site, str(appid), str(secret), str(base_url))


@lru_cache(maxsize=8)
def _made_mini_program(_site: str, appid: str, secret: str, base_url: str) -> MiniProgram:
    return MiniProgram(appid, secret, _TokenStore(appid), base_url)


class _TokenStore:
    """The access token in the site's cache; one process of a machine renews it at a time."""

    def __init__(self, appid: str) -> None:
        self._key = f"cn_connect:wechat_access_token:{appid}"

    def load(self) -> str | None:
        return frappe.cache.get_value(self._key, expires=True)

    def save(self, token: str, seconds: int) -> None:
        frappe.cache.set_value(self._key, token, expires_in_sec=seconds)

    def lock(self) -> AbstractContextManager[Any]:
        return filelock("cn_connect_wechat_token", timeout=30)


def _accounts() -> list[dict[str, Any]]:
    settings = config.require("wechat_pay")
    accounts = settings if isinstance(settings, list) else [settings]
    for account in accounts:
        if not isinstance(account, dict):
            raise ConfigMissing(
                "The setting {0} must be an object. Set it with: bench --site {1} set-config -p {0} JSON",
                "wechat_pay",
                frappe.local.site,
            )
        config.check_fields("wechat_pay", account, *REQUIRED)
    return accounts


def _client(settings: dict[str, Any]) -> PayClient:
    return _made_client(
        frappe.local.site, json.dumps(settings, sort_keys=True), frappe.conf.get("wechat_pay_base")
    )


@lru_cache(maxsize=32)
def _made_client(_site: str, settings: str, base_url: str | None) -> PayClient:
    """Loading keys takes a while, so a client is made once per process and configuration; it also keeps connections."""
    account = from_settings(json.loads(settings), base_url, config.read_text)
    return PayClient(account, store=_CacheStore(account.mchid))


class _CacheStore:
    """Platform certificates in the site's cache, so that not every process downloads its own.

    Frappe empties the cache now and then, and WeChat is asked once a minute at most: what was seen is kept, too.
    """

    def __init__(self, mchid: str) -> None:
        self._key = f"cn_connect:wechat_pay_certificates:{mchid}"
        self._seen: list[str] = []

    def load(self) -> list[str]:
        self._seen = frappe.cache.get_value(self._key, expires=True) or self._seen
        return self._seen

    def save(self, pems: list[str]) -> None:
        frappe.cache.set_value(self._key, pems, expires_in_sec=_CERTIFICATES_KEPT_SECONDS)
