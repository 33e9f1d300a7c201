"""Size and coverage of every engine that a headline uses, under known truth.

``python benchmarks/calibration/run.py [replications] [--only WORDS ...] [--rows FILE]`` prints the table that
docs/methods/calibration.md shows. Samples are made in blocks with seeds of their own. With a file the counts
of each block are kept as soon as it ends, and are not made again: a run may be broken off, go on, or be
shared by several processes; ``--table`` prints what the file holds.
"""

import argparse
import zlib
from pathlib import Path

import engines
import numpy as np
import pandas as pd
from scipy import stats

SEED = 20261130
BAND = (0.036, 0.064)  # of what errs in 5 samples of 100
BLOCK = 100  # samples, times the weight of a case
COUNTS = ["engine", "null", "answer", "block", "samples", "wrong"]
COLUMNS = ["Engine", "Null model", "Answer", "Nominal", "Measured", "Samples", "Verdict", "What follows"]


def bounds(samples: int, chance: float = 0.025) -> tuple[float, float]:
    """Fewest and most wrong samples of an engine inside the band, but for that chance on either side."""
    return stats.binom.ppf(chance, samples, BAND[0]), stats.binom.ppf(1 - chance, samples, BAND[1])


def verdict(wrong: int, samples: int) -> str:
    fewest, most = bounds(samples)
    return engines.FAILS if wrong > most else engines.CONSERVATIVE if wrong < fewest else "holds"


def seed_of(case: engines.Case) -> int:
    """Return a seed that stays when other cases come or go."""
    return SEED + zlib.crc32(f"{case.engine}: {case.null}".encode()) % 10**6


def block_of(case: engines.Case, block: int) -> pd.DataFrame:
    """Return how often each answer of a case is wrong in one block of samples."""
    samples = round(BLOCK * case.weight)
    wrong = case.simulate(samples, seed_of(case) + 10**6 * block)
    names = (case.engine, case.null)
    rows = [(*names, answer, block, samples, int(each.sum())) for answer, each in wrong.items()]
    return pd.DataFrame(rows, columns=COUNTS)


def row_of(case: engines.Case, answer: str, wrong: int, samples: int) -> list[str]:
    rate = wrong / samples
    # The error of a rate of nought is that of one sample.
    error = np.sqrt(max(rate, 1 / samples) * (1 - rate) / samples)
    covers = "interval" in answer and "rank" not in answer
    nominal, measured = ("0.95", 1 - rate) if covers else ("0.05", rate)
    head = [case.engine, case.null, answer.replace("_", " "), nominal, f"{measured:.3f} ± {error:.3f}"]
    return [*head, str(samples), verdict(wrong, samples), case.remark]


def show(cases: list[engines.Case], counts: pd.DataFrame) -> None:
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS))
    for case in cases:
        same = counts[(counts["engine"] == case.engine) & (counts["null"] == case.null)]
        for answer, part in same.groupby("answer", sort=False):
            row = row_of(case, str(answer), part["wrong"].sum(), part["samples"].sum())
            print("| " + " | ".join(row) + " |")


def kept(file: Path | None) -> pd.DataFrame:
    return pd.read_csv(file, names=COUNTS) if file and file.exists() else pd.DataFrame(columns=COUNTS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("replications", nargs="?", type=int, default=2000)
    parser.add_argument("--only", nargs="*", default=[""], help="words that engine and null model hold")
    parser.add_argument("--rows", type=Path, help="CSV file that keeps the counts of blocks")
    parser.add_argument("--table", action="store_true", help="only print what the file holds")
    chosen = parser.parse_args()
    cases = [c for c in engines.CASES if any(words in f"{c.engine}: {c.null}" for words in chosen.only)]
    counts = kept(chosen.rows)
    # Every case gets its first block before any gets its second.
    for block in range(0 if chosen.table else -(-chosen.replications // BLOCK)):
        for case in cases:
            about = (counts["engine"] == case.engine) & (counts["null"] == case.null)
            if not (about & (counts["block"] == block)).any():
                new = block_of(case, block)
                counts = pd.concat([counts, new]) if len(counts) else new
                if chosen.rows:
                    new.to_csv(chosen.rows, mode="a", header=False, index=False)
    show(cases, counts)


if __name__ == "__main__":
    main()
