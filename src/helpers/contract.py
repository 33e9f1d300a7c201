"""Do the publishers still answer as expected? One call each, nothing written. Run with ``make contract``.

Exit codes: 0 all as expected, 1 some have changed, 3 no network.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

from helpers import catalog, refresh
from helpers.sources import PUBLISHERS, keys
from helpers.sources.client import Publisher, Refused, Wanted
from helpers.sources.transport import Transport

FINE, DRIFT, NO_NETWORK = 0, 1, 3


def check(transport: Transport, say: Callable[[str], None]) -> int:
    """Call each publisher once, say what came back, and return the exit code."""
    labels = refresh.live_series()
    series = catalog.catalogue().loc[labels.index, "loader"]
    results = []
    for name, publisher in PUBLISHERS.items():
        of_publisher = series.index[series == name]
        if of_publisher.empty:
            continue
        if publisher.needs and not keys.read(publisher.needs):
            say(f"{name:20} skipped: set {publisher.needs}")
        else:
            results.append(_check_one(publisher, of_publisher[0], labels[of_publisher[0]], transport, say))
    if results and set(results) == {"unreachable"}:
        say("No publisher can be reached: there is no network here.")
        return NO_NETWORK
    return DRIFT if any(results) else FINE


def _check_one(
    publisher: Publisher, series_id: str, label: str, transport: Transport, say: Callable[[str], None]
) -> str:
    """Return a blank if the publisher answers as expected, else the reason."""
    today, info = datetime.now(UTC).date(), catalog.series(series_id)
    # As if all but the latest period were held, so that the call is short.
    last = today.isoformat()[: {"M": 7, "A": 4}.get(info.frequency, 10)]
    wanted = {label: Wanted(info, last)}
    try:
        request = publisher.requests(wanted, today)[0]
        body, _ = transport.fetch(publisher, request)
        if publisher.follow:
            request = publisher.follow(body, request)
            body, _ = transport.fetch(publisher, request)
        rows = refresh.parse(publisher, body, request)
    except Refused as refusal:
        say(f"{publisher.name:20} {refusal.reason}: {keys.redact(str(refusal))}")
        return refusal.reason
    if rows.empty and not request.last:
        say(f"{publisher.name:20} empty: {series_id} has no values")
        return "empty"
    say(f"{publisher.name:20} as expected: {len(rows)} values of {series_id}")
    return ""


if __name__ == "__main__":
    sys.exit(check(Transport(attempts=1, timeout=15), print))
