"""Refreshing from the loopback server: every publisher's host is replaced by it."""

from datetime import date
from urllib.parse import urlsplit

from samples.server import Publisher
from summits import refresh
from summits.publishers import CLIENTS
from summits.publishers.transport import Transport

TODAY = date(2026, 11, 23)


def hosts() -> set[str]:
    """Return the origin of every address written in a client."""
    addresses = [
        value
        for client in CLIENTS.values()
        for value in vars(client).values()
        if isinstance(value, str) and value.startswith("https://")
    ]
    parts = [urlsplit(address) for address in addresses]
    return {f"{each.scheme}://{each.netloc}" for each in parts}


def transport(publisher: Publisher, **settings) -> Transport:
    """Return an impatient transport that reaches only the server."""
    quick = {"interval": 0.0, "pause": 0.01, "timeout": 0.5, "deadline": 5.0, "attempts": 2}
    return Transport(origins=dict.fromkeys(hosts(), publisher.origin), **(quick | settings))


def run(publisher: Publisher, source: str = "fred", dry_run: bool = False, **settings) -> refresh.Outcome:
    """Refresh one source and return what became of it."""
    found = refresh.refresh(
        [source], dry_run=dry_run, transport=transport(publisher, **settings), today=TODAY
    )
    assert [each.publisher for each in found] == [source]
    return found[0]
