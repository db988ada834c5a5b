"""Notifications and platform certificates of WeChat Pay v3: what is believed and what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cn_connect.errors import SignatureInvalid
from cn_connect.tests import peers
from cn_connect.tests.peers import NOW, ORDER, PAID
from cn_connect.wechat.pay_messages import refund, transaction

QUERY_PATH = f"/v3/pay/transactions/out-trade-no/{ORDER}"


def test_a_notification_is_verified_and_opened(wechat, client):
    body = wechat.notification(PAID)

    told = client.parse_notification(wechat.headers(body), body, NOW)

    assert told.event_type == "TRANSACTION.SUCCESS"
    assert transaction(told.resource).amount == Decimal("128.50")


def test_headers_are_found_whatever_their_case(wechat, client):
    body = wechat.notification(PAID)
    headers = {name.upper(): value for name, value in wechat.headers(body).items()}

    assert client.parse_notification(headers, body, NOW).resource["out_trade_no"] == ORDER


def test_public_key_and_certificate_are_both_accepted_at_once(wechat, client_for):
    client = client_for(public_key_id=peers.PUBLIC_KEY_ID, public_key=peers.public_pem(wechat.key))
    body = wechat.notification(PAID)

    by_certificate = client.parse_notification(wechat.headers(body), body, NOW)
    wechat.sign_as = peers.PUBLIC_KEY_ID
    by_public_key = client.parse_notification(wechat.headers(body), body, NOW)

    assert by_certificate == by_public_key


def test_a_client_with_a_public_key_asks_for_answers_signed_with_it(wechat, client_for):
    client = client_for(
        certificates=[], public_key_id=peers.PUBLIC_KEY_ID, public_key=peers.public_pem(wechat.key)
    )
    wechat.sign_as = peers.PUBLIC_KEY_ID
    wechat.answers["GET", QUERY_PATH] = 200, PAID

    client.query_order(ORDER)

    assert wechat.seen[-1].headers["Wechatpay-Serial"] == peers.PUBLIC_KEY_ID


@pytest.mark.parametrize("offset", [timedelta(seconds=-301), timedelta(seconds=301)])
def test_a_notification_more_than_five_minutes_off_is_refused(wechat, client, offset):
    body = wechat.notification(PAID)

    with pytest.raises(SignatureInvalid, match="five minutes"):
        client.parse_notification(wechat.headers(body, at=NOW + offset), body, NOW)


@pytest.mark.parametrize("offset", [timedelta(seconds=-300), timedelta(seconds=300)])
def test_five_minutes_are_still_accepted(wechat, client, offset):
    body = wechat.notification(PAID)

    client.parse_notification(wechat.headers(body, at=NOW + offset), body, NOW)


def test_a_changed_notification_is_refused(wechat, client):
    body = wechat.notification(PAID)
    headers = wechat.headers(body)

    with pytest.raises(SignatureInvalid):
        client.parse_notification(headers, body.replace(b"TRANSACTION", b"transaction"), NOW)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Wechatpay-Signature", ""),
        ("Wechatpay-Signature", "WECHATPAY/SIGNTEST/AAAA"),
        ("Wechatpay-Serial", "4BA8"),
        ("Wechatpay-Serial", "PUB_KEY_ID_9"),
        ("Wechatpay-Timestamp", "yesterday"),
        ("Wechatpay-Timestamp", "9" * 5000),
        ("Wechatpay-Timestamp", "²"),
        ("Wechatpay-Timestamp", "-1"),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3"),
    ],
)
def test_wrong_headers_are_refused(wechat, client, header, value):
    wechat.answers["GET", "/v3/certificates"] = 200, wechat.certificates_answer()
    body = wechat.notification(PAID)

    with pytest.raises(SignatureInvalid):
        client.parse_notification({**wechat.headers(body), header: value}, body, NOW)


def test_a_signed_notification_sealed_with_another_key_is_refused(wechat, client_for):
    client = client_for(apiv3_key="f" * 32)
    body = wechat.notification(PAID)

    with pytest.raises(SignatureInvalid, match="apiv3_key"):
        client.parse_notification(wechat.headers(body), body, NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"resource": {}}', b"\xff", b'{"resource": []}'])
def test_a_signed_but_malformed_notification_is_refused(wechat, client, body):
    with pytest.raises(SignatureInvalid):
        client.parse_notification(wechat.headers(body), body, NOW)


@pytest.mark.parametrize("lacking", ["out_trade_no", "trade_state", "mchid"])
def test_a_transaction_without_its_essentials_is_refused(lacking):
    said = {name: value for name, value in PAID.items() if name != lacking}

    with pytest.raises(SignatureInvalid):
        transaction(said)


def test_amounts_in_a_transaction_are_whole_fen():
    with pytest.raises(SignatureInvalid):
        transaction({**PAID, "amount": {"total": 128.5}})


def test_a_refund_notification_names_its_status_differently():
    told = refund(
        {
            "mchid": "1900000109",
            "out_trade_no": ORDER,
            "transaction_id": "42",
            "out_refund_no": "R1",
            "refund_id": "50",
            "refund_status": "SUCCESS",
            "success_time": "2026-11-20T01:30:00Z",
            "amount": {"total": 12850, "refund": 12850},
        }
    )

    assert (told.status, told.success_time) == ("SUCCESS", NOW)
    assert (told.payee, told.accepted_at, told.returned) == (("1900000109", ""), None, False)


# Platform certificates


def test_an_unknown_certificate_is_downloaded_once_a_minute_at_most(wechat, client_for):
    client = client_for(certificates=[])
    wechat.answers["GET", "/v3/certificates"] = 200, wechat.certificates_answer()
    body = wechat.notification(PAID)

    client.parse_notification(wechat.headers(body), body, NOW)
    for _again in range(3):
        with pytest.raises(SignatureInvalid, match="unknown"):
            client.parse_notification({**wechat.headers(body), "Wechatpay-Serial": "ABCDEF"}, body, NOW)

    assert len(wechat.seen) == 1


def test_a_merchant_who_has_no_certificates_any_more_refuses_what_claims_to_be_signed_with_one(
    wechat, client_for
):
    client = client_for(
        certificates=[], public_key_id=peers.PUBLIC_KEY_ID, public_key=peers.public_pem(wechat.key)
    )
    wechat.answers["GET", "/v3/certificates"] = (
        404,
        {"code": "RESOURCE_NOT_EXISTS", "message": "无可用的平台证书"},
    )
    body = wechat.notification(PAID)

    with pytest.raises(SignatureInvalid, match="unknown"):
        client.parse_notification(wechat.headers(body), body, NOW)


def test_an_expired_certificate_is_not_believed(wechat, client):
    body = wechat.notification(PAID)
    later = NOW + timedelta(days=365 * 50)

    with pytest.raises(SignatureInvalid, match="expired"):
        client.parse_notification(wechat.headers(body, at=later), body, later)
