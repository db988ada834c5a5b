"""Headers of every answer that tell browsers what not to do with it."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

_NOBODY_FRAMES = "frame-ancestors 'none'; base-uri 'none'"
_PAGE = f"default-src 'self'; img-src 'self' data:; object-src 'none'; form-action 'self'; {_NOBODY_FRAMES}"
# Print formats carry their styles with them, and never a script.
_PRINT = (
    f"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src 'self'; {_NOBODY_FRAMES}"
)
# Should a browser take anything else for a page: nothing in it runs.
_OTHER = f"default-src 'none'; style-src 'unsafe-inline'; {_NOBODY_FRAMES}"
_POLICIES = {"text/html": _PAGE, "application/pdf": _NOBODY_FRAMES}
_YEAR = 365 * 24 * 3600


def protect(request: Request, response: Response) -> None:
    """Set what the answer does not say itself."""
    policy = _PRINT if request.path == "/printview" else _POLICIES.get(response.mimetype or "", _OTHER)
    headers = response.headers
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if request.scheme == "https":
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
