"""A real Dask scheduler with two worker processes on loopback, one of them killed in mid-run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import stub_collection as stub

pytest.importorskip("distributed")
FACTORS = range(1, 9)
WHERE = """\
import os, time
from helpers import paths
with open(paths.root() / "where.txt", "a") as file:
    file.write(f"{factor} {os.getpid()}\\n")
time.sleep(0.5)"""


def start(checkout: stub.Checkout, module: str, *arguments: str) -> subprocess.Popen:
    """Start a Dask process with the surroundings of the checkout; its log goes to a file."""
    with (checkout.root / f"{module.split('.')[-1]}.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + module, *arguments],
            cwd=checkout.root,
            env=checkout.environment() | {"DASK_TEMPORARY_DIRECTORY": str(checkout.root)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@contextmanager
def running(checkout: stub.Checkout) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Yield the address of a scheduler, and its two workers; the benchmark of clusters uses it too."""
    settings = checkout.root / "scheduler.json"
    scheduler = start(
        checkout, "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--scheduler-file", str(settings),
    )  # fmt: skip
    stub.wait_for(lambda: settings.exists() and settings.stat().st_size)
    address = pd.read_json(settings, typ="series")["address"]
    alone = ["--nthreads", "1", "--no-nanny", "--no-dashboard"]
    workers = [start(checkout, "dask_worker", address, *alone) for _ in range(2)]
    log = checkout.root / "dask_worker.log"
    try:
        stub.wait_for(lambda: log.read_text().count("Registered to") == 2)
        yield address, workers
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(checkout: stub.Checkout) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """Return the address of a scheduler, and its two workers."""
    with running(checkout) as started:
        yield started


def test_every_run_completes_once_though_a_worker_is_killed(checkout: stub.Checkout, cluster: tuple) -> None:
    address, workers = cluster
    notebook = stub.total_notebook()
    notebook["cells"].insert(3, {**stub.code(WHERE), "id": "where"})
    notebook["cells"][2]["source"] = stub.PARAMETERS.replace("1..9", "1..900")
    checkout.write({"01_total": (notebook, {})})
    values = ",".join(map(str, FACTORS))
    runner = checkout.start("sweep", "01", "-p", f"factor={values}", "--dask", address)
    where = checkout.root / "where.txt"
    stub.wait_for(lambda: where.exists() and len(where.read_text().splitlines()) >= 3, 120)
    os.kill(workers[0].pid, signal.SIGKILL)
    said, _ = runner.communicate(timeout=300)
    assert runner.returncode == 0, said
    assert f"{len(FACTORS)} runs: {len(FACTORS)} done" in said
    table = pd.read_csv(checkout.root / "runs" / "01_total" / "_sweeps" / f"factor={values}" / "records.csv")
    assert list(table["parameter_factor"]) == list(FACTORS)
    assert list(table["value"]) == [3 * factor for factor in FACTORS]
    assert not list((checkout.root / "runs" / "_working").glob("*/"))
    assert f"{len(FACTORS)} fresh" in checkout.summits("sweep", "01", "-p", f"factor={values}")


def test_a_cluster_that_cannot_be_used_is_refused(
    checkout: stub.Checkout, cluster: tuple, tmp_path: Path
) -> None:
    address, _ = cluster
    checkout.write({"01_total": (stub.total_notebook(), {})})
    runner = checkout.start("run", "--dask", address, SUMMITS_RUNS=str(tmp_path / "elsewhere"))
    said, _ = runner.communicate(timeout=60)
    assert runner.returncode == 2 and "has another runs folder than this process" in said, said
