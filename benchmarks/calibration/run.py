"""Size and coverage of every engine that a headline uses, under known truth.

``python benchmarks/calibration/run.py [replications] [--only WORDS ...] [--rows FILE]`` prints the table that
docs/methods/calibration.md shows. Samples are made in blocks with seeds of their own. With a file the counts
of each block are kept as soon as it ends, and are not made again: a run may be broken off, go on, or be
shared by several processes; ``--table`` prints what the file holds, and ``--verdicts`` PAGE
writes the verdicts of a printed table anew from its rates and numbers of samples.
"""

import argparse
import re
import zlib
from pathlib import Path

import engines
import numpy as np
import pandas as pd
from scipy import stats

SEED = 20261130
BAND = (0.036, 0.064)  # of what errs in 5 samples of 100
COVERS = (0.03, 0.07)  # of intervals that miss in 5 of 100
BLOCK = 100  # samples, times the weight of a case
COUNTS = ["engine", "null", "answer", "block", "samples", "wrong"]
COLUMNS = ["Engine", "Null model", "Answer", "Nominal", "Measured", "Samples", "Verdict", "What follows"]


def bounds(samples: int, chance: float = 0.025) -> tuple[float, float]:
    """Fewest and most wrong samples of an engine inside the band, but for that chance on either side."""
    return stats.binom.ppf(chance, samples, BAND[0]), stats.binom.ppf(1 - chance, samples, BAND[1])


def verdict(wrong: int, samples: int, band: tuple[float, float] = BAND) -> str:
    """Return what so many samples show: *holds* only if the exact 95% interval of the rate lies in the band.

    *Fails* and *conservative* mean that the interval lies wholly above or below it; else it is *unclear*.
    """
    interval = stats.binomtest(wrong, samples).proportion_ci(method="exact")
    if interval.low > band[1]:
        return engines.FAILS
    if interval.high < band[0]:
        return engines.CONSERVATIVE
    return "holds" if band[0] <= interval.low and interval.high <= band[1] else "unclear"


def judge(row: list[str]) -> str:
    """Return the verdict on a row of the table from the rate and the number of samples that it prints."""
    rate, samples = float(row[4].split()[0]), int(row[5])
    wrong = round(samples * (rate if row[3] == "0.05" else 1 - rate))
    return verdict(wrong, samples, BAND if row[3] == "0.05" else COVERS)


def rewrite(page: Path) -> None:
    """Write the verdicts of the table of a page anew, each from its own row."""
    text = page.read_text(encoding="utf-8")
    head, table, tail = re.split(r"(?<=<!-- table -->\n)|(?=<!-- end of table -->)", text)
    lines = table.splitlines()
    for place, line in enumerate(lines[2:], 2):
        row = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
        row[6] = judge(row)
        lines[place] = "| " + " | ".join(row) + " |"
    page.write_text(head + "\n".join(lines) + "\n" + tail, encoding="utf-8")


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
    return [*head, str(samples), verdict(wrong, samples, COVERS if covers else BAND), case.remark]


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
    parser.add_argument("--verdicts", type=Path, help="page whose verdicts are written anew from its rows")
    chosen = parser.parse_args()
    if chosen.verdicts:
        return rewrite(chosen.verdicts)
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
