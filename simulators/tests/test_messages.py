"""The WeChat API and Tencent Cloud stand-ins judged by their client libraries."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models as sms_models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from simulators.keys import Keys


def _post(base: str, path: str, **body: Any) -> Any:
    return requests.post(base + path, json=body, timeout=5).json()


def _token(keys: Keys, base: str) -> str:
    query = {"grant_type": "client_credential", "appid": keys.appid, "secret": keys.app_secret}
    return requests.get(base + "/cgi-bin/token", params=query, timeout=5).json()["access_token"]


def _session(keys: Keys, base: str, code: str) -> dict[str, Any]:
    query = {
        "appid": keys.appid,
        "secret": keys.app_secret,
        "js_code": code,
        "grant_type": "authorization_code",
    }
    return requests.get(base + "/sns/jscode2session", params=query, timeout=5).json()


def test_a_login_code_names_its_openid_once(keys: Keys, base_url: str) -> None:
    code = _post(base_url, "/_payer/login", openid="openid-7")["code"]
    assert _session(keys, base_url, code)["openid"] == "openid-7"
    assert _session(keys, base_url, code)["errcode"] == 40163
    assert _session(keys, base_url, "nonsense")["errcode"] == 40029


def test_one_consent_is_one_message(keys: Keys, base_url: str) -> None:
    token = _token(keys, base_url)
    _post(base_url, "/_payer/consent", openid="openid-8", template="due")
    path = f"/cgi-bin/message/subscribe/send?access_token={token}"
    message = {"touser": "openid-8", "template_id": "due", "data": {"thing1": {"value": "摊位费"}}}
    assert _post(base_url, path, **message)["errcode"] == 0
    assert _post(base_url, path, **message)["errcode"] == 43101


def test_an_invented_access_token_is_refused(base_url: str) -> None:
    answer = _post(base_url, "/wxa/business/getuserphonenumber?access_token=invented", code="x")
    assert answer["errcode"] == 40001


def _sms_client(secret_id: str, secret_key: str, base: str) -> SmsClient:
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=base.removeprefix("http://")))
    return SmsClient(credential.Credential(secret_id, secret_key), "ap-guangzhou", profile)


def _sms() -> sms_models.SendSmsRequest:
    request = sms_models.SendSmsRequest()
    request.PhoneNumberSet = ["+8613900000001"]
    request.SmsSdkAppId, request.SignName, request.TemplateId = "1400000001", "菜篮子市场", "100"
    request.TemplateParamSet = ["123456"]
    return request


def test_an_sms_signed_by_the_sdk_arrives(keys: Keys, base_url: str) -> None:
    client = _sms_client(keys.tencent_secret_id, keys.tencent_secret_key, base_url)
    status = client.SendSms(_sms()).SendStatusSet[0]
    assert status.Code == "Ok"
    received = _post(base_url, "/_control/messages", channel="sms", recipient="13900000001")["messages"]
    assert received[-1]["content"] == ["123456"]


def test_an_sms_with_a_wrong_key_is_refused(keys: Keys, base_url: str) -> None:
    client = _sms_client(keys.tencent_secret_id, "0" * 32, base_url)
    with pytest.raises(TencentCloudSDKException, match="SignatureFailure"):
        client.SendSms(_sms())


def test_a_planned_failure_happens_once(keys: Keys, base_url: str) -> None:
    client = _sms_client(keys.tencent_secret_id, keys.tencent_secret_key, base_url)
    _post(base_url, "/_control/fault", target="sms.send", mode="fail", options={"code": "LimitExceeded"})
    assert client.SendSms(_sms()).SendStatusSet[0].Code == "LimitExceeded"
    assert client.SendSms(_sms()).SendStatusSet[0].Code == "Ok"
