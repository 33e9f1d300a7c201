"""No record of any notebook as of a day may depend on what became public after it.

Usage: python benchmarks/as_of.py [DAY…]   (default: 2021-06-30 2022-12-31 2025-12-31 2026-06-30)
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import later_data

from helpers.runs import plan

DAYS = ("2021-06-30", "2022-12-31", "2025-12-31", "2026-06-30")


def main() -> None:
    """Run every notebook as of every day on the whole and on the spoilt data, and compare."""
    wrong = 0
    for day in sys.argv[1:] or DAYS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            later_data.spoil(folder / "data", day)
            for notebook, entry in plan.collection().items():
                if entry.get("needs"):
                    continue
                os.environ.pop("SUMMITS_DATA", None)
                expected = later_data.records(notebook, day, folder / "full.ipynb")
                os.environ["SUMMITS_DATA"] = str(folder / "data")
                got = later_data.records(notebook, day, folder / "spoilt.ipynb")
                differing = [a["name"] for a, b in zip(expected, got, strict=False) if a != b]
                wrong += bool(differing) or len(expected) != len(got)
                print(
                    f"{day} {notebook}: {len(expected)} records, differing: {differing or 'none'}", flush=True
                )
            os.environ.pop("SUMMITS_DATA", None)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
