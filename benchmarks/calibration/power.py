"""How often a true fall earns a sure word under the whole rule for one control, as in C07a of notebook 06.

``python benchmarks/calibration/power.py [samples] [--rows FILE]`` prints the table that
docs/methods/calibration.md shows. A fall is measured in standard errors of the first estimator, which alone
sees one of 2.8 in 80 of 100 samples. Samples are made in blocks with seeds of their own; with a file the
counts of each block are kept, and the run goes on where it was broken off.
"""

import argparse
from pathlib import Path

import engines
import pandas as pd
from scipy import stats

FALLS = (2.8, 4.0, 6.0, 8.0)  # standard errors
NULL = {"null": "AR(1)", "size": 0.4}
BLOCK, SEED = 10, 20261130
COLUMNS = ["fall", "block", "answer", "samples", "seen"]


def block_of(fall: float, block: int) -> pd.DataFrame:
    """Return how often each answer sees the fall in one block; the same series for every fall."""
    seen = engines.after_a_control(BLOCK, SEED + block, fall=fall, **NULL)
    rows = [(fall, block, answer, len(each), int(each.sum())) for answer, each in seen.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", nargs="?", type=int, default=200)
    parser.add_argument("--rows", type=Path, help="CSV file that keeps the counts of blocks")
    chosen = parser.parse_args()
    file = chosen.rows
    counts = pd.read_csv(file, names=COLUMNS) if file and file.exists() else pd.DataFrame(columns=COLUMNS)
    for block in range(-(-chosen.samples // BLOCK)):
        for fall in FALLS:
            if not ((counts["fall"] == fall) & (counts["block"] == block)).any():
                new = block_of(fall, block)
                counts = pd.concat([counts, new]) if len(counts) else new
                if file:
                    new.to_csv(file, mode="a", header=False, index=False)
    print("| Fall, standard errors | Answer | Seen | 95% interval | Samples |\n|---|---|---|---|---|")
    for (fall, answer), part in (
        counts.groupby(["fall", "answer"], sort=False)[["seen", "samples"]].sum().iterrows()
    ):
        share = stats.binomtest(int(part["seen"]), int(part["samples"])).proportion_ci(method="exact")
        cells = (
            f"{part['seen'] / part['samples']:.2f} | {share.low:.2f} to {share.high:.2f} | {part['samples']}"
        )
        print(f"| {fall:g} | {answer} | {cells} |")


if __name__ == "__main__":
    main()
