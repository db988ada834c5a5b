"""Whatever a client sends: markets do not mix, documents do not move, and what the system fills in is not theirs.

Most of it is tried for every DocType and field that the definitions name, so that a new one is tried by itself.
"""

import re
import secrets
from datetime import datetime

import pytest

from cn_connect.bulk import bulk_insert
from market_mgmt import document_rules, hooks, own_doctypes, permissions
from market_mgmt.services import waivers
from market_mgmt.tests import factories, people

SCOPED = [name for name in own_doctypes.of_a_market() if name != "Market"]
TABLES = {
    name: {f["options"] for f in said["fields"] if f["fieldtype"] == "Table"}
    for name, said in own_doctypes.definitions().items()
}


def _fields(doctype):
    return own_doctypes.definitions()[doctype]["fields"]


LINKS = [
    (doctype, row, field["fieldname"], field["options"])
    for doctype in SCOPED
    for row in (doctype, *sorted(TABLES[doctype]))
    for field in _fields(row)
    if field["fieldtype"] == "Link" and field.get("options") in SCOPED
]
WRITTEN_BY_PEOPLE = [
    name
    for name, said in own_doctypes.definitions().items()
    if any(rule.get("write") or rule.get("create") for rule in said.get("permissions", []))
]
FILLED_IN = [
    (doctype, field["fieldname"])
    for doctype in WRITTEN_BY_PEOPLE
    for field in _fields(doctype)
    if field.get("read_only") and field["fieldname"] != "market" and doctype in SCOPED
]
SAMPLES = {"Date": "2020-02-03", "Datetime": "2020-02-03 04:05:06", "Check": 1, "Int": 7, "Link": "somebody"}


@pytest.fixture
def markets(site):
    return factories.market(), factories.market()


@pytest.fixture
def acting(site):
    """Acts as a user until the test ends."""
    yield site.set_user
    site.set_user("Administrator")


def row_of(site, doctype, market):
    """A stored document of a market with nothing else in it: no controller has seen it."""
    name = f"X-{secrets.token_hex(6)}"
    bulk_insert(doctype, [{"name": name, "market": market}])
    return name


def linking(site, doctype, row, fieldname, market, name):
    """A new document of a market that links to another one, from a row of a table if that is where the link stands."""
    doc = site.new_doc(doctype)
    doc.market = market
    if row == doctype:
        doc.set(fieldname, name)
    else:
        table = next(f["fieldname"] for f in _fields(doctype) if f.get("options") == row)
        doc.append(table, {fieldname: name})
    return doc


@pytest.mark.parametrize(("doctype", "row", "fieldname", "target"), LINKS)
def test_nothing_links_into_another_market(site, markets, doctype, row, fieldname, target):
    here, there = markets
    foreign, own = row_of(site, target, there), row_of(site, target, here)
    with pytest.raises(site.ValidationError, match=foreign):
        document_rules.validate(linking(site, doctype, row, fieldname, here, foreign))
    document_rules.validate(linking(site, doctype, row, fieldname, here, own))


@pytest.mark.parametrize(("doctype", "row", "fieldname", "target"), LINKS)
def test_who_links_into_another_market_may_create_nothing(site, markets, doctype, row, fieldname, target):
    here, there = markets
    user = people.staff_user("Market Supervisor", markets=(here,))
    foreign = linking(site, doctype, row, fieldname, here, row_of(site, target, there))
    assert not permissions.has_permission(foreign, "create", user)
    # nor by saying nothing of the market, which the link decides
    foreign.market = None
    assert not permissions.has_permission(foreign, "create", user)


@pytest.mark.parametrize("doctype", SCOPED)
def test_a_stored_document_counts_and_not_what_is_claimed(site, markets, doctype):
    here, there = markets
    user = people.staff_user("Market Administrator", markets=(here,))
    doc = site.get_doc(doctype, row_of(site, doctype, there))
    doc.market = here
    for right in ("read", "write", "delete", "create", "print"):
        assert not permissions.has_permission(doc, right, user)


@pytest.mark.parametrize("doctype", SCOPED)
def test_a_document_stays_in_its_market(site, markets, doctype):
    here, there = markets
    doc = site.get_doc(doctype, row_of(site, doctype, there))
    doc.load_doc_before_save()
    doc.market = here
    with pytest.raises(site.ValidationError):
        document_rules.validate(doc)


@pytest.mark.parametrize("doctype", SCOPED)
def test_the_market_cannot_be_changed_in_a_form_either(doctype):
    field = next(f for f in _fields(doctype) if f["fieldname"] == "market")
    assert field.get("set_only_once") or field.get("read_only")


@pytest.mark.parametrize(("doctype", "fieldname"), FILLED_IN)
def test_what_the_system_fills_in_never_comes_from_a_client(site, markets, acting, doctype, fieldname):
    here, _there = markets
    acting(people.staff_user("Market Supervisor", markets=(here,)))
    field = next(f for f in _fields(doctype) if f["fieldname"] == fieldname)
    value = (field.get("options") or "").split("\n")[-1] if field["fieldtype"] == "Select" else None
    value = value or SAMPLES.get(field["fieldtype"], "12")
    stored = site.get_doc(doctype, row_of(site, doctype, here))
    stored.load_doc_before_save()
    # what is sent back as it was read is fine (but for what this row lacks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document_rules.document_values, "check", lambda _doc: None)
        document_rules.before_validate(stored)
    new = site.new_doc(doctype)
    stored.set(fieldname, value)
    new.set(fieldname, value)
    if (doctype, fieldname) != ("Fee Waiver", "status"):  # the workflow's step, which it checks itself
        with pytest.raises(site.PermissionError):
            document_rules.before_validate(stored)
    with pytest.raises(site.PermissionError):
        document_rules.before_insert(new)


def test_every_document_and_row_is_under_these_rules(site):
    for doctype in own_doctypes.of_a_market():
        events = hooks.doc_events[doctype]
        assert all(
            callable(site.get_attr(events[e])) for e in ("before_insert", "before_validate", "validate")
        )
    for doctype in own_doctypes.tables():
        assert hooks.doc_events[doctype]["before_insert"] == "market_mgmt.document_rules.row_alone"


# What an office enters as a fact, though its name sounds like a decision.
OFFICE_FACTS = {"Stall.rental_status", "Meter.status", "Meter Replacement.replaced_on"}


def test_who_decided_what_and_when_is_filled_in_by_the_system():
    names = re.compile(r"(status|state|_by|_at|_on)$")
    open_to_people = {
        f"{doctype}.{field['fieldname']}"
        for doctype in WRITTEN_BY_PEOPLE
        for field in _fields(doctype)
        if names.search(field["fieldname"]) and not field.get("read_only")
    }
    assert open_to_people == OFFICE_FACTS


def test_only_what_people_enter_is_writable_by_the_document_interface():
    assert set(WRITTEN_BY_PEOPLE) == {
        *("Market", "Market Area", "Market Staff", "Stall", "Merchant", "Lease", "Fee Type", "Late Fee Rule"),
        *("Tariff", "Meter", "Meter Replacement", "Supplier Bill", "Fee Waiver"),
    }


# -- the stories behind it ---------------------------------------------------------------------------------------

NOV_1 = datetime(2026, 11, 1, 9)


@pytest.fixture
def shop(site):
    return factories.shop()


def test_a_merchant_is_not_taken_over_by_saying_that_it_is_ours(site, shop, markets, acting):
    here, _there = markets
    acting(people.staff_user("Market Clerk", markets=(here,)))
    doc = site.get_doc("Merchant", shop.merchant)
    doc.update({"market": here, "phone": people.new_phone()})
    with pytest.raises(site.PermissionError):
        doc.save()


@pytest.mark.parametrize("claimed", [True, False])
def test_finance_of_another_market_asks_for_no_waiver(site, shop, markets, acting, claimed):
    here, _there = markets
    fee = factories.rent_bill(shop)
    acting(people.staff_user("Market Finance", markets=(here,)))
    values = {"fee": fee, "part": "Principal", "amount": 5, "reason": "x"} | (
        {"market": here} if claimed else {}
    )
    with pytest.raises(site.PermissionError):
        site.get_doc({"doctype": "Fee Waiver", **values}).insert()


@pytest.mark.parametrize("claimed", [True, False])
def test_finance_of_the_market_may(site, shop, acting, claimed):
    fee = factories.rent_bill(shop)
    acting(user := people.staff_user("Market Finance", markets=(shop.market,)))
    values = {"fee": fee, "part": "Principal", "amount": 5, "reason": "x"}
    if claimed:
        values["market"] = shop.market
    doc = site.get_doc({"doctype": "Fee Waiver", **values}).insert()
    assert (doc.market, doc.requested_by, doc.status) == (shop.market, user, waivers.REQUESTED)


@pytest.mark.parametrize("fieldname", ["requested_by", "requested_at", "decided_by", "decided_at"])
def test_who_asked_for_a_waiver_stays(site, shop, acting, fieldname):
    name = factories.waiver(factories.rent_bill(shop), "Principal", "5.00")
    user = people.staff_user("Market Finance", "Market Supervisor", markets=(shop.market,))
    acting(user)
    doc = site.get_doc("Fee Waiver", name)
    doc.set(fieldname, user if fieldname.endswith("by") else "2020-01-01 00:00:00")
    with pytest.raises(site.PermissionError):
        doc.save()


def test_a_lease_is_neither_begun_nor_ended_by_writing_its_status(site, shop, acting):
    vacant = factories.stall(shop.market)
    acting(people.staff_user("Market Supervisor", markets=(shop.market,)))
    terms = {"start_date": "2026-01-01", "end_date": "2026-12-31", "monthly_rent": 100, "cycle": "Monthly"}
    values = {"doctype": "Lease", "market": shop.market, "merchant": shop.merchant, "stall": vacant, **terms}
    with pytest.raises(site.PermissionError):
        site.get_doc({**values, "status": "Active"}).insert()
    draft = site.get_doc(values).insert()
    draft.status = "Active"
    with pytest.raises(site.PermissionError):
        draft.save()
    running = site.get_doc("Lease", shop.lease)
    running.update({"status": "Terminated", "terminated_on": "2026-10-31"})
    with pytest.raises(site.PermissionError):
        running.save()


def test_a_drafted_lease_is_activated_once(site, shop, acting):
    from market_mgmt.api import staff

    draft = factories.lease(shop.market, shop.merchant, factories.stall(shop.market), status="Draft")
    acting(people.staff_user("Market Supervisor", markets=(shop.market,)))
    assert staff.activate_lease(draft) == {"name": draft, "status": "Active"}
    with pytest.raises(site.ValidationError):
        staff.activate_lease(draft)
    acting(people.staff_user("Market Supervisor", markets=(factories.market(),)))
    with pytest.raises(site.PermissionError):
        staff.activate_lease(shop.lease)


def test_a_suppliers_bill_is_confirmed_by_its_method(site, shop, acting):
    from market_mgmt.api import staff

    acting(user := people.staff_user("Market Finance", markets=(shop.market,)))
    values = {
        "market": shop.market,
        "fee_type": "Electricity",
        "period": "2026-10",
        "units": 300,
        "amount": 200,
    }
    scan = {"doctype": "File", "file_name": "bill.pdf", "content": f"%PDF {user}", "is_private": 1}
    values["attachment"] = site.get_doc(scan).insert().file_url
    with pytest.raises(site.PermissionError):
        site.get_doc({"doctype": "Supplier Bill", **values, "status": "Confirmed"}).insert()
    name = site.get_doc({"doctype": "Supplier Bill", **values}).insert().name
    assert staff.confirm_supplier_bill(name) == {"name": name, "status": "Confirmed"}
    assert site.db.get_value("Supplier Bill", name, "confirmed_by") == user
    with pytest.raises(site.ValidationError):
        staff.confirm_supplier_bill(name)


def test_a_row_is_not_slipped_under_its_document(site, shop, acting):
    acting(people.staff_user("Market Clerk", markets=(shop.market,)))
    row = {"doctype": "Lease Rent Change", "effective_from": "2025-06-01", "monthly_rent": 1}
    place = {"parent": shop.lease, "parenttype": "Lease", "parentfield": "rent_changes"}
    with pytest.raises(site.PermissionError):
        site.get_doc({**row, **place}).insert()
    doc = site.get_doc("Lease", shop.lease)
    doc.append("rent_changes", row)
    doc.save()
    with pytest.raises(site.PermissionError):
        site.get_doc("Lease Rent Change", doc.rent_changes[0].name).save()


def test_what_all_markets_share_is_changed_by_who_is_limited_to_none(site, shop, acting):
    limited = [
        people.staff_user("Market Finance", markets=(shop.market,)),
        people.staff_user("Market Administrator", markets=(shop.market,)),
    ]
    for user in limited:
        acting(user)
        doc = site.get_doc("Fee Type", "Water")
        doc.check_permission("read")
        with pytest.raises(site.PermissionError):
            doc.save()
        with pytest.raises(site.PermissionError):
            site.get_doc(
                {"doctype": "Fee Type", "fee_type_name": "X", "code": "XX", "kind": "Fixed", "priority": 9}
            ).insert()
        with pytest.raises(site.PermissionError):
            site.get_doc({"doctype": "Market", "code": "NEW1", "market_name": "新市场"}).insert()
    for role in ("Market Administrator", "System Manager"):
        acting("Administrator")
        acting(people.staff_user(role))
        site.get_doc("Fee Type", "Water").save()
        site.get_doc(
            {"doctype": "Market", "code": f"N{secrets.token_hex(3)}", "market_name": "新市场"}
        ).insert()


def test_an_administrator_of_a_market_stays_one(site, shop, acting):
    user = people.staff_user("Market Administrator", markets=(shop.market,))
    acting(user)
    own = site.get_doc("Market Staff", {"user": user})
    with pytest.raises(site.PermissionError):
        own.delete()
    own.reload()
    own.user = None
    with pytest.raises(site.PermissionError):
        own.save()


def test_an_administrator_of_a_market_limits_no_administrator_of_all(site, shop, acting):
    boss = people.staff_user("Market Administrator")
    acting(people.staff_user("Market Administrator", markets=(shop.market,)))
    record = {"doctype": "Market Staff", "market": shop.market, "staff_name": "职员"}
    with pytest.raises(site.PermissionError):
        site.get_doc({**record, "user": boss}).insert()
    acting("Administrator")
    assert permissions.markets_of(boss) is None
    site.get_doc({**record, "user": boss}).insert()
    assert permissions.markets_of(boss) == [shop.market]


def test_records_about_all_markets_are_for_administrators_of_all(site, shop, acting):
    people.tenant(shop, NOV_1)
    acting(people.staff_user("Market Administrator", markets=(shop.market,)))
    assert site.get_list("Privacy Consent") == []
    acting("Administrator")
    acting(people.staff_user("Market Administrator"))
    assert site.get_list("Privacy Consent")


# -- values --------------------------------------------------------------------------------------------------------

VALUES = [
    "x",
    "x" * 200_000,
    "",
    None,
    "1e400",
    "NaN",
    -1,
    10**15,
    2**63,
    1.5,
    True,
    "0001-01-01",
    "9999-12-31",
]
ODD = [[1], {"a": 1}, [], {}, "\0", "\ud800", "2026-02-30", "<script>alert(1)</script>", "不存在"]
ENTERED = [
    (doctype, field["fieldname"])
    for doctype in WRITTEN_BY_PEOPLE
    for field in _fields(doctype)
    if field["fieldtype"] not in ("Section Break", "Column Break", "Tab Break", "Table")
]


@pytest.fixture
def forms(site, acting):
    """A document of every kind as an office enters it, and an administrator who has every role."""
    shop = factories.shop()
    fee, meter = factories.rent_bill(shop), factories.meter(shop)
    vacant, area = factories.stall(shop.market), factories.area(shop.market)
    roles = [f"Market {role}" for role in ("Administrator", "Clerk", "Finance", "Supervisor")]
    user = people.staff_user(*roles)
    term = {"start_date": "2026-01-01", "end_date": "2026-12-31"}
    rule = {"effective_from": "2027-01-01", "start_after_days": 7, "daily_rate": 0.0005, "cap_share": 0.2}
    dial = {"new_meter_no": "N1", "new_digits": 5, "new_multiplier": 1, "initial_reading": 0}
    of_market = {
        "Market Area": {"area_code": "Z", "area_name": "Z 区", "floor": "1"},
        "Market Staff": {"staff_name": "职员"},
        "Stall": {"stall_no": "Z1", "area": area},
        "Merchant": {"merchant_name": "商户"},
        "Lease": {
            "merchant": shop.merchant,
            "stall": vacant,
            "monthly_rent": 100,
            "cycle": "Monthly",
            **term,
        },
        "Late Fee Rule": rule,
        "Tariff": {"fee_type": "Water", "unit_price": 5, "effective_from": "2027-01-01"},
        "Meter": {"meter_no": "Z9", "stall": shop.stall, "fee_type": "Water", "digits": 5, "multiplier": 1},
        "Meter Replacement": {
            "meter": meter,
            "replaced_on": "2026-10-31",
            "reason": "坏",
            "final_reading": 1,
            **dial,
        },
        "Supplier Bill": {
            "fee_type": "Water",
            "period": "2026-10",
            "units": 1,
            "amount": 5,
            "attachment": "/f.pdf",
        },
        "Fee Waiver": {"fee": fee, "part": "Principal", "amount": 1, "reason": "减免"},
    }
    found = {doctype: {"market": shop.market, **values} for doctype, values in of_market.items()}
    found["Market"] = {"code": f"Q{secrets.token_hex(3)}", "market_name": "市场"}
    found["Fee Type"] = {"fee_type_name": "Parking", "code": "PARK", "kind": "Fixed", "priority": 60}
    acting(user)
    return found


@pytest.mark.parametrize("doctype", WRITTEN_BY_PEOPLE)
def test_what_an_office_enters_is_taken_and_nothing_at_all_is_refused(site, forms, doctype):
    with pytest.raises(site.ValidationError):
        site.get_doc({"doctype": doctype}).insert()
    name = site.get_doc({"doctype": doctype, **forms[doctype]}).insert().name
    assert site.db.exists(doctype, name)


@pytest.mark.parametrize(("doctype", "fieldname"), ENTERED)
def test_no_value_of_a_field_breaks_anything(site, bench, forms, doctype, fieldname):
    for value in (*VALUES, *ODD):
        if bench.stock and (isinstance(value, dict | list) or value == "\ud800"):
            continue  # the doors refuse them (tests/test_doors.py): stock Frappe looks links up before any hook
        site.db.savepoint("tried")
        try:
            site.get_doc({"doctype": doctype, **forms[doctype], fieldname: value}).insert()
        except Exception as error:
            if getattr(error, "http_status_code", 500) >= 500:
                raise
        site.db.sql("ROLLBACK TO SAVEPOINT tried")
        site.clear_messages()


def test_a_reason_does_not_fill_the_disk(site, forms):
    with pytest.raises(site.ValidationError, match="原因"):
        site.get_doc({"doctype": "Fee Waiver", **forms["Fee Waiver"], "reason": "x" * 200_000}).insert()


def test_a_lease_ends_in_times_that_there_are(site, forms):
    with pytest.raises(site.ValidationError):
        site.get_doc({"doctype": "Lease", **forms["Lease"], "end_date": "9999-12-31"}).insert()


def test_who_put_another_phone_on_file_stands_on_the_merchant(site, shop, acting):
    people.set_phone(shop)
    acting(user := people.staff_user("Market Clerk", markets=(shop.market,)))
    doc = site.get_doc("Merchant", shop.merchant)
    doc.business_category = "蔬菜"
    assert doc.save().phone_changed_by != user
    doc.phone = people.new_phone()
    assert doc.save().phone_changed_by == user
    assert doc.phone_changed_at
    doc.phone_changed_by = None
    with pytest.raises(site.PermissionError):
        doc.save()
