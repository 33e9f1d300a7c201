"""Do the publishers still answer as expected? One call of each endpoint, nothing written.

Run with ``python -m summits.endpoints``. Exit codes: 0 all as expected, 1 some have changed, 3 no network.
``make contract`` calls it too, but make turns every exit code except 0 into 2.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

from helpers import catalog
from summits import refresh
from summits.publishers import PUBLISHERS, keys
from summits.publishers.client import Publisher, Refused, Request, Wanted
from summits.publishers.transport import Transport

FINE, DRIFT, NO_NETWORK = 0, 1, 3
ENDINGS = {
    FINE: "All that were called answer as expected.",
    DRIFT: "Some have changed, or cannot be reached.",
    NO_NETWORK: "No publisher can be reached: there is no network here.",
}


def check(transport: Transport, say: Callable[[str], None]) -> int:
    """Call each endpoint once, say what came back, and return the exit code."""
    found = []
    for name, publisher in PUBLISHERS.items():
        wanted = _wanted(name)
        if wanted and publisher.needs and not keys.read(publisher.needs):
            say(f"{name:20} skipped: set {publisher.needs}")
        elif wanted:
            found += _check_publisher(publisher, wanted, transport, say)
    unreachable = found and set(found) == {"unreachable"}
    code = NO_NETWORK if unreachable else DRIFT if any(found) else FINE
    say(f"{ENDINGS[code]} Exit code {code}.")
    return code


def _wanted(name: str) -> dict[str, Wanted]:
    """Return the publisher's series as if all but the latest period were held, so that calls are short."""
    labels, today = refresh.live_series(), datetime.now(UTC).date().isoformat()
    loaders = catalog.catalogue()["loader"]
    infos = {label: catalog.series(each) for each, label in labels.items() if loaders[each] == name}
    return {
        label: Wanted(info, today[: {"M": 7, "A": 4}.get(info.frequency, 10)])
        for label, info in infos.items()
    }


def _check_publisher(
    publisher: Publisher, wanted: dict[str, Wanted], transport: Transport, say: Callable[[str], None]
) -> list[str]:
    """Return for each endpoint a blank if it answers as expected, else the reason."""
    endpoints: dict[str, Request] = {}
    for request in publisher.requests(wanted, datetime.now(UTC).date()):
        endpoints.setdefault(request.address, request)
    found = []
    for request in endpoints.values():
        reason, what = _call(publisher, request, transport)
        found.append(reason)
        say(f"{publisher.name:20} {reason or 'as expected'}: {what}")
        if reason == "unreachable":
            break
    return found


def _call(publisher: Publisher, request: Request, transport: Transport) -> tuple[str, str]:
    """Return the reason, blank if all is well, and what came back."""
    try:
        body, _ = transport.fetch(publisher, request)
        if publisher.follow:
            request = refresh.read(publisher.follow, body, request)
            body, _ = transport.fetch(publisher, request)
        rows = refresh.read(publisher.parse, body, request)
    except Refused as refusal:
        return refusal.reason, str(refusal)
    if rows.empty:
        return "empty", f"{request.address} has no values"
    return "", f"{len(rows)} values from {request.address}"


if __name__ == "__main__":
    sys.exit(check(Transport(attempts=1, timeout=15), print))
