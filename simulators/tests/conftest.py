"""One running set of simulators for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from simulators import keys as key_files
from simulators.keys import Keys
from simulators.server import serve
from simulators.tests.clients import Client, control

NOON = "2026-11-05T12:00:00"


@pytest.fixture(scope="session")
def key_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="session")
def keys(key_directory: Path) -> Keys:
    return key_files.generate(key_directory)


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return key_files.generate(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="session")
def base_url(keys: Keys, key_directory: Path) -> Iterator[str]:
    server = serve(key_directory, 0)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def noon(base_url: str) -> Iterator[None]:
    """It is noon of a day for the gateway, whatever the calendar says: bills and limits depend on it."""
    control(base_url, "clock", at=NOON)
    yield
    control(base_url, "reset")


@pytest.fixture
def client(keys: Keys, base_url: str, noon: None) -> Client:
    """The direct merchant."""
    return Client(keys, base_url)


@pytest.fixture
def provider(keys: Keys, base_url: str, noon: None) -> Client:
    """The service provider."""
    return Client(keys, base_url, provider=True)
