"""Which types of files a browser may be shown, and which may be public. Pure.

Both are lists of what is known to be harmless: a type that nobody thought of is downloaded, and stays private.
"""

from pathlib import PurePosixPath

# Shown inside the browser, from where the site's own pages come.
INLINE = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".bmp",
        ".heic",
        ".pdf",
        ".txt",
        ".csv",
        ".mp3",
        ".m4a",
        ".wav",
        ".ogg",
        ".amr",
        ".mp4",
        ".mov",
        ".webm",
    ]
)
# A browser saves these.
_SAVED = frozenset(
    [
        ".xls",
        ".xlsx",
        ".doc",
        ".docx",
        ".ppt",
        ".pptx",
        ".odt",
        ".ods",
        ".zip",
        ".rar",
        ".7z",
        ".gz",
        ".woff",
        ".woff2",
        ".ttf",
        ".ico",
    ]
)
PUBLIC = INLINE | _SAVED


def extension(path: str) -> str:
    """`.png` of a file's name or address, in small letters; what a server goes by."""
    return PurePosixPath(path.split("?", 1)[0].split("#", 1)[0].strip()).suffix.lower()


def is_shown(path: str) -> bool:
    return extension(path) in INLINE


def may_be_public(path: str) -> bool:
    return extension(path) in PUBLIC
