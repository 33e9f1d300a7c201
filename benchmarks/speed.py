"""Speed of the collection against the same cells as plain scripts, all in one run on one machine.

Usage: python benchmarks/speed.py [NOTEBOOK…]   (default: the whole collection; published runs only)
Prints a table; that of the whole collection also takes its place in docs/performance.md. Take the ratios, not
the seconds. It stops after 30 minutes; two idle cores need about ten.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
MINUTES = 30
END = time.monotonic() + 60 * MINUTES
PYTHON = sys.executable
CELLS = [PYTHON, str(ROOT / "benchmarks" / "bare_cells.py")]
SUMMITS = [PYTHON, "-m", "summits.cli"]
NBVAL = [PYTHON, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-n", "2", "--dist", "loadfile"]
FIXED = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}
DROPPED = {"PYTHONDONTWRITEBYTECODE", "MPLBACKEND", "SUMMITS_DATA", "SUMMITS_RUNS"}
# Of the notebooks that estimate, the one of middling length.
SWEPT, SWEEP, FEW = "09_restraint", "window_days", 2
VALUES = ("45", "60", "75", "90", "105", "120")


def checkout(folder: Path, chosen: list[str]) -> None:
    """Copy what a run needs; the collection is that of the published runs of the chosen notebooks."""
    for name in ("src", "data", "notebooks"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copy(ROOT / "requirements.lock", folder)
    listing = folder / "notebooks" / "collection.yml"
    listed = yaml.safe_load(listing.read_text())["notebooks"]
    only = {"runs": {"published": {}}, "runs_from": {}}
    kept = {name: {**entry, **only} for name, entry in listed.items() if name in chosen}
    listing.write_text(yaml.safe_dump({"notebooks": kept}))
    subprocess.run([PYTHON, "-m", "compileall", "-q", folder / "src"], check=True)


def seconds(folder: Path, *commands: list[str], **environment: str) -> float:
    """Run commands side by side; return the wall time until the last has ended."""
    kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
    env = kept | FIXED | {"PYTHONPATH": str(folder / "src")} | environment
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        processes = [
            subprocess.Popen(command, cwd=folder, env=env, stdout=said, stderr=said) for command in commands
        ]
        try:
            codes = [process.wait(END - time.monotonic()) for process in processes]
        except subprocess.TimeoutExpired:
            for process in processes:
                process.terminate()
            raise SystemExit(f"Stopped after {MINUTES} minutes.") from None
        took = time.monotonic() - started
        if any(codes):
            said.seek(0)
            raise SystemExit(f"{said.read()[-3000:]}\n{commands}: exit codes {codes}")
    return took


def halves(weights: dict[str, float]) -> list[list[str]]:
    """Two lists of notebooks of about equal weight: the longest first, each to the shorter list."""
    sides: list[list[str]] = [[], []]
    for name in sorted(weights, key=weights.get, reverse=True):
        min(sides, key=lambda side: sum(weights[each] for each in side)).append(name)
    return [side for side in sides if side]


def measure(folder: Path, chosen: list[str]) -> list[tuple[str, float, str, float | None, str]]:
    """Rows of the table: what, seconds, against what, the seconds of that, and the goal."""
    files, times = [f"notebooks/{name}.ipynb" for name in chosen], folder / "times.json"
    agg = {"MPLBACKEND": "agg", "TIMES": str(times)}
    run = [*SUMMITS, "run", "-j", "2"]
    one = seconds(folder, [*CELLS, *files], **agg)
    sides = halves(json.loads(times.read_text()))
    two = seconds(folder, *([*CELLS, *side] for side in sides), **agg)
    cold = seconds(folder, run)
    nothing = min(seconds(folder, run) for _ in range(3))
    seconds(folder, [*run, "--publish"])
    compared = seconds(folder, [*NBVAL, *files], JUPYTER_DEFAULT_PROVISIONER_NAME="forked")
    rows = [
        ("scripts, one process", one, "", None, ""),
        ("scripts, two processes", two, "one process", one, ""),
        ("cold run, two workers", cold, "two processes", two, "1.15"),
        ("nbval, two workers", compared, "one process", one, "0.65"),
        ("nothing to do", nothing, "", None, "0.3 s"),
    ]
    if SWEPT in chosen:
        rows.append(("one more run of a sweep", *one_more(folder, agg), "1.1"))
    return rows


def one_more(folder: Path, agg: dict[str, str]) -> tuple[float, str, float]:
    """Seconds that one more run adds to a sweep with one worker, and to the cells in a running process."""
    cells, sweeps = [], []
    for values in (VALUES[:FEW], VALUES):
        files = [f"notebooks/{SWEPT}.ipynb:{SWEEP}={value}" for value in values]
        cells.append(seconds(folder, [*CELLS, *files], **agg))
        command = [*SUMMITS, "sweep", SWEPT, "-j", "1", "-p", f"{SWEEP}={','.join(values)}"]
        sweeps.append(seconds(folder, command, SUMMITS_RUNS=str(folder / f"swept_{len(values)}")))
    bare, swept = ((many - few) / (len(VALUES) - FEW) for few, many in (cells, sweeps))
    return swept, "its cells", bare


def table(rows: list[tuple[str, float, str, float | None, str]]) -> str:
    """Return the rows in Markdown."""
    lines = ["| what | seconds | against | ratio | goal |", "| --- | --- | --- | --- | --- |"]
    for what, took, against, base, goal in rows:
        ratio = f"{took / base:.2f}" if base else ""
        lines.append(f"| {what} | {took:.2f} | {against} | {ratio} | {goal} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and put the table of the whole collection on its page."""
    every = list(yaml.safe_load((ROOT / "notebooks" / "collection.yml").read_text())["notebooks"])
    chosen, load = sys.argv[1:] or every, os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        checkout(Path(name), chosen)
        rows = measure(Path(name), chosen)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    told = f"{len(chosen)} notebooks, {datetime.now(UTC):%Y-%m-%d}; {machine}, load {load:.1f} at the start."
    text = f"{told}\n\n{table(rows)}"
    print(text)
    if chosen == every:
        PAGE.write_text(placed(text, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def placed(text: str, page: str) -> str:
    """Return the page with the text between its two marks."""
    begin, end = "<!-- speed -->\n", "\n<!-- end of speed -->"
    return re.sub(f"(?s){begin}.*{end}", lambda _: begin + text + end, page)


if __name__ == "__main__":
    main()
