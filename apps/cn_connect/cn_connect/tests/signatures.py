"""Reading the signature of a PDF as a stranger would: by pyHanko's validator, trusting the certificate it carries."""

import io
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext


def signature_of(content: bytes) -> Any:
    """What the validator finds: `intact`, `valid`, `coverage`. IndexError when there is no signature."""
    signature = PdfFileReader(io.BytesIO(content)).embedded_signatures[0]
    return validate_pdf_signature(signature, ValidationContext(trust_roots=[signature.signer_cert]))


def is_genuine(content: bytes) -> bool:
    """Whether the signature is sound and covers every byte of the file."""
    found = signature_of(content)
    return found.intact and found.valid and found.coverage.name == "ENTIRE_FILE"


def unsigned(content: bytes) -> bytes:
    """The file before its signature was appended, which is the same each time a document is made."""
    return content.partition(b"%%EOF")[0]
