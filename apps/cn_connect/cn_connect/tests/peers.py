"""Support for tests: a WeChat Pay that exists only inside the test, signing and sealing as the real one does."""

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from cn_connect.china_time import epoch

APIV3_KEY = "0123456789abcdef0123456789abcdef"
PUBLIC_KEY_ID = "PUB_KEY_ID_0116000000002024"
BASE = "http://wechat.test"
NOW = datetime(2026, 11, 20, 9, 30)
ORDER = "M001261120093000abcdef12"
PAID = {
    "mchid": "1900000109",
    "appid": "wxd678efh567hg6787",
    "out_trade_no": ORDER,
    "transaction_id": "4200002123202611204567890123",
    "trade_state": "SUCCESS",
    "success_time": "2026-11-20T09:29:58+08:00",
    "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
    "amount": {"total": 12850, "payer_total": 12850, "currency": "CNY"},
}


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def certificate_pem(key: rsa.RSAPrivateKey, serial: int, begins: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(serial)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365 * 50))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class WeChatPeer:
    """Signs with a platform certificate and with a WeChat Pay public key; answers requests from `answers`."""

    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    serial: int = 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1
    clock: Callable[[], datetime] = lambda: NOW
    answers: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    seen: list[requests.PreparedRequest] = field(default_factory=list)
    sign_as: str | None = None

    @property
    def certificate(self) -> str:
        return certificate_pem(self.key, self.serial, datetime(2026, 1, 1, tzinfo=timezone.utc))

    def headers(
        self, body: bytes, at: datetime | None = None, key: rsa.RSAPrivateKey | None = None
    ) -> dict[str, str]:
        """The signature headers of an answer or notification."""
        timestamp, nonce = str(epoch(at or self.clock())), "c5ac7061fccab6bf3e254dcf98995b8c"
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = (key or self.key).sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self.sign_as or format(self.serial, "X"),
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    def seal(self, plain: str, associated: str) -> dict[str, str]:
        nonce = "a1b2c3d4e5f6"
        sealed = AESGCM(APIV3_KEY.encode()).encrypt(nonce.encode(), plain.encode(), associated.encode())
        ciphertext = base64.b64encode(sealed).decode()
        shape = {"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": associated}
        return {**shape, "ciphertext": ciphertext}

    def notification(self, resource: dict[str, Any], event: str = "TRANSACTION.SUCCESS") -> bytes:
        return json.dumps(
            {
                "id": "EV-2018022511223320873",
                "create_time": "2026-11-20T09:30:00+08:00",
                "resource_type": "encrypt-resource",
                "event_type": event,
                "summary": "支付成功",
                "resource": self.seal(json.dumps(resource), "transaction"),
            }
        ).encode()

    def certificates_answer(self) -> dict[str, Any]:
        sealed = self.seal(self.certificate, "certificate")
        return {"data": [{"serial_no": format(self.serial, "X"), "encrypt_certificate": sealed}]}

    def put_bill(self, csv: str, digest: str | None = None) -> None:
        plain = csv.encode()
        token = "/v3/billdownload/file?token=abc"
        link = {"hash_type": "SHA1", "hash_value": digest or hashlib.sha1(plain).hexdigest()}
        self.answers["GET", "/v3/bill/tradebill"] = 200, {**link, "download_url": BASE + token}
        self.answers["GET", "/v3/billdownload/file"] = 200, gzip.compress(plain)

    def put_sub_merchant_bill(self, parts: list[str], reader: rsa.RSAPublicKey) -> None:
        """A sub-merchant's fund bill in several files, listed last first, which `reader`'s private key opens."""
        key, nonce, links = b"0" * 32, b"a8607ef79034c49c", []
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        for number, plain in enumerate(parts, start=1):
            path = f"/v3/billdownload/file{number}"
            self.answers["GET", path] = 200, AESGCM(key).encrypt(nonce, gzip.compress(plain.encode()), b"")
            link = {"bill_sequence": number, "download_url": BASE + path, "nonce": nonce.decode()}
            link |= {"hash_type": "SHA1", "hash_value": hashlib.sha1(plain.encode()).hexdigest()}
            link["encrypt_key"] = base64.b64encode(reader.encrypt(key, oaep)).decode()
            links.insert(0, link)
        answer = {"download_bill_count": len(links), "download_bill_list": links}
        self.answers["GET", "/v3/bill/sub-merchant-fundflowbill"] = 200, answer

    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount("http://", _Adapter(self))
        return session


class _Adapter(requests.adapters.BaseAdapter):
    def __init__(self, peer: WeChatPeer) -> None:
        super().__init__()
        self.peer = peer

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        self.peer.seen.append(request)
        answer = self.peer.answers[request.method or "", urlsplit(request.url or "").path]
        if isinstance(answer, Exception):
            raise answer
        status, said = answer
        response = requests.Response()
        response.status_code = status
        response._content = (
            said if isinstance(said, bytes) else json.dumps(said).encode() if said is not None else b""
        )
        response.headers.update(self.peer.headers(response._content))
        response.headers["Content-Type"] = "application/json"
        return response

    def close(self) -> None:
        pass
