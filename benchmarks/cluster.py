"""A sweep of 200 runs on a Dask scheduler with two workers on loopback, one of them killed half-way.

Usage: python benchmarks/cluster.py [RUNS]   (default: 200; needs the extra `cluster`)
"""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import stub_collection as stub
from faults.test_cluster import running


def main() -> None:
    """Start the cluster, sweep, kill, and look at the table."""
    runs = int(sys.argv[1]) if sys.argv[1:] else 200
    with tempfile.TemporaryDirectory() as name:
        checkout = stub.make_checkout(Path(name))
        notebook = stub.total_notebook()
        notebook["cells"][2]["source"] = stub.PARAMETERS.replace("1..9", "1..9999")
        checkout.write({"01_total": (notebook, {})})
        results = checkout.root / "runs" / "01_total"
        with running(checkout) as (address, workers):
            started = time.monotonic()
            values = ",".join(map(str, range(1, runs + 1)))
            runner = checkout.start("sweep", "01", "-p", f"factor={values}", "--dask", address)
            stub.wait_for(lambda: len(list(results.glob("*/record.json"))) >= runs // 2, 3600)
            os.kill(workers[0].pid, signal.SIGKILL)
            said, _ = runner.communicate()
            took = time.monotonic() - started
        (table,) = (pd.read_csv(path) for path in results.glob("_sweeps/*/records.csv"))
        right = list(table["value"]) == [3 * factor for factor in range(1, runs + 1)]
    print(next(line for line in said.splitlines() if " runs: " in line))
    print(
        f"{took:.0f} s; rows {len(table)}, each run once: {table['run'].is_unique}, all values right: {right}"
    )
    sys.exit(runner.returncode or not right)


if __name__ == "__main__":
    main()
