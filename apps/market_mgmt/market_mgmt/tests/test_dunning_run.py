"""Dunning runs through the days after a bill: what goes out, to whom, by which channel, and when not."""

from datetime import date, datetime, timedelta

import pytest

import frappe
from cn_connect import outbox
from cn_connect.errors import GatewayRefused, NoConsent
from market_mgmt.services import billing, dunning, ledger
from market_mgmt.tests import factories, people

NOV_1 = datetime(2026, 11, 1, 9)
TEMPLATES = {
    "WeChat": {name: f"tmpl-{name}" for name in ("before_due", "due", "overdue", "late_fee")},
    "SMS": {"overdue": "sms-overdue"},
    "Voice": {"overdue": "voice-overdue"},
}


def on(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute)


@pytest.fixture
def shop(site, monkeypatch):
    """A shop with a rent bill due on 8 November, and all channels configured."""
    monkeypatch.setitem(site.conf, "dunning_templates", TEMPLATES)
    shop = factories.shop()
    people.set_phone(shop)
    factories.rent_bill(shop)
    return shop


def notices(site, shop, **filters):
    return site.get_all(
        "Dunning Notice",
        {"lease": shop.lease, **filters},
        ["level", "channel", "state"],
        order_by="queued_at, level, channel",
    )


def sent(site, shop):
    return [(row.level, row.channel) for row in notices(site, shop)]


def tenant_with_consents(shop):
    user, openid = people.tenant(shop, NOV_1)
    for template in TEMPLATES["WeChat"].values():
        people.consent(openid, template, NOV_1)
    return user, openid


def deliver(site, now, **senders):
    """Delivers as the outbox job does, without its commits; a channel's sender may be replaced."""
    site.db.commit, commit = (lambda: None), site.db.commit
    try:
        return outbox.deliver_due(now, senders=senders)
    finally:
        site.db.commit = commit


def pay_all(shop, now):
    fees = [row.name for row in ledger.open_fees(now.date(), merchant=shop.merchant)]
    total = sum(row.total for row in ledger.open_fees(now.date(), merchant=shop.merchant))
    factories.collect(shop.merchant, fees, "Cash", total, "Administrator", now)


def reverse_all(shop, now):
    for row in ledger.open_fees(now.date(), merchant=shop.merchant):
        billing.reverse(row.name, "录入错误", now)


def waive_all(shop, now):
    from cn_connect import clock

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "now", lambda: now)
        for row in ledger.open_fees(now.date(), merchant=shop.merchant):
            for part, amount in (("Principal", row.principal), ("Late Fee", row.late_fee)):
                waiver = frappe.get_doc("Fee Waiver", factories.waiver(row.name, part, str(amount)))
                waiver.status = "Approved"
                waiver.save()


def test_a_bill_that_nobody_pays(site, shop):
    # given an account with one consent of each kind
    tenant_with_consents(shop)
    # when the office runs dunning every morning
    for day in range(1, 16):
        run = dunning.run(shop.market, on(day))
    # then each level went out once, by its channels
    assert sent(site, shop) == [
        ("Before Due", "WeChat"),
        ("Due", "WeChat"),
        ("Late Fee", "WeChat"),
        ("Overdue 1", "WeChat"),
        ("Overdue 3", "SMS"),
        ("Overdue 3", "Voice"),
    ]
    # and on the seventh day a red card was drafted
    assert len(run.red_cards) == 1


def test_running_it_again_sends_nothing(site, shop):
    assert dunning.run(shop.market, on(9)).total == 2
    again = dunning.run(shop.market, on(9, 15))
    assert (again.total, again.red_cards) == (0, [])


def test_without_consent_the_notice_appears_in_the_app(site, shop):
    people.tenant(shop, NOV_1)
    run = dunning.run(shop.market, on(8))
    assert run.counts == {"Due": {"In-App": 1}}
    assert notices(site, shop) == [{"level": "Due", "channel": "In-App", "state": "Delivered"}]


def test_a_merchant_without_phone_is_told_in_the_app(site, shop):
    merchant = site.get_doc("Merchant", shop.merchant)
    merchant.phone = ""
    merchant.save()
    assert dunning.run(shop.market, on(11)).counts["Overdue 3"] == {"In-App": 1}


def test_after_downtime_only_the_highest_level_is_sent(site, shop):
    run = dunning.run(shop.market, on(12))
    assert set(run.counts) == {"Overdue 3", "Late Fee"}


def test_messages_of_quiet_hours_wait_for_the_morning(site, shop):
    tenant_with_consents(shop)
    dunning.run(shop.market, on(9, 21, 30))
    rows = site.get_all("Dunning Notice", {"lease": shop.lease}, ["state", "not_before", "outbox_message"])
    assert {row.not_before for row in rows} == {on(10, 8)}
    due = {site.db.get_value("Outbox Message", row.outbox_message, "next_attempt_at") for row in rows}
    assert due == {on(10, 8)}
    assert {row.state for row in rows} == {"Queued"}


@pytest.mark.parametrize("settle", [pay_all, reverse_all, waive_all])
def test_what_is_settled_during_quiet_hours_is_not_dunned_in_the_morning(site, shop, settle):
    # given a call queued at night
    dunning.run(shop.market, on(11, 22))
    # when everything is paid, taken back or waived before the morning
    settle(shop, on(11, 23))
    # then nobody is called
    run = deliver(site, on(12, 8, 1), SMS=never, Voice=never)
    assert not run.counts
    assert {row.state for row in notices(site, shop, channel=("in", ("SMS", "Voice")))} == {"Failed"}


def test_a_dunning_block_holds_until_its_last_day(site, shop):
    merchant = site.get_doc("Merchant", shop.merchant)
    merchant.update(
        {"dunning_blocked": 1, "dunning_block_reason": "分期协议", "dunning_block_until": date(2026, 11, 16)}
    )
    merchant.save()
    blocked = dunning.run(shop.market, on(16))
    assert (blocked.total, blocked.red_cards, blocked.skipped) == (0, [], {"blocked": 1})
    assert len(dunning.run(shop.market, on(17)).red_cards) == 1


def test_a_payment_under_way_is_respected(site, shop):
    # given an order that may still succeed
    fee = site.db.get_value("Fee", {"lease": shop.lease, "period": "2026-10"})
    factories.order(shop, [fee], on(9), expires_at=on(9) + timedelta(minutes=15))
    # then its fees are left alone until it expires
    assert dunning.run(shop.market, on(9, 9, 10)).skipped == {"payment_under_way": 1}
    assert dunning.run(shop.market, on(9, 9, 16)).total == 2


def test_reminders_can_be_switched_off_but_dunning_cannot(site, shop):
    merchant = site.get_doc("Merchant", shop.merchant)
    merchant.non_urgent_notices = 0
    merchant.save()
    assert dunning.run(shop.market, on(5)).skipped == {"switched_off": 1}
    assert dunning.run(shop.market, on(9)).total == 2


def test_a_paid_bill_is_not_dunned(site, shop):
    pay_all(shop, on(7))
    assert dunning.run(shop.market, on(9)).total == 0


def test_the_fate_of_a_message_is_noted(site, shop):
    tenant_with_consents(shop)
    dunning.run(shop.market, on(8))
    deliver(site, on(8), WeChat=lambda message, now: "msg-1")
    row = site.get_all("Dunning Notice", {"lease": shop.lease}, ["state", "gateway_id", "sent_at"])
    assert row == [{"state": "Sent", "gateway_id": "msg-1", "sent_at": on(8)}]


def test_a_refused_wechat_message_falls_back_to_the_app(site, shop):
    tenant_with_consents(shop)
    dunning.run(shop.market, on(8))
    deliver(site, on(8), WeChat=refuse(NoConsent("43101", "user refuse to accept the msg")))
    assert [tuple(row.values()) for row in notices(site, shop)] == [
        ("Due", "In-App", "Delivered"),
        ("Due", "WeChat", "Fallback"),
    ]


def test_a_failed_text_and_a_failed_call_share_one_fallback(site, shop):
    dunning.run(shop.market, on(11))
    error = refuse(GatewayRefused("FailedOperation", "no such number"))
    deliver(site, on(11), SMS=error, Voice=error)
    assert [tuple(row.values()) for row in notices(site, shop, level="Overdue 3")] == [
        ("Overdue 3", "In-App", "Delivered"),
        ("Overdue 3", "SMS", "Fallback"),
        ("Overdue 3", "Voice", "Fallback"),
    ]


def test_messages_name_no_person_and_calls_nothing(site, shop):
    tenant_with_consents(shop)
    dunning.run(shop.market, on(8))
    dunning.run(shop.market, on(11))
    name = site.db.get_value("Merchant", shop.merchant, "merchant_name")
    payloads = dict(
        site.get_all("Outbox Message", {"template": ("like", "%")}, ["template", "payload"], as_list=True)
    )
    assert payloads["voice-overdue"] == "[]"
    assert not any(name in payload for payload in payloads.values())
    assert site.parse_json(payloads["tmpl-due"])["amount2"] == "3000.00"


def never(message, now):
    raise AssertionError(f"sent: {message.channel} {message.template}")


def refuse(error):
    def sender(message, now):
        raise error

    return sender
