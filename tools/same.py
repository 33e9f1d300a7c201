"""Run the collection under several processors' linear algebra, thread counts and Pythons; compare the bytes.

``make same`` runs it with the environment's own Python; ``--python`` adds environments of other versions.
Prints one row per setting: seconds, notebooks that differ from the committed ones, and the largest relative
difference of a number in a record. Exits 1 if one differs.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = "application/vnd.summits.record+json"
CORES = {
    "x86_64": ["Haswell", "Zen", "SkylakeX", "Sandybridge", "Nehalem"],
    "aarch64": ["ARMV8", "NEOVERSEN1"],
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    cores = CORES.get(platform.machine(), [])
    parser.add_argument("--cores", default=",".join(cores), help="OPENBLAS_CORETYPE values, by comma")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, by comma")
    parser.add_argument("--python", action="append", help="a Python with the project installed (repeat)")
    parser.add_argument("notebooks", nargs="*", help="numbers of notebooks; all if none is named")
    asked = parser.parse_args()
    failures = 0
    print(
        f"{'Python':8} {'cores':12} {'threads':>7} {'seconds':>7} {'differ':>6}  largest relative difference"
    )
    for python in asked.python or [sys.executable]:
        for core in asked.cores.split(","):
            if not runs_here(python, core):
                print(f"{version(python):8} {core:12} this machine cannot run it")
                continue
            for threads in asked.threads.split(","):
                failures += compare(python, core, threads, asked.notebooks)
    return 1 if failures else 0


def settings(core: str, threads: str, **more: str) -> dict[str, str]:
    """Environment of one run."""
    numbers = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads)
    return os.environ | numbers | {"OPENBLAS_CORETYPE": core} | more


def version(python: str) -> str:
    """Version of an interpreter, such as 3.12.1."""
    code = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


KERNEL = """
import ctypes, pathlib, numpy
folder = pathlib.Path(numpy.__file__).parents[1] / "numpy.libs"
library = ctypes.CDLL(str(next(folder.glob("*openblas*"))))
name = library.scipy_openblas_get_corename64_
name.restype = ctypes.c_char_p
numpy.ones((99, 99)) @ numpy.ones((99, 99))
print(name().decode())
"""


def runs_here(python: str, core: str) -> bool:
    """Whether the linear algebra takes this kernel here: not if it falls back to another or crashes."""
    answer = subprocess.run([python, "-c", KERNEL], capture_output=True, text=True, env=settings(core, "1"))
    return answer.stdout.strip().lower() == core.lower()


def compare(python: str, core: str, threads: str, numbers: list[str]) -> int:
    """Run the notebooks under one setting; print its row; return how many differ from the committed."""
    with tempfile.TemporaryDirectory() as place:
        begin = time.perf_counter()
        command = [str(Path(python).with_name("summits")), "run", *numbers, "-j", "2"]
        done = subprocess.run(
            command, env=settings(core, threads, SUMMITS_RUNS=place), cwd=ROOT, capture_output=True, text=True
        )
        seconds = time.perf_counter() - begin
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:], sep="\n", file=sys.stderr)
            return 1
        results = {path.parts[-3]: path for path in Path(place).glob("*/published/notebook.ipynb")}
        differ, largest = [], 0.0
        for name, result in sorted(results.items()):
            committed = ROOT / "notebooks" / f"{name}.ipynb"
            if result.read_bytes() != committed.read_bytes():
                differ.append(name[:2])
                largest = max([largest, *differences(result, committed)])
    listed = ",".join(differ) or "none"
    print(f"{version(python):8} {core:12} {threads:>7} {seconds:7.0f} {listed:>6}  {largest:.1e}", flush=True)
    return len(differ)


def differences(first: Path, second: Path) -> Iterator[float]:
    """Relative differences of the numbers of two executed notebooks' records."""
    one, two = (dict(numbers_of(path)) for path in (first, second))
    for place in one.keys() & two.keys():
        size = max(abs(one[place]), abs(two[place]))
        yield abs(one[place] - two[place]) / size if size else 0.0


def numbers_of(path: Path) -> Iterator[tuple[str, float]]:
    """Each number in a notebook's records with its place."""
    for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
        for output in cell.get("outputs", []):
            record = output.get("data", {}).get(RECORD)
            if record is not None:
                yield from leaves(record, record["name"])


def leaves(value: object, place: str) -> Iterator[tuple[str, float]]:
    """Numbers inside nested lists and mappings."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, f"{place}.{key}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from leaves(part, f"{place}[{index}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, float(value)


if __name__ == "__main__":
    raise SystemExit(main())
