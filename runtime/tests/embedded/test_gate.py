"""The gate before the application: slow, half-sent, oversized bodies; long answers; what a request looks like behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from bench.gate import MEGABYTE, Gate, Limits

QUICK = Limits(body_idle=0.02, body_base=0.05, body_rate=1000, bodies=3, held=4000, send=0.02)
PATIENT = replace(QUICK, body_idle=60, body_base=60)
FOREVER = "the client says nothing more"
HANG_UP = "the client is gone"


class Transport:
    def __init__(self, proto: Connection) -> None:
        self.proto = proto

    async def send_bytes(self, data: bytes) -> None:
        if self.proto.takes is not None and len(self.proto.sent) >= self.proto.takes:
            await asyncio.Event().wait()
        self.proto.sent += data


class Connection:
    """A client's side of one request: the pieces it sends; how much of the answer it takes (None: everything).

    In place of a piece, another connection: says nothing until that one has its answer, then is gone.
    """

    def __init__(
        self, *pieces: bytes | str | Connection, pause: float = 0.0, takes: int | None = None
    ) -> None:
        self.pieces, self.pause, self.takes = pieces, pause, takes
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.sent = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:  # type: ignore[override]
        for piece in self.pieces:
            if isinstance(piece, Connection):
                while piece.status is None:
                    await asyncio.sleep(0.001)
            if piece == HANG_UP or isinstance(piece, Connection):
                raise ConnectionError
            if piece == FOREVER:
                await asyncio.Event().wait()
            await asyncio.sleep(self.pause)
            assert isinstance(piece, bytes)
            yield piece

    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        self.status, self.headers, self.sent = status, headers, body.encode()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.sent = status, headers, body

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Transport:
        self.status, self.headers = status, headers
        return Transport(self)


def scope(*headers: tuple[str, str], method: str = "POST", path: str = "/api/x", query: str = "") -> Any:
    return SimpleNamespace(
        method=method,
        path=path,
        query_string=query,
        client="192.0.2.7:4711",
        server="127.0.0.1:8000",
        scheme="http",
        http_version="1.1",
        headers=SimpleNamespace(items=lambda: list(headers)),
    )


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("x-length", environ.get("CONTENT_LENGTH", "none"))])
    return [environ["wsgi.input"].read()]


class Served:
    """A gate with an event loop of its own."""

    def __init__(self, application: Any = echo, most: int = 3000, limits: Limits = QUICK) -> None:
        self.gate = Gate(application, lambda environ: most, 1, limits)

    def __call__(self, *requests: tuple[Any, Connection]) -> None:
        async def run() -> None:
            self.gate.__rsgi_init__(asyncio.get_running_loop())
            await asyncio.gather(*(self.gate.__rsgi__(scope, proto) for scope, proto in requests))
            self.gate.__rsgi_del__(asyncio.get_running_loop())

        asyncio.run(run())


def of_length(number: object) -> Any:
    return scope(("content-length", str(number)))


def test_a_body_arrives_whole() -> None:
    client = Connection(b"hello ", b"world")
    Served()((of_length(11), client))
    assert (client.status, client.sent, client.headers) == (200, b"hello world", [("x-length", "11")])


def test_a_body_of_unannounced_length_is_measured() -> None:
    client = Connection(b"hello")
    Served()((scope(("transfer-encoding", "chunked")), client))
    assert (client.status, client.headers) == (200, [("x-length", "5")])


def test_who_sends_no_body_is_not_waited_for() -> None:
    client = Connection(FOREVER)
    Served()((scope(method="GET"), client))
    assert client.status == 200


@pytest.mark.parametrize("pieces", [(FOREVER,), (b"usr=", FOREVER)])
def test_a_half_sent_body_ends_as_408(pieces: tuple) -> None:
    client = Connection(*pieces)
    Served()((of_length(100), client))
    assert client.status == 408
    assert ("connection", "close") in client.headers


def test_drops_that_never_end_are_408_although_none_is_late() -> None:
    client = Connection(*[b"x"] * 100, pause=0.005)
    Served()((of_length(100), client))
    assert client.status == 408


def test_half_sent_bodies_occupy_no_thread() -> None:
    # Given a gate with a single thread, and three who never finish
    client = Connection()
    slow = [Connection(b"usr=", client) for _ in range(3)]
    done: list[int] = []

    def ping(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        done.append(sum(one.status is None for one in slow))
        return [b"pong"]

    # When somebody else asks meanwhile
    served = Served(ping, limits=PATIENT)
    served(*[(of_length(100), one) for one in slow], (scope(method="GET"), client))

    # Then the answer comes before any of them has ended
    assert client.sent == b"pong"
    assert done == [3]


def test_no_more_bodies_at_a_time_than_set() -> None:
    slow = [Connection(FOREVER) for _ in range(3)]
    client = Connection(b"x")
    Served()(*[(of_length(1), one) for one in slow], (of_length(1), client))
    assert client.status == 503


def test_what_all_bodies_hold_together_is_bounded() -> None:
    client = Connection(b"x" * 2500)
    slow = Connection(b"x" * 2500, client)
    served = Served(limits=PATIENT)
    served((of_length(2600), slow), (of_length(2500), client))
    assert (slow.status, client.status) == (400, 503)

    again = Connection(b"x" * 2500)
    served((of_length(2500), again))
    assert again.status == 200


def test_a_body_cut_off_by_the_end_of_the_connection_is_not_acted_upon() -> None:
    called: list[object] = []
    for pieces in ((b"usr=", HANG_UP), (b"usr=",)):
        client = Connection(*pieces)
        Served(lambda environ, _start: called.append(environ) or [])((of_length(100), client))
        assert client.status == 400
    assert called == []


@pytest.mark.parametrize("length", ["3001", "9" * 5000, "-1", "1e3", "٣"])
def test_impossible_lengths_are_refused_unread(length: str) -> None:
    client = Connection(FOREVER)
    Served()((of_length(length), client))
    assert client.status in (400, 413)


def test_a_longer_body_than_allowed_is_cut_off() -> None:
    client = Connection(b"x" * 2000, b"x" * 2000, FOREVER)
    Served()((scope(("transfer-encoding", "chunked")), client))
    assert client.status == 413


def test_a_long_answer_goes_out_in_pieces_and_is_closed() -> None:
    closed: list[str] = []

    class Long:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"a" * MEGABYTE, b"b" * 700, b"c"])

        def close(self) -> None:
            closed.append("closed")

    def application(_environ: dict[str, Any], start_response: Any) -> Long:
        start_response("200 OK", [])
        return Long()

    client = Connection()
    Served(application)((scope(method="GET"), client))
    assert client.sent == b"a" * MEGABYTE + b"b" * 700 + b"c"
    lazy = Connection(takes=MEGABYTE)
    Served(application)((scope(method="GET"), lazy))
    assert len(lazy.sent) == MEGABYTE
    assert closed == ["closed", "closed"]


def test_what_the_application_sees() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        start_response("204 No Content", [])
        return []

    headers = [
        ("host", "market.example"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("x-one", "1"),
        ("x-one", "2"),
        ("x_forwarded_for", "203.0.113.9"),
    ]
    Served(application)((scope(*headers, method="GET", path="/商户", query="a=%20"), Connection()))
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/商户"
    assert seen["QUERY_STRING"] == "a=%20"
    assert seen["REMOTE_ADDR"] == "192.0.2.7"
    assert seen["HTTP_HOST"] == "market.example"
    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert seen["HTTP_X_ONE"] == "1,2"
    # Another spelling of a header that a proxy would have removed
    assert "HTTP_X_FORWARDED_FOR" not in seen


def test_limits_come_from_the_configuration() -> None:
    found = Limits.configured({"http_body_idle": 3, "http_held": 5_000_000.0, "db_type": "sqlite"})
    assert (found.body_idle, found.held, found.send) == (3.0, 5_000_000, 30.0)


def test_an_application_that_fails_is_500(capfd: pytest.CaptureFixture[str]) -> None:
    def application(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        raise ZeroDivisionError

    client = Connection()
    Served(application)((scope(method="GET"), client))
    assert (client.status, client.sent) == (500, b"Internal Server Error")
    assert "ZeroDivisionError" in capfd.readouterr().err
