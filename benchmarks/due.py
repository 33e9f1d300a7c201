"""How many runs one new observation or event makes due, and how long the monthly rerun then takes.

Usage: python benchmarks/due.py [--run] [--check]   (on copies of the runs in this checkout)
With `--run`, what one new month of one trade series makes due is executed and timed. With `--check`, every
run that a new event leaves standing is executed all the same, and must give the result that was carried over,
byte for byte.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from helpers import paths
from summits import validation

TRADE, RATE, INDEX = "kr_exp_cn_hs8542", "eur_per_usd", "fred_IPG3344S"
DAY = "2026-11-30"


def observation(series_id: str, table: str) -> Callable[[Path], None]:
    """A month more of one series: its last value again, simulated, as a test of what depends on it."""

    def add(data: Path) -> None:
        path = data / "observations" / f"{table}.csv"
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        last = rows[rows["series_id"] == series_id].sort_values("period").iloc[-1]
        month = (pd.Period(last["period"], "M") + 1).strftime("%Y-%m")
        rows.loc[len(rows)] = pd.Series(dict(last) | {"period": month, "vintage": DAY})
        rows.sort_values(["series_id", "period", "vintage"]).to_csv(path, index=False, lineterminator="\n")

    return add


def event(category: str, direction: str) -> Callable[[Path], None]:
    """A row more in the list of events, a copy of its last one of that kind under another name and day."""

    def add(data: Path) -> None:
        rows = pd.read_csv(data / "events.csv", dtype=str, keep_default_na=False)
        last = rows[(rows["category"] == category) & (rows["direction"] == direction)].iloc[-1]
        days = dict.fromkeys(("date", "first_us_trading_day", "first_asia_trading_day"), "2026-08-19")
        named = {"event_id": "simulated-2026-08", "label": "Simulated", "public_from": ""}
        rows.loc[len(rows)] = pd.Series(dict(last) | named | days)
        rows.sort_values("date", kind="stable").to_csv(data / "events.csv", index=False, lineterminator="\n")

    return add


CHANGES = {
    f"one month of {TRADE}": observation(TRADE, "trade"),
    "one month of jp_exp_kr_hs8486": observation("jp_exp_kr_hs8486", "trade_by_product"),
    f"one month of the exchange rate {RATE}": observation(RATE, "exchange_rates"),
    f"one value of {INDEX}": observation(INDEX, "activity"),
    "one AI talk": event("dialogue", "cooperation"),
    "one model release": event("model_release", "neutral"),
}


def summits(data: Path, runs: Path, *arguments: str) -> str:
    """Run the command on copies of the data and the results."""
    places = {"SUMMITS_DATA": str(data), "SUMMITS_RUNS": str(runs)}
    command = [sys.executable, "-m", "summits.cli", *arguments]
    return subprocess.run(command, env=os.environ | places, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Print a table, and with `--run` a time."""
    with tempfile.TemporaryDirectory() as name:
        runs = Path(name) / "runs"
        shutil.copytree(
            paths.runs_dir(), runs, ignore=shutil.ignore_patterns("_previous", "_changes", ".lock")
        )
        print("| change | runs due |\n| --- | --- |")
        for number, (what, change) in enumerate(CHANGES.items()):
            data = Path(name) / str(number)
            shutil.copytree(paths.data_dir(), data)
            change(data)
            validation.describe(data)
            print(f"| {what} | {summits(data, runs, 'run', '--dry-run').splitlines()[-1]} |", flush=True)
        if "--run" in sys.argv:
            started = time.monotonic()
            summits(Path(name) / "0", runs, "run", "-j", "2")
            print(f"\nThe rerun after {next(iter(CHANGES))}: {time.monotonic() - started:.0f} s.")
        if "--check" in sys.argv:
            check(Path(name) / str(len(CHANGES) - 1), runs)


def check(data: Path, runs: Path) -> None:
    """Carry over what a change leaves standing, execute it, and compare the bytes."""
    lines = summits(data, runs, "run", "--dry-run").splitlines()
    due = {line.split()[1] for line in lines if "/" in line.split()[1]}
    summits(data, runs, "run", "-j", "2")
    results = sorted(runs.glob("[!_]*/[!_]*/"))
    carried = {path: [file.read_bytes() for file in sorted(path.glob("*.*"))] for path in results}
    summits(data, runs, "run", "-j", "2", "--force")
    differing = [
        path for path in results if [f.read_bytes() for f in sorted(path.glob("*.*"))] != carried[path]
    ]
    names = [f"{path.parent.name}/{path.name}" for path in differing]
    print(f"{len(results) - len(due)} runs carried over; executed, these differ: {names or 'none'}")


if __name__ == "__main__":
    main()
