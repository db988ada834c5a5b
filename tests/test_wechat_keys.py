"""Keys change on either side while people pay: no request fails, no notification is refused."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live import Refusal
from tests.notifications import refunded
from tests.office import attempts
from tests.world import World


class Cashdesk:
    """A market at which somebody pays whenever they are asked to, and what became of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.market = world.market()

    def pays(self) -> str:
        """A payment, settled by nothing but its notification; returns the serial number of the key that signed it."""
        before = len(attempts(self.world))
        order = self.world.paid(self.world.bound_tenant(market=self.market))
        tried = attempts(self.world)[before:]
        assert [attempt["status"] for attempt in tried] == [200], tried
        (attempt,) = tried
        assert self.world.value("Market Payment Order", order, "status") == "Paid"
        return attempt["serial"]


@pytest.fixture
def desk(world: World) -> Iterator[Cashdesk]:
    before = world.site.config()["wechat_pay"]
    yield Cashdesk(world)
    world.site.configure(wechat_pay=before)


def settings(world: World, **changes: Any) -> dict[str, Any]:
    """The entry of the direct merchant; None leaves something out."""
    entry = {**world.site.keys.pay_account(world.site.base), **changes}
    return {name: value for name, value in entry.items() if value is not None}


def test_from_the_platform_certificate_to_the_public_key(world: World, desk: Cashdesk) -> None:
    # Given a merchant of the days before the public key, whose notifications are signed with the certificate
    site, keys = world.site, world.site.keys
    old = settings(world, public_key=None, public_key_id=None)
    site.configure(wechat_pay=old)
    site.control("notify_by", public_key=False)
    assert desk.pays() == keys.platform_serial

    # When WeChat renews its certificate, nobody does anything
    renewed = site.control("renew_platform_certificate")["serial_no"]
    assert desk.pays() == renewed

    # When the operator adds the public key, answers come by it at once, notifications as WeChat moves them
    site.configure(wechat_pay=settings(world))
    assert desk.pays() == renewed
    site.control("notify_by", public_key=True)
    assert desk.pays() == keys.platform_public_key_id
    site.control("notify_by", public_key=False)
    assert desk.pays() == renewed
    site.control("notify_by", public_key=True)

    # Then the certificates can go
    site.configure(wechat_pay=settings(world, certificates=None))
    assert desk.pays() == keys.platform_public_key_id


def test_a_new_api_certificate_of_the_merchant_s(world: World, desk: Cashdesk) -> None:
    # Given a further API certificate, applied for on the merchant platform, both being valid
    site, keys = world.site, world.site.keys
    old = settings(world)
    new = settings(world, **site.control("new_merchant_certificate", mchid=keys.mchid))
    desk.pays()

    # When the operator puts it first, and revokes the old one a day later
    site.configure(wechat_pay=[new, old])
    desk.pays()
    site.control("revoke_merchant_certificate", mchid=keys.mchid, serial_no=keys.merchant_serial)
    desk.pays()
    site.configure(wechat_pay=new)
    desk.pays()

    # Then the old one is of no use any more
    site.configure(wechat_pay=old)
    with pytest.raises(Refusal) as refused:
        desk.pays()
    assert "SIGN_ERROR" in refused.value.message


def test_a_new_apiv3_key(world: World, desk: Cashdesk) -> None:
    # Given a payment whose notification, sealed with the key of today, is on its way
    site, keys = world.site, world.site.keys
    tenant = world.bound_tenant(market=desk.market)
    site.control("fault", target="wechat_pay.notify", mode="hold")
    under_way = world.paid(tenant)

    # When the operator puts the new key first, and sets it on the merchant platform
    key = secrets.token_hex(16)
    site.configure(wechat_pay=[settings(world, apiv3_key=key), settings(world)])
    desk.pays()
    site.control("apiv3_key", mchid=keys.mchid, key=key)
    desk.pays()

    # Then the older notification still opens
    site.control("release")
    assert world.value("Market Payment Order", under_way, "status") == "Paid"

    # And once the old entry is gone, what is sealed with the old key is refused
    site.configure(wechat_pay=settings(world, apiv3_key=key))
    desk.pays()
    assert refunded(keys, "R1", under_way, "1.00").post(site, "refund_notify").status_code == 401
