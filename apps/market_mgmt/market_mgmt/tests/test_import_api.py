"""The office's file methods: who may, what a job leaves behind, what comes back as a file."""

import io
import os
from datetime import datetime

import pytest
from openpyxl import load_workbook

import frappe
from cn_connect.api_errors import ApiError
from market_mgmt.api import staff
from market_mgmt.services.imports import jobs
from market_mgmt.tests import factories
from market_mgmt.tests.workbooks import form, readings, stall_row

DAY = datetime(2026, 10, 31)


@pytest.fixture
def queued(site, monkeypatch):
    """Jobs wait here instead of in the queue; calling it runs them."""
    waiting = []

    def enqueue(method, **values):
        if method != "market_mgmt.services.imports.jobs.run":
            return  # what Frappe itself puts off, such as clearing links of a deleted file
        options = ("queue", "timeout", "enqueue_after_commit")
        assert values["enqueue_after_commit"] is True
        waiting.append((method, {key: value for key, value in values.items() if key not in options}))

    def work():
        while waiting:
            method, values = waiting.pop(0)
            site.get_attr(method)(**values)

    monkeypatch.setattr(jobs.frappe, "enqueue", enqueue)
    # What a failed job rolls back is its own; the test's world stays. What a check takes back goes.
    roll_back = site.db.rollback
    monkeypatch.setattr(
        site.db, "rollback", lambda save_point=None: save_point and roll_back(save_point=save_point)
    )
    monkeypatch.setattr(site.db, "commit", lambda: None)
    return work


@pytest.fixture
def market(site):
    return factories.market()


@pytest.fixture
def user(site):
    """Signs in as a new user with roles, limited to a market."""

    def make(market, *roles):
        email = f"{site.generate_hash(length=8)}@market.example"
        values = {"doctype": "User", "email": email, "first_name": "办", "send_welcome_email": 0}
        site.get_doc(values | {"roles": [{"role": role} for role in roles]}).insert(ignore_permissions=True)
        permission = {"doctype": "User Permission", "user": email, "allow": "Market", "for_value": market}
        site.get_doc(permission).insert(ignore_permissions=True)
        site.set_user(email)
        return email

    yield make
    site.set_user("Administrator")


def upload(content, name="form.xlsx"):
    values = {"doctype": "File", "file_name": name, "content": content, "is_private": 1}
    return frappe.get_doc(values).insert(ignore_permissions=True).file_url


def test_an_import_is_started_watched_and_done(site, market, queued):
    name = staff.import_merchants(upload(form({})), dry_run=False, market=market)["name"]
    assert staff.import_progress(name)["state"] == "Queued"
    queued()
    state = staff.import_progress(name)
    assert (state["state"], state["result"]["status"], state["result"]["added"]["Stall"]) == (
        "Done",
        "Posted",
        1,
    )


def test_the_uploaded_form_with_identity_numbers_is_gone_once_it_is_in(site, market, queued):
    address = upload(form({}))
    staff.import_merchants(address, dry_run=True, market=market)
    queued()
    assert site.db.exists("File", {"file_url": address})
    staff.import_merchants(address, dry_run=False, market=market)
    queued()
    assert not site.db.exists("File", {"file_url": address})


def test_a_form_that_was_uploaded_twice_is_gone_once_it_is_in(site, market, queued):
    content = form({})
    address = upload(content)
    upload(content, "copy.xlsx")
    path = site.get_doc("File", {"file_url": address}).get_full_path()
    assert os.path.isfile(path)
    staff.import_merchants(address, dry_run=False, market=market)
    queued()
    assert not site.db.exists("File", {"file_url": address})
    site.db.after_commit.run()
    assert not os.path.isfile(path)


def test_errors_are_told_and_their_workbook_is_kept_privately(site, market, queued):
    name = staff.import_merchants(upload(form({}, stall_row(2, 联系电话="1"))), dry_run=False, market=market)[
        "name"
    ]
    queued()
    result = staff.import_progress(name)["result"]
    assert (result["status"], result["rejected"]) == ("Refused", 1)
    assert (result["errors"][0]["row"], result["errors"][0]["column"]) == (4, "联系电话")
    file = site.get_doc("File", {"file_url": result["error_workbook"]})
    assert file.is_private and load_workbook(io.BytesIO(file.get_content())).active.max_row == 3


def test_a_file_that_is_no_workbook_ends_in_a_clear_state(market, queued):
    name = staff.import_merchants(upload(b"text", "text.xlsx"), dry_run=False, market=market)["name"]
    queued()
    state = staff.import_progress(name)
    assert (state["state"], state["error_code"]) == ("Failed", "NOT_A_WORKBOOK")
    assert state["message"]


def test_an_unforeseen_error_is_logged_and_does_not_show_its_inside(site, market, queued, monkeypatch):
    monkeypatch.setattr(jobs.merchants, "run", lambda *_: 1 / 0)
    name = staff.import_merchants(upload(form({})), dry_run=False, market=market)["name"]
    queued()
    state = staff.import_progress(name)
    assert (state["state"], state["error_code"]) == ("Failed", "IMPORT_FAILED")
    assert "division" not in state["message"]


def test_readings_find_their_period_by_their_dates(site, market, queued):
    shop = factories.shop(market)
    factories.meter(shop, meter_no="W1", initial_reading=100)
    number = site.db.get_value("Stall", shop.stall, "stall_no")
    content = readings([number, "W1", "水表", 100, 110, DAY])
    name = staff.import_readings(upload(content), dry_run=False, market=market)["name"]
    queued()
    document = staff.import_progress(name)["result"]["document"]
    assert site.db.get_value("Market Import", document, "period") == "2026-10"


def test_finance_works_in_the_own_market_without_naming_it(site, market, queued, user):
    other = factories.market()
    user(market, "Market Finance")
    address = upload(form({}))
    assert staff.import_merchants(address)["name"]
    with pytest.raises(site.PermissionError):
        staff.import_merchants(address, market=other)


def test_a_clerk_may_not_confirm_a_bad_file(site, market, queued, user):
    user(market, "Market Clerk")
    with pytest.raises(site.PermissionError):
        staff.import_readings(upload(form({})), dry_run=False, confirmed=True)


def test_a_supervisor_confirms_a_refused_import_of_somebody_elses_file(site, market, queued, user):
    # given readings of which half are wrong, imported by a clerk
    shop = factories.shop(market)
    factories.meter(shop, meter_no="W1", initial_reading=100)
    number = site.db.get_value("Stall", shop.stall, "stall_no")
    content = readings([number, "W1", "水表", 100, 110, DAY], [number, "W9", "水表", 1, 2, DAY])
    user(market, "Market Clerk")
    started = staff.import_readings(upload(content), dry_run=False)["name"]
    queued()
    refused = staff.import_progress(started)["result"]["document"]
    with pytest.raises(site.PermissionError):
        staff.confirm_import(refused)
    # when a supervisor looks at what is wrong, and confirms
    supervisor = user(market, "Market Supervisor")
    checked = staff.confirm_import(refused, dry_run=True)["name"]
    queued()
    assert staff.import_progress(checked)["result"]["rejected"] == 1
    confirmed = staff.confirm_import(refused)["name"]
    queued()
    # then the good row is in, the record names the supervisor, and there is nothing left to confirm
    assert staff.import_progress(confirmed)["result"]["added"] == {"Meter Reading": 1}
    record = site.get_doc("Market Import", refused)
    assert (record.status, record.confirmed_by, bool(record.confirmed_at)) == ("Posted", supervisor, True)
    with pytest.raises(site.ValidationError) as done:
        staff.confirm_import(refused)
    assert done.value.error_code == "NOT_REFUSED"


def test_a_supervisor_of_another_market_confirms_nothing(site, market, queued, user):
    started = staff.import_merchants(upload(form({"联系电话": "1"})), dry_run=False, market=market)["name"]
    queued()
    refused = staff.import_progress(started)["result"]["document"]
    user(factories.market(), "Market Supervisor")
    with pytest.raises(site.PermissionError):
        staff.confirm_import(refused)


def test_who_uploads_what_somebody_else_uploaded_before_imports_the_own_copy(site, market, queued, user):
    content = form({})
    user(market, "Market Finance")
    upload(content)
    user(market, "Market Finance")
    name = staff.import_merchants(upload(content), dry_run=True)["name"]
    queued()
    assert staff.import_progress(name)["state"] == "Done"


def test_an_import_that_fell_silent_is_said_to_be_interrupted(site, market, monkeypatch):
    # given an import that told how far it was and was killed
    state = {"name": "n1", "kind": "merchants", "market": market, "state": "Running", "done": 50, "total": 90}
    jobs._store("n1", state)
    assert staff.import_progress("n1") == state
    # when somebody asks an hour later
    later = jobs.time.time() + 3600
    monkeypatch.setattr(jobs.time, "time", lambda: later)
    told = staff.import_progress("n1")
    # then it is told to be over and what to do
    assert (told["state"], told["error_code"]) == ("Failed", "IMPORT_INTERRUPTED")
    assert "重新导入" in told["message"]


@pytest.mark.parametrize(("kind", "sheet"), [("merchants", "信息采集表"), ("arrears", "期初欠费")])
def test_templates_of_lists_come_as_files_to_those_who_answer_for_them(site, market, user, kind, sheet):
    user(market, "Market Finance")
    staff.import_template(kind)
    name, content = downloaded(site)
    assert name == f"{kind}-{market}.xlsx"
    assert load_workbook(io.BytesIO(content)).sheetnames[0] == sheet
    user(market, "Market Clerk")
    with pytest.raises(site.PermissionError):
        staff.import_template(kind)


def test_somebody_elses_private_file_cannot_be_imported(site, market, queued, user):
    address = upload(form({}))
    user(market, "Market Finance")
    with pytest.raises(site.PermissionError):
        staff.import_merchants(address)


def test_progress_of_another_market_is_not_shown(site, market, queued, user):
    stranger = user(factories.market(), "Market Clerk")
    site.set_user("Administrator")
    name = staff.import_merchants(upload(form({})), market=market)["name"]
    site.set_user(stranger)
    with pytest.raises(site.PermissionError):
        staff.import_progress(name)


def test_a_cashier_may_export_and_not_import(site, market, queued, user):
    user(market, "Market Cashier")
    with pytest.raises(site.PermissionError):
        staff.import_merchants("x")


def downloaded(site):
    response = site.local.response
    assert response["type"] == "download"
    return response["filename"], response["filecontent"]


@pytest.mark.parametrize(("kind", "start"), [("pdf", b"%PDF"), ("xlsx", b"PK")])
@pytest.mark.parametrize(
    ("report", "filters"), [("daily_journal", {"day": "2026-11-15"}), ("collection", {"period": "2026-10"})]
)
def test_reports_come_as_files(site, market, monkeypatch, report, filters, kind, start):
    monkeypatch.setattr(site.db, "commit", lambda: None)
    staff.export_report(report, {"market": market, **filters}, kind)
    name, content = downloaded(site)
    assert name.endswith(f".{kind}") and content.startswith(start)


@pytest.mark.parametrize(
    ("report", "filters", "kind"),
    [
        ("ledger", {}, "pdf"),
        ("collection", {"period": "October"}, "pdf"),
        ("daily_journal", {"day": "2026-11-15"}, "docx"),
        ("daily_journal", "[1]", "pdf"),
    ],
)
def test_a_report_that_does_not_exist_is_refused(site, market, report, filters, kind):
    values = {"market": market, **filters} if isinstance(filters, dict) else filters
    with pytest.raises((site.ValidationError, ApiError)):
        staff.export_report(report, values, kind)


def test_the_template_comes_as_a_file(site, market):
    staff.reading_template("2026-10", market)
    name, content = downloaded(site)
    assert name == f"readings-{market}-2026-10.xlsx" and content.startswith(b"PK")


def test_a_receipt_comes_as_a_file_to_staff_of_its_market_only(site, market, user):
    from decimal import Decimal

    shop = factories.shop(market)
    fee = factories.rent_bill(shop)
    factories.collect(shop.merchant, [fee], "Cash", Decimal(3000), "Administrator", datetime(2026, 11, 5, 9))
    receipt = site.get_last_doc("Receipt", {"market": market}).name
    staff.receipt_pdf(receipt)
    assert downloaded(site)[1].startswith(b"%PDF")
    user(factories.market(), "Market Cashier")
    with pytest.raises(site.PermissionError):
        staff.receipt_pdf(receipt)
