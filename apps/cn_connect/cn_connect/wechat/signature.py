"""Signatures of WeChat Pay v3: whether an answer or notification comes from WeChat, and who vouches for it.

`Wechatpay-Serial` names the key: the WeChat Pay public key (`PUB_KEY_ID_…`) or a platform certificate. Merchants
are being moved from one to the other, during which both kinds arrive, so both are accepted at once.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from wechatpayv3.utils import aes_decrypt, rsa_verify

from cn_connect.china_time import epoch
from cn_connect.errors import GatewayRefused, SignatureInvalid
from cn_connect.wechat.pay_account import PayAccount

MAX_AGE_SECONDS = 300
ALGORITHM = "WECHATPAY2-SHA256-RSA2048"
_LONGEST_TIMESTAMP = 12  # digits; Python refuses to read very long numbers
PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"
# A forged notification must not make this server ask WeChat for certificates again and again.
REFRESH_PAUSE_SECONDS = 60


class CertificateStore(Protocol):
    """Where downloaded platform certificates (PEM) are kept between processes."""

    def load(self) -> list[str]: ...

    def save(self, pems: list[str]) -> None: ...


class MemoryStore:
    """A store for one process."""

    def __init__(self) -> None:
        self._pems: list[str] = []

    def load(self) -> list[str]:
        return list(self._pems)

    def save(self, pems: list[str]) -> None:
        self._pems = list(pems)


class Verifier:
    """Verifies for one account. `download` fetches fresh platform certificates (PEM) when a serial is unknown."""

    def __init__(
        self,
        account: PayAccount,
        download: Callable[[], list[str]] = list,
        store: CertificateStore | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = account
        self._download = download
        self._store = store or MemoryStore()
        self._monotonic = monotonic
        self._refreshed_at: float | None = None

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Returns if the body was signed by WeChat within five minutes of `now`, else raises SignatureInvalid."""
        head = {name.lower(): value for name, value in headers.items()}
        timestamp = head.get("wechatpay-timestamp", "")
        nonce = head.get("wechatpay-nonce", "")
        signature = head.get("wechatpay-signature", "")
        serial = head.get("wechatpay-serial", "")
        if not (timestamp and nonce and signature and serial):
            raise SignatureInvalid("The signature headers of WeChat Pay are missing.")
        if head.get("wechatpay-signature-type", ALGORITHM) != ALGORITHM:
            raise SignatureInvalid("The signature type is not supported.")
        readable = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _LONGEST_TIMESTAMP
        if not readable or abs(epoch(now) - int(timestamp)) > MAX_AGE_SECONDS:
            raise SignatureInvalid("The message is older than five minutes (or the clock is wrong).")
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise SignatureInvalid("The message is not UTF-8.") from error
        if not rsa_verify(timestamp, nonce, text, signature, self._key(serial, now)):
            raise SignatureInvalid("The signature does not belong to this message.")

    def _key(self, serial: str, now: datetime) -> RSAPublicKey:
        account = self._account
        if serial.startswith(PUBLIC_KEY_PREFIX):
            if account.public_key is None or serial != account.public_key_id:
                raise SignatureInvalid("The serial number {0} is unknown.", serial)
            return account.public_key
        certificate = self._certificate(serial) or (self._refresh() and self._certificate(serial))
        if not certificate:
            raise SignatureInvalid("The serial number {0} is unknown.", serial)
        moment = datetime.fromtimestamp(epoch(now), timezone.utc)
        if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
            raise SignatureInvalid("The certificate {0} has expired.", serial)
        return certificate.public_key()  # type: ignore[return-value]

    def _certificate(self, serial: str) -> x509.Certificate | None:
        stored = [x509.load_pem_x509_certificate(pem.encode()) for pem in self._store.load()]
        return next(
            (c for c in (*self._account.certificates, *stored) if serial_of(c) == serial.upper()), None
        )

    def _refresh(self) -> bool:
        at = self._monotonic()
        if self._refreshed_at is not None and at - self._refreshed_at < REFRESH_PAUSE_SECONDS:
            return False
        self._refreshed_at = at
        try:
            self._store.save(self._download())
        except GatewayRefused:
            return False  # RESOURCE_NOT_EXISTS: WeChat gives certificates no more to who has its public key
        return True


def serial_of(certificate: x509.Certificate) -> str:
    """The serial number as WeChat writes it: upper-case hex without leading zeros."""
    return format(certificate.serial_number, "X")


def decrypt_resource(resource: Mapping[str, Any], apiv3_key: str) -> str:
    """The plain text of an AEAD_AES_256_GCM object of a notification or certificate. Raises SignatureInvalid."""
    if resource.get("algorithm") != "AEAD_AES_256_GCM":
        raise SignatureInvalid("The algorithm {0} is not supported.", resource.get("algorithm"))
    try:
        plain = aes_decrypt(
            nonce=resource["nonce"],
            ciphertext=resource["ciphertext"],
            associated_data=resource.get("associated_data") or "",
            apiv3_key=apiv3_key,
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise SignatureInvalid("The encrypted part of the message is malformed.") from error
    if plain is None:
        raise SignatureInvalid("The encrypted part of the message cannot be opened with apiv3_key.")
    return plain


def decrypt_certificates(body: bytes, apiv3_key: str) -> list[str]:
    """The PEMs in an answer of /v3/certificates; being sealed with our APIv3 key, they can only come from WeChat."""
    try:
        entries = json.loads(body)["data"]
        sealed = [entry["encrypt_certificate"] for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureInvalid("The list of certificates is malformed.") from error
    return [decrypt_resource(entry, apiv3_key) for entry in sealed]
