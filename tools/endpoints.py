"""Do the publishers still answer as expected? One call of each endpoint, nothing written.

Run with ``python tools/endpoints.py``. Exit codes: 0 all as expected, 1 some have changed, 3 no network.
``make contract`` calls it too, but make turns every exit code except 0 into 2.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

from summits import refresh
from summits.publishers import PUBLISHERS, keys
from summits.publishers.client import Refused, Request, Wanted
from summits.publishers.transport import Transport

FINE, DRIFT, NO_NETWORK = 0, 1, 3
ENDINGS = {
    FINE: "All that were called answer as expected.",
    DRIFT: "Some have changed, or cannot be reached.",
    NO_NETWORK: "No publisher can be reached: there is no network here.",
}


def check(transport: Transport, say: Callable[[str], None]) -> int:
    """Call each endpoint once, say what came back, and return the exit code."""
    today, reasons = datetime.now(UTC).date(), []
    for name, series in refresh.choose([], []).items():
        publisher = PUBLISHERS[name]
        if publisher.needs and not keys.read(publisher.needs):
            say(f"{name:20} skipped: set {publisher.needs}")
            continue
        transport.start()
        # As if all but the latest period were held, so that calls are short.
        digits = {"M": 7, "A": 4}
        wanted = {
            label: Wanted(info, str(today)[: digits.get(info.frequency, 10)])
            for label, info in series.items()
        }
        endpoints: dict[str, Request] = {}
        for each in publisher.requests(wanted, today):
            endpoints.setdefault(each.address, each)
        for request in endpoints.values():
            reason, what = "", request.address
            try:
                rows, *_ = refresh.ask(transport, publisher, request)
                reason = "empty" if rows.empty else ""
            except Refused as refusal:
                reason, what = refusal.reason, str(refusal)
            reasons.append(reason)
            say(f"{name:20} {reason or 'as expected'}: {what}")
            if reason == "unreachable":
                break
    unreachable = reasons and set(reasons) == {"unreachable"}
    code = NO_NETWORK if unreachable else DRIFT if any(reasons) else FINE
    say(f"{ENDINGS[code]} Exit code {code}.")
    return code


if __name__ == "__main__":
    sys.exit(check(Transport(attempts=1, timeout=15), print))
