"""The outbox: queued with its cause, delivered once, tried again with pauses, told to the apps."""

import json
from datetime import datetime, timedelta

import pytest

import frappe
from cn_connect import counters, outbox
from cn_connect.errors import GatewayRefused, GatewayUnavailable

NOW = datetime(2026, 11, 20, 9, 30)
told: list[tuple[str, str]] = []


def listener(message):
    told.append((message.name, message.state))


def failing_listener(message):
    frappe.get_doc({"doctype": "ToDo", "description": "half done"}).insert()
    raise RuntimeError("cannot listen")


@pytest.fixture(autouse=True)
def prepared(site, contained, hooks_of):
    told.clear()
    for channel in ("SMS", "Voice", "WeChat", "In-App"):
        counters.forget(f"outbox_alarm:{channel}")
    site.db.delete("Outbox Message", {"name": ("is", "set")})
    site.db.savepoint("kept")
    hooks_of(outbox_state_changed=[listener])


class Gateway:
    """A sender that answers with `outcome`: an id, or an error to raise."""

    def __init__(self, outcome="id1"):
        self.outcome = outcome
        self.sent = []

    def __call__(self, message, now):
        self.sent.append(message.name)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def text(key="k1", **changes):
    usual = {"dedupe_key": key, "now": NOW, "phone": "13812345678", "reference": ("User", "Administrator")}
    return outbox.queue("SMS", "449739", ["A-101"], **{**usual, **changes})


def deliver(gateway_, now=NOW, **options):
    return outbox.deliver_due(
        now, senders=dict.fromkeys(("SMS", "Voice", "WeChat", "In-App"), gateway_), **options
    )


def state(site, name):
    return site.db.get_value("Outbox Message", name, "state")


def test_a_message_is_queued_with_a_sealed_recipient(site):
    message = site.get_doc("Outbox Message", text())

    assert (message.state, message.recipient, message.attempts) == ("Queued", "138****5678", 0)
    assert json.loads(message.payload) == ["A-101"]
    assert (message.reference_doctype, message.reference_name) == ("User", "Administrator")


def test_one_cause_gives_one_message(site):
    assert text("same") == text("same")
    assert site.db.count("Outbox Message", {"dedupe_key": "same"}) == 1


def test_a_due_message_is_sent_and_told(site):
    name, gateway_ = text(), Gateway("5000:1")

    run = deliver(gateway_)

    message = site.get_doc("Outbox Message", name)
    assert (message.state, message.gateway_id, message.attempts) == ("Sent", "5000:1", 1)
    assert site.utils.get_datetime(message.sent_at) == NOW
    assert run.counts == {("SMS", "Sent"): 1}
    assert told == [(name, "Sent")]


def test_a_sent_message_is_not_sent_again():
    text()
    gateway_ = Gateway()

    deliver(gateway_)
    deliver(gateway_, NOW + timedelta(hours=1))

    assert len(gateway_.sent) == 1


def test_a_message_held_back_waits_for_its_time(site):
    name, gateway_ = text(not_before=NOW + timedelta(hours=11)), Gateway()

    deliver(gateway_)
    assert state(site, name) == "Queued"
    deliver(gateway_, NOW + timedelta(hours=11))

    assert state(site, name) == "Sent"


def test_a_passing_fault_is_tried_again_with_doubling_pauses_and_then_given_up(site):
    name, gateway_ = text(), Gateway(GatewayUnavailable("down"))
    now, pauses = NOW, []

    while state(site, name) == "Queued":
        deliver(gateway_, now)
        due = site.db.get_value("Outbox Message", name, "next_attempt_at")
        if due:
            pauses.append(site.utils.get_datetime(due) - now)
            now = site.utils.get_datetime(due)

    assert pauses == [timedelta(minutes=m) for m in (1, 2, 4, 8, 16)]
    assert state(site, name) == "Failed"
    assert len(gateway_.sent) == 6
    assert told == [(name, "Queued")] * 5 + [(name, "Failed")]


def test_a_decision_of_the_provider_is_final(site):
    name = text()

    deliver(Gateway(GatewayRefused("FailedOperation.PhoneNumberInBlacklist", "blacklist")))

    message = site.get_doc("Outbox Message", name)
    assert (message.state, message.error_code) == ("Failed", "FailedOperation.PhoneNumberInBlacklist")
    assert message.next_attempt_at is None


def test_a_bug_in_a_sender_is_logged_and_does_not_stop_the_others(site):
    first, second = text("k1"), text("k2")
    gateway_ = Gateway()
    outcomes = iter([ZeroDivisionError("oops"), "id2"])

    def send(message, now):
        gateway_.outcome = next(outcomes)
        return gateway_(message, now)

    deliver(send)

    assert {state(site, first), state(site, second)} == {"Queued", "Sent"}


def test_a_dead_channel_is_left_alone_and_raises_an_alarm_once(site):
    for number in range(8):
        text(f"k{number}")
    gateway_ = Gateway(GatewayUnavailable("down"))
    alarms = {"method": ("like", "Outbox: channel SMS%")}
    before = site.db.count("Error Log", alarms)  # on MariaDB this table knows no rollback

    deliver(gateway_)
    deliver(gateway_)

    assert len(gateway_.sent) == 5 + 3
    assert site.db.count("Error Log", alarms) - before == 1


def test_another_process_that_has_claimed_a_message_keeps_it(site):
    name, gateway_ = text(), Gateway()
    site.db.set_value("Outbox Message", name, {"state": "Sending", "claimed_at": NOW - timedelta(minutes=9)})

    deliver(gateway_)

    assert not gateway_.sent


def test_a_claim_of_a_process_that_died_is_taken_over(site):
    name, gateway_ = text(), Gateway()
    site.db.set_value("Outbox Message", name, {"state": "Sending", "claimed_at": NOW - timedelta(minutes=10)})

    deliver(gateway_)

    assert state(site, name) == "Sent"


def test_a_listener_that_fails_does_not_unsend_the_message(site, hooks_of):
    hooks_of(outbox_state_changed=[failing_listener, listener])
    name = text()

    deliver(Gateway())

    assert state(site, name) == "Sent"
    assert told == [(name, "Sent")]
    assert not site.db.count("ToDo", {"description": "half done"})
    assert site.db.count("Error Log", {"method": ("like", "Outbox:%failing_listener failed")})


def test_an_in_app_notice_is_delivered_by_being_there(site):
    name = outbox.queue("In-App", "due", {"title": "缴费提醒"}, dedupe_key="k", now=NOW, user="Administrator")

    assert state(site, name) == "Delivered"


def test_an_in_app_notice_held_back_appears_when_it_is_due(site):
    hold = NOW + timedelta(hours=1)
    name = outbox.queue("In-App", "due", {}, dedupe_key="k", now=NOW, user="Administrator", not_before=hold)

    assert state(site, name) == "Queued"
    deliver(Gateway(None), hold)
    assert state(site, name) == "Delivered"


def test_a_delivery_report_is_noted_and_told(site):
    name = text()
    deliver(Gateway("5000:9"))
    told.clear()

    assert outbox.record_report("5000:9", True, NOW) == name
    assert state(site, name) == "Delivered"
    assert told == [(name, "Delivered")]
    assert outbox.record_report("5000:9", False, NOW) is None


def test_a_waiting_message_can_be_taken_back_and_a_sent_one_cannot(site):
    waiting, sent = text("k1", not_before=NOW + timedelta(hours=11)), text("k2")
    deliver(Gateway())

    assert outbox.withdraw(waiting, "已缴清", NOW) is True
    assert outbox.withdraw(sent, "已缴清", NOW) is False

    deliver(Gateway(), NOW + timedelta(hours=12))
    assert site.db.get_value("Outbox Message", waiting, ["state", "error_code", "error"]) == (
        "Failed",
        "WITHDRAWN",
        "已缴清",
    )


def test_messages_wake_the_worker_once_after_the_commit(site, monkeypatch):
    jobs = []
    monkeypatch.setattr(site, "enqueue", lambda method, **options: jobs.append(method))
    site.flags.outbox_awake = False
    text("k1")
    text("k2")

    assert not jobs
    site.db.after_commit.run()
    assert jobs == ["cn_connect.outbox.deliver_job"]
