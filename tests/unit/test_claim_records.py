"""From a pre-specified test to its records: what is recorded, and what happens when there is no estimate."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import catalog, claims, paths, records
from helpers.methods.comparison import DateComparison
from helpers.methods.rates import rate_ratio
from helpers.methods.results import Estimate
from helpers.methods.verdict import Evidence, Region, verdict

YEAR = pd.date_range("2021-01-01", "2021-12-31")
EVENTS = YEAR[[5, 101, 108, 150, 155, 200, 250, 300]]
SETTINGS = {
    "window": (1, 10),
    "leads": (-10, -1),
    "span": (YEAR[0], YEAR[-1]),
    "draws": 99,
    "seed": 1,
}


@pytest.fixture
def written(monkeypatch):
    """Collect the records by name in place of displaying them."""
    kept = {}
    monkeypatch.setattr(claims, "record", lambda name, value, **fields: kept.update({name: (value, fields)}))
    return kept


def test_a_test_leaves_its_records(written):
    found = claims.attempt(rate_ratio, EVENTS, YEAR[[100, 148, 240]], **SETTINGS)
    evidence = claims.evidence(found, rungs=(claims.NotEstimated("none"),), supports_if=(Region(below=1),))
    assert (evidence.usable_events, evidence.rungs) == (1, ())  # one year; the empty rung is dropped
    claims.record_mde("C16a", found, as_of="")
    claims.record_result("C16a", found, verdict(evidence), as_of="")
    parts = ["mde", "effect", "lead", "leave_one_out", "placebo_p", "verdict"]
    assert list(written) == [f"C16a_{part}" for part in parts]
    assert written["C16a_effect"][0] == found.effect.value
    value, fields = written["C16a_leave_one_out"]
    assert fields["low"] <= value <= fields["high"]


def test_what_cannot_be_estimated_is_recorded_as_missing_with_the_reason(written):
    none = claims.attempt(rate_ratio, EVENTS, [], **SETTINGS)
    assert not none
    decision = verdict(claims.evidence(none, sign="negative", margin=1.0))
    claims.record_mde("C16a", none, as_of="")
    claims.record_result("C16a", none, decision, as_of="")
    claims.record_p("C16a_other", none, as_of="")
    assert decision.word == "descriptive only"
    assert written["C16a_effect"][0] is None
    assert "Too few dates" in written["C16a_mde"][1]["why"]
    row = claims.verdict_row("C16a", none, decision)
    assert "value" not in row
    assert "Too few dates" in row["why"]


def test_an_error_that_is_not_about_the_data_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        claims.attempt(lambda: 1 / 0)


def test_the_family_of_a_test_counts_its_primary_tests():
    assert catalog.claim_test("C16a")["family_size"] == 3  # C16a, H19a, H19b
    assert catalog.claim_test("C11a")["family_size"] == 1
    assert claims.family_p("C16a", 0.02) == pytest.approx(0.06)
    assert claims.family_p("H19a", 0.9) == 1
    with pytest.raises(catalog.UnknownTest, match="Z99a"):
        catalog.claim_test("Z99a")


def test_infinite_ends_stay_out_of_the_record_of_a_verdict():
    found = rate_ratio(EVENTS, YEAR[[100, 148, 240]], **SETTINGS)
    one_sided = found.effect.__class__(1.0, -np.inf, np.inf, unit="x", n=1, method="m")
    stated = {
        "sign": "positive",
        "margin": 1.0,
        "mde": 1.0,
        "usable_events": 5,
        "leave_one_out": (one_sided,),
    }
    inputs = verdict(Evidence(estimate=one_sided, **stated)).record()["inputs"]
    assert inputs["estimate"]["low"] is None
    assert inputs["leave_one_out"][0]["high"] is None


def test_what_was_not_estimated_is_empty_and_false():
    none = claims.NotEstimated("too short")
    assert not none and len(none) == 0 and none.effect is None


def comparison_of(effect, placebo, **known):
    return DateComparison(effect, None, pd.DataFrame(), placebo=placebo, observed=effect.value, **known)


def test_a_rescaled_estimate_is_no_second_estimator():
    effect = Estimate(3.0, 2.0, 4.0, "points", 10, "m", details={"mde": 1.0})
    wider, other = effect.changed(low=1.0, high=5.0), effect.changed(value=2.0, low=-1.0)
    evidence = claims.evidence(comparison_of(effect, np.empty(0)), rungs=(wider, other))
    assert evidence.rungs == (other,)


def test_severity_counts_the_placebo_sets_that_earn_the_same_word():
    effect = Estimate(3.0, 2.0, 4.0, "points", 10, "m")
    wide = effect.changed(value=0.0, low=-1.0, high=1.0)
    stated = {"sign": "positive", "margin": 1.5, "mde": 1.5, "placebo_p": 0.01, "margin_p": 0.01}
    strong = verdict(
        Evidence(effect, usable_events=9, leave_one_out=(effect,), lead=wide, rungs=(effect,), **stated)
    )
    assert strong.word == "supported"
    quiet = comparison_of(effect, np.linspace(-1.9, 1.9, 39))
    # The interval excludes zero beyond one; of these only the outermost is rare enough.
    assert claims.severity(strong, quiet) == {
        "severity": 0,
        "severity_before": 0,
        "severity_sets": 39,
        "severity_interval": "moved",
        "severity_bound": pytest.approx(0.0739, abs=1e-4),  # 0.9261 to the power of 39 is 0.05
    }
    one_rises = comparison_of(effect, np.append(np.linspace(-0.1, 0.1, 38), 3.0))
    assert claims.severity(strong, one_rises)["severity"] == pytest.approx(1 / 39)
    weak = verdict(replace(strong.evidence, mde=1.6))
    assert claims.severity(weak, one_rises) == {
        "severity": 1.0,
        "severity_before": pytest.approx(1 / 39),
        "severity_sets": 39,
        "severity_interval": "moved",
        "severity_bound": pytest.approx(0.0739, abs=1e-4),  # 0.9261 to the power of 39 is 0.05
    }
    unsure = {
        place: effect.changed(value=value, low=value - 9, high=value + 9)
        for place, value in enumerate(one_rises.placebo)
    }
    own = claims.severity(strong, replace(one_rises, elsewhere=lambda: unsure))
    assert (own["severity"], own["severity_interval"]) == (0, "own")
    crowded = claims.severity(verdict(replace(strong.evidence, crowded=True)), one_rises)
    assert (crowded["severity"], crowded["severity_before"]) == (None, pytest.approx(1 / 39))
    assert claims.severity(strong, comparison_of(effect, quiet.placebo[:18])) == {}
    assert claims.severity(verdict(Evidence(None, usable_events=0)), quiet) == {}
    assert claims.severity(strong, claims.NotEstimated("too short")) == {}


def committed_evidence():
    """Evidence of every verdict in the committed notebooks, by the name of its record."""
    for notebook in sorted((paths.root() / "notebooks").glob("*.ipynb")):
        table = records.read(notebook)
        rulings = table[table["name"].str.fullmatch(r"[CH]\d\d[a-z]_verdict")]
        for row in rulings.itertuples(index=False):
            yield row.name, row.value, row.details.get("inputs") or {}


def test_no_committed_design_sees_less_than_its_interval_allows():
    below, seen, words = [], 0, ("supported", "contradicted", "inconclusive")
    for name, word, inputs in committed_evidence():
        estimate, mde = inputs.get("estimate"), inputs.get("mde")
        if word in words:
            assert mde and estimate, f"{name}: a word without its detectable effect"
        if mde is None or not estimate or None in (estimate.get("low"), estimate.get("high")):
            continue
        seen += 1
        # Records keep six digits.
        if mde < 1.3 * (estimate["high"] - estimate["low"]) / 2 * (1 - 1e-4):
            below.append(name)
    assert seen and not below


def test_every_test_has_a_row_on_what_its_measure_says():
    listed = catalog.list_table("test_constructs")["test_id"]
    assert list(listed) == [
        test["id"] for claim in catalog.claims()["claims"] for test in claim.get("tests", [])
    ]
