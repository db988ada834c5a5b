"""Every API method with arguments that nobody should send: it refuses with a message, and never breaks.

Made of the methods' signatures, so that a new method is tried by itself. Each argument in turn is hostile, the others
are ones that the market knows.
"""

import inspect
import json
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest

from cn_connect import api_bounds
from cn_connect.api_errors import describe
from cn_connect.wechat import gateway
from market_mgmt import hooks
from market_mgmt.tests import factories, people

NOV_1 = datetime(2026, 11, 1, 9)
TEXTS = [
    "",
    " ",
    "x",
    "不存在",
    "9999-12",
    "0001-01",
    "2026-13",
    "x" * 200_000,
    "\0",
    "\ud800",
    "%",
    "[]",
    "{}",
    "null",
]
NUMBERS: list[Any] = [
    "1e400",
    "-1e400",
    "1e-400",
    "NaN",
    "Infinity",
    10**15,
    -1,
    0,
    "0.001",
    True,
    "1_000",
    "٣",
    "",
]
HOSTILE: dict[Any, list[Any]] = {
    str: [*TEXTS, 1, None, [1], {}],
    int: [-1, 0, 10_000, 10**10, 2**63, 10**40, "x", None, 1.5, "1e5", [1]],
    bool: ["x", 2, None, [1]],
    Decimal: [*NUMBERS, "x", None, [1], {}],
    date: [
        "0001-01-01",
        "9999-12-31",
        "1949-12-31",
        "2026-02-30",
        "x",
        "",
        1,
        -1,
        10**20,
        None,
        [1],
        "2026-10-31T99",
    ],
    list: [[], [""], ["x" * 5000], ["不存在"], [1], [None], [[1]], {}, "x", None, ["x"] * 30_000],
    dict: [
        {},
        {"": ""},
        {"x": "y"},
        {"Cash": "NaN"},
        {"Cash": "1e400"},
        {"market": 1},
        [1],
        "",
        "x",
        "[",
        "[1]",
        None,
    ],
}
FILTERS = [
    {"day": 1},
    {"day": [1]},
    {"day": "x"},
    {"day": "9999-12-31"},
    {"day": {"x": 1}},
    {"period": 1},
    {"period": "9999-12"},
    {"as_of": "0001-01-01"},
    {"market": None},
    {"market": [1]},
    {"unknown": "x"},
]


def methods():
    for module in hooks.api_modules:
        package = __import__(module, fromlist=["x"])
        for name in sorted(vars(package)):
            found = getattr(getattr(package, name), "__api_method__", None)
            if found and name not in ("logout", "wechat_login"):
                yield pytest.param(found, id=f"{module.rpartition('.')[2]}.{name}")


def kinds_of(hint):
    """The types that a parameter takes."""
    if get_origin(hint) in (Union, UnionType):
        return [kind for one in get_args(hint) for kind in kinds_of(one)]
    if get_origin(hint) is Literal:
        return [str]
    return [get_origin(hint) or hint]


@pytest.fixture
def world(site):
    """A shop with everything that a method could ask for, and its people."""
    shop = factories.shop()
    fee = factories.rent_bill(shop)
    meter = factories.meter(shop)
    order = factories.order(shop, [fee], NOV_1)
    user, _openid = people.tenant(shop, NOV_1)
    staff = people.staff_user(
        *(
            f"Market {role}"
            for role in ("Clerk", "Finance", "Supervisor", "Cashier", "Leader", "Administrator")
        ),
        markets=(shop.market,),
    )
    known = {
        "market": shop.market,
        "merchant": shop.merchant,
        "lease": shop.lease,
        "meter": meter,
        "fee": fee,
        "fees": [fee],
        "payment_order": order,
        "period": "2026-10",
        "reason": "原因",
        "amount": "1.00",
        "channel": "Cash",
        "filters": {"market": shop.market},
        "report": "daily_journal",
        "kind": "merchants",
        "counted": {"Cash": "1.00"},
        "names": [fee],
        "version": "1",
    }
    return SimpleNamespace(known=known, user=user, staff=staff)


@pytest.fixture
def calm(site):
    """Nothing is committed, nobody outside is asked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site.db, "commit", lambda *_: None)
        patch.setattr(site.db, "rollback", lambda *_a, **_k: None)
        patch.setattr(
            gateway, "mini_program", lambda: SimpleNamespace(phone_number=lambda code: "13800000000")
        )
        patch.setattr(site, "enqueue", lambda *_a, **_k: None)
        yield
    site.set_user("Administrator")


def plain(parameter, known):
    if parameter.name in known:
        return known[parameter.name]
    kind = kinds_of(parameter.annotation)[0]
    options = get_args(parameter.annotation) if get_origin(parameter.annotation) is Literal else ("x",)
    return {str: options[0], int: 1, bool: True, Decimal: "1.00", date: "2026-10-31", list: ["x"], dict: {}}[
        kind
    ]


def attempt(site, method, arguments):
    """Call it as the request would; what it raises must be an answer for the client, below 500 or a gateway's 503."""
    site.db.savepoint("hostile")
    raised = None
    try:
        method.call(**arguments)
    except Exception as error:
        raised = error
    site.db.sql("ROLLBACK TO SAVEPOINT hostile")
    site.clear_messages()
    if raised is not None:
        status = getattr(describe(raised), "http_status_code", 500)
        shown = {name: str(value)[:60] for name, value in arguments.items()}
        assert status in (401, 403, 404, 409, 417, 429, 503), (shown, repr(raised)[:300])


@pytest.mark.parametrize("method", methods())
def test_hostile_arguments_are_refused(site, world, calm, method):
    user = world.user if "Market Merchant" in method.roles else world.staff
    site.set_user("Guest" if method.allow_guest and not method.roles else user)
    parameters = list(method.signature.parameters.values())
    for hostile in parameters:
        for kind in kinds_of(hostile.annotation):
            for value in HOSTILE.get(kind, []):
                others = {
                    p.name: plain(p, world.known)
                    for p in parameters
                    if p.default is inspect.Parameter.empty and p is not hostile
                }
                attempt(site, method, {**others, hostile.name: value})


@pytest.mark.parametrize("report", ["daily_journal", "collection"])
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_hostile_filters_of_reports_are_refused(site, world, calm, report, filters):
    from market_mgmt.api import staff

    site.set_user(world.staff)
    wanted = {**world.known["filters"], "period": "2026-10", **filters}
    for given in (wanted, json.dumps(wanted)):
        attempt(site, staff.export_report.__api_method__, {"report": report, "filters": given})


def test_an_import_of_a_folder_is_refused(site, world, calm):
    from market_mgmt.api import staff

    site.set_user(world.staff)
    with pytest.raises((site.ValidationError, site.PermissionError)):
        staff.import_merchants(file="Home/Attachments", market=world.known["market"])
    site.set_user("Administrator")
    with pytest.raises(site.ValidationError, match="文件夹"):
        staff.import_readings(file="Home/Attachments", market=world.known["market"])


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        (2**31 - 1, True),
        (2**31, False),
        (Decimal("9999999999.99"), True),
        (Decimal(10) ** 10, False),
        (Decimal("NaN"), False),
        (Decimal("-Infinity"), False),
        (date(1950, 1, 1), True),
        (date(2200, 1, 1), False),
        ("字" * 1000, True),
        ("字" * 1001, False),
        (["a", {"b": "\0"}], False),
        ({"x" * 1001: 1}, False),
        (True, True),
        (None, True),
    ],
)
def test_bounds(site, value, fine):
    if fine:
        api_bounds.check("name", value)
        return
    with pytest.raises(site.ValidationError, match="“name”") as refused:
        api_bounds.check("name", value)
    assert refused.value.error_code == "INVALID_ARGUMENTS"
