"""Refreshing from the loopback server: it is called in place of every publisher's hosts."""

from datetime import date

from samples.server import Publisher
from summits import refresh
from summits.publishers.transport import Transport

TODAY = date(2026, 11, 23)


def transport(publisher: Publisher, **settings) -> Transport:
    """Return an impatient transport that calls the server in place of every host."""
    quick = {"interval": 0.0, "pause": 0.01, "timeout": 0.5, "deadline": 5.0, "attempts": 2}
    return Transport(publisher.origin, **(quick | settings))


def run(publisher: Publisher, source: str = "fred", dry_run: bool = False, **settings) -> refresh.Outcome:
    """Refresh one source and return what became of it."""
    found = refresh.refresh(
        [source], dry_run=dry_run, transport=transport(publisher, **settings), today=TODAY
    )
    assert [each.publisher for each in found] == [source]
    return found[0]
