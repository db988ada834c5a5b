"""Who may read what lies in `sites/` and `.run/`: databases, sessions, private files, logs. Nobody but the owner."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

UMASK = 0o077
_OTHERS = 0o077


def open_to_others(*roots: Path) -> Iterator[Path]:
    """Files and folders below (and these themselves) that the group or anybody may look into. Links are not followed."""
    for root in roots:
        for folder, _folders, files in os.walk(root):
            for path in (Path(folder), *(Path(folder, name) for name in files)):
                with contextlib.suppress(FileNotFoundError):  # it went away meanwhile
                    mode = path.lstat().st_mode
                    if mode & _OTHERS and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                        yield path


def close_to_others(*roots: Path) -> None:
    """Take from group and others what they may; what belongs to another user stays as it is."""
    for path in list(open_to_others(*roots)):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~_OTHERS)
