"""Signatures and sealing of WeChat Pay API v3.

Requests carry `Authorization: WECHATPAY2-SHA256-RSA2048 …` over method, URL, timestamp, nonce and body; answers
and notifications carry `Wechatpay-*` headers over timestamp, nonce and body; notification resources are sealed
with AES-256-GCM under the API v3 key.
"""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from simulators import keys as key_files
from simulators.keys import Keys

SCHEME = "WECHATPAY2-SHA256-RSA2048"


@dataclass(frozen=True)
class Signer:
    """A key of WeChat Pay with the serial by which its customers find the other half."""

    serial: str
    key: RSAPrivateKey

    def headers(self, body: str) -> dict[str, str]:
        """The `Wechatpay-*` headers of an answer or notification."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        message = f"{timestamp}\n{nonce}\n{body}\n".encode()
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(
                self.key.sign(message, padding.PKCS1v15(), SHA256())
            ).decode(),
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature-Type": SCHEME,
            "Request-ID": secrets.token_hex(16).upper(),
        }


class Platform:
    """WeChat Pay's own keys: its certificates, the newest last, and its public key.

    An answer is signed by the public key if the request asks for it, otherwise by the newest certificate; with which
    of the two notifications are signed is WeChat Pay's decision (`notify_by_public_key`), while a merchant is moved.
    """

    def __init__(self, keys: Keys) -> None:
        self.public_key = Signer(keys.platform_public_key_id, keys.platform_public)
        self.certificates = [Signer(keys.platform_serial, keys.platform_key)]
        self.pems = {keys.platform_serial: keys.platform_certificate}
        self.notify_by_public_key = True

    def renew_certificate(self) -> str:
        """A further certificate, used from now on; its serial number."""
        key = key_files.new_key()
        made = key_files.certificate(key, "Tenpay.com sign simulator")
        signer = Signer(f"{made.serial_number:X}", key)
        self.pems[signer.serial] = made.public_bytes(serialization.Encoding.PEM).decode()
        self.certificates.append(signer)
        return signer.serial

    def answerer(self, wanted_serial: str) -> Signer:
        return self.public_key if wanted_serial == self.public_key.serial else self.certificates[-1]

    @property
    def notifier(self) -> Signer:
        return self.public_key if self.notify_by_public_key else self.certificates[-1]


def verify(key: RSAPublicKey, message: str, signature: str) -> bool:
    """Does this key stand behind `message`?"""
    try:
        key.verify(base64.b64decode(signature, validate=True), message.encode(), padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def seal(apiv3_key: str, plain: str, associated_data: str) -> dict[str, str]:
    """AEAD_AES_256_GCM under the API v3 key, in the shape that notifications and certificates use."""
    nonce = secrets.token_hex(6)
    ciphertext = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plain.encode(), associated_data.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated_data,
        "ciphertext": base64.b64encode(ciphertext).decode(),
    }


def sealed_file(key: RSAPublicKey, content: bytes) -> tuple[bytes, str, str]:
    """A bill of a sub-merchant: (ciphertext, its key sealed for the holder of `key`, nonce), by AES-256-GCM."""
    secret, nonce = secrets.token_hex(16), secrets.token_hex(8)
    ciphertext = AESGCM(secret.encode()).encrypt(nonce.encode(), content, b"")
    oaep = padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)
    return ciphertext, base64.b64encode(key.encrypt(secret.encode(), oaep)).decode(), nonce
