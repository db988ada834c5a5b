"""Bad files, a machine that lacks something, settings that lack something: a clear message, and nothing half done."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.live import Caller, Refusal, WebServer
from tests.sites import ROOT
from tests.world import NOW, Tenant, World

BROKEN = ROOT / "fixtures" / "broken"
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")
FORM, READINGS, ARREARS = "import_merchants", "import_readings", "import_arrears"
API = "market_mgmt.api"


@pytest.fixture(scope="module")
def office(live_site: Any) -> tuple[str, Caller]:
    """A market of its own and somebody of its finance."""
    world = World(live_site)
    live_site.set_clock(NOW)
    market = world.market()
    return market, world.clerk(market, "Market Finance")


def imported(world: World, office: tuple[str, Caller], method: str, file: Path) -> dict[str, Any]:
    """What the clerk sees of an import when it has ended."""
    market, clerk = office
    arguments = {"market": market, "file": world.upload(clerk, file), "dry_run": False}
    if method == READINGS:
        arguments["period"] = "2026-10"
    name = clerk.post(f"{API}.staff.{method}", **arguments)["name"]
    world.work()
    return clerk.get(f"{API}.staff.import_progress", name=name)


@pytest.mark.parametrize("method", [FORM, READINGS, ARREARS])
@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("cut_off.xlsx", "NOT_A_WORKBOOK"),
        ("not_a_workbook.xlsx", "NOT_A_WORKBOOK"),
        ("wrong_template.xlsx", "WRONG_TEMPLATE"),
    ],
)
def test_an_unusable_workbook_is_refused_as_a_whole(
    world: World, office: tuple[str, Caller], file: str, code: str, method: str
) -> None:
    # Given what the books hold
    before = world.counts()

    # When the clerk imports a file that cannot be read as what it should be
    state = imported(world, office, method, BROKEN / file)

    # Then the import says why in Chinese, and nothing was added
    assert (state["state"], state.get("error_code")) == ("Failed", code)
    assert CHINESE.search(state["message"])
    assert world.counts() == before


def test_a_workbook_without_rows_is_refused(world: World, office: tuple[str, Caller]) -> None:
    before = world.counts()

    state = imported(world, office, FORM, BROKEN / "no_rows.xlsx")

    assert (state["state"], state["error_code"]) == ("Failed", "NO_ROWS")
    assert CHINESE.search(state["message"])
    assert world.counts() == before


def test_a_form_with_too_many_bad_rows_is_refused_with_each_of_them_explained(
    world: World, office: tuple[str, Caller]
) -> None:
    # Given a form of thirty rows of which nine are wrong
    before = world.counts()

    # When the clerk imports it
    state = imported(world, office, FORM, BROKEN / "information_too_many_errors.xlsx")

    # Then it is refused as a whole, with a workbook of exactly the wrong rows
    result = state["result"]
    assert (result["status"], result["rows"], result["rejected"]) == ("Refused", 30, 9)
    assert world.counts() == before | {"Market Import": before["Market Import"] + 1}
    assert [error for error in result["errors"] if not CHINESE.search(error["reason"])] == []
    _market, clerk = office
    workbook = clerk.http.get(f"{clerk.base}{result['error_workbook']}", timeout=30)
    sheet = load_workbook(io.BytesIO(workbook.content)).worksheets[0]
    title_and_header = 2
    assert sheet.max_row - title_and_header == len({error["row"] for error in result["errors"]}) == 9


def test_of_refused_readings_only_the_refusal_is_kept(world: World, office: tuple[str, Caller]) -> None:
    # Given what the books hold
    before = world.counts()

    # When the clerk imports readings of which too many are wrong
    result = imported(world, office, READINGS, BROKEN / "readings_too_many_errors.xlsx")["result"]

    # Then no reading is taken in, and the import's record says so
    assert result["status"] == "Refused"
    assert world.value("Market Import", result["document"], "status") == "Refused"
    kept = before["Market Import"] + 1
    assert world.counts() == before | {"Market Import": kept}


@pytest.fixture
def receipt(world: World) -> tuple[Tenant, str]:
    """A payer and a receipt whose PDF has not been made yet."""
    tenant = world.bound_tenant()
    placed = tenant.pay()
    tenant.phone.confirm(placed["pay_params"], NOW)
    world.delivered()
    return tenant, tenant.receipts()[0]["name"]


@pytest.fixture
def machine(world: World) -> Iterator[Callable[..., str]]:
    """Serves the site once more, as on a machine with another environment; returns the address."""
    started: list[WebServer] = []

    def serve(**environment: str) -> str:
        server = WebServer(world.site.bench, **environment)
        started.append(server)
        server.start()
        return server.base

    yield serve
    for server in started:
        server.stop()


def lacking(tmp_path: Path, what: str) -> dict[str, str]:
    """The environment of a machine without wkhtmltopdf or without any font."""
    if what == "wkhtmltopdf":
        return {"PATH": str(tmp_path)}
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>")
    return {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}


@pytest.mark.parametrize(
    ("what", "package"), [("wkhtmltopdf", "wkhtmltopdf"), ("any font", "fonts-noto-cjk")]
)
def test_a_machine_that_cannot_print_says_what_to_install(
    world: World,
    receipt: tuple[Tenant, str],
    machine: Callable[..., str],
    tmp_path: Path,
    what: str,
    package: str,
) -> None:
    # Given a receipt, and a machine that lacks something
    tenant, name = receipt
    good, tenant.phone.base = tenant.phone.base, machine(**lacking(tmp_path, what))

    # When the payer asks for the PDF
    with pytest.raises(Refusal) as refused:
        tenant.phone.post(f"{API}.merchant.receipt_pdf", receipt=name)

    # Then the message names the package, no empty file is kept, and the PDF can be had once it is there
    assert (refused.value.status, refused.value.code) == (503, "PDF_UNAVAILABLE")
    assert f"apt-get install {package}" in refused.value.message
    assert CHINESE.search(refused.value.message)
    assert not world.value("Receipt", name, "pdf")
    tenant.phone.base = good
    assert tenant.phone.post(f"{API}.merchant.receipt_pdf", receipt=name).startswith(b"%PDF")


def sign_in(tenant: Tenant) -> Any:
    return tenant.phone.sign_in()


def pay(tenant: Tenant) -> Any:
    return tenant.pay()


def ask_for_code(tenant: Tenant) -> Any:
    return tenant.phone.post(
        f"{API}.auth.request_sms_code",
        market=tenant.market,
        stall_no=tenant.stall_no,
        phone=tenant.phone.phone,
    )


SETTINGS: list[tuple[str, str | None, Callable[[Tenant], Any]]] = [
    ("wechat_mini_appid", None, sign_in),
    ("wechat_mini_secret", None, sign_in),
    ("lookup_key", None, ask_for_code),
    ("tencent_sms", None, ask_for_code),
    *(
        ("tencent_sms", part, ask_for_code)
        for part in ("secret_id", "secret_key", "app_id", "sign_name", "code_template")
    ),
    ("wechat_pay", None, pay),
    *(
        ("wechat_pay", part, pay)
        for part in ("mchid", "serial_no", "private_key", "apiv3_key", "appid", "notify_base")
    ),
]


@pytest.fixture
def without(world: World) -> Iterator[Callable[[str, str | None], None]]:
    """Takes a setting, or a part of one, out of site_config.json for one test."""
    before = world.site.config()

    def remove(key: str, part: str | None = None) -> None:
        rest = {name: value for name, value in before[key].items() if name != part} if part else None
        world.site.configure(**{key: rest})

    yield remove
    world.site.configure(**before)


@pytest.mark.parametrize(
    ("key", "part", "attempt"), SETTINGS, ids=[f"{key}.{part}" if part else key for key, part, _ in SETTINGS]
)
def test_a_missing_setting_is_named_with_the_command_that_sets_it(
    world: World,
    without: Callable[..., None],
    key: str,
    part: str | None,
    attempt: Callable[[Tenant], Any],
) -> None:
    # Given a site whose configuration lacks something
    tenant = world.bound_tenant()
    before = world.counts()
    without(key, part)

    # When a merchant does what needs it
    with pytest.raises(Refusal) as refused:
        attempt(tenant)

    # Then the message names the setting and the command, and nothing was begun
    assert (refused.value.status, refused.value.code) == (417, "NOT_CONFIGURED")
    message = refused.value.message
    assert all(word in message for word in (key, part or key, "bench --site", "set-config"))
    assert CHINESE.search(message)
    assert world.counts() == before


def test_no_personal_data_is_stored_without_the_key_that_seals_it(
    world: World, without: Callable[..., None]
) -> None:
    # Given a site whose SM4 keys are gone, and an administrator
    market = world.market()
    administrator = world.clerk(market, "Market Administrator")
    without("sm4_keys")
    before = world.counts()

    # When a merchant with a phone number is entered by Frappe's own REST
    answer = administrator.http.post(
        f"{administrator.base}/api/resource/Merchant",
        json={"market": market, "merchant_name": "张三", "phone": "13800000000"},
        timeout=30,
    )

    # Then the setting is named and nothing is stored
    assert answer.status_code == 417
    assert "sm4_keys" in Refusal(answer).message
    assert world.counts() == before
