"""Code lines of runtime/ per package: without tests, blank lines, comments and docstrings.

`--check` prints nothing and fails when there are more than LIMIT: the runtime is a means and has to stay small.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path

RUNTIME = Path(__file__).resolve().parent.parent / "runtime"
LIMIT = 7_000
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(source: str) -> int:
    """How many lines of Python source are neither blank nor comment nor docstring."""
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            left_out.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(1 for number, line in lines if number not in left_out and line.strip()[:1] not in ("", "#"))


def sizes(root: Path) -> Counter[str]:
    """Package (two folders at most, e.g. `frappe/utils`) → code lines; tests are left out."""
    found: Counter[str] = Counter()
    for path in root.rglob("*.py"):
        folders = path.relative_to(root).parent.parts
        if "tests" not in folders:
            found["/".join(folders[:2])] += code_lines(path.read_text(encoding="utf-8"))
    return found


def main() -> None:
    found = sizes(RUNTIME)
    total = found.total()
    if "--check" not in sys.argv[1:]:
        for package, lines in sorted(found.items()):
            print(f"{lines:6} {package}")
        print(f"{total:6} runtime, of at most {LIMIT}")
    elif total > LIMIT:
        raise SystemExit(
            f"runtime/ has {total} code lines, {total - LIMIT} more than the {LIMIT} of deploy/runtime_size.py: "
            "take out or simplify what no app needs (`python deploy/runtime_size.py` shows where the lines are)"
        )


if __name__ == "__main__":
    main()
