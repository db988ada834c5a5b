"""SM4-GCM values: `sm4:<key version>:<base64(nonce | ciphertext | tag)>`.

GCM with a random nonce, so that equal values look different and a changed value is noticed; the context
("DocType.fieldname") is authenticated, so that a value moved to another field does not open. The version tells
which key to open it with after a rotation. Pure.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from cn_connect.errors import DecryptionFailed

PREFIX = "sm4"
KEY_BYTES = 16
_NONCE_BYTES = 12
_TAG_BYTES = 16


@dataclass(frozen=True)
class Keyring:
    """All keys by version; new values are sealed with the current one."""

    current: str
    keys: Mapping[str, bytes]

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"no key of version {self.current}")
        if any(len(key) != KEY_BYTES for key in self.keys.values()):
            raise ValueError(f"an SM4 key has {KEY_BYTES} bytes")

    def __repr__(self) -> str:
        return f"Keyring(current={self.current!r}, versions={sorted(self.keys)})"  # never the keys themselves


def seal(keyring: Keyring, plain: str, context: str) -> str:
    """The value encrypted with the current key, bound to its context."""
    nonce = os.urandom(_NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(keyring.keys[keyring.current]), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(context.encode())
    ciphertext = encryptor.update(plain.encode()) + encryptor.finalize()
    packed = base64.b64encode(nonce + ciphertext + encryptor.tag).decode()
    return f"{PREFIX}:{keyring.current}:{packed}"


def open_sealed(keyring: Keyring, sealed: str, context: str) -> str:
    """The plain value. Raises DecryptionFailed for an unknown key version, a damaged value or another context."""
    version, packed = _split(sealed)
    if version not in keyring.keys:
        raise DecryptionFailed("The key of version {0} is missing in sm4_keys (site_config.json).", version)
    nonce, ciphertext, tag = (
        packed[:_NONCE_BYTES],
        packed[_NONCE_BYTES:-_TAG_BYTES],
        packed[-_TAG_BYTES:],
    )
    decryptor = Cipher(algorithms.SM4(keyring.keys[version]), modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(context.encode())
    try:
        return (decryptor.update(ciphertext) + decryptor.finalize()).decode()
    except InvalidTag as error:
        raise DecryptionFailed(
            "The encrypted value of {0} is damaged or its key is wrong.", context
        ) from error


def key_version(sealed: str) -> str:
    """The version of the key a value was sealed with. Raises DecryptionFailed if it is no sealed value."""
    return _split(sealed)[0]


def _split(sealed: str) -> tuple[str, bytes]:
    parts = sealed.split(":")
    try:
        if len(parts) != 3 or parts[0] != PREFIX:
            raise ValueError("not a sealed value")
        packed = base64.b64decode(parts[2], validate=True)
        if len(packed) < _NONCE_BYTES + _TAG_BYTES:
            raise ValueError("too short")
    except (ValueError, binascii.Error) as error:
        raise DecryptionFailed("The value is not an encrypted value.") from error
    return parts[1], packed
