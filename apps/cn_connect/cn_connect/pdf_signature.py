"""PDFs signed digitally (PAdES B-B, RSA and SHA-256): whoever opens one sees whether it was changed since.

`pdf_signing` in site_config names the office's certificate ({"p12": path, "passphrase": …}). A site without it makes a
key for itself and keeps it there ({"pkcs12": base64}), where backups of the configuration find it: that proves that
nothing was changed, not who the office is.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import io
from pathlib import Path
from typing import Any

import frappe
from cn_connect import config
from cn_connect.errors import ConfigMissing
from frappe.installer import update_site_config
from frappe.utils.synchronization import filelock

_VALID_FOR = dt.timedelta(days=3650)
_KEY_BITS = 2048
_FIELD = "Signature"


def sign(content: bytes, reason: str) -> bytes:
    """The PDF with an invisible signature over all of it. Raises ConfigMissing when the key cannot be used."""
    # Large, and few requests make a PDF
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter

    metadata = signers.PdfSignatureMetadata(
        field_name=_FIELD, reason=reason, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
    return signers.PdfSigner(metadata, signer=_signer(*_key())).sign_pdf(writer).getvalue()


@functools.lru_cache(maxsize=8)
def _signer(bundle: bytes, passphrase: bytes | None) -> Any:
    """Who signs with that key; unpacking one takes a fifth of the time of a signature."""
    from pyhanko.sign.signers import SimpleSigner

    try:
        return SimpleSigner.load_pkcs12_data(bundle, [], passphrase)
    except (ValueError, OSError) as error:
        raise ConfigMissing("The setting {0} is unusable: {1}", "pdf_signing", error) from error


def _key() -> tuple[bytes, bytes | None]:
    """The PKCS #12 bundle and its passphrase. Raises ConfigMissing."""
    settings = frappe.conf.get("pdf_signing") or ensure_key()
    if settings.get("pkcs12"):
        return base64.b64decode(settings["pkcs12"]), None
    config.check_fields("pdf_signing", settings, "p12")
    path = Path(settings["p12"])
    if not path.is_file():
        raise ConfigMissing("The setting {0} is unusable: {1}", "pdf_signing", str(path))
    passphrase = settings.get("passphrase")
    return path.read_bytes(), passphrase.encode() if passphrase else None


def ensure_key() -> dict[str, str]:
    """What `pdf_signing` says; a site without it gets a key of its own (after_install, after_migrate)."""
    with filelock("cn_connect_pdf_signing", timeout=30):
        # Another process may have made it since this one read the configuration.
        settings = frappe.get_site_config().get("pdf_signing") or _make_key()
    frappe.local.conf["pdf_signing"] = settings
    return settings


def _make_key() -> dict[str, str]:
    """A key with a certificate that says whose it is."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
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
    bundle = pkcs12.serialize_key_and_certificates(b"pdf", key, certificate, None, NoEncryption())
    settings = {"pkcs12": base64.b64encode(bundle).decode()}
    update_site_config("pdf_signing", settings, validate=False)
    return settings
