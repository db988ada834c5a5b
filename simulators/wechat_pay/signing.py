"""Signatures and sealing of WeChat Pay API v3.

Requests carry `Authorization: WECHATPAY2-SHA256-RSA2048 …` over method, URL, timestamp, nonce and body; answers
and notifications carry `Wechatpay-*` headers over timestamp, nonce and body; notification resources are sealed
with AES-256-GCM under the API v3 key.
"""

from __future__ import annotations

import base64
import re
import secrets
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from simulators.keys import Keys

SCHEME = "WECHATPAY2-SHA256-RSA2048"
CLOCK_SKEW_SECONDS = 300
_PAIR = re.compile(r'(\w+)="([^"]*)"')


def request_error(keys: Keys, authorization: str, method: str, url: str, body: str) -> str | None:
    """Why a request's signature is refused, or None when it is good."""
    scheme, _, parameters = authorization.partition(" ")
    if scheme != SCHEME:
        return "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
    pairs = dict(_PAIR.findall(parameters))
    if pairs.get("mchid") != keys.mchid:
        return "商户号不存在"
    if pairs.get("serial_no", "").upper() != keys.merchant_serial:
        return "商户证书序列号有误"
    timestamp = pairs.get("timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > CLOCK_SKEW_SECONDS:
        return "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"
    message = f"{method}\n{url}\n{timestamp}\n{pairs.get('nonce_str', '')}\n{body}\n"
    if not verify(keys, message, pairs.get("signature", "")):
        return "签名错误，验签失败"
    return None


def verify(keys: Keys, message: str, signature: str) -> bool:
    """Does the merchant's key stand behind `message`?"""
    try:
        keys.merchant_key.verify(
            base64.b64decode(signature, validate=True), message.encode(), padding.PKCS1v15(), SHA256()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def signed_headers(keys: Keys, body: str, by_public_key: bool = True) -> dict[str, str]:
    """The `Wechatpay-*` headers of an answer or notification; the serial names public key or certificate."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    signature = keys.platform_key.sign(
        f"{timestamp}\n{nonce}\n{body}\n".encode(), padding.PKCS1v15(), SHA256()
    )
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Serial": keys.platform_public_key_id if by_public_key else keys.platform_serial,
        "Wechatpay-Signature-Type": SCHEME,
        "Request-ID": secrets.token_hex(16).upper(),
    }


def seal(keys: Keys, plain: str, associated_data: str) -> dict[str, str]:
    """AEAD_AES_256_GCM under the API v3 key, in the shape that notifications and certificates use."""
    nonce = secrets.token_hex(6)
    ciphertext = AESGCM(keys.apiv3_key.encode()).encrypt(
        nonce.encode(), plain.encode(), associated_data.encode()
    )
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated_data,
        "ciphertext": base64.b64encode(ciphertext).decode(),
    }
