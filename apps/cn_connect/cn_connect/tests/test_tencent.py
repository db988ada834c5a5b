"""SMS and voice against a Tencent Cloud API inside the test: what is asked, how its answers are sorted."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cn_connect import sms, voice
from cn_connect.errors import GatewayRefused, GatewayUnavailable


class Cloud:
    """Answers every request with `answer` and keeps what was asked."""

    def __init__(self) -> None:
        self.answer: dict = {}
        self.status = 200
        self.asked: list[tuple[str, dict]] = []
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                cloud.asked.append((self.headers["X-TC-Action"], body))
                content = json.dumps({"Response": {**cloud.answer, "RequestId": "r1"}}).encode()
                self.send_response(cloud.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def settings(self) -> dict:
        return {
            "secret_id": "AKID1",
            "secret_key": "key1",
            "app_id": "1400006666",
            "sign_name": "菜篮子市场",
            "scheme": "http",
            "endpoint": f"127.0.0.1:{self.server.server_port}",
        }

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def cloud():
    cloud = Cloud()
    yield cloud
    cloud.close()


def sms_status(code="Ok", message="send success"):
    return {
        "SendStatusSet": [
            {"SerialNo": "5000:1", "PhoneNumber": "+8613812345678", "Code": code, "Message": message}
        ]
    }


def test_a_text_message_goes_out_under_the_approved_template(cloud):
    cloud.answer = sms_status()

    assert sms.send("13812345678", "449739", ["123456", "5"], cloud.settings) == "5000:1"
    assert cloud.asked == [
        (
            "SendSms",
            {
                "SmsSdkAppId": "1400006666",
                "SignName": "菜篮子市场",
                "TemplateId": "449739",
                "TemplateParamSet": ["123456", "5"],
                "PhoneNumberSet": ["+8613812345678"],
            },
        )
    ]


def test_a_number_the_provider_refuses_is_a_refusal(cloud):
    cloud.answer = sms_status("FailedOperation.PhoneNumberInBlacklist", "blacklist")

    with pytest.raises(GatewayRefused) as refused:
        sms.send("13812345678", "449739", [], cloud.settings)

    assert refused.value.code == "FailedOperation.PhoneNumberInBlacklist"


@pytest.mark.parametrize("code", ["InternalError.Timeout", "RequestLimitExceeded"])
def test_passing_faults_are_unavailability(cloud, code):
    cloud.answer = {"Error": {"Code": code, "Message": "later"}}

    with pytest.raises(GatewayUnavailable):
        sms.send("13812345678", "449739", [], cloud.settings)


def test_wrong_credentials_are_a_refusal(cloud):
    cloud.answer = {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "no"}}

    with pytest.raises(GatewayRefused):
        sms.send("13812345678", "449739", [], cloud.settings)


def test_a_failing_server_is_unavailability(cloud):
    cloud.status = 502

    with pytest.raises(GatewayUnavailable):
        sms.send("13812345678", "449739", [], cloud.settings)


def test_no_server_is_unavailability(cloud):
    settings = {**cloud.settings, "endpoint": "127.0.0.1:1"}

    with pytest.raises(GatewayUnavailable):
        sms.send("13812345678", "449739", [], settings)


def test_an_unreadable_answer_is_unavailability(cloud):
    cloud.answer = {"Error": "what error?"}

    with pytest.raises(GatewayUnavailable):
        sms.send("13812345678", "449739", [], cloud.settings)


def test_an_empty_answer_is_unavailability(cloud):
    cloud.answer = {"SendStatusSet": []}

    with pytest.raises(GatewayUnavailable):
        sms.send("13812345678", "449739", [], cloud.settings)


def test_a_call_reads_the_template_twice(cloud):
    cloud.answer = {"SendStatus": {"CallId": "call1", "SessionContext": ""}}

    assert voice.call("13812345678", "1001", [], cloud.settings) == "call1"
    action, body = cloud.asked[0]
    assert action == "SendTtsVoice"
    assert (body["CalledNumber"], body["VoiceSdkAppid"], body["PlayTimes"]) == (
        "+8613812345678",
        "1400006666",
        2,
    )


def test_a_call_reads_a_code(cloud):
    cloud.answer = {"SendStatus": {"CallId": "call2", "SessionContext": ""}}

    assert voice.call_code("13812345678", "123456", cloud.settings) == "call2"
    assert cloud.asked[0][0] == "SendCodeVoice"
    assert cloud.asked[0][1]["CodeMessage"] == "123456"
