"""Names of DocTypes and modules are global on a bench: ours must be free beside Frappe, ERPNext and HRMS."""

import json
from pathlib import Path

import cn_connect
import market_mgmt

HERE = Path(__file__).parent
APPS = [Path(next(iter(app.__path__))) for app in (market_mgmt, cn_connect)]
# Modules of Frappe 15, ERPNext 15 and HRMS.
FOREIGN_MODULES = frozenset(
    "Accounts,Assets,Automation,Bulk Transaction,Buying,CRM,Communication,Contacts,Core,Custom,Desk,EDI,"
    "ERPNext Integrations,Email,Geo,HR,Integrations,Maintenance,Manufacturing,Payroll,Portal,Printing,Projects,"
    "Quality Management,Regional,Selling,Setup,Social,Stock,Subcontracting,Support,Telephony,Utilities,Website,"
    "Workflow".casefold().split(",")
)


def own_doctypes():
    for app in APPS:
        for path in app.glob("*/doctype/*/*.json"):
            yield path, json.loads(path.read_text(encoding="utf-8"))


def scrub(name):
    # As frappe.scrub; MariaDB compares names without regard to case
    return name.casefold().replace(" ", "_").replace("-", "_")


def foreign_doctypes():
    lines = (HERE / "foreign_doctypes.txt").read_text(encoding="utf-8").splitlines()
    return {scrub(line) for line in lines if line and not line.startswith("#")}


def test_the_list_knows_all_three_apps():
    assert {"doctype", "payment_order", "employee_checkin"} <= foreign_doctypes()


def test_no_doctype_of_ours_has_a_name_of_theirs():
    ours = {doc["name"] for _path, doc in own_doctypes()}
    assert "Market Payment Order" in ours
    foreign = foreign_doctypes()
    assert {name for name in ours if scrub(name) in foreign} == set()


def test_no_module_of_ours_has_a_name_of_theirs():
    ours = {module for app in APPS for module in (app / "modules.txt").read_text().split("\n") if module}
    assert {module for module in ours if module.casefold() in FOREIGN_MODULES} == set()


def test_doctypes_lie_where_frappe_looks_for_them():
    for path, doc in own_doctypes():
        scrubbed = doc["name"].lower().replace(" ", "_")
        assert path.stem == path.parent.name == scrubbed
        assert path.parents[2].name == doc["module"].lower().replace(" ", "_")
        assert path.with_suffix(".py").exists()
        assert (path.parent / "__init__.py").exists()
