"""Size and coverage of every engine that a headline uses, under known truth.

``python benchmarks/calibration/run.py [replications] [--only WORDS]`` prints the table that
docs/methods/calibration.md shows; with ``--write`` it is put there.
"""

import argparse
import re
import sys
import time
from pathlib import Path

import engines
import numpy as np
import pandas as pd
from scipy import stats

PAGE = Path(__file__).parents[2] / "docs" / "methods" / "calibration.md"
SEED = 20261130
BAND = (0.036, 0.064)  # of what errs in 5 samples of 100


def bounds(samples: int, chance: float = 0.025) -> tuple[float, float]:
    """Fewest and most wrong samples of an engine inside the band, but for that chance on either side."""
    return stats.binom.ppf(chance, samples, BAND[0]), stats.binom.ppf(1 - chance, samples, BAND[1])


def verdict(wrong: int, samples: int) -> str:
    fewest, most = bounds(samples)
    return engines.FAILS if wrong > most else engines.CONSERVATIVE if wrong < fewest else "holds"


def rows_of(case: engines.Case, replications: int, seed: int) -> list[dict[str, str]]:
    samples = max(1, round(replications * case.weight))
    rows = []
    for answer, wrong in case.simulate(samples, seed).items():
        rate = float(np.mean(wrong))
        # The error of a rate of nought is that of one sample.
        error = np.sqrt(max(rate, 1 / samples) * (1 - rate) / samples)
        covers = "interval" in answer and "rank" not in answer
        rows.append(
            {
                "Engine": case.engine,
                "Null model": case.null,
                "Answer": answer.replace("_", " "),
                "Nominal": "0.95" if covers else "0.05",
                "Measured": f"{1 - rate if covers else rate:.3f} ± {error:.3f}",
                "Samples": str(samples),
                "Verdict": verdict(int(wrong.sum()), samples),
                "What follows": case.remark,
            }
        )
    return rows


def markdown(table: pd.DataFrame) -> str:
    lines = [list(table.columns), ["---"] * table.shape[1], *table.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("replications", nargs="?", type=int, default=2000)
    parser.add_argument("--only", default="", help="cases whose engine or null model holds these words")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    chosen = parser.parse_args()
    rows = []
    for number, case in enumerate(engines.CASES):
        if chosen.only in f"{case.engine} {case.null}":
            began = time.process_time()
            rows += rows_of(case, chosen.replications, SEED + number)
            print(f"{time.process_time() - began:6.1f} s {case.engine}: {case.null}", file=sys.stderr)
    table = markdown(pd.DataFrame(rows))
    print(table)
    if chosen.write:
        text = PAGE.read_text()
        begin, end = "<!-- table -->", "<!-- end of table -->"
        PAGE.write_text(re.sub(f"{begin}.*{end}", f"{begin}\n{table}\n{end}", text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
