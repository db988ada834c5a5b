"""Write docs/api/openapi.json from the typed API methods of the apps; no site is needed.

The texts are the methods' docstrings in the Chinese of the apps' translations. `--check` writes nothing and fails when
the file is stale or a text has no translation.
"""

from __future__ import annotations

import csv
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from cn_connect import openapi

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "api" / "openapi.json"
TITLE = "菜市场管理系统接口"


def apps() -> list[str]:
    """The apps of this bench, in the order in which they are installed."""
    return list(json.loads((ROOT / "bench-config.json").read_text(encoding="utf-8"))["apps"])


def modules() -> list[str]:
    """What the hook `api_modules` of each app names; later apps first, as they are what people come for."""
    hooks = [importlib.import_module(f"{app}.hooks") for app in reversed(apps())]
    return [module for hook in hooks for module in getattr(hook, "api_modules", [])]


def version() -> str:
    """The version of the app that was installed last."""
    return str(importlib.import_module(apps()[-1]).__version__)


def translations() -> dict[str, str]:
    """English to Chinese, from the parts of all apps (the merged files may be stale)."""
    found: dict[str, str] = {}
    for part in sorted(ROOT.glob("apps/*/*/translations/parts/*.csv")):
        with part.open(newline="", encoding="utf-8") as file:
            found.update((row[0], row[1]) for row in csv.reader(file) if len(row) >= 2)
    return found


def document() -> dict[str, Any]:
    """The document in Chinese. Raises SystemExit naming every text without translation."""
    chinese, missing = translations(), []

    def translate(text: str) -> str:
        if text not in chinese:
            missing.append(text)
        return chinese.get(text, text)

    made = openapi.translated(openapi.generate(modules(), TITLE, version()), translate)
    if missing:
        listed = "\n".join(sorted(set(missing)))
        raise SystemExit(f"texts of the API without a Chinese translation:\n{listed}")
    return made


def main() -> None:
    text = json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return
    if "--check" in sys.argv[1:]:
        raise SystemExit(f"{TARGET.relative_to(ROOT)} is stale: run `env/bin/python deploy/openapi.py`")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
