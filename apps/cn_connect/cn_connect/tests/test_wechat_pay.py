"""WeChat Pay v3: what is sent and what the answers mean."""

import base64
import json
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from cn_connect.errors import ConfigMissing, GatewayRefused, GatewayUnavailable, SignatureInvalid
from cn_connect.tests import peers
from cn_connect.tests.peers import NOW, ORDER, PAID
from cn_connect.wechat.pay_account import from_settings

QUERY_PATH = f"/v3/pay/transactions/out-trade-no/{ORDER}"


def place_order(client, **changes):
    usual = {
        "out_trade_no": ORDER,
        "description": "A-101 摊位 2026年10月费用",
        "amount": Decimal("128.50"),
        "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
        "expires_at": NOW + timedelta(minutes=15),
    }
    return client.create_jsapi_order(**{**usual, **changes})


def sent(wechat, index=-1):
    return json.loads(wechat.seen[index].body)


def test_an_order_is_placed_in_fen_with_china_time(wechat, client):
    wechat.answers["POST", "/v3/pay/transactions/jsapi"] = 200, {"prepay_id": "wx201410272009395522657"}

    prepay_id = place_order(client)

    assert prepay_id == "wx201410272009395522657"
    assert sent(wechat) == {
        "appid": "wxd678efh567hg6787",
        "mchid": "1900000109",
        "description": "A-101 摊位 2026年10月费用",
        "out_trade_no": ORDER,
        "amount": {"total": 12850, "currency": "CNY"},
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "time_expire": "2026-11-20T09:45:00+08:00",
        "notify_url": "https://market.example.cn/api/method/cn_connect.api.wechat_pay.notify",
    }


def test_a_request_is_signed_over_exactly_what_is_sent(wechat, client, merchant_key):
    wechat.answers["POST", "/v3/pay/transactions/jsapi"] = 200, {"prepay_id": "wx1"}

    place_order(client)

    request = wechat.seen[-1]
    scheme, rest = request.headers["Authorization"].split(" ", 1)
    parts = dict(part.split("=", 1) for part in rest.split(","))
    parts = {name: value.strip('"') for name, value in parts.items()}
    message = (
        f"POST\n{request.path_url}\n{parts['timestamp']}\n{parts['nonce_str']}\n".encode()
        + request.body
        + b"\n"
    )
    signature = base64.b64decode(parts["signature"])
    merchant_key.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert (parts["mchid"], parts["serial_no"]) == ("1900000109", "3775B6A45ACD588826D15E583A95F5DD4A4C2D19")


def test_a_service_provider_orders_for_a_sub_merchant(wechat, client_for):
    wechat.answers["POST", "/v3/pay/partner/transactions/jsapi"] = 200, {"prepay_id": "wx2"}

    place_order(client_for(partner_mode=True), sub_mchid="1900000200")

    body = sent(wechat)
    assert (body["sp_mchid"], body["sub_mchid"]) == ("1900000109", "1900000200")
    assert body["payer"] == {"sp_openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}


@pytest.mark.parametrize(("partner", "sub_mchid"), [(True, None), (False, "1900000200")])
def test_only_a_service_provider_names_a_sub_merchant_and_always_does(wechat, client_for, partner, sub_mchid):
    with pytest.raises(ConfigMissing, match="sub-merchant"):
        place_order(client_for(partner_mode=partner), sub_mchid=sub_mchid)

    assert not wechat.seen


def test_a_provider_asks_about_the_sub_merchant_s_order(wechat, client_for):
    path = f"/v3/pay/partner/transactions/out-trade-no/{ORDER}"
    wechat.answers["GET", path] = (
        200,
        {**PAID, "mchid": None, "sp_mchid": "1900000109", "sub_mchid": "1900000200"},
    )

    found = client_for(partner_mode=True).query_order(ORDER, "1900000200")

    assert (found.mchid, found.sub_mchid) == ("1900000109", "1900000200")
    assert wechat.seen[-1].path_url.endswith("?sp_mchid=1900000109&sub_mchid=1900000200")


def test_people_pay_in_the_sub_merchant_s_own_mini_program(wechat, client_for):
    wechat.answers["POST", "/v3/pay/partner/transactions/jsapi"] = 200, {"prepay_id": "wx2"}
    client = client_for(partner_mode=True, sub_appid="wxsub")

    place_order(client, sub_mchid="1900000200")

    body = sent(wechat)
    assert (body["sp_appid"], body["sub_appid"]) == ("wxd678efh567hg6787", "wxsub")
    assert body["payer"] == {"sub_openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
    assert client.pay_params("wx2", NOW)["appId"] == "wxsub"


def test_pay_params_carry_the_merchants_signature(client, merchant_key):
    params = client.pay_params("wx201410272009395522657", NOW)

    message = "\n".join([params["appId"], params["timeStamp"], params["nonceStr"], params["package"], ""])
    signature = base64.b64decode(params["paySign"])
    merchant_key.public_key().verify(signature, message.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert params["package"] == "prepay_id=wx201410272009395522657"
    assert params["signType"] == "RSA"
    assert params["timeStamp"] == "1795138200"


def test_a_query_tells_the_transaction(wechat, client):
    wechat.answers["GET", QUERY_PATH] = 200, PAID

    found = client.query_order(ORDER)

    assert found.paid
    assert found.amount == Decimal("128.50")
    assert found.payer_openid == "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    assert found.success_time == datetime(2026, 11, 20, 9, 29, 58)
    assert wechat.seen[-1].path_url.endswith("?mchid=1900000109")


def test_an_order_wechat_does_not_know_is_none_and_counts_as_closed(wechat, client):
    unknown = 404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
    wechat.answers["GET", QUERY_PATH] = unknown
    wechat.answers["POST", f"{QUERY_PATH}/close"] = unknown

    assert client.query_order(ORDER) is None
    client.close_order(ORDER)


def test_closing_a_paid_order_is_refused_with_wechats_code(wechat, client):
    wechat.answers["POST", f"{QUERY_PATH}/close"] = 400, {"code": "ORDERPAID", "message": "订单已支付"}

    with pytest.raises(GatewayRefused) as refused:
        client.close_order(ORDER)

    assert (refused.value.code, refused.value.message) == ("ORDERPAID", "订单已支付")


def test_closing_is_answered_by_a_signed_empty_body(wechat, client):
    wechat.answers["POST", f"{QUERY_PATH}/close"] = 204, None

    client.close_order(ORDER)

    assert sent(wechat) == {"mchid": "1900000109"}


def test_a_refund_is_processing_until_wechat_says_otherwise(wechat, client):
    answer = {
        "refund_id": "50000000382019052709732678859",
        "out_refund_no": "R1",
        "out_trade_no": ORDER,
        "transaction_id": "4200002123202611204567890123",
        "status": "PROCESSING",
        "amount": {"total": 12850, "refund": 2850},
    }
    wechat.answers["POST", "/v3/refund/domestic/refunds"] = 200, answer
    wechat.answers["GET", "/v3/refund/domestic/refunds/R1"] = 200, {**answer, "status": "SUCCESS"}

    asked = client.create_refund("R1", ORDER, Decimal("28.50"), Decimal("128.50"), reason="多收")

    assert (asked.status, asked.amount) == ("PROCESSING", Decimal("28.50"))
    assert sent(wechat)["notify_url"].endswith("cn_connect.api.wechat_pay.refund_notify")
    assert client.query_refund_state("R1").status == "SUCCESS"


def test_the_reason_of_a_refund_has_eighty_bytes_and_no_half_character(wechat, client):
    wechat.answers["POST", "/v3/refund/domestic/refunds"] = 400, {"code": "PARAM_ERROR", "message": "…"}

    with pytest.raises(GatewayRefused):
        client.create_refund("R1", ORDER, Decimal("1.00"), Decimal("2.00"), reason="退" * 40)

    assert sent(wechat)["reason"] == "退" * 26  # 78 bytes


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"code": "SYSTEM_ERROR", "message": "系统异常"}),
        (502, b"<html>bad gateway</html>"),
        (429, {"code": "FREQUENCY_LIMITED", "message": "频率超限"}),
        (404, b"not found"),
        requests.ConnectionError("refused"),
        requests.Timeout("slow"),
    ],
)
def test_passing_faults_are_unavailability(wechat, client, answer):
    wechat.answers["GET", QUERY_PATH] = answer

    with pytest.raises(GatewayUnavailable):
        client.query_order(ORDER)


def test_a_broken_connection_repeats_reads_but_never_an_order(wechat, client):
    wechat.answers["GET", QUERY_PATH] = requests.ConnectionError("refused")
    wechat.answers["POST", "/v3/pay/transactions/jsapi"] = requests.ConnectionError("refused")

    with pytest.raises(GatewayUnavailable):
        client.query_order(ORDER)
    reads = len(wechat.seen)
    with pytest.raises(GatewayUnavailable):
        place_order(client)

    assert reads == 2
    assert len(wechat.seen) - reads == 1


def test_an_answer_signed_by_somebody_else_is_not_believed(wechat, client, merchant_key):
    wechat.key = merchant_key
    wechat.answers["GET", QUERY_PATH] = 200, PAID

    with pytest.raises(SignatureInvalid):
        client.query_order(ORDER)


# Bills


def test_a_trade_bill_is_unpacked_and_checked(wechat, client):
    wechat.put_bill("\ufeff交易时间,公众账号ID\n`2026-11-19 09:00:00,`wx1\n")

    csv = client.download_trade_bill(date(2026, 11, 19)).decode("utf-8-sig")

    assert csv.startswith("交易时间")
    assert "bill_date=2026-11-19" in wechat.seen[0].url


def test_a_trade_bill_with_another_digest_is_refused(wechat, client):
    wechat.put_bill("交易时间\n", digest="0" * 40)

    with pytest.raises(SignatureInvalid, match="digest"):
        client.download_trade_bill(date(2026, 11, 19))


def test_a_bill_link_that_leads_elsewhere_is_not_followed(wechat, client):
    link = {
        "hash_type": "SHA1",
        "hash_value": "0" * 40,
        "download_url": "http://evil.test/v3/billdownload/file",
    }
    wechat.answers["GET", "/v3/bill/tradebill"] = 200, link

    with pytest.raises(SignatureInvalid, match="elsewhere"):
        client.download_trade_bill(date(2026, 11, 19))


def test_no_bill_is_an_empty_bill_but_an_unfinished_one_is_not(wechat, client):
    wechat.answers["GET", "/v3/bill/tradebill"] = (
        400,
        {"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"},
    )
    assert client.download_trade_bill(date(2026, 11, 19)) == b""

    wechat.answers["GET", "/v3/bill/tradebill"] = 400, {"code": "STATEMENT_CREATING", "message": "账单生成中"}
    with pytest.raises(GatewayUnavailable):
        client.download_trade_bill(date(2026, 11, 20))


def test_a_sub_merchant_s_fund_bill_is_opened_with_the_merchant_s_key(wechat, client_for, merchant_key):
    wechat.put_sub_merchant_bill(["记账时间\n", "`2026-11-19\n"], merchant_key.public_key())
    client = client_for(partner_mode=True)

    assert client.download_fund_bill(date(2026, 11, 19), "1900000200").decode() == "记账时间\n`2026-11-19\n"
    assert "sub_mchid=1900000200" in wechat.seen[0].url


def test_a_sub_merchant_s_fund_bill_for_somebody_else_is_refused(wechat, client_for, platform_key):
    wechat.put_sub_merchant_bill(["记账时间\n"], platform_key.public_key())

    with pytest.raises(SignatureInvalid, match="private_key"):
        client_for(partner_mode=True).download_fund_bill(date(2026, 11, 19), "1900000200")


# Settings


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"mchid": ""}, "mchid"),
        ({"private_key": None}, "private_key"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"}, "private_key"),
        ({"apiv3_key": "short"}, "apiv3_key"),
        ({"public_key_id": peers.PUBLIC_KEY_ID}, "public_key"),
        ({"certificates": ["nonsense"]}, "certificates"),
        ({"partner_mode": True, "sub_mchid": "1900000200"}, "sub_mchid"),
        ({"sub_appid": "wxsub"}, "sub_appid"),
    ],
)
def test_unusable_settings_are_named(pay_settings, changes, named):
    with pytest.raises(ConfigMissing, match=named):
        from_settings(pay_settings(**changes))


def test_keys_stay_out_of_logs(pay_settings):
    shown = repr(from_settings(pay_settings()))

    assert peers.APIV3_KEY not in shown and "private_key" not in shown
