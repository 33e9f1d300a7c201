"""SIGKILL of a whole `summits run` (runner, worker, kernel) at random moments, on a stub collection.

Usage: python benchmarks/faults/kills.py [KILLS]   (default: 100; at the end a run must complete)
"""

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
import stub_collection as stub

from helpers.runs import notebooks


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


def main() -> None:
    """Kill, look, and change the data, again and again; at the end a run must complete."""
    kills, chance, mixed = int(sys.argv[1]) if sys.argv[1:] else 100, random.Random(3), 0
    with tempfile.TemporaryDirectory() as name:
        checkout = stub.make_checkout(Path(name))
        checkout.write({"01_total": (stub.total_notebook(), {})})
        started = time.monotonic()
        checkout.summits("run", "-j", "1")
        whole = time.monotonic() - started
        table = checkout.root / "data" / "observations" / "made_up.csv"
        results = set()
        for number in range(kills):
            table.write_text(table.read_text() + f"made_up,2021-{number},1,2021-05-01,none\n")
            runner = checkout.start("run", "-j", "1")
            time.sleep(chance.uniform(0, 1.3 * whole))
            os.killpg(runner.pid, signal.SIGKILL)
            runner.communicate()
            record = checkout.record("01_total")
            found = notebooks.digest(checkout.result("01_total").read_bytes())
            mixed += record["notebook_sha256"] != found
            results.add(found)
        time.sleep(2)
        orphans = processes_of(checkout.root)
        said = checkout.summits("run", "-j", "1")
        left = list((checkout.root / "runs" / "_working").glob("*/"))
    print(f"{kills} kills of a run of {whole:.1f} s; after them {len(results)} results were in place")
    print(f"notebook and record that do not belong together: {mixed}; processes left: {len(orphans)}")
    print(f"the next run: {said.splitlines()[-1]}; attempts left over: {len(left)}")
    sys.exit(bool(left or orphans or mixed))


if __name__ == "__main__":
    main()
