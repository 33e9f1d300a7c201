"""Size and coverage of every engine that a headline uses, under known truth.

``python benchmarks/calibration/run.py [replications] [--only WORDS]`` prints the table that
docs/methods/calibration.md shows, row by row.
"""

import argparse

import engines
import numpy as np
from scipy import stats

SEED = 20261130
BAND = (0.036, 0.064)  # of what errs in 5 samples of 100


def bounds(samples: int, chance: float = 0.025) -> tuple[float, float]:
    """Fewest and most wrong samples of an engine inside the band, but for that chance on either side."""
    return stats.binom.ppf(chance, samples, BAND[0]), stats.binom.ppf(1 - chance, samples, BAND[1])


def verdict(wrong: int, samples: int) -> str:
    fewest, most = bounds(samples)
    return engines.FAILS if wrong > most else engines.CONSERVATIVE if wrong < fewest else "holds"


def rows_of(case: engines.Case, replications: int, seed: int) -> list[list[str]]:
    samples = max(1, round(replications * case.weight))
    rows = []
    for answer, wrong in case.simulate(samples, seed).items():
        rate = float(np.mean(wrong))
        # The error of a rate of nought is that of one sample.
        error = np.sqrt(max(rate, 1 / samples) * (1 - rate) / samples)
        covers = "interval" in answer and "rank" not in answer
        rows.append(
            [
                case.engine,
                case.null,
                answer.replace("_", " "),
                "0.95" if covers else "0.05",
                f"{1 - rate if covers else rate:.3f} ± {error:.3f}",
                str(samples),
                verdict(int(wrong.sum()), samples),
                case.remark,
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("replications", nargs="?", type=int, default=2000)
    parser.add_argument("--only", default="", help="cases whose engine or null model holds these words")
    chosen = parser.parse_args()
    print("| Engine | Null model | Answer | Nominal | Measured | Samples | Verdict | What follows |")
    print("|---|---|---|---|---|---|---|---|")
    for number, case in enumerate(engines.CASES):
        if chosen.only in f"{case.engine}: {case.null}":
            for row in rows_of(case, chosen.replications, SEED + number):
                print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
