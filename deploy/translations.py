"""Merge `translations/parts/*.csv` of each app into the `translations/zh.csv` that Frappe reads.

Parts keep a translation near the module that uses it; Frappe wants one file per language. `--check` writes nothing
and fails when a merged file is stale or two parts disagree.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def merged(parts: Path) -> str:
    """The rows (source, translation, context) of all parts, sorted; SystemExit when two parts disagree."""
    rows: dict[tuple[str, str], tuple[str, str]] = {}
    for part in sorted(parts.glob("*.csv")):
        with part.open(newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                if not row:
                    continue
                source, translation, context = [*row, ""][:3]
                known = rows.setdefault((source, context), (translation, part.name))
                if known[0] != translation:
                    raise SystemExit(
                        f"{parts}: “{source}” is “{known[0]}” in {known[1]} and “{translation}” in {part.name}"
                    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for (source, context), (translation, _) in sorted(rows.items()):
        writer.writerow([source, translation, context] if context else [source, translation])
    return out.getvalue()


def main() -> None:
    check = "--check" in sys.argv[1:]
    for parts in sorted(ROOT.glob("apps/*/*/translations/parts")):
        target = parts.parent / "zh.csv"
        text = merged(parts)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            if check:
                raise SystemExit(f"{target.relative_to(ROOT)} is stale: run `make generated`")
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
