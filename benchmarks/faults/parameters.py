"""Parameters that no notebook may take: each is refused before a kernel starts and before a file is written.

Usage: python benchmarks/faults/parameters.py
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from samples import wrong_parameters


def main() -> None:
    """Print by way how many inputs are refused, and each that is not."""
    given, refused, wrong = list(wrong_parameters.inputs()), Counter(), 0
    with tempfile.TemporaryDirectory() as name, wrong_parameters.collection_in(Path(name)) as folder:
        for parameter, text in given:
            for way in wrong_parameters.WAYS:
                if problem := wrong_parameters.problem(folder, way, parameter, text):
                    wrong += 1
                    print(f"{way}: {parameter}={text[:60]!r}: {problem}", flush=True)
                else:
                    refused[way] += 1
    for way, count in refused.items():
        print(f"{count:5} of {len(given)} inputs refused by {way}, before a kernel and without a file")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
