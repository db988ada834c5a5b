"""The runtime stays small: how its size is counted, and what is said when it grows."""

import sys
from pathlib import Path

import pytest

from deploy import runtime_size

SOURCE = '''"""What this is for.

Two paragraphs."""

import os  # counts

# does not count
class Table:
    """Does not count."""

    rows = """
counts
"""

    def name(self) -> str:
        """Neither does this."""
        return os.sep
'''


def test_blank_lines_comments_and_docstrings_do_not_count():
    assert runtime_size.code_lines(SOURCE) == 7


def test_tests_do_not_count(tmp_path: Path):
    for name in ("frappe/a.py", "frappe/utils/deep/b.py", "frappe/utils/tests/c.py", "tests/d.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")

    assert runtime_size.sizes(tmp_path) == {"frappe": 1, "frappe/utils": 1}


def test_growing_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["runtime_size.py", "--check"])
    runtime_size.main()
    monkeypatch.setattr(runtime_size, "LIMIT", 100)

    with pytest.raises(SystemExit, match=r"more than the 100 .* take out or simplify"):
        runtime_size.main()
