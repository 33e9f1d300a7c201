"""Speed of the collection against the same cells as plain scripts, all in one run on one machine.

Usage: python benchmarks/speed.py [NOTEBOOK…]   (default: the whole collection; published runs only)
Prints a table in Markdown for docs/performance.md. Take the ratios, not the seconds.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
THREADS = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SWEPT, PARAMETER, VALUES = (
    "01_summits_and_controls",
    "as_of",
    [f"202{y}-0{m}-28" for y in (4, 5) for m in (3, 6, 9)],
)


def checkout(folder: Path, chosen: list[str]) -> dict[str, str]:
    """Copy what a run needs, with the published sets of the chosen notebooks; return the surroundings."""
    for name in ("src", "data", "notebooks"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    shutil.copy(ROOT / "requirements.lock", folder)
    listing = folder / "notebooks" / "collection.yml"
    listed = yaml.safe_load(listing.read_text())["notebooks"]
    kept = {name: {**entry, "runs": {"published": {}}} for name, entry in listed.items() if name in chosen}
    listing.write_text(yaml.safe_dump({"notebooks": kept}))
    dropped = {"PYTHONDONTWRITEBYTECODE", "SUMMITS_DATA", "SUMMITS_RUNS"}
    own = {"PYTHONPATH": str(folder / "src"), "PYTHONHASHSEED": "0", "TZ": "UTC", "MPLBACKEND": "agg"}
    return {k: v for k, v in os.environ.items() if k not in dropped} | THREADS | own


def seconds(*commands: list[str], folder: Path, env: dict[str, str]) -> float:
    """Run commands side by side; return the wall time until the last has ended."""
    started = time.perf_counter()
    processes = [
        subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise SystemExit(f"{commands}: exit codes {codes}")
    return time.perf_counter() - started


def halves(chosen: list[str], weights: list[float]) -> list[list[str]]:
    """Two lists of notebooks of about equal weight: the longest first, each to the shorter list."""
    sides: list[list[str]] = [[], []]
    totals = [0.0, 0.0]
    for weight, name in sorted(zip(weights, chosen, strict=True), reverse=True):
        side = totals.index(min(totals))
        sides[side].append(name)
        totals[side] += weight
    return sides


def main() -> None:
    """Measure and print."""
    every = list(yaml.safe_load((ROOT / "notebooks" / "collection.yml").read_text())["notebooks"])
    chosen = sys.argv[1:] or every
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = checkout(folder, chosen)
        where = {"folder": folder, "env": env}
        bare = [sys.executable, str(ROOT / "benchmarks" / "bare_cells.py")]
        summits = [sys.executable, "-m", "helpers.cli"]
        files = [f"notebooks/{each}.ipynb" for each in chosen]
        told = subprocess.run([*bare, *files], cwd=folder, env=env, capture_output=True, text=True)
        weights = json.loads(told.stderr.splitlines()[-1])
        one = seconds([*bare, *files], **where)
        two = seconds(*([*bare, *side] for side in halves(files, weights) if side), **where)
        run = {"folder": folder, "env": {k: v for k, v in env.items() if k != "MPLBACKEND"}}
        plain = {
            "folder": folder,
            "env": run["env"] | {"SUMMITS_FORK": "0", "SUMMITS_RUNS": str(folder / "plain")},
        }
        cold = seconds([*summits, "run", "-j", "2"], **run)
        cold_plain = seconds([*summits, "run", "-j", "2"], **plain)
        nothing = min(seconds([*summits, "run", "-j", "2"], **run) for _ in range(3))
        nbval = [
            sys.executable,
            "-m",
            "pytest",
            "--nbval",
            "--nbval-current-env",
            "-n",
            "2",
            "--dist",
            "loadfile",
        ]
        seconds([*summits, "run", "--publish"], **run)
        forked = {"folder": folder, "env": run["env"] | {"JUPYTER_DEFAULT_PROVISIONER_NAME": "summits-fork"}}
        compared = seconds([*nbval, "-q", *files], **forked)
        compared_plain = seconds([*nbval, "-q", *files], **run)
        swept = per_run(bare, summits, where, run) if SWEPT in chosen else None
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"{len(chosen)} notebooks; {machine}, load {load:.1f} at the start\n")
    print("| what | seconds | against | ratio | goal |\n| --- | --- | --- | --- | --- |")
    print(f"| scripts, one process | {one:.1f} | | 1.00 | |")
    print(f"| scripts, two processes | {two:.1f} | one process | {two / one:.2f} | |")
    print(f"| cold run, two workers | {cold:.1f} | two processes | {cold / two:.2f} | 1.25 |")
    print(f"| the same, ordinary kernels | {cold_plain:.1f} | two processes | {cold_plain / two:.2f} | |")
    print(f"| nothing to do | {nothing:.2f} | | | 1.0 s |")
    print(f"| nbval, two workers | {compared:.1f} | one process | {compared / one:.2f} | 1.0 |")
    print(
        f"| the same, ordinary kernels | {compared_plain:.1f} | one process | {compared_plain / one:.2f} | |"
    )
    if swept:
        print(f"| one more run of a sweep | {swept[1]:.2f} | its cells | {swept[1] / swept[0]:.2f} | 1.2 |")


def per_run(bare: list[str], summits: list[str], where: dict, run: dict) -> tuple[float, float]:
    """Seconds that one more run adds: as cells in a running process, and in a sweep with one worker."""
    few, many = VALUES[:2], VALUES
    cells = [
        seconds([*bare, *(f"notebooks/{SWEPT}.ipynb:{PARAMETER}={value}" for value in values)], **where)
        for values in (few, many)
    ]
    sweeps = []
    for values in (few, many):
        command = [*summits, "sweep", SWEPT, "-j", "1", "-p", f"{PARAMETER}={','.join(values)}"]
        shutil.rmtree(run["folder"] / "runs" / SWEPT, ignore_errors=True)
        sweeps.append(seconds(command, **run))
    more = len(many) - len(few)
    return (cells[1] - cells[0]) / more, (sweeps[1] - sweeps[0]) / more


if __name__ == "__main__":
    main()
