"""Log files of a bench and its sites: `logs/<module>.log`, rotated."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler

import frappe

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_loggers: dict[str, logging.Logger] = {}


def get_logger(
    module: str | None = None,
    with_more_info: bool = False,
    allow_site: bool = True,
    filter: object = None,
    max_size: int = 1_000_000,
    file_count: int = 20,
) -> logging.Logger:
    """The logger of a module, writing to the site's `logs` folder (the bench's when no site is open)."""
    module = module or "frappe"
    site_path = getattr(frappe.local, "site_path", None) if allow_site else None
    folder = os.path.abspath(os.path.join(site_path or ".", "logs"))
    name = f"{module}-{os.path.basename(site_path) if site_path else 'all'}-{folder}"
    if name in _loggers:
        return _loggers[name]
    logger = logging.getLogger(name)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        os.makedirs(folder, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            os.path.join(folder, f"{module}.log"),
            maxBytes=max_size,
            backupCount=file_count,
            encoding="utf-8",
            delay=True,
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT.replace("%(name)s", module)))
    logger.addHandler(handler)
    _loggers[name] = logger
    return logger


def set_log_level(level: int | str) -> None:
    for logger in _loggers.values():
        logger.setLevel(level)
