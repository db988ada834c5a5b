"""Fixtures of the connector tests."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from cn_connect.tests import peers
from cn_connect.wechat import accounts
from cn_connect.wechat.pay import PayClient
from cn_connect.wechat.pay_account import from_settings


@pytest.fixture(scope="session")
def platform_key():
    """WeChat's key; making one takes a while, so all tests share it."""
    return peers.new_key()


@pytest.fixture(scope="session")
def merchant_key():
    return peers.new_key()


@pytest.fixture
def wechat(platform_key) -> peers.WeChatPeer:
    return peers.WeChatPeer(key=platform_key)


@pytest.fixture
def pay_settings(wechat, merchant_key) -> Callable[..., dict[str, Any]]:
    """The `wechat_pay` object of site_config, with entries replaced as a test needs."""

    def settings(**changes: Any) -> dict[str, Any]:
        usual = {
            "mchid": "1900000109",
            "serial_no": "3775B6A45ACD588826D15E583A95F5DD4A4C2D19",
            "private_key": peers.private_pem(merchant_key),
            "apiv3_key": peers.APIV3_KEY,
            "appid": "wxd678efh567hg6787",
            "notify_base": "https://market.example.cn",
            "certificates": [wechat.certificate],
        }
        return {**usual, **changes}

    return settings


@pytest.fixture
def client_for(wechat, pay_settings):
    def make(**changes):
        account = from_settings(pay_settings(**changes), peers.BASE)
        return PayClient(account, session=wechat.session(), clock=wechat.clock)

    return make


@pytest.fixture
def client(client_for):
    return client_for()


@pytest.fixture
def dispatch(site) -> Callable[..., Any]:
    """Calls a whitelisted method as the web server does for an HTTP request; the body lands in `site.response`."""

    def call(
        method: Callable[..., Any], verb: str = "POST", headers: dict[str, str] | None = None, **form: Any
    ) -> Any:
        builder = EnvironBuilder(
            path=f"/api/method/anything.{method.__name__}", method=verb, headers=list((headers or {}).items())
        )
        site.local.request = Request(builder.get_environ())
        site.local.form_dict = site._dict(form)
        site.local.response = site._dict()
        site.local.message_log = []
        try:
            accepted = inspect.signature(method).parameters
            return method(**{name: value for name, value in form.items() if name in accepted})
        finally:
            site.local.request = None
            site.local.form_dict = site._dict()

    return call


@pytest.fixture
def user_with(site) -> Callable[..., str]:
    """Makes a user with those roles and nothing else."""

    def make(*roles: str) -> str:
        user = site.get_doc(
            {"doctype": "User", "email": f"{site.generate_hash(length=10)}@example.cn", "first_name": "测试"}
        )
        user.flags.no_welcome_mail = True
        user.send_welcome_email = 0
        for role in roles:
            if not site.db.exists("Role", role):
                site.get_doc({"doctype": "Role", "role_name": role}).insert()
            user.append("roles", {"role": role})
        return user.insert(ignore_permissions=True).name

    return make


@pytest.fixture
def settings_of(site) -> Iterator[Callable[..., None]]:
    """Replaces entries of site_config for one test."""
    before = dict(site.local.conf)

    def use(**changes: Any) -> None:
        site.local.conf.update(changes)

    yield use
    site.local.conf.clear()
    site.local.conf.update(before)


@pytest.fixture
def hooks_of(site, monkeypatch) -> Callable[..., None]:
    """Sets hooks for one test; functions may be given themselves instead of their dotted names."""
    usual_hooks, usual_attr = site.get_hooks, site.get_attr
    hooks: dict[str, Any] = {}
    functions: dict[str, Callable[..., Any]] = {}

    def name_of(function: Any) -> Any:
        if callable(function):
            functions[f"test.{function.__name__}"] = function
            return f"test.{function.__name__}"
        return function

    def use(**changes: Any) -> None:
        for hook, value in changes.items():
            hooks[hook] = [name_of(entry) for entry in value] if isinstance(value, list) else value

    monkeypatch.setattr(
        site,
        "get_hooks",
        lambda hook=None, *a, **k: hooks[hook] if hook in hooks else usual_hooks(hook, *a, **k),
    )
    monkeypatch.setattr(site, "get_attr", lambda name: functions.get(name) or usual_attr(name))
    return use


@pytest.fixture
def contained(site, monkeypatch) -> None:
    """For code that commits and rolls back itself: both reach only as far as a savepoint of the test."""
    roll_back = site.db.rollback
    site.db.savepoint("kept")
    monkeypatch.setattr(site.db, "commit", lambda: site.db.savepoint("kept"))
    monkeypatch.setattr(site.db, "rollback", lambda **_options: roll_back(save_point="kept"))


@pytest.fixture
def account(site):
    """A person who signed in by WeChat."""
    return accounts.remember(f"o{site.generate_hash()}", peers.NOW, unionid="u1", appid="wx1")
