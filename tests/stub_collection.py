"""A small checkout for tests that really execute notebooks: the helpers, one table, stub notebooks."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import schema

ROOT = Path(__file__).resolve().parents[1]
RECORD = """\
from helpers import records
payload = {"value": sum(values) * factor}
records.record("total", payload["value"], unit="units", low=1.5)"""
READ = """\
from helpers import paths
lines = (paths.data_dir() / "observations" / "made_up.csv").read_text().splitlines()
values = [float(line.split(",")[2]) for line in lines[1:]]
values"""
PARAMETERS = """\
as_of: str = ""  # what was known on this date; empty for the latest
factor: int = 2  # multiplies the total; range: 1..9
part: str = "all"  # which part; choices: all|half"""


def markdown(text: str) -> dict[str, Any]:
    """Return a markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(text: str, *tags: str) -> dict[str, Any]:
    """Return a code cell that has not run."""
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "metadata": metadata, "source": text, "outputs": [], "execution_count": None}


def notebook(*cells: dict[str, Any], parameters: str = PARAMETERS) -> dict[str, Any]:
    """Return a stub notebook: a title, the parameters, the given cells."""
    first = [markdown("# What is the total?"), markdown("## Parameters"), code(parameters, "parameters")]
    numbered = [{**cell, "id": f"c{index}"} for index, cell in enumerate([*first, *cells])]
    return {"cells": numbered, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def total_notebook() -> dict[str, Any]:
    """Return a stub that reads simulated data, records an estimate and tells it in prose."""
    total = "The total is {{total:,.1f}} {{total.unit}}, from {{total.low:.1f}} to {{total.high}}."
    said = code(f"from helpers import prose\n\nprose.text('{total}')", "text")
    cells = [markdown("## Data"), code(READ), markdown("## Estimate"), code(RECORD), markdown("## Total")]
    return notebook(*cells, said)


@dataclass(frozen=True)
class Checkout:
    """A copy of the project with stub notebooks and one simulated table."""

    root: Path

    def write(self, entries: dict[str, tuple[dict[str, Any], dict[str, Any]]]) -> None:
        """Write notebooks and the collection that lists them: by id, the notebook and its entry."""
        listed = {}
        for name, (content, entry) in entries.items():
            self.source(name).write_text(json.dumps(content))
            listed[name] = {"question": "What is the total?", "reads": ["made_up"], **entry}
        (self.root / "notebooks" / "collection.yml").write_text(json.dumps({"notebooks": listed}))

    def source(self, name: str) -> Path:
        """Return the file of a notebook."""
        return self.root / "notebooks" / f"{name}.ipynb"

    def result(self, name: str, part: str = "notebook.ipynb", set_name: str = "published") -> Path:
        """Return a file of a run's result."""
        return self.root / "runs" / name / set_name / part

    def record(self, name: str, set_name: str = "published") -> dict[str, Any]:
        """Return the record of a run."""
        return json.loads(self.result(name, "record.json", set_name).read_text())

    def environment(self) -> dict[str, str]:
        """Return surroundings in which the copied helpers are the ones imported."""
        own = {"PYTHONPATH": os.pathsep.join([str(self.root / "src"), os.environ.get("PYTHONPATH", "")])}
        kept = {
            k: v
            for k, v in os.environ.items()
            if k not in ("SUMMITS_DATA", "SUMMITS_RUNS", "PYTEST_CURRENT_TEST")
        }
        return kept | own

    def start(
        self, *arguments: str, before: Callable[[], object] | None = None, **environment: str
    ) -> subprocess.Popen:
        """Start the command `summits` in a session of its own; `before` is called in it first."""
        return subprocess.Popen(
            [sys.executable, "-m", "summits.cli", *arguments],
            cwd=self.root,
            env=self.environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=before,
        )

    def summits(self, *arguments: str, expect: int = 0) -> str:
        """Run the command `summits` to its end and return what it printed."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == expect, said
        return said


def make_checkout(folder: Path) -> Checkout:
    """Copy the helpers into `folder` and add one table of simulated values."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "requirements.lock", folder)
    (folder / "notebooks").mkdir()
    (folder / "data" / "observations").mkdir(parents=True)
    rows = "series_id,period,value,vintage,source_id\nmade_up,2020-01,1,2020-03-01,none\n"
    rows += "made_up,2020-02,2,2020-04-01,none\n"
    (folder / "data" / "observations" / "made_up.csv").write_text(rows)
    row = dict.fromkeys(schema.SERIES.names, "") | {
        "series_id": "made_up",
        "table": "made_up",
        "frequency": "M",
    }
    (folder / "data" / "series.csv").write_text(f"{','.join(row)}\n{','.join(row.values())}\n")
    (folder / "data" / "sources.csv").write_text("source_id\nnone\n")
    return Checkout(folder)


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until a condition holds, and return what it gave."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("what the test waits for did not happen")


def is_alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")")[-1].split()[0] != "Z"


def parent(pid: int) -> int:
    """Return the process id of the parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[1])


def kill_session(process: subprocess.Popen, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process and all of its session that is still in its group."""
    os.killpg(process.pid, number)
