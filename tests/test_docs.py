"""The documents say what is there: links lead somewhere, names exist, examples compute, generated pages are current."""

import doctest
import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from bench.cli import cli

from cn_connect.commands import commands as connect_commands
from deploy import data_model
from market_mgmt.commands import commands as market_commands

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), *ROOT.glob("apps/*/README.md")])
OWN = [page for page in PAGES if page.is_relative_to(ROOT / "docs")]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [target.partition("#")[0] for target in targets if "://" not in target]

    assert [target for target in local if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", OWN, ids=named)
def test_names_of_programs_exist(page):
    names = set(re.findall(r"\b(?:cn_connect|market_mgmt)(?:\.[a-z_]\w*)+", page.read_text(encoding="utf-8")))

    assert [name for name in sorted(names) if not exists(name)] == []


def exists(dotted: str) -> bool:
    """Is this a module, or something in one?"""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part, None)
        return found is not None
    return False


@pytest.mark.parametrize("page", OWN, ids=named)
def test_files_and_folders_exist(page):
    """Paths in backticks, from the root of the repository or of the market app; not those with a placeholder."""
    inside = ("", "apps", "apps/market_mgmt", "apps/cn_connect", "apps/market_mgmt/market_mgmt")
    roots = [page.parent, *(ROOT / folder for folder in inside)]
    folders = r"(?:docs|deploy|tests|runtime|simulators|fixtures|apps|market_mgmt|cn_connect|domain)"
    paths = re.findall(rf"`({folders}/[\w./*-]*)`", page.read_text(encoding="utf-8"))

    assert [path for path in paths if not any(list(root.glob(path)) for root in roots)] == []


@pytest.mark.parametrize("page", OWN, ids=named)
def test_commands_exist(page):
    code = re.findall(r"`([^`\n]*)`|^(bench .*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    used = {
        match[1]
        for inline, line in code
        if (match := re.match(r"bench (?:--site \S+ )?([a-z][a-z0-9-]+)", inline or line))
    }
    of_stock_bench = {"enable-scheduler", "get-app", "purge-jobs", "restart", "setup"}
    known = {
        *cli.commands,
        *(command.name for command in (*connect_commands, *market_commands)),
        *of_stock_bench,
    }

    assert used <= known


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    used = {
        target for page in OWN for target in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))
    }

    assert used <= targets


def test_the_examples_compute():
    result = doctest.testfile(str(ROOT / "docs/money.md"), module_relative=False, encoding="utf-8")

    assert result.attempted > 0 and result.failed == 0


@pytest.mark.parametrize("path", data_model.Writer().pages(), ids=named)
def test_the_data_model_is_current(path):
    assert path.read_text(encoding="utf-8") == data_model.Writer().pages()[path], "run deploy/data_model.py"


def test_a_note_about_nothing_is_refused(monkeypatch, tmp_path):
    notes = tmp_path / "notes.csv"
    notes.write_text("Fee,no_such_field,说明\n", encoding="utf-8")
    monkeypatch.setattr(data_model, "NOTES", notes)
    monkeypatch.setattr(data_model, "ROOT", tmp_path)

    with pytest.raises(SystemExit, match="no such thing: Fee no_such_field"):
        data_model.notes([{"name": "Fee", "fields": []}])
