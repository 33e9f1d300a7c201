"""Wrong replies of every publisher, by kind and position: what a refresh takes in silence.

Usage: python benchmarks/faults/server.py
"""

import gzip
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from samples import attacks, calls, package, replies, server

from helpers import catalog
from summits.publishers import PUBLISHERS
from summits.publishers.client import Refused, Wanted


def raw(head: str, body: bytes) -> server.Behaviour:
    """Send a reply byte by byte as written."""

    def behave(call: BaseHTTPRequestHandler) -> None:
        call.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n{head}\r\n".encode() + body)

    return behave


def cut_replies() -> list[tuple[str, server.Behaviour]]:
    """Return replies that end too early, in each way a reply can state where it ends."""
    whole = replies.fred(package.values("fred_IPG3344S") | {"2026-06": 190.0105}, "IPG3344S")
    packed = gzip.compress(whole)
    found = []
    for missing in range(1, 40):
        short = packed[:-missing]
        length = f"Content-Encoding: gzip\r\nContent-Length: {len(short)}\r\n"
        found += [
            (f"gzip without the last {missing}", raw(length, short)),
            (f"gzip, closed, without the last {missing}", raw("Content-Encoding: gzip\r\n", short)),
            (f"declared length, {missing} less", raw(f"Content-Length: {len(whole)}\r\n", whole[:-missing])),
            (
                f"last chunk lacks {missing}",
                raw("Transfer-Encoding: chunked\r\n", b"%x\r\n" % len(whole) + whole[:-missing]),
            ),
            (f"closed without the last {missing}", raw("", whole[:-missing])),
        ]
    return found


def main() -> None:
    """Print the counts of endings and every silent acceptance."""
    started, ends, silent = time.monotonic(), Counter(), []
    for target, fault, ending, wrong, argument in attacks.attacks():
        ends[ending if ending != "taken" or wrong else "nothing wrong written"] += 1
        if wrong:
            why = argument or "NOT ARGUED"
            silent.append(f"{target}: {fault}: {', '.join(wrong[:3])} ({len(wrong)}): {why}")
    info = catalog.series("fred_IPG3344S")
    publisher = PUBLISHERS["fred"]
    [request] = publisher.requests({publisher.label(info): Wanted(info)}, calls.TODAY)
    whole = package.values("fred_IPG3344S") | {"2026-06": 190.0105}
    cuts = cut_replies()
    with server.running() as running:
        for name, behaviour in cuts:
            running.does(behaviour)
            transport = calls.transport(running, attempts=1)
            try:
                body, receipt = transport.fetch(publisher, request)
                rows = publisher.parse(body or b"", request)
                wrong = [row.period for row in rows.itertuples() if row.value != whole[row.period]]
                ends["rows that are right, no mark kept" if not receipt["etag"] else "taken"] += 1
                silent += [f"fred: {name}: {wrong}: NOT ARGUED"] if wrong else []
            except Refused as refusal:
                ends[refusal.reason] += 1
    print(f"{ends.total()} faults in {time.monotonic() - started:.0f} s")
    print("\n".join(f"{count:5} {ending}" for ending, count in ends.most_common()))
    print(f"{len(silent)} silent acceptances")
    print("\n".join(silent))
    sys.exit(1 if any("NOT ARGUED" in line for line in silent) else 0)


if __name__ == "__main__":
    main()
