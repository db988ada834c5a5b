"""The mini-program's server side against a WeChat API inside the test."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from cn_connect.errors import (
    GatewayRefused,
    GatewayUnavailable,
    NoConsent,
    PhoneAgain,
    PhoneForeign,
    SignInAgain,
)
from cn_connect.wechat.mini import MiniProgram

BASE = "http://wechat.test"


class Store:
    """A token store that notes whether it was locked while the token was renewed."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.seconds = 0
        self.locks = 0
        self.while_locked = lambda: None

    def load(self) -> str | None:
        return self.token

    def save(self, token: str, seconds: int) -> None:
        assert self.locks
        self.token, self.seconds = token, seconds

    @contextmanager
    def lock(self) -> Iterator[None]:
        self.locks += 1
        self.while_locked()
        yield


class API(requests.adapters.BaseAdapter):
    """Answers by path; a token is valid if it is the last one given out."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict = {}
        self.tokens = 0
        self.seen: list = []

    def send(self, request, *_args, **_options):
        url = urlsplit(request.url)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.seen.append((url.path, query, json.loads(request.body) if request.body else None))
        response = requests.Response()
        answer = self._answer(url.path, query)
        if isinstance(answer, Exception):
            raise answer
        response.status_code, said = answer if isinstance(answer, tuple) else (200, answer)
        response._content = json.dumps(said).encode() if not isinstance(said, bytes) else said
        response.request = request
        return response

    def _answer(self, path, query):
        if path == "/cgi-bin/token":
            self.tokens += 1
            return self.answers.get(path) or {"access_token": f"token{self.tokens}", "expires_in": 7200}
        if path != "/sns/jscode2session" and query.get("access_token") != f"token{self.tokens}":
            return {"errcode": 40001, "errmsg": "invalid credential"}
        return self.answers[path]

    def paths(self):
        return [path for path, _query, _body in self.seen]

    def close(self) -> None:
        pass


@pytest.fixture
def api():
    return API()


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def mini(api, store):
    session = requests.Session()
    session.mount("http://", api)
    return MiniProgram("wxapp", "secret", store, BASE, session)


SEND = "/cgi-bin/message/subscribe/send"


def test_a_sign_in_code_tells_who_it_is_without_a_token(api, mini):
    api.answers["/sns/jscode2session"] = {"openid": "o1", "session_key": "k", "unionid": "u1"}

    session = mini.code2session("code1")

    assert (session.openid, session.unionid) == ("o1", "u1")
    assert api.seen[0][1] == {
        "appid": "wxapp",
        "secret": "secret",
        "js_code": "code1",
        "grant_type": "authorization_code",
    }
    assert api.tokens == 0


@pytest.mark.parametrize("errcode", [40029, 40163, 40226])
def test_a_code_that_is_wrong_used_or_blocked_asks_for_another_sign_in(api, mini, errcode):
    api.answers["/sns/jscode2session"] = {"errcode": errcode, "errmsg": "code been used, rid: 1"}

    with pytest.raises(SignInAgain) as refused:
        mini.code2session("code1")

    assert (refused.value.code, refused.value.error_code) == (str(errcode), "SIGN_IN_AGAIN")
    assert "rid" not in refused.value.source


@pytest.mark.parametrize(("errcode", "error"), [(-1, GatewayUnavailable), (40125, GatewayRefused)])
def test_what_is_not_the_codes_fault_is_told_apart(api, mini, errcode, error):
    api.answers["/sns/jscode2session"] = {"errcode": errcode, "errmsg": "system error"}

    with pytest.raises(error) as refused:
        mini.code2session("code1")

    assert not isinstance(refused.value, SignInAgain)


@pytest.mark.parametrize("errcode", [40029, 40163])
def test_a_used_phone_code_asks_for_another_one(api, mini, errcode):
    api.answers["/wxa/business/getuserphonenumber"] = {"errcode": errcode, "errmsg": "code been used"}

    with pytest.raises(PhoneAgain):
        mini.phone_number("code2")


@pytest.mark.parametrize(
    "info",
    [
        {"phoneNumber": "+4915123456789", "purePhoneNumber": "15123456789", "countryCode": "49"},
        {"phoneNumber": "+85251234567", "purePhoneNumber": "51234567", "countryCode": "852"},
        {"phoneNumber": "15123456789", "purePhoneNumber": "15123456789"},
        {"phoneNumber": "+864912345678", "purePhoneNumber": "4912345678", "countryCode": "86"},
        {},
    ],
)
def test_a_number_that_is_not_of_the_mainland_is_refused(api, mini, info):
    api.answers["/wxa/business/getuserphonenumber"] = {"errcode": 0, "phone_info": info}

    with pytest.raises(PhoneForeign):
        mini.phone_number("code2")


def test_a_phone_code_tells_the_number(api, mini):
    api.answers["/wxa/business/getuserphonenumber"] = {
        "errcode": 0,
        "phone_info": {
            "phoneNumber": "+8613812345678",
            "purePhoneNumber": "13812345678",
            "countryCode": "86",
        },
    }

    assert mini.phone_number("code2") == "13812345678"
    assert api.seen[-1][2] == {"code": "code2"}


def test_a_subscribe_message_wraps_its_values(api, mini):
    api.answers[SEND] = {"errcode": 0, "errmsg": "ok", "msgid": 200163836}

    message_id = mini.send_subscribe_message("o1", "tpl", {"amount1": "128.50元"}, page="pages/fees")

    assert message_id == "200163836"
    assert api.seen[-1][2] == {
        "touser": "o1",
        "template_id": "tpl",
        "page": "pages/fees",
        "data": {"amount1": {"value": "128.50元"}},
    }


def test_the_token_is_asked_for_once_and_kept_until_shortly_before_its_end(api, mini, store):
    api.answers[SEND] = {"errcode": 0}

    mini.send_subscribe_message("o1", "tpl", {"thing1": "x"})
    mini.send_subscribe_message("o1", "tpl", {"thing1": "y"})

    assert api.paths() == ["/cgi-bin/token", SEND, SEND]
    assert (store.token, store.seconds) == ("token1", 6900)


def test_a_token_that_ended_is_renewed_once(api, mini, store):
    store.token = "ended"
    api.answers[SEND] = {"errcode": 0}

    mini.send_subscribe_message("o1", "tpl", {"thing1": "x"})

    assert api.paths() == [SEND, "/cgi-bin/token", SEND]


def test_a_token_that_is_never_accepted_is_not_renewed_for_ever(api, mini):
    api.answers[SEND] = {"errcode": 42001, "errmsg": "access_token expired"}

    with pytest.raises(GatewayRefused):
        mini.send_subscribe_message("o1", "tpl", {"thing1": "x"})

    assert api.tokens == 2


def test_whoever_waited_for_the_lock_takes_the_new_token(api, mini, store):
    store.token = "ended"
    api.tokens = 7
    api.answers[SEND] = {"errcode": 0}
    store.while_locked = lambda: setattr(store, "token", "token7")  # somebody else was faster

    mini.send_subscribe_message("o1", "tpl", {"thing1": "x"})

    assert api.paths() == [SEND, SEND]


def test_without_consent_the_error_says_so(api, mini):
    api.answers[SEND] = {"errcode": 43101, "errmsg": "user refuse to accept the msg"}

    with pytest.raises(NoConsent):
        mini.send_subscribe_message("o1", "tpl", {"thing1": "x"})


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": -1, "errmsg": "system error"},
        {"errcode": 45009, "errmsg": "reach max api daily quota limit"},
        (502, b"bad gateway"),
        b"not json",
        requests.ConnectTimeout("slow"),
        requests.ConnectionError("refused"),
    ],
)
def test_passing_faults_are_unavailability(api, mini, answer):
    api.answers["/sns/jscode2session"] = answer if not isinstance(answer, bytes) else (200, answer)

    with pytest.raises(GatewayUnavailable):
        mini.code2session("code1")


def test_a_wrong_secret_is_refused(api, mini):
    api.answers["/cgi-bin/token"] = {"errcode": 40125, "errmsg": "invalid appsecret"}
    api.answers[SEND] = {"errcode": 0}

    with pytest.raises(GatewayRefused) as refused:
        mini.send_subscribe_message("o1", "tpl", {"thing1": "x"})

    assert refused.value.code == "40125"
