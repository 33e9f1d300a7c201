"""SIGKILL and SIGINT at random moments of run, publish and refresh: what was good before is good after.

Usage: python benchmarks/faults/kills.py [KILLS]   (default: 100 of runs, half of them publishing, and half as
many of refreshes)
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
import stub_collection as stub
from samples import package, replies, server

from summits import notebooks, validation

SIGNALS = (signal.SIGKILL, signal.SIGINT)
SERIES, CODE = "fred_IPG3344S", "IPG3344S"


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


def stop(start: Callable[[], subprocess.Popen], seconds: float, number: signal.Signals) -> None:
    """Start a command, and after some seconds send a signal to it and to all that it has started."""
    process = start()
    time.sleep(seconds)
    os.killpg(process.pid, number)
    process.communicate(timeout=60)


class Runs:
    """`summits run`, with and without `--publish`, on a stub collection."""

    name = "run and publish"

    def __init__(self, folder: Path) -> None:
        self.checkout = stub.make_checkout(folder)
        self.checkout.write({"01_total": (stub.total_notebook(), {})})
        self.publishes = False

    def start(self) -> subprocess.Popen:
        """Change the data, so that the run is due, and start it."""
        with (self.checkout.root / "data" / "observations" / "made_up.csv").open("a") as table:
            table.write("made_up,2021-01,1,2021-05-01,none\n")
        self.publishes = not self.publishes
        return self.checkout.start("run", "-j", "1", *(["--publish"] if self.publishes else []))

    def complete(self) -> None:
        """Let a run complete and see that it leaves nothing behind."""
        self.publishes = False
        said, _ = self.start().communicate()
        assert "1 done" in said, said
        assert not list((self.checkout.root / "runs" / "_working").glob("*/"))
        assert self.state() == self.checkout.source("01_total").read_bytes(), (
            "what is published is the result"
        )

    def state(self) -> bytes:
        """Return the result, after a look whether it and the notebook are whole."""
        result = self.checkout.result("01_total").read_bytes()
        digest = self.checkout.record("01_total")["notebook_sha256"]
        assert digest == notebooks.digest(result), "notebook and record do not belong together"
        notebooks.read(self.checkout.source("01_total"))
        return result


class Refreshes:
    """`summits refresh` of one series from a server on the loopback interface."""

    name = "refresh"

    def __init__(self, folder: Path, publisher: server.Publisher) -> None:
        self.before, self.now = folder / "before", folder / "data"
        package.write(self.before, SERIES, last={SERIES: "2026-03"})
        publisher.does(server.sends(replies.fred(package.values(SERIES), CODE)))
        own = {
            "SUMMITS_DATA": str(self.now),
            "SUMMITS_ORIGIN_FRED": publisher.origin,
            "NO_PROXY": "127.0.0.1",
        }
        self.environment = {k: v for k, v in os.environ.items() if k != "FRED_API_KEY"} | own

    def start(self) -> subprocess.Popen:
        """Put the earlier package in place and start to refresh it."""
        shutil.rmtree(self.now, ignore_errors=True)
        shutil.copytree(self.before, self.now)
        return self._refresh()

    def _refresh(self) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "summits.cli", "refresh", "--source", "fred"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def complete(self) -> None:
        """Refresh what a kill left, to the end: it has all the rows of before, the new ones, and is sound."""
        process = self._refresh() if self.now.exists() else self.start()
        said, _ = process.communicate()
        assert process.returncode == 0, said
        assert validation.check(self.now) == []
        assert self._rows(self.now) > self._rows(self.before)
        assert not list(self.now.parent.glob(".data-refresh-*/*")), "a folder was left over"

    def state(self) -> bytes:
        """Return the table, after a look whether it has each row of before; then complete the refresh."""
        assert self._rows(self.now) >= self._rows(self.before), "rows are lost"
        table = next((self.now / "observations").glob("*.csv")).read_bytes()
        self.complete()
        return table

    def _rows(self, folder: Path) -> set[str]:
        return {
            row for file in (folder / "observations").glob("*.csv") for row in file.read_text().splitlines()
        }


def attack(target: Runs | Refreshes, kills: int, chance: random.Random) -> str:
    """Stop a command again and again, look after each time, and return the counts."""
    ends: Counter[str] = Counter()
    for number in range(kills):
        if number % 10 == 0:
            started = time.monotonic()
            if isinstance(target, Refreshes):
                shutil.rmtree(target.now, ignore_errors=True)
            target.complete()
            whole = time.monotonic() - started
        kind = SIGNALS[number % 2]
        before = target.state() if isinstance(target, Runs) else b""
        stop(target.start, chance.uniform(0, 1.2 * whole), kind)
        if isinstance(target, Refreshes):
            before = next((target.before / "observations").glob("*.csv")).read_bytes()
        ends["old" if target.state() == before else "new"] += 1
    target.complete()
    return (
        f"{target.name}: {kills} stopped, {ends['old']} with the old state and {ends['new']} with the new one"
    )


def main() -> None:
    """Print the counts; any loss ends the script with an error."""
    kills, chance = int(sys.argv[1]) if sys.argv[1:] else 100, random.Random(3)
    with tempfile.TemporaryDirectory() as name, server.running() as publisher:
        for part in ("runs", "refreshes"):
            (Path(name) / part).mkdir()
        print(attack(Runs(Path(name) / "runs"), kills, chance), flush=True)
        print(attack(Refreshes(Path(name) / "refreshes", publisher), kills // 2, chance), flush=True)
        # A server that loses its runner while it is importing sees that only when it has done so.
        stub.wait_for(lambda: not processes_of(Path(name)))
    print("always whole, never a row or a result lost, and no process left")


if __name__ == "__main__":
    main()
