"""Keys that a gateway and its customer share: generated once into a directory, read by both sides.

The directory holds what in real life two parties hold: the key pairs and API v3 keys of a direct merchant and of a
service provider, WeChat Pay's certificate and its public key, which are two key pairs, and the secrets of the
mini-program and of the message gateways.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

FILE = "keys.json"
CERTIFICATE_YEARS = 5
NOTICE_TEMPLATES = ("before_due", "due", "overdue", "late_fee")
MCHID, PROVIDER_MCHID = "1900000109", "1900000301"
# For whom the service provider acts; a stranger is any other number.
SUB_MCHIDS = ("1900000311", "1900000312", "1900000313")


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: rsa.RSAPrivateKey, common_name: str) -> x509.Certificate:
    """A certificate of `key`, valid from yesterday."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    start = datetime.now(timezone.utc) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * CERTIFICATE_YEARS))
        .sign(key, hashes.SHA256())
    )


def generate(directory: Path) -> Keys:
    """Write a fresh set of keys into `directory`; an existing set is kept and returned, unless it lacks something."""
    target = directory / FILE
    if target.exists() and load(directory).data.keys() >= ENTRIES:
        return load(directory)
    directory.mkdir(parents=True, exist_ok=True)
    data = _fresh()
    partial = target.with_suffix(".partial")
    partial.write_text(json.dumps(data, indent=1))
    partial.chmod(0o600)
    partial.replace(target)
    return Keys(data)


ENTRIES = {
    *("mchid", "appid", "app_secret", "apiv3_key", "merchant_private_key", "merchant_serial"),
    *("provider_mchid", "provider_apiv3_key", "provider_private_key", "provider_serial"),
    *("platform_private_key", "platform_certificate", "platform_serial"),
    *("platform_public_private_key", "platform_public_key", "platform_public_key_id"),
    *("tencent_secret_id", "tencent_secret_key"),
}


def _fresh() -> dict[str, str]:
    merchant, provider, platform, public = (new_key() for _ in range(4))
    platform_certificate = certificate(platform, "Tenpay.com sign simulator")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return {
        "mchid": MCHID,
        "appid": "wx" + secrets.token_hex(8),
        "app_secret": secrets.token_hex(16),
        "apiv3_key": secrets.token_hex(16),
        "merchant_private_key": private_pem(merchant),
        "merchant_serial": f"{certificate(merchant, MCHID).serial_number:X}",
        "provider_mchid": PROVIDER_MCHID,
        "provider_apiv3_key": secrets.token_hex(16),
        "provider_private_key": private_pem(provider),
        "provider_serial": f"{certificate(provider, PROVIDER_MCHID).serial_number:X}",
        "platform_private_key": private_pem(platform),
        "platform_certificate": platform_certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "platform_serial": f"{platform_certificate.serial_number:X}",
        "platform_public_private_key": private_pem(public),
        "platform_public_key": public.public_key().public_bytes(serialization.Encoding.PEM, form).decode(),
        "platform_public_key_id": "PUB_KEY_ID_" + secrets.token_hex(16).upper(),
        "tencent_secret_id": "AKID" + secrets.token_hex(16),
        "tencent_secret_key": secrets.token_hex(16),
    }


def load(directory: Path) -> Keys:
    """Read the keys of `directory`; FileNotFoundError if `generate` never ran there."""
    return Keys(json.loads((directory / FILE).read_text()))


@dataclass(frozen=True)
class Keys:
    """The shared secrets, with the RSA keys parsed on first use."""

    data: dict[str, str]

    def __getattr__(self, name: str) -> str:
        try:
            return self.data[name]
        except KeyError:
            raise AttributeError(name) from None

    def private_key(self, name: str) -> rsa.RSAPrivateKey:
        """The parsed key of an entry `…_private_key`."""
        key = serialization.load_pem_private_key(self.data[name].encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    @cached_property
    def platform_key(self) -> rsa.RSAPrivateKey:
        """What stands behind WeChat Pay's certificate."""
        return self.private_key("platform_private_key")

    @cached_property
    def platform_public(self) -> rsa.RSAPrivateKey:
        """What stands behind the WeChat Pay public key."""
        return self.private_key("platform_public_private_key")

    def site_config(self, base_url: str, site_url: str) -> dict[str, Any]:
        """What the customer's side writes into site_config.json to use these gateways at `base_url`."""
        host = base_url.split("://", 1)[1]
        tencent = {
            "secret_id": self.tencent_secret_id,
            "secret_key": self.tencent_secret_key,
            "endpoint": host,
            "scheme": "http",
            "region": "ap-guangzhou",
        }
        return {
            "wechat_api_base": base_url,
            "wechat_mini_appid": self.appid,
            "wechat_mini_secret": self.app_secret,
            "wechat_pay_base": base_url,
            "wechat_pay": self.pay_account(site_url),
            "tencent_sms": {
                **tencent,
                "app_id": "1400000001",
                "sign_name": "菜篮子市场",
                "code_template": "1800001",
            },
            "tencent_voice": {**tencent, "app_id": "1400000002"},
            "dunning_templates": {
                "WeChat": {name: f"tmpl-{name}" for name in ("before_due", "due", "overdue", "late_fee")},
                "SMS": {"overdue": "1800002"},
                "Voice": {"overdue": "1800003"},
            },
        }

    def pay_account(self, site_url: str, provider: bool = False) -> dict[str, Any]:
        """The `wechat_pay` entry of the direct merchant, or of the service provider."""
        return {
            "mchid": self.provider_mchid if provider else self.mchid,
            "appid": self.appid,
            "serial_no": self.provider_serial if provider else self.merchant_serial,
            "private_key": self.provider_private_key if provider else self.merchant_private_key,
            "apiv3_key": self.provider_apiv3_key if provider else self.apiv3_key,
            "public_key_id": self.platform_public_key_id,
            "public_key": self.platform_public_key,
            "certificates": [self.platform_certificate],
            "notify_base": site_url,
            **({"partner_mode": True} if provider else {}),
        }
