"""The verdict rule: each word, and each condition that stands between a result and *supported*."""

import json
from dataclasses import replace

import pytest

from helpers.methods.results import Estimate
from helpers.methods.verdict import Evidence, IncompleteEvidence, Region, verdict


def estimate(value, low, high):
    return Estimate(value, low, high, "log points", 10, "test estimator")


GOOD = Evidence(
    estimate=estimate(0.2, 0.1, 0.3),
    sign="positive",
    margin=0.05,
    usable_events=10,
    placebo_p=0.01,
    margin_p=0.01,
    family_p=0.03,
    leave_one_out=(estimate(0.18, 0.05, 0.31), estimate(0.21, 0.1, 0.32)),
    lead=estimate(0.01, -0.05, 0.07),
    rungs=(estimate(0.15, 0.02, 0.28),),
    mde=0.05,
)
NONE = replace(
    GOOD,
    estimate=estimate(0.0, -0.04, 0.04),
    leave_one_out=(estimate(-0.01, -0.05, 0.03), estimate(0.04, -0.02, 0.1)),
    rungs=(estimate(0.01, -0.02, 0.04),),
    placebo_p=0.9,
    family_p=0.9,
)
"""Evidence that contradicts a rise of 0.05: the interval ends below it, and so does all else."""
NONE_LIES = (Region(below=0.05),)


def test_all_conditions_met_supports():
    result = verdict(GOOD)
    assert result.word == "supported"
    assert all(result.conditions.values()) and len(result.conditions) == 7


@pytest.mark.parametrize(
    "change",
    [
        {"estimate": estimate(0.2, -0.01, 0.41)},
        {"placebo_p": 0.051},
        {"placebo_p": None},
        {"family_p": 0.06},
        {"leave_one_out": (estimate(0.18, 0.05, 0.31), estimate(-0.01, -0.1, 0.08))},
        {"leave_one_out": ()},
        {"lead": estimate(0.1, 0.01, 0.19)},
        {"lead": estimate(-0.15, -0.25, -0.05)},
        {"lead": None},
        {"rungs": ()},
        {"rungs": (estimate(0.15, -0.02, 0.32),)},
        {"rungs": (estimate(0.15, 0.02, 0.28), estimate(0.15, -0.02, 0.32))},
        {"supports_also": {"dialogue count rises": False}},
        {"mde": 0.0501},
        {"looks": 2, "estimate": estimate(0.2, 0.01, 0.39)},
        {"dispersion": 5.0},
    ],
)
def test_each_missing_condition_makes_it_inconclusive(change):
    result = verdict(replace(GOOD, **change))
    assert result.word == "inconclusive"
    assert list(result.conditions.values()).count(False) == 1


def test_all_conditions_met_contradict():
    result = verdict(NONE)
    assert (result.word, result.reasons) == ("contradicted", ("every condition holds",))
    assert all(result.conditions.values()) and len(result.conditions) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"estimate": estimate(0.0, -0.05, 0.05)},
        {"margin_p": 0.051},
        {"margin_p": None},
        {"leave_one_out": (estimate(0.05, 0.0, 0.1),)},
        {"leave_one_out": ()},
        {"lead": estimate(0.1, 0.01, 0.19)},
        {"lead": None},
        {"rungs": ()},
        {"rungs": (estimate(0.02, -0.02, 0.05),)},
        {"rungs": (estimate(0.01, -0.02, 0.04), estimate(0.02, -0.02, 0.05))},
        {"mde": 0.0501},
        {"looks": 2, "estimate": estimate(0.0, -0.049, 0.049)},
        {"dispersion": 2.0},
    ],
)
def test_each_missing_condition_keeps_it_from_being_contradicted(change):
    result = verdict(replace(NONE, **change))
    assert result.word == "inconclusive"
    assert result.before == (
        "inconclusive" if change.get("estimate", NONE.estimate).high >= 0.05 else "contradicted"
    )


def test_a_contradiction_holds_at_the_bounds_themselves():
    on_the_bound = {"margin_p": 0.05, "usable_events": 5, "mde": 0.05, "dispersion": 1.0}
    assert verdict(replace(NONE, **on_the_bound)).word == "contradicted"
    assert verdict(replace(NONE, usable_events=4)).word == "descriptive only"
    assert verdict(replace(NONE, estimate=estimate(0.0, -0.1, 0.0499))).word == "contradicted"


def test_the_interval_is_widened_for_the_family_and_the_dispersion():
    narrow = replace(GOOD, estimate=replace(GOOD.estimate, low=0.02, high=0.38))
    assert verdict(replace(narrow, looks=1)).word == "supported"
    # 1.96 to 2.24 standard errors: the lower end moves from 0.02 to -0.006.
    assert verdict(replace(narrow, looks=2)).word == "inconclusive"
    assert verdict(replace(narrow, dispersion=1.23)).word == "supported"
    assert verdict(replace(narrow, dispersion=1.24)).word == "inconclusive"
    assert verdict(replace(narrow, dispersion=0.5)).word == "supported"


def test_where_any_value_supports_a_stated_observation_can_still_contradict():
    anything = replace(NONE, sign=None, supports_if=(Region(),), contradicts_when={"a reversal": True})
    anything = replace(anything, usable_events=1, single_event=True, placebo_p=0.01, contradicts_if=NONE_LIES)
    assert verdict(anything).word == "contradicted"
    unusual = verdict(replace(anything, placebo_p=0.06))
    assert (unusual.word, unusual.before) == ("inconclusive", "contradicted")
    assert unusual.reasons[-1] == "not met: placebo p is at most 0.05"


def test_windows_that_hold_other_events_describe_only():
    result = verdict(replace(GOOD, crowded=True))
    assert (result.word, result.before) == ("descriptive only", "supported")
    assert result.reasons == ("the windows hold events of another kind",)
    assert verdict(replace(GOOD, crowded=True, mde=None)).word == "descriptive only"


def test_residuals_that_reject_the_model_of_the_noise_give_no_sure_word():
    demoted = verdict(replace(GOOD, residual_p=0.05))
    assert (demoted.word, demoted.before) == ("inconclusive", "supported")
    assert demoted.reasons == ("not met: the residuals fit the model of the noise",)
    assert verdict(replace(GOOD, residual_p=0.051)).word == "supported"


def test_the_bounds_themselves_are_met():
    on_the_bound = {"placebo_p": 0.05, "family_p": 0.05, "usable_events": 5, "mde": 0.05}
    result = verdict(replace(GOOD, **on_the_bound))
    assert (result.word, result.reasons) == ("supported", ("every condition holds",))
    assert verdict(replace(GOOD, usable_events=4)).word == "descriptive only"
    # The interval must lie beyond its bound, and an estimate of zero without one event has no sign.
    assert verdict(replace(GOOD, estimate=estimate(0.2, 0.0, 0.4))).word == "inconclusive"
    none = estimate(0.0, -0.1, 0.1)
    assert verdict(replace(GOOD, leave_one_out=(none,))).word == "inconclusive"
    # A lead half as large as the effect, and sure, explains it.
    assert verdict(replace(GOOD, lead=estimate(0.1, 0.01, 0.19))).word == "inconclusive"
    assert verdict(replace(GOOD, lead=estimate(0.1, 0.0, 0.2))).word == "supported"


def test_stated_observations_contradict_only_together():
    unsure = replace(NONE, estimate=estimate(0.0, -0.1, 0.1))
    both = {"a run-up": True, "a reversal": True}
    assert verdict(replace(unsure, contradicts_when=both)).word == "contradicted"
    assert verdict(replace(unsure, contradicts_when=both | {"a reversal": False})).word == "inconclusive"
    assert verdict(replace(unsure, contradicts_when={})).word == "inconclusive"


def test_a_sure_but_small_lead_does_not_explain_the_effect():
    assert verdict(replace(GOOD, lead=estimate(0.05, 0.01, 0.09))).word == "supported"


def test_signs_mirror():
    def mirrored(one):
        return estimate(-one.value, -one.high, -one.low)

    mirror = replace(
        GOOD,
        sign="negative",
        estimate=mirrored(GOOD.estimate),
        lead=mirrored(GOOD.lead),
        leave_one_out=tuple(map(mirrored, GOOD.leave_one_out)),
        rungs=tuple(map(mirrored, GOOD.rungs)),
    )
    assert verdict(mirror).word == "supported"
    against = {"leave_one_out": NONE.leave_one_out, "rungs": NONE.rungs}
    against = {name: tuple(map(mirrored, effects)) for name, effects in against.items()}
    assert verdict(replace(mirror, estimate=estimate(0.1, -0.04, 0.24), **against)).word == "contradicted"


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        ((0.0, -0.04, 0.04), "contradicted"),
        ((-0.2, -0.3, -0.1), "contradicted"),
        ((0.0, -0.04, 0.05), "inconclusive"),
        ((0.02, 0.01, 0.03), "inconclusive"),
    ],
)
def test_intervals_against_the_margin(interval, word):
    assert verdict(replace(NONE, estimate=estimate(*interval))).word == word


def test_a_sure_effect_smaller_than_the_margin_says_so():
    result = verdict(replace(GOOD, estimate=estimate(0.02, 0.01, 0.03), lead=estimate(0.0, -0.01, 0.01)))
    assert result.word == "inconclusive"
    assert "smaller than the margin" in result.reasons[0]


@pytest.mark.parametrize(
    "change",
    [{"usable_events": 4}, {"comparator": False}, {"separable": False}, {"verdict_cap": "descriptive only"}],
)
def test_designs_that_only_describe(change):
    assert verdict(replace(GOOD, **change)).word == "descriptive only"
    assert verdict(replace(GOOD, **change, estimate=None, mde=None)).word == "descriptive only"


def test_not_testable_needs_no_estimate():
    assert verdict(Evidence(estimate=None, testable=False)).word == "not testable"


def test_a_single_event_is_judged_against_placebo_days():
    single = replace(GOOD, usable_events=1, single_event=True, leave_one_out=(), family_p=None)
    assert verdict(single).word == "supported"
    assert verdict(replace(single, placebo_p=0.2)).word == "inconclusive"
    with pytest.raises(IncompleteEvidence, match="placebo"):
        verdict(replace(single, placebo_p=None))


def test_a_single_event_that_should_be_usual():
    usual = Evidence(
        estimate=estimate(0.0, -0.04, 0.04),
        supports_if=(Region(above=-0.05, below=0.05),),
        supports_also={"all four inside the placebo range": True},
        contradicts_when={"run-up above the 95th percentile": False, "reversal below the 5th": False},
        usable_events=1,
        single_event=True,
        placebo_p=0.4,
        rungs=(estimate(0.01, -0.03, 0.045),),
        mde=0.08,
    )
    assert verdict(usual).word == "supported"
    assert verdict(replace(usual, placebo_p=0.02)).word == "inconclusive"
    runs = {"run-up above the 95th percentile": True, "reversal below the 5th": True}
    moved = replace(usual, estimate=estimate(0.0, -0.2, 0.2), contradicts_when=runs)
    assert (verdict(moved).word, verdict(moved).before) == ("inconclusive", "contradicted")


def test_a_design_without_dated_events_needs_no_placebo_and_no_leads():
    trend = replace(GOOD, usable_events=None, placebo_p=None, family_p=None, leave_one_out=(), lead=None)
    assert verdict(trend).word == "supported"
    assert verdict(replace(trend, placebo_p=0.3)).word == "inconclusive"


@pytest.mark.parametrize(
    ("interval", "word"),
    [
        ((0.0, -0.08, 0.08), "supported"),
        ((0.0, -0.12, 0.08), "inconclusive"),
        ((0.3, 0.2, 0.4), "contradicted"),
        ((-0.3, -0.4, -0.2), "contradicted"),
    ],
)
def test_equivalence(interval, word):
    evidence = replace(
        GOOD,
        sign=None,
        equivalence=True,
        margin=0.10,
        estimate=estimate(*interval),
        leave_one_out=(estimate(*interval),),
        rungs=(estimate(*interval), estimate(*interval)),
    )
    assert verdict(evidence).word == word


@pytest.mark.parametrize(
    ("interval", "word"),
    [((0.5, 0.4, 0.6), "supported"), ((0.3, 0.26, 0.34), "contradicted"), ((0.4, 0.3, 0.5), "inconclusive")],
)
def test_a_bound_stated_beforehand(interval, word):
    evidence = Evidence(
        estimate=estimate(*interval),
        supports_if=(Region(above=0.35),),
        contradicts_if=(Region(below=0.35),),
        usable_events=12,
        placebo_p=0.01,
        lead=estimate(0.0, -0.1, 0.1),
        leave_one_out=(estimate(0.4, 0.3, 0.5),),
        rungs=(estimate(*interval),),
        mde=0.1,
    )
    assert verdict(evidence).word == word


def test_either_of_two_regions_contradicts():
    ratio = Evidence(
        estimate=estimate(2.0, 1.6, 2.4),
        supports_if=(Region(above=0.67, below=1.5),),
        contradicts_if=(Region(below=0.67), Region(above=1.5)),
        usable_events=11,
        placebo_p=0.01,
        lead=estimate(1.0, -0.1, 2.1),
        leave_one_out=(estimate(1.9, 1.4, 2.4),),
        rungs=(estimate(2.0, 1.6, 2.4),),
        mde=0.3,
    )
    assert verdict(ratio).word == "contradicted"
    low = estimate(0.5, 0.4, 0.6)
    assert verdict(replace(ratio, estimate=low, rungs=(low,))).word == "contradicted"
    assert verdict(replace(ratio, rungs=(estimate(0.5, 0.4, 0.7),))).word == "inconclusive"
    assert verdict(replace(ratio, rungs=(*ratio.rungs, estimate(0.5, 0.4, 0.7)))).word == "inconclusive"


def test_the_first_reading_asked_for_one_second_estimator():
    both = replace(GOOD, rungs=(estimate(0.15, 0.02, 0.28), estimate(0.15, -0.02, 0.32)))
    assert (verdict(both).word, verdict(both).before) == ("inconclusive", "supported")


@pytest.mark.parametrize(
    "change",
    [
        {"mde": None},
        {"margin": None},
        {"margin": -0.05},
        {"estimate": None},
        {"estimate": Estimate(0.2, None, None, "count", 10, "exact count")},
        {"sign": None},
        {"equivalence": True},
        {"sign": "up"},
        {"placebo_p": 1.2},
        {"supports_if": (Region(above=-1.0),)},
    ],
)
def test_incomplete_evidence_is_refused(change):
    with pytest.raises(IncompleteEvidence):
        verdict(replace(GOOD, **change))


def test_every_input_is_in_the_output_and_can_be_written_as_json():
    evidence = replace(GOOD, sign=None, margin=None, supports_if=(Region(above=0.01),))
    result = verdict(evidence)
    assert set(result.inputs) == set(evidence.__dataclass_fields__)
    text = json.dumps(result.record(), allow_nan=False)
    assert json.loads(text)["inputs"]["supports_if"] == [{"above": 0.01, "below": None}]
    assert list(result.table()["holds"]) == ["yes"] * len(result.conditions)


def test_a_design_too_weak_for_its_margin_is_inconclusive_at_best():
    for evidence, word in ((GOOD, "supported"), (NONE, "contradicted")):
        weak = verdict(replace(evidence, mde=0.0501))
        assert (weak.word, weak.before) == ("inconclusive", word)
        assert weak.reasons[-1] == "not met: the design can see its margin"
        assert weak.record()["word_before"] == word
