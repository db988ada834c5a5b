"""Subscribe messages: one consent sends one message, and the ledger of consents stays true."""

from datetime import datetime, timedelta

import pytest

from cn_connect import consents, outbox, outbox_channels
from cn_connect.errors import GatewayUnavailable, NoConsent
from cn_connect.wechat import gateway

NOW = datetime(2026, 11, 20, 9, 30)


@pytest.fixture(autouse=True)
def prepared(site, contained, hooks_of):
    site.db.delete("Outbox Message", {"name": ("is", "set")})
    site.db.savepoint("kept")
    hooks_of(outbox_state_changed=[])


def state(site, name):
    return site.db.get_value("Outbox Message", name, "state")


@pytest.fixture
def mini(monkeypatch):
    class Mini:
        outcome: str | Exception = "200163836"
        sent: list = []

        def send_subscribe_message(self, *args):
            self.sent.append(args)
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return self.outcome

    mini = Mini()
    mini.sent = []
    monkeypatch.setattr(gateway, "mini_program", lambda: mini)
    return mini


def notice(account, key="w1"):
    values = {"amount1": "128.50元", "page": "pages/fees"}
    return outbox.queue("WeChat", "tpl", values, dedupe_key=key, now=NOW, openid=account.openid)


def send_real():
    return outbox.deliver_due(NOW, senders=outbox_channels.senders_of_site())


def test_one_consent_sends_one_message(site, account, mini):
    consents.grant(account, ["tpl"], NOW)
    first, second = notice(account, "w1"), notice(account, "w2")

    send_real()

    assert sorted([state(site, first), state(site, second)]) == ["Failed", "Sent"]
    assert mini.sent == [(account.openid, "tpl", {"amount1": "128.50元"}, "pages/fees")]
    assert site.db.count("Outbox Message", {"error_code": "43101"}) == 1
    assert consents.available(account.openid, "tpl") == 0


def test_a_consent_comes_back_when_the_message_did_not_go_out(site, account, mini):
    consents.grant(account, ["tpl"], NOW)
    mini.outcome = GatewayUnavailable("down")
    name = notice(account)

    send_real()

    assert state(site, name) == "Queued"
    assert consents.available(account.openid, "tpl") == 1


def test_wechats_refusal_strikes_off_what_the_ledger_still_shows(site, account, mini):
    consents.grant(account, ["tpl", "other"], NOW)
    consents.grant(account, ["tpl"], NOW)
    mini.outcome = NoConsent("43101", "user refuse to accept the msg")
    name = notice(account)

    send_real()

    assert state(site, name) == "Failed"
    assert consents.available(account.openid, "tpl") == 0
    assert consents.available(account.openid, "other") == 1


def test_the_oldest_consent_is_used_first(site, account):
    consents.grant(account, ["tpl"], NOW)
    consents.grant(account, ["tpl"], NOW - timedelta(days=1))

    taken = consents.take(account.openid, "tpl", "m1", NOW)

    assert site.utils.get_datetime(
        site.db.get_value("WeChat Consent", taken, "granted_at")
    ) == NOW - timedelta(days=1)
