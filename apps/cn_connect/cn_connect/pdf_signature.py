"""PDFs signed digitally (PAdES B-B, RSA and SHA-256): whoever opens one sees whether it was changed since.

`pdf_signing` in site_config ({"p12": path, "passphrase": …}) names the office's certificate. Without it the site makes a
key for itself, private/keys/pdf_signing.p12: that proves that nothing was changed, not who the office is.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import secrets
from pathlib import Path

import frappe
from cn_connect import config
from cn_connect.errors import ConfigMissing
from frappe.installer import update_site_config

_VALID_FOR = dt.timedelta(days=3650)
_KEY_BITS = 2048
_FIELD = "Signature"


def sign(content: bytes, reason: str) -> bytes:
    """The PDF with an invisible signature over all of it. Raises ConfigMissing when the key cannot be used."""
    # Large, and few requests make a PDF
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter

    path, passphrase = _key()
    signer = signers.SimpleSigner.load_pkcs12(path, passphrase=passphrase.encode())
    if signer is None:
        raise ConfigMissing("The setting {0} is unusable: {1}", "pdf_signing", path)
    metadata = signers.PdfSignatureMetadata(
        field_name=_FIELD, reason=reason, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
    return signers.PdfSigner(metadata, signer=signer).sign_pdf(writer).getvalue()


def _key() -> tuple[str, str]:
    """File and passphrase of the key: the configured one, else the site's own, made when it is first needed."""
    settings = frappe.conf.get("pdf_signing")
    if not settings:
        settings = _make_key()
    config.check_fields("pdf_signing", settings, "p12")
    path = Path(settings["p12"])
    if not path.is_absolute():
        path = Path(frappe.get_site_path(settings["p12"]))
    if not path.is_file():
        raise ConfigMissing("The setting {0} is unusable: {1}", "pdf_signing", str(path))
    return str(path), settings.get("passphrase") or ""


def _make_key() -> dict[str, str]:
    """A key of the site's own with a certificate that says so; kept out of the public folder, passphrase apart."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(65537, _KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{frappe.local.site} (self-signed)")])
    began = dt.datetime.now(dt.timezone.utc)
    usage = x509.KeyUsage(True, True, *[False] * 7)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + _VALID_FOR)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
    passphrase = secrets.token_urlsafe(16)
    relative = os.path.join("private", "keys", "pdf_signing.p12")
    path = Path(frappe.get_site_path(relative))
    path.parent.mkdir(mode=0o700, exist_ok=True)
    encryption = BestAvailableEncryption(passphrase.encode())
    bundle = pkcs12.serialize_key_and_certificates(b"pdf", key, certificate, None, encryption)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(bundle)
    settings = {"p12": relative, "passphrase": passphrase}
    update_site_config("pdf_signing", settings, validate=False)
    frappe.local.conf["pdf_signing"] = settings
    return settings
