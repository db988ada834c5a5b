"""A site that is really served: web process, simulators, and people's phones talking HTTP to both.

Used by `make cycle` and by the tests that cross processes.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any, cast

import requests

from simulators import keys as key_files
from simulators.server import Simulators, serve
from simulators.wechat_pay.orders import CHINA
from tests.sites import Bench

START_SECONDS = 30
STOP_SECONDS = 10
CSRF = "X-Frappe-CSRF-Token"
SESSION = "market_mgmt.api.auth.session"


class Refusal(AssertionError):
    """The server answered with an error."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"{response.status_code} {response.request.url}: {response.text[:600]}")
        self.status = response.status_code
        self.response = response
        json_body = "json" in response.headers.get("Content-Type", "")
        self.body: dict[str, Any] = response.json() if json_body else {}
        self.code = self.body.get("error_code")

    @property
    def message(self) -> str:
        """What the person is told."""
        said = json.loads(self.body.get("_server_messages") or "[]")
        return "\n".join(json.loads(entry)["message"] for entry in said)


class Caller:
    """One person's session with the site; cookies are kept, and writes carry the session's CSRF token."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = requests.Session()

    def post(self, method: str, **arguments: Any) -> Any:
        """Call a whitelisted method by POST and return its message; Refusal on any error."""
        before = self.http.cookies.get("sid")
        answer = self._message(self.http.post(f"{self.base}/api/method/{method}", json=arguments, timeout=30))
        if self.http.cookies.get("sid", "Guest") not in (before, "Guest"):
            self.http.headers[CSRF] = self.get(SESSION)["csrf_token"]
        return answer

    def get(self, method: str, **arguments: Any) -> Any:
        return self._message(self.http.get(f"{self.base}/api/method/{method}", params=arguments, timeout=30))

    def _message(self, response: requests.Response) -> Any:
        if response.status_code >= 400:
            raise Refusal(response)
        if "json" in response.headers.get("Content-Type", ""):
            return response.json().get("message")
        return response.content


class Phone(Caller):
    """A merchant's phone: the mini-program on one side, the WeChat client on the other."""

    def __init__(self, base: str, simulators: str, openid: str, phone: str) -> None:
        super().__init__(base)
        self.simulators, self.openid, self.phone = simulators, openid, phone

    def wechat(self, action: str, **arguments: Any) -> Any:
        """What the WeChat client does for its owner (`/_payer/…` of the simulators)."""
        response = requests.post(f"{self.simulators}/_payer/{action}", json=arguments, timeout=30)
        if response.status_code >= 400:
            raise Refusal(response)
        return response.json()

    def sign_in(self) -> Any:
        code = self.wechat("login", openid=self.openid)["code"]
        return self.post("market_mgmt.api.auth.wechat_login", code=code)

    def bind(self, stall_token: str) -> Any:
        """Agree to the privacy text, scan a stall's QR code and prove the phone number by the WeChat button."""
        text = self.get("market_mgmt.api.public.privacy_text")
        self.post("market_mgmt.api.auth.accept_privacy", version=text["version"])
        code = self.wechat("phone", phone=self.phone)["code"]
        return self.post("market_mgmt.api.auth.bind_by_qr", token=stall_token, phone_code=code)

    def confirm(self, pay_params: dict[str, str], at: datetime) -> Any:
        """Confirm a payment with the password."""
        return self.wechat("pay", pay_params=pay_params, at=at.isoformat())


class WebServer:
    """`bench serve` of one site, with further `options`, `environment` being on top of the bench's."""

    def __init__(self, bench: Bench, *options: str, **environment: str) -> None:
        self.bench, self.options = bench, options
        self.environment = {**bench.environment, **environment}
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when it answers; RuntimeError with its log if it does not come up."""
        log = self.bench.sites / self.bench.site / "logs" / f"serve-{self.port}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [
            *self.bench.program,
            "--site",
            self.bench.site,
            "serve",
            "--port",
            str(self.port),
            *self.options,
        ]
        if self.bench.stock:
            command.append("--noreload")
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self.bench.sites,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(f"{self.base}/api/method/ping", self._process, log)

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to every process of the server, at once."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class LiveSite:
    """The running processes around one site of a bench; `options` are those of `bench serve`."""

    def __init__(self, bench: Bench, *options: str) -> None:
        self.bench = bench
        self.config_file = bench.sites / bench.site / "site_config.json"
        directory = bench.sites / bench.site / ".simulators"
        self.keys = key_files.generate(directory)
        self._gateways = serve(directory, 0)
        self.simulators = f"http://127.0.0.1:{self._gateways.server_port}"
        self._server = WebServer(bench, *options)
        self.base = self._server.base

    def configure(self, **entries: Any) -> None:
        """Write entries into site_config.json (None removes one); a served site reads them with its next request."""
        config = {**self.config(), **entries}
        kept = {key: value for key, value in config.items() if value is not None}
        partial = self.config_file.with_suffix(".partial")
        partial.write_text(json.dumps(kept, indent=1, ensure_ascii=False))
        os.replace(partial, self.config_file)

    def config(self) -> dict[str, Any]:
        """What site_config.json says."""
        return json.loads(self.config_file.read_text())

    def set_clock(self, now: datetime) -> None:
        """It is `now` for the site and for the gateways from here on."""
        self.configure(test_clock=now.strftime("%Y-%m-%d %H:%M:%S"))
        gateways = cast(Simulators, self._gateways.app)
        gateways.pay.clock.fixed = now.replace(tzinfo=CHINA)

    def phone(self, openid: str, phone: str) -> Phone:
        return Phone(self.base, self.simulators, openid, phone)

    def control(self, action: str, **arguments: Any) -> Any:
        """The simulators' controls: faults, held notifications, messages."""
        response = requests.post(f"{self.simulators}/_control/{action}", json=arguments, timeout=60)
        response.raise_for_status()
        return response.json()

    def start(self) -> None:
        """Start simulators and web server; RuntimeError with the server's log if it does not come up."""
        Thread(target=self._gateways.serve_forever, daemon=True).start()
        self.configure(
            **self.keys.site_config(self.simulators, self.base), allow_tests=True, host_name=self.base
        )
        self._server.start()

    def stop(self) -> None:
        self._gateways.shutdown()
        self._server.stop()


@contextmanager
def live(bench: Bench, *options: str) -> Iterator[LiveSite]:
    """A LiveSite that is stopped in any case."""
    site = LiveSite(bench, *options)
    try:
        site.start()
        yield site
    finally:
        site.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(
    url: str, process: subprocess.Popen[bytes], log: Path, headers: dict[str, str] | None = None
) -> None:
    """Return when `url` answers; RuntimeError when the process ends or START_SECONDS pass first."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if requests.get(url, timeout=2, headers=headers).ok:
                return
        except requests.RequestException:
            time.sleep(0.02)
    raise RuntimeError(f"the server did not start, its log says:\n{log.read_text()[-3000:]}")
