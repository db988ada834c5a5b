"""What WeChat Pay needs to know of one merchant number: keys, certificates, addresses. Pure: no Frappe, no network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from cn_connect.errors import ConfigMissing

DEFAULT_BASE = "https://api.mch.weixin.qq.com"
REQUIRED = ("mchid", "serial_no", "private_key", "apiv3_key", "appid", "notify_base")
_APIV3_KEY_BYTES = 32


@dataclass(frozen=True)
class PayAccount:
    """One merchant number (direct), or service provider (partner mode): then every request names a sub-merchant.

    `appid` is the mini-program that people pay in. With `sub_appid` it is the sub-merchants' own, not the provider's.
    """

    mchid: str
    serial_no: str
    appid: str
    notify_base: str
    private_key: RSAPrivateKey = field(repr=False)
    apiv3_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE
    partner_mode: bool = False
    sub_appid: str | None = None
    public_key_id: str | None = None
    public_key: RSAPublicKey | None = field(default=None, repr=False)
    certificates: tuple[x509.Certificate, ...] = ()


def from_settings(
    settings: Mapping[str, Any],
    base_url: str | None = None,
    read_text: Callable[[str], str] = lambda text: text,
) -> PayAccount:
    """The account that one `wechat_pay` object of site_config describes; `read_text` turns a path into a PEM.

    Raises ConfigMissing naming the entry that is absent or unusable.
    """
    for name in REQUIRED:
        if not settings.get(name):
            raise ConfigMissing("The setting {0} lacks {1}.", "wechat_pay", name)
    if bool(settings.get("public_key_id")) != bool(settings.get("public_key")):
        raise ConfigMissing(
            "The setting {0} needs both {1} and {2}.", "wechat_pay", "public_key_id", "public_key"
        )
    if len(str(settings["apiv3_key"]).encode()) != _APIV3_KEY_BYTES:
        raise _unusable("apiv3_key", f"{_APIV3_KEY_BYTES} bytes expected")

    if settings.get("sub_mchid"):
        raise _unusable("sub_mchid", "it is set on each market; here goes partner_mode")
    if settings.get("sub_appid") and not settings.get("partner_mode"):
        raise _unusable("sub_appid", "only a service provider has one (partner_mode)")

    public_key = None
    if settings.get("public_key"):
        public_key = _load("public_key", load_pem_public_key, read_text(settings["public_key"]))
    return PayAccount(
        mchid=str(settings["mchid"]),
        serial_no=str(settings["serial_no"]),
        appid=str(settings["appid"]),
        notify_base=str(settings["notify_base"]).rstrip("/"),
        private_key=_load("private_key", _private_key, read_text(settings["private_key"])),
        apiv3_key=str(settings["apiv3_key"]),
        base_url=(base_url or DEFAULT_BASE).rstrip("/"),
        partner_mode=bool(settings.get("partner_mode")),
        sub_appid=settings.get("sub_appid"),
        public_key_id=settings.get("public_key_id"),
        public_key=public_key,
        certificates=tuple(
            _load("certificates", x509.load_pem_x509_certificate, read_text(pem))
            for pem in settings.get("certificates") or ()
        ),
    )


def _private_key(pem: bytes) -> Any:
    return load_pem_private_key(pem, password=None)


def _load(name: str, loader: Callable[[bytes], Any], pem: str) -> Any:
    try:
        return loader(pem.encode())
    except (ValueError, TypeError) as error:
        raise _unusable(name, str(error)) from error


def _unusable(name: str, reason: str) -> ConfigMissing:
    return ConfigMissing("The setting {0} is unusable: {1}", f"wechat_pay.{name}", reason)
