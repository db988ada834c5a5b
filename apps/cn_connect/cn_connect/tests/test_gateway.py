"""Clients as the site is configured: what is missing is named, what is shared lives in the cache."""

import pytest

from cn_connect.errors import ConfigMissing
from cn_connect.wechat import gateway


@pytest.mark.parametrize("missing", ["wechat_mini_appid", "wechat_mini_secret"])
def test_a_missing_mini_program_setting_is_named(site, settings_of, missing):
    settings_of(**{"wechat_mini_appid": "wx1", "wechat_mini_secret": "s", missing: ""})

    with pytest.raises(
        ConfigMissing, match=rf"{missing}.*bench --site {site.local.site} set-config {missing}"
    ):
        gateway.mini_program()


def test_a_mini_program_is_made_once_per_configuration(settings_of):
    settings_of(wechat_mini_appid="wx1", wechat_mini_secret="s", wechat_api_base="http://one.test/")
    one = gateway.mini_program()
    settings_of(wechat_api_base="http://two.test")

    assert gateway.mini_program() is not one
    settings_of(wechat_api_base="http://one.test/")
    assert gateway.mini_program() is one


def test_the_access_token_is_shared_through_the_cache(site):
    appid = f"wx{site.generate_hash()}"
    writer, reader = gateway._TokenStore(appid), gateway._TokenStore(appid)

    assert reader.load() is None
    with writer.lock():
        writer.save("token1", 60)

    assert reader.load() == "token1"


def test_platform_certificates_are_shared_through_the_cache(site):
    mchid = site.generate_hash()

    gateway._CacheStore(mchid).save(["pem"])

    assert gateway._CacheStore(mchid).load() == ["pem"]


def test_platform_certificates_outlast_an_emptied_cache(site):
    store = gateway._CacheStore("1900000999")
    site.cache.set_value(store._key, ["pem"])
    assert store.load() == ["pem"]
    site.cache.delete_value(store._key)
    assert store.load() == ["pem"]


@pytest.mark.parametrize("settings", ['{"mchid": "1"}', {"mchid": "1"}, [{"mchid": "1"}], [3]])
def test_unusable_pay_settings_are_named(settings_of, settings):
    settings_of(wechat_pay=settings)

    with pytest.raises(ConfigMissing, match=r"wechat_pay.*set-config -p wechat_pay"):
        gateway.pay_client()


def test_while_keys_are_rotated_orders_use_the_new_and_notifications_open_with_either(
    settings_of, pay_settings, wechat
):
    new = pay_settings(serial_no="4444B6A45ACD588826D15E583A95F5DD4A4C2D19", apiv3_key="n" * 32)
    settings_of(wechat_pay=[new, pay_settings()])
    told = wechat.notification({"out_trade_no": "CM1"})  # sealed with the old key

    opened = gateway.parse_notification(wechat.headers(told), told, wechat.clock())

    assert opened.resource == {"out_trade_no": "CM1"}
    assert gateway.pay_client(new["mchid"]).account.serial_no == new["serial_no"]


def test_a_key_file_that_is_not_there_is_named(settings_of, pay_settings):
    settings_of(wechat_pay=pay_settings(private_key="keys/nowhere.pem"))

    with pytest.raises(ConfigMissing, match=r"keys/nowhere\.pem"):
        gateway.pay_client()


def test_a_key_file_lies_in_the_sites_folder(site, settings_of, pay_settings, tmp_path, monkeypatch):
    settings = pay_settings()
    (tmp_path / "pay.pem").write_text(settings["private_key"])
    monkeypatch.setattr(site, "get_site_path", lambda *parts: str(tmp_path.joinpath(*parts)))
    settings_of(wechat_pay={**settings, "private_key": "pay.pem", "mchid": site.generate_hash()})

    assert gateway.pay_client().account.private_key
