"""SIGKILL of a whole `summits run` (runner, worker, kernel) at random moments, on a stub collection.

Usage: python benchmarks/faults/kills.py [KILLS]   (default: 100)
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
import stub_collection as stub

from summits import notebooks


def processes_of(folder: Path) -> list[str]:
    """Processes whose surroundings name a folder."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if os.fsencode(folder) in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:
            continue
    return found


def start_anew(checkout: stub.Checkout) -> subprocess.Popen:
    """Change the data, so that the run is due, and start it."""
    with (checkout.root / "data" / "observations" / "made_up.csv").open("a") as table:
        table.write("made_up,2021-01,1,2021-05-01,none\n")
    return checkout.start("run", "-j", "1")


def complete(checkout: stub.Checkout) -> float:
    """Let a run complete, see that it leaves nothing behind, and return its seconds."""
    started = time.monotonic()
    said, _ = start_anew(checkout).communicate()
    assert "1 done" in said, said
    assert not list((checkout.root / "runs" / "_working").glob("*/"))
    return time.monotonic() - started


def main() -> None:
    """Change the data, start a run, kill it and look, again and again; every tenth time a run completes."""
    kills, chance, ends = int(sys.argv[1]) if sys.argv[1:] else 100, random.Random(3), Counter()
    with tempfile.TemporaryDirectory() as name:
        checkout = stub.make_checkout(Path(name))
        checkout.write({"01_total": (stub.total_notebook(), {})})
        for number in range(kills):
            if number % 10 == 0:
                whole = complete(checkout)
            before = checkout.record("01_total")["key"]
            runner = start_anew(checkout)
            time.sleep(chance.uniform(0, 1.3 * whole))
            os.killpg(runner.pid, signal.SIGKILL)
            runner.communicate()
            record = checkout.record("01_total")
            found = notebooks.digest(checkout.result("01_total").read_bytes())
            assert record["notebook_sha256"] == found, "notebook and record do not belong together"
            ends["old" if record["key"] == before else "new"] += 1
        complete(checkout)
        # A server that loses its runner while it is importing sees that only when it has done so.
        stub.wait_for(lambda: not processes_of(checkout.root))
    print(f"{kills} kills: the old result stayed {ends['old']} times, the new one came {ends['new']} times,")
    print(f"always whole; {(kills + 9) // 10 + 1} runs between and after them completed; no process was left")


if __name__ == "__main__":
    main()
