"""What stands between granian and the WSGI application: requests reach a thread only when their body is complete.

Bodies are read in the event loop, where a client that is slow, or never sends what it announced, occupies nothing but a
connection, and that not for long. Answers longer than one piece are sent piece by piece from the loop, too.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Of the bodies that one process reads at a time; seconds and bytes. Set as `http_…` in common_site_config.json."""

    body_idle: float = 10.0  # from one piece to the next
    body_base: float = 20.0  # for a whole body, and a second more for each `body_rate` bytes of it
    body_rate: int = 20_000
    bodies: int = 1000
    held: int = 256 * MEGABYTE  # of bodies that have come but are not answered yet
    send: float = 30.0  # for one piece of an answer

    @classmethod
    def configured(cls, config: dict[str, Any]) -> Limits:
        names = [name for name in cls.__dataclass_fields__ if config.get(f"http_{name}") is not None]
        return cls(**{name: type(getattr(cls, name))(config[f"http_{name}"]) for name in names})


class Answer(NamedTuple):
    """What the application answers: the first piece is the whole body if `rest` is None."""

    status: int
    headers: list[tuple[str, str]]
    first: bytes
    rest: Iterator[bytes] | None
    close: Callable[[], object]


class Refused(Exception):
    """The request goes no further; HTTP status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Gate:
    """The RSGI application around a WSGI one. `body_limit` says how many bytes a request may send at most."""

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        body_limit: Callable[[dict[str, Any]], int],
        threads: int,
        limits: Limits,
    ) -> None:
        self._application, self._body_limit = application, body_limit
        self._threads, self._limits = threads, limits
        self._reading = self._held = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pool = ThreadPoolExecutor(self._threads, "request")

    def __rsgi_del__(self, _loop: asyncio.AbstractEventLoop) -> None:
        self._pool.shutdown()

    async def __rsgi__(self, scope: Any, proto: Any) -> None:
        environ = environ_of(scope)
        body: IO[bytes] = io.BytesIO()
        size = 0
        try:
            if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
                body, size = await self._read(environ, proto)
            environ["wsgi.input"] = body
            answer = await self._loop.run_in_executor(self._pool, self._call, environ)
        except Refused as refusal:
            proto.response_str(refusal.status, [("connection", "close")], str(refusal))
            return
        except Exception:
            traceback.print_exc()  # the application answers errors itself; this is one of it
            proto.response_str(500, [], "Internal Server Error")
            return
        finally:
            self._held -= size
            body.close()
        if answer.rest is None:
            proto.response_bytes(answer.status, answer.headers, answer.first)
        else:
            await self._send(answer, proto)

    # -- the body ----------------------------------------------------------------------------------------------------

    async def _read(self, environ: dict[str, Any], proto: Any) -> tuple[IO[bytes], int]:
        """The whole body and its size, which counts as held from now on. Raises Refused."""
        announced = environ.get("CONTENT_LENGTH")
        most = self._body_limit(environ)
        if announced is not None and not (announced.isascii() and announced.isdigit()):
            raise Refused(400, "Bad Request")
        if announced is not None and (len(announced) > 15 or int(announced) > most):
            raise Refused(413, "Request Entity Too Large")
        if self._reading >= self._limits.bodies:
            raise Refused(503, "Busy")
        body = tempfile.SpooledTemporaryFile(MEGABYTE)  # noqa: SIM115 - closed when it is answered
        size = 0
        self._reading += 1
        try:
            async for piece in self._pieces(proto):
                size += len(piece)
                self._held += len(piece)
                if size > most:
                    raise Refused(413, "Request Entity Too Large")
                if self._held > self._limits.held:
                    raise Refused(503, "Busy")
                body.write(piece)
            if announced is not None and size != int(announced):
                raise Refused(400, "The body is incomplete.")
        except BaseException:
            self._held -= size
            body.close()
            raise
        finally:
            self._reading -= 1
        environ["CONTENT_LENGTH"] = str(size)
        body.seek(0)
        return body, size

    async def _pieces(self, proto: Any) -> Any:
        """The pieces of the body as they come. Raises Refused when they come too slowly or end with the connection."""
        limits, began, size = self._limits, self._loop.time(), 0
        stream = aiter(proto)
        while True:
            left = began + limits.body_base + size / limits.body_rate - self._loop.time()
            try:
                piece = await _within(anext(stream), min(limits.body_idle, left))
            except StopAsyncIteration:
                return
            except asyncio.TimeoutError:
                raise Refused(408, "Request Timeout") from None
            except Exception:
                raise Refused(400, "The body is incomplete.") from None
            size += len(piece)
            yield piece

    # -- the answer --------------------------------------------------------------------------------------------------

    def _call(self, environ: dict[str, Any]) -> Answer:
        """In a thread: run the application, and take its answer if that is short."""
        told: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            told.append((int(status.partition(" ")[0]), headers))

        iterable = self._application(environ, start_response)
        close = getattr(iterable, "close", lambda: None)
        if isinstance(iterable, (list, tuple)):
            return Answer(*told[-1], b"".join(iterable), None, close)
        rest = iter(iterable)
        first = _up_to_a_megabyte(rest)
        if len(first) >= MEGABYTE:
            return Answer(*told[-1], first, rest, close)
        close()
        return Answer(*told[-1], first, None, close)

    async def _send(self, answer: Answer, proto: Any) -> None:
        """Piece by piece; whoever does not take them is left."""
        assert answer.rest is not None
        piece = answer.first
        try:
            transport = proto.response_stream(answer.status, answer.headers)
            while piece:
                await _within(transport.send_bytes(piece), self._limits.send)
                piece = await self._loop.run_in_executor(self._pool, _up_to_a_megabyte, answer.rest)
        except Exception:
            return  # the connection is gone
        finally:
            answer.close()


def _up_to_a_megabyte(pieces: Iterator[bytes]) -> bytes:
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) >= MEGABYTE:
            break
    return bytes(found)


async def _within(awaitable: Awaitable[Any], seconds: float) -> Any:
    async def wait() -> Any:
        return await awaitable

    return await asyncio.wait_for(wait(), max(seconds, 0))


def environ_of(scope: Any) -> dict[str, Any]:
    """As PEP 3333 wants it. Header names with an underscore are left out: they would pass for those with a hyphen."""
    client, _colon, client_port = scope.client.rpartition(":")
    server, _colon, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode(errors="replace").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": client.strip("[]"),
        "REMOTE_PORT": client_port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ
