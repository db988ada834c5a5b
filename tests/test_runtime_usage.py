"""The runtime holds nothing that nobody uses: what counts as a use."""

from pathlib import Path

import pytest

from deploy import runtime_usage

LIBRARY = '''"""A module."""
import click
from frappe.other import real as alias

def used(): return helper()
def helper(): """Does not mention forgotten."""
def forgotten(): return only_for_forgotten()
def only_for_forgotten(): pass
def by_hook(): pass
def _private(): pass

@frappe.whitelist()
def over_http(): return for_http()
def for_http(): pass

class Table:
    def rows(self): pass
    def columns(self): pass

class Command(click.Group):
    def called_by_click(self): pass
'''
APP = 'import frappe\nfrappe.used()\nhooks = ["frappe.library.by_hook"]\nfrappe.Table().rows()\nfrappe.Command\n'


def found(tmp_path: Path, app: str = APP) -> list[str]:
    """The unused names of a runtime of one module."""
    for name, text in (
        ("runtime/library.py", LIBRARY),
        ("apps/app.py", app),
        ("apps/tests/test_app.py", "forgotten"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [name.name for name in runtime_usage.unused(tmp_path / "runtime", [tmp_path / "apps"])]


def test_what_no_app_no_hook_and_no_http_method_leads_to_is_named(tmp_path: Path):
    assert found(tmp_path) == ["columns", "forgotten", "only_for_forgotten"]


def test_a_name_given_at_the_import_leads_to_the_real_one(tmp_path: Path):
    (tmp_path / "runtime").mkdir()
    (tmp_path / "runtime" / "other.py").write_text("def real(): pass\n")

    assert "real" in found(tmp_path)
    assert "real" not in found(tmp_path, APP + "frappe.alias()\n")


def test_an_unused_name_fails_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    found(tmp_path)
    monkeypatch.setattr(runtime_usage, "RUNTIME", tmp_path / "runtime")
    monkeypatch.setattr(runtime_usage, "USERS", [tmp_path / "apps"])
    monkeypatch.setattr("sys.argv", ["runtime_usage.py", "--check"])

    with pytest.raises(SystemExit, match="3 public names"):
        runtime_usage.main()
