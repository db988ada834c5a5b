"""Sends signed, sealed notifications to the customer and repeats them until they are acknowledged.

The real gateway repeats over 24 hours; here the gaps are short and set by the caller. A planned fault makes a
notification come twice (`duplicate`), stay back until released (`hold`, to reorder), get lost (`drop`), or carry
a signature that does not fit (`tamper`), as WeChat Pay itself sends to probe whether signatures are verified.
"""

from __future__ import annotations

import json
import secrets
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from simulators.faults import Faults
from simulators.wechat_pay.accounts import Account
from simulators.wechat_pay.orders import CHINA, china_time
from simulators.wechat_pay.signing import Platform, seal

# Who has not answered by then has not answered.
TIMEOUT_SECONDS = 5
SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
}


@dataclass
class Attempt:
    """One delivery: where, by which key, and the HTTP status that came back (0 when nobody answered in time)."""

    event: str
    url: str
    serial: str
    status: int
    body: str


class Notifier:
    """Delivers in threads of its own, so that a payer's request is answered at once."""

    def __init__(
        self, platform: Platform, faults: Faults, gaps: tuple[float, ...] = (0.2, 0.5, 1, 2, 5)
    ) -> None:
        self._platform, self._faults, self._gaps = platform, faults, gaps
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="notify")
        self._held: list[tuple[str, str, str]] = []
        self._pending: set[Future[None]] = set()
        self._closing = threading.Event()
        self.attempts: list[Attempt] = []

    def send(
        self, account: Account, event_type: str, original_type: str, resource: dict[str, Any], url: str
    ) -> None:
        """Queue one notification to an account; planned faults of `wechat_pay.notify` apply to it."""
        body = json.dumps(
            {
                "id": secrets.token_hex(16),
                "create_time": china_time(datetime.now(CHINA)),
                "resource_type": "encrypt-resource",
                "event_type": event_type,
                "summary": SUMMARIES[event_type],
                "resource": {
                    "original_type": original_type,
                    **seal(account.apiv3_key, json.dumps(resource, ensure_ascii=False), original_type),
                },
            },
            ensure_ascii=False,
        )
        fault = self._faults.take("wechat_pay.notify", "drop", "hold", "duplicate", "tamper", "delay")
        mode = fault.mode if fault else ""
        if mode == "drop":
            return
        if mode == "hold":
            self._held.append((event_type, url, body))
            return
        wait = float(fault.options.get("seconds", 1)) if fault and mode == "delay" else 0.0
        for _ in range(2 if mode == "duplicate" else 1):
            self._submit(event_type, url, body, tamper=mode == "tamper", wait=wait)

    def release(self, newest_first: bool = True) -> int:
        """Deliver what was held back, newest first unless told otherwise; returns how many."""
        held, self._held = self._held, []
        for event_type, url, body in reversed(held) if newest_first else held:
            self._deliver(event_type, url, body, tamper=False, wait=0)
        return len(held)

    def settle(self, timeout: float) -> bool:
        """Wait until everything queued was delivered or given up; False when `timeout` seconds pass first."""
        from concurrent.futures import wait

        return not wait(list(self._pending), timeout=timeout).not_done

    def close(self) -> None:
        self._closing.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, event_type: str, url: str, body: str, tamper: bool, wait: float) -> None:
        future = self._pool.submit(self._deliver, event_type, url, body, tamper, wait)
        self._pending.add(future)
        future.add_done_callback(self._pending.discard)

    def _deliver(self, event_type: str, url: str, body: str, tamper: bool, wait: float) -> None:
        self._closing.wait(wait)
        for gap in (*self._gaps, None):
            signer = self._platform.notifier
            headers = signer.headers(body + " " if tamper else body)
            headers["Content-Type"] = "application/json"
            try:
                answer = requests.post(url, data=body.encode(), headers=headers, timeout=TIMEOUT_SECONDS)
                self.attempts.append(
                    Attempt(event_type, url, signer.serial, answer.status_code, answer.text[:500])
                )
                if answer.status_code in (200, 204):
                    return
            except requests.RequestException as error:
                self.attempts.append(Attempt(event_type, url, signer.serial, 0, str(error)[:500]))
            if gap is None or tamper or self._closing.wait(gap):
                return
