"""The pages that a browser opens: what a visitor finds there, signed in or not."""

from __future__ import annotations

from tests.live import Caller
from tests.world import World


def page(caller: Caller, path: str) -> str:
    """The HTML at that path."""
    answer = caller.http.get(caller.base + path, timeout=30)
    assert answer.status_code == 200, answer.text[:600]
    return answer.text


def test_the_front_page_lets_a_guest_sign_in(world: World) -> None:
    html = page(world.guest(), "/")

    assert '<form id="login">' in html
    assert 'id="logout"' not in html


def test_the_front_page_knows_who_is_signed_in(world: World) -> None:
    market = world.market()
    clerk = world.clerk(market, "Market Finance")

    html = page(clerk, "/")

    assert 'id="logout"' in html
    assert '<form id="login">' not in html
    assert world.value("Market", market, "market_name") in html


def test_the_front_page_is_chinese_whatever_the_browser_prefers(world: World) -> None:
    guest = world.guest()
    guest.http.headers["Accept-Language"] = "en"

    assert "菜篮子市场管理系统" in page(guest, "/")


def test_anybody_may_verify_a_document_and_read_the_api_reference(world: World) -> None:
    guest = world.guest()

    assert "没有这个验证码" in page(guest, "/verify?code=abc")
    assert "market_mgmt.api.merchant.pay" in page(guest, "/api-reference")
