"""Installing, migrating and removing an app that is written for the test."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import frappe
from frappe.installer import install_app, new_site, update_site_config
from frappe.migrate import migrate

APP = "probe_app"

HOOKS = """
    app_name = "probe_app"
    app_title = "Probe"
    after_install = "probe_app.setup.after_install"
    after_migrate = ["probe_app.setup.after_migrate"]
    doc_events = {
        "Probe": {"validate": "probe_app.setup.on_validate"},
        ("Probe", "Role"): {"on_update": ["probe_app.setup.on_update"]},
    }
    fixtures = ["Probe Kind"]
    scheduler_events = {"daily": ["probe_app.setup.daily"], "cron": {"*/5 * * * *": ["probe_app.setup.often"]}}
    probe_list = ["a", "b"]
"""

SETUP = """
    import frappe

    log = []

    def after_install():
        log.append(("after_install", frappe.db.exists("Probe Kind", "From fixture")))

    def after_migrate():
        log.append(("after_migrate", None))

    def on_validate(doc, method):
        log.append((doc.doctype, method))

    def on_update(doc, method):
        log.append((doc.doctype, method))

    def daily():
        pass

    def often():
        pass
"""

CONTROLLER = """
    import frappe
    from frappe.model.document import Document

    class Probe(Document):
        def validate(self):
            self.total = sum(row.amount or 0 for row in self.rows)

        @frappe.whitelist()
        def say(self, word: str):
            return f"{self.title}: {word}"

        def secret(self):
            return "hidden"
"""

PATCHES = """
    [pre_model_sync]
    probe_app.patches.early

    [post_model_sync]
    probe_app.patches.late
    execute:frappe.db.set_default("probe_executed", "yes")
"""


def doctype_json(name: str, fields: list[dict[str, Any]], **more: Any) -> str:
    values = {
        "doctype": "DocType",
        "name": name,
        "module": "Probe Module",
        "engine": "InnoDB",
        "fields": [{"label": df["fieldname"].title(), **df} for df in fields],
        "field_order": [df["fieldname"] for df in fields],
        "permissions": []
        if more.get("istable")
        else [{"role": "Probe Role", "read": 1, "write": 1, "create": 1}],
        "modified": "2026-01-01 00:00:00",
        **more,
    }
    return json.dumps(values)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


PROBE_FIELDS = [
    {"fieldname": "title", "fieldtype": "Data", "reqd": 1},
    {"fieldname": "kind", "fieldtype": "Link", "options": "Probe Kind"},
    {"fieldname": "total", "fieldtype": "Currency"},
    {"fieldname": "rows", "fieldtype": "Table", "options": "Probe Row"},
]


def write_doctype(
    package: Path, name: str, fields: list[dict[str, Any]], controller: str = "", **more: Any
) -> None:
    folder = package / "probe_module" / "doctype" / frappe.scrub(name)
    write(folder / "__init__.py", "")
    write(folder / f"{folder.name}.json", doctype_json(name, fields, **more))
    class_name = name.replace(" ", "")
    default = f"from frappe.model.document import Document\n\nclass {class_name}(Document):\n    pass\n"
    write(folder / f"{folder.name}.py", controller or default)


def write_app(root: Path) -> Path:
    package = root / APP
    for folder in ("", "patches", "probe_module", "probe_module/doctype"):
        write(package / folder / "__init__.py", "")
    write(package / "hooks.py", HOOKS)
    write(package / "setup.py", SETUP)
    write(package / "modules.txt", "Probe Module\n")
    write(package / "patches.txt", PATCHES)
    for name in ("early", "late"):
        write(
            package / "patches" / f"{name}.py",
            f"""
            import frappe

            def execute():
                frappe.db.set_default("probe_{name}", str(frappe.get_meta("Probe").has_field("added")))
            """,
        )
    write_doctype(package, "Probe", PROBE_FIELDS, CONTROLLER, track_changes=1, autoname="PRB-.####")
    write_doctype(package, "Probe Row", [{"fieldname": "amount", "fieldtype": "Currency"}], istable=1)
    write_doctype(
        package, "Probe Kind", [{"fieldname": "kind_name", "fieldtype": "Data"}], autoname="field:kind_name"
    )
    fixture = [{"doctype": "Probe Kind", "name": "From fixture", "kind_name": "From fixture"}]
    write(package / "fixtures" / "probe_kind.json", json.dumps(fixture))
    write(package / "translations" / "zh.csv", 'Probe,"探针",\nBill,"账单",noun\n')
    write(
        package / "probe_module" / "print_format" / "probe_paper" / "probe_paper.json",
        json.dumps(
            {
                "doctype": "Print Format",
                "name": "Probe Paper",
                "doc_type": "Probe",
                "module": "Probe Module",
                "standard": "Yes",
                "print_format_type": "Jinja",
                "custom_format": 1,
                "html": "<p>{{ doc.title }}</p>",
                "modified": "2026-01-01 00:00:00",
            }
        ),
    )
    return package


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Path]:
    """The package of the app, on a site of its own."""
    before = os.getcwd()
    outer = frappe.local.site, frappe.local.sites_path
    frappe.destroy()
    package = write_app(tmp_path / "apps")
    sys.path.insert(0, str(tmp_path / "apps"))
    sites = tmp_path / "sites"
    sites.mkdir()
    (sites / "apps.txt").write_text(f"frappe\n{APP}\n")
    os.chdir(sites)
    new_site("probe.localhost", site_config={"db_synchronous": "OFF"})
    frappe.flags.in_test = True
    yield package
    frappe.db.rollback()
    frappe.cache.forget_site()
    frappe.destroy()
    os.chdir(before)
    sys.path.remove(str(tmp_path / "apps"))
    for name in [name for name in sys.modules if name.split(".")[0] == APP]:
        del sys.modules[name]
    importlib.invalidate_caches()
    frappe.init(outer[0], sites_path=outer[1], force=True)
    from frappe.installed import forget_apps

    frappe.connect()
    forget_apps()
    shutil.rmtree(tmp_path)


def log() -> list[tuple]:
    return importlib.import_module("probe_app.setup").log


def test_install(app):
    install_app(APP)
    assert frappe.get_installed_apps() == ["frappe", APP]
    assert log() == [("after_install", None)], "after_install runs before the fixtures"
    assert frappe.db.exists("Probe Kind", "From fixture")
    assert frappe.db.exists("Role", "Probe Role")
    assert frappe.db.get_value("Module Def", "Probe Module", "app_name") == APP
    assert frappe.db.get_value("Print Format", "Probe Paper", "doc_type") == "Probe"
    assert frappe.db.count("Patch Log", {"patch": ("like", "probe_app%")}) == 2
    assert frappe.db.get_default("probe_early") is None, "patches do not run on a new installation"
    assert frappe.get_hooks("probe_list") == ["a", "b"]
    jobs = frappe.get_all("Scheduled Job Type", {"method": ("like", "probe_app%")}, pluck="frequency")
    assert sorted(jobs) == ["Cron", "Daily"]


def test_what_a_file_does_not_say_is_not_given(app):
    install_app(APP)
    rule = frappe.get_meta("Probe").permissions[0]
    assert (rule.read, rule.write, rule.create) == (1, 1, 1)
    assert (rule.delete, rule.report, rule.export, rule.share, rule.print, rule.email) == (0, 0, 0, 0, 0, 0)
    assert frappe.get_meta("Probe").allow_rename == 0


def test_controller_and_events(app):
    install_app(APP)
    log().clear()
    doc = frappe.get_doc(
        {"doctype": "Probe", "title": "t", "rows": [{"amount": 1.5}, {"amount": 2}]}
    ).insert()
    assert doc.name == "PRB-0001" and doc.total == 3.5
    assert log() == [("Probe", "validate"), ("Probe", "on_update")]
    assert type(doc).__name__ == "Probe"
    frappe.is_whitelisted(type(doc).say)
    assert doc.say("hello") == "t: hello"
    with pytest.raises(frappe.PermissionError):
        frappe.is_whitelisted(type(doc).secret)
    with pytest.raises(frappe.LinkValidationError):
        frappe.get_doc({"doctype": "Probe", "title": "t", "kind": "None of these"}).insert()


def test_customizations_of_an_app(app):
    field = {"dt": "Language", "fieldname": "script", "fieldtype": "Data", "label": "Script"}
    place = {"doctype_or_field": "DocField", "doc_type": "Language", "field_name": "language_name"}
    customizations = [
        {"doctype": "Custom Field", "name": "Language-script", **field},
        {"doctype": "Property Setter", "name": "a label", **place, "property": "label", "value": "Tongue"},
    ]
    write(app / "fixtures" / "customizations.json", json.dumps(customizations))
    install_app(APP)
    migrate()
    meta = frappe.get_meta("Language")
    assert meta.get_label("language_name") == "Tongue"
    assert meta.get_field("script").label == "Script"
    frappe.db.set_value("Language", "en", "script", "Latin")
    assert frappe.db.get_value("Language", "en", "script") == "Latin"


def test_translations_of_an_app(app):
    install_app(APP)
    assert frappe._("Probe", "zh") == "探针"
    assert frappe._("Bill", "zh", context="noun") == "账单"
    assert frappe._("Bill", "zh") == "Bill"


def test_migrate(app):
    install_app(APP)
    doc = frappe.get_doc({"doctype": "Probe", "title": "kept"}).insert()
    frappe.db.delete("Patch Log", {"patch": ("like", "%probe%")})
    frappe.db.delete("Probe Kind", {"name": "From fixture"})
    frappe.db.commit()
    log().clear()
    more = [*PROBE_FIELDS, {"fieldname": "added", "fieldtype": "Int", "default": "4"}]
    write_doctype(app, "Probe", more, CONTROLLER, track_changes=1, autoname="PRB-.####")
    migrate()
    assert frappe.db.get_default("probe_early") == "False"
    assert frappe.db.get_default("probe_late") == "True"
    assert frappe.db.get_default("probe_executed") == "yes"
    assert frappe.get_doc("Probe", doc.name).title == "kept"
    assert frappe.db.get_value("Probe", doc.name, "added") == 4
    assert frappe.db.exists("Probe Kind", "From fixture")
    assert log()[-1] == ("after_migrate", None)
    frappe.db.set_default("probe_late", "once")
    frappe.db.commit()
    migrate()
    assert frappe.db.get_default("probe_late") == "once"


def test_a_failing_patch_stops_the_migration(app):
    install_app(APP)
    frappe.db.delete("Patch Log", {"patch": "probe_app.patches.late"})
    frappe.db.commit()
    write(app / "patches" / "late.py", "def execute():\n    raise ValueError('broken patch')\n")
    sys.modules.pop("probe_app.patches.late", None)
    with pytest.raises(ValueError, match="broken patch"):
        migrate()
    assert not frappe.db.exists("Patch Log", {"patch": "probe_app.patches.late", "skipped": 0})


def test_a_broken_app_leaves_no_site(tmp_path, app):
    write(app / "setup.py", "def after_install():\n    raise ValueError('no')\n")
    sys.modules.pop("probe_app.setup", None)
    site = frappe.local.site
    frappe.destroy()
    with pytest.raises(ValueError, match="no"):
        new_site("broken.localhost", install_apps=[APP])
    assert not Path("broken.localhost").exists()
    frappe.init(site, force=True)
    frappe.connect()


def test_site_config(app):
    update_site_config("probe_key", 1)
    assert frappe.get_site_config().probe_key == 1
    update_site_config("probe_key", {"a": [1]}, validate=False)
    assert frappe.conf.probe_key == {"a": [1]}
    update_site_config("probe_key", None)
    assert "probe_key" not in frappe.get_site_config()
    with pytest.raises(frappe.IncorrectSitePath):
        new_site("probe.localhost")
