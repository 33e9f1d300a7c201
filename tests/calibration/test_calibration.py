"""Does every engine of a headline err as often as it says? Short and seeded; all data are simulated.

The full version is benchmarks/calibration/run.py. An engine that holds its size errs in 5 of 100 samples,
give or take 1.4; one that does not is named so in the case, and must be seen to be so. Bounds are exact
binomial ones.
"""

import sys
from pathlib import Path

import pytest
from scipy import stats

from helpers import paths, records
from helpers.methods.verdict import ALPHA, RESIDUALS
from summits import notebooks

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "calibration"))
import engines
import run

QUICK = [case for case in engines.CASES if case.quick]
SURE = ("supported", "contradicted")


@pytest.mark.parametrize("case", QUICK, ids=lambda case: f"{case.engine}: {case.null}")
def test_engine_errs_as_often_as_it_says(case):
    fewest, most = run.bounds(case.quick)
    # A right engine passes but for bad luck, and one that errs in 12 of 100 samples is seen in most draws.
    assert most < 0.12 * case.quick
    wrong = {answer: int(each.sum()) for answer, each in case.simulate(case.quick, run.SEED).items()}
    assert case.other.keys() - wrong.keys() <= engines.QUIET.keys()
    for answer, number in wrong.items():
        expected = case.other.get(answer, "holds")
        measured = f"{answer}: wrong in {number} of {case.quick}; right ones in {fewest:.0f} to {most:.0f}"
        if expected == engines.FAILS:
            usual = stats.binom.ppf(0.975, case.quick, 0.05)
            assert number > usual, f"{measured}: it no longer fails, say so"
        else:
            assert number <= most, measured
            assert expected == engines.CONSERVATIVE or number >= fewest, measured


def test_an_engine_that_is_too_sure_is_seen():
    assert run.verdict(round(0.12 * 300), 300) == engines.FAILS
    assert run.verdict(round(0.005 * 300), 300) == engines.CONSERVATIVE


def test_an_engine_holds_only_where_samples_show_it():
    assert run.verdict(round(0.05 * 300), 300) == "unclear", "15 of 300 may be 3 or 8 in 100"
    assert run.verdict(round(0.05 * 3000), 3000) == "holds"
    assert run.verdict(round(0.035 * 3000), 3000) == "unclear"
    assert run.verdict(round(0.035 * 3000), 3000, run.COVERS) == "unclear"
    assert run.verdict(round(0.04 * 3000), 3000, run.COVERS) == "holds"


def test_the_verdicts_of_the_page_follow_from_its_rates():
    text = (paths.root() / "docs" / "methods" / "calibration.md").read_text(encoding="utf-8")
    table = text.split("<!-- table -->")[1].split("<!-- end of table -->")[0]
    lines = [line.strip("|").split("|") for line in table.strip().splitlines()[2:]]
    rows = [[cell.strip() for cell in line] for line in lines]
    assert rows and [row[6] for row in rows] == [run.judge(row) for row in rows]


def test_every_word_on_an_interrupted_series_asks_the_residual_check():
    """What the table says of the rows that fail: the check is shown, and no sure word stands against it."""
    every = records.read(paths.notebooks_dir())
    seen = set()
    for _, row in every[every["name"].str.contains("_verdict")].iterrows():
        inputs = row["details"].get("inputs", {})
        estimate = inputs.get("estimate") or {}
        if not str(estimate.get("method")).startswith("segmented regression, AR(1) REML"):
            continue
        assert inputs["residual_p"] is not None, f"{row['name']} was not asked"
        fits, conditions = inputs["residual_p"] > ALPHA, row["details"]["conditions"]
        assert conditions.get(RESIDUALS, fits) == fits
        assert fits or row["value"] not in SURE
        # A word that a bar decides, such as a claim without comparison, shows no conditions.
        assert RESIDUALS in conditions or row["value"] == "descriptive only"
        seen |= {row["notebook"]} if conditions else set()
    assert seen
    for notebook in seen:
        outputs = (
            str(output.get("data", {}).get("text/html", ""))
            for cell in notebooks.read(paths.notebooks_dir() / f"{notebook}.ipynb")["cells"]
            for output in cell.get("outputs", [])
        )
        assert any(RESIDUALS in text for text in outputs), f"{notebook} does not show the check"
