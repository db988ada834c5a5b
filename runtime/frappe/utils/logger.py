"""Log files of a bench and its sites: `logs/<module>.log`, rotated."""

from __future__ import annotations

import logging
import os
from functools import cache
from logging.handlers import RotatingFileHandler

import frappe


def get_logger(module: str = "frappe") -> logging.Logger:
    """The logger of a module, writing to the site's `logs` folder (the bench's when no site is open)."""
    site_path = getattr(frappe.local, "site_path", None)
    return _open(module, os.path.abspath(os.path.join(site_path or ".", "logs")))


@cache
def _open(module: str, folder: str) -> logging.Logger:
    logger = logging.getLogger(f"{module}-{folder}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{module}.log")
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=20, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s {module} %(message)s"))
    logger.addHandler(handler)
    return logger
