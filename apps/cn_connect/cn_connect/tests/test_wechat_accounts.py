"""WeChat identities and the users they stand for."""

from datetime import datetime, timedelta

from cn_connect.wechat import accounts

NOW = datetime(2026, 11, 20, 9, 30)


def test_an_account_is_made_once_and_stands_for_its_user(site, account):
    again = accounts.remember(account.openid, NOW + timedelta(days=1))
    accounts.link(account.openid, "Administrator")

    assert again.name == account.name
    assert again.unionid == "u1"
    assert accounts.user_of(account.openid) == "Administrator"
    assert accounts.openid_of("Administrator") == account.openid


def test_an_openid_tells_upper_from_lower_case(account):
    assert accounts.user_of(account.openid.upper()) is None
    accounts.link(account.openid, "Administrator")

    assert accounts.user_of(account.openid.swapcase()) is None
