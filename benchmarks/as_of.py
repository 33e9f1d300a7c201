"""No record of any notebook as of a day may depend on what became public, or happened, after it.

Usage: python benchmarks/as_of.py [DAY…]   (default: 2021-06-30 2022-12-31 2025-12-31 2026-06-30)
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import later_data

from helpers import paths
from summits import archive, command

DAYS = ("2021-06-30", "2022-12-31", "2025-12-31", "2026-06-30")


def main() -> None:
    """Run the collection as of every day on the whole and on the spoilt data, and compare."""
    wrong = 0
    whole = paths.data_dir()
    for day in sys.argv[1:] or DAYS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            later_data.spoil(folder / "data", day)
            expected = executed(day, whole, folder / "runs-whole")
            got = executed(day, folder / "data", folder / "runs-spoilt")
        for run in expected | got:
            differing = differences(expected.get(run), got.get(run))
            wrong += bool(differing)
            print(f"{run}: differing: {', '.join(differing) or 'none'}", flush=True)
    sys.exit(bool(wrong))


def executed(day: str, data: Path, runs: Path) -> dict[str, dict[str, Any]]:
    """Execute the collection as of a day on some data; return its records by run."""
    os.environ |= {"SUMMITS_DATA": str(data), "SUMMITS_RUNS": str(runs)}
    command.run((), [f"as_of={day}"], 2, print)
    return archive.records(runs)


def differences(expected: dict[str, Any] | None, got: dict[str, Any] | None) -> list[str]:
    """Names of the records that differ, or the word that a run is missing."""
    if expected is None or got is None:
        return ["the run failed"]
    old, new = ({record["name"]: record for record in each["records"]} for each in (expected, got))
    return sorted(name for name in old | new if old.get(name) != new.get(name))


if __name__ == "__main__":
    main()
