"""Fixtures of the refresh tests: a server that misbehaves, and a small data package of its own."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from samples import package, server


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[server.Publisher]:
    """Run a server, without keys in the environment and without a proxy on the way to it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for variable in ("FRED_API_KEY", "COMTRADE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    with server.running() as running:
        yield running


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Return an event that ends a server's hanging at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that makes a small package of some series the current one."""

    def make(*series_ids: str, last: dict[str, str] | None = None) -> Path:
        folder = package.write(tmp_path / "data", *series_ids, last=last)
        monkeypatch.setenv("SUMMITS_DATA", str(folder))
        return folder

    return make
