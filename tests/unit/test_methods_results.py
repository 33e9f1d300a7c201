"""Estimates, their checks, and minimum detectable effects."""

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of
from scipy import stats

from helpers.methods import checks
from helpers.methods.checks import UnusableInput
from helpers.methods.placebo import placebo_p
from helpers.methods.power import (
    by_whole_rule,
    detectable_difference,
    detectable_mean,
    detectable_rate_ratio,
    detectable_shift,
    normal_multiplier,
)
from helpers.methods.results import (
    BadEstimate,
    Estimate,
    difference_of_means,
    mean_over_events,
    median_over_events,
    rescale,
    t_estimate,
    table_of,
    widen,
)


def test_a_record_leaves_out_what_is_not_known():
    one = Estimate(
        np.float64(0.1), 0.05, 0.15, "log points", np.int64(12), "mean", details={"effective_n": 3}
    )
    record = one.record()
    assert record == {
        "value": 0.1,
        "low": 0.05,
        "high": 0.15,
        "unit": "log points",
        "n": 12,
        "method": "mean",
        "effective_n": 3,
    }
    assert type(record["value"]) is float and type(record["n"]) is int
    assert repr(one) == "mean: 0.1 log points (95% interval 0.05 to 0.15), n = 12."


@pytest.mark.parametrize(
    "change",
    [
        {"value": np.nan},
        {"value": np.inf},
        {"low": 0.2, "high": 0.1},
        {"low": None},
        {"low": np.nan},
        {"p_value": 1.1},
        {"p_value": np.nan},
        {"se": -1.0},
        {"details": {"method": "again"}},
    ],
)
def test_bad_estimates_are_refused(change):
    fields = {"value": 0.1, "low": 0.0, "high": 0.2, "unit": "x", "n": 3, "method": "m"}
    with pytest.raises(BadEstimate):
        Estimate(**fields | change)


def test_mean_over_events_needs_two_complete_effects():
    with pytest.raises(UnusableInput, match="Too few events"):
        mean_over_events(np.array([1.0]), unit="x", method="t")
    with pytest.raises(UnusableInput, match="missing"):
        mean_over_events(np.array([1.0, np.nan]), unit="x", method="t")


def test_median_over_events_is_the_signed_rank_estimate():
    # Hollander and Wolfe (1973), depression scale before and after therapy.
    before = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
    after = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
    result = median_over_events(before - after, unit="points", method="m")
    assert (result.value, result.low, result.high) == pytest.approx((0.46, 0.01, 0.786), abs=5e-4)
    with pytest.raises(UnusableInput, match="Too few events"):
        median_over_events([1.0, 2.0, 3.0, 4.0, 5.0], unit="points", method="m")


def test_a_table_of_estimates_has_no_infinite_ends():
    ratios = {
        "a": Estimate(2, 1, np.inf, unit="u", n=1, method="m"),
        "b": Estimate(0, 0, 3, unit="u", n=1, method="m"),
    }
    plain, logs = table_of(ratios), table_of(ratios, log=True)
    assert plain["high"].isna().tolist() == [True, False]
    assert logs["value"].iloc[0] == pytest.approx(np.log(2))
    assert logs["value"].isna().tolist() == [False, True]
    assert table_of({}).columns.tolist() == ["label", "value", "low", "high"]


def test_series_check():
    index = pd.date_range("2020-01-01", periods=5)
    good = pd.Series([1.0, 2, 3, 4, 5], index)
    assert checks.series(good, "exports", 5).equals(good)
    for bad, message in [
        (good * np.nan, "every value is missing"),
        (good.where(good != 3), "row 2020-01-03 is missing"),
        (good * 0, "constant"),
        (good.iloc[:3], "Too few observations of exports"),
        (good.iloc[[0, 0, 1, 2, 3]], "2020-01-01 appears twice"),
        (good.set_axis([*index[:4], pd.NaT]), "missing dates"),
        (
            good.set_axis([t.tz_localize(z) for t, z in zip(index, ["UTC", "Asia/Tokyo"] * 3, strict=False)]),
            "zone",
        ),
    ]:
        with pytest.raises(UnusableInput, match=message):
            checks.series(bad, "exports", 5)


def test_the_interval_of_a_mean_has_values_minus_one_degrees_of_freedom():
    values = np.array([1.0, 2.0, 4.0])
    expected = stats.t.interval(0.95, 2, values.mean(), values.std(ddof=1) / np.sqrt(3))
    equal = mean_over_events(np.array([2.0, 2.0]), unit="points", method="mean")
    assert (equal.low, equal.high, equal.p_value) == (-np.inf, np.inf, None)
    mean = mean_over_events(values, unit="points", method="mean")
    assert (mean.low, mean.high) == pytest.approx(expected) and mean.df == 2


def test_the_detectable_shift_reaches_the_level_in_four_fifths_of_the_placebo_dates():
    pool = np.random.default_rng(3).normal(1, 2, 60)
    shift = detectable_shift(pool)
    found = [placebo_p(pool, value + shift) <= 0.05 for value in pool]
    missed = [placebo_p(pool, value + 0.9 * shift) <= 0.05 for value in pool]
    assert np.mean(found) >= 0.8 > np.mean(missed)
    # Of 19 placebo changes not one may lie as far; the side on which more room is needed decides.
    even, skewed = np.arange(-9.0, 10.0), -(np.arange(19.0) ** 2)
    assert detectable_shift(even) == pytest.approx(9 + 5.4)
    assert (
        detectable_shift(skewed) == detectable_shift(-skewed) == pytest.approx(243 + (14.4**2 - 81), rel=0.01)
    )
    assert np.isfinite(detectable_shift(pool[:19])) and np.isnan(detectable_shift(pool[:18]))


def test_the_detectable_rate_ratio():
    effect = detectable_rate_ratio(0.1, exposure_inside=1000, exposure_outside=3000)
    assert effect.value == pytest.approx(np.exp(normal_multiplier() * np.sqrt(1 / 100 + 1 / 300)))
    assert effect.record()["unit"] == "rate ratio"


@pytest.mark.parametrize(
    "call",
    [
        lambda: detectable_mean(1, 1.0, "x"),
        lambda: detectable_mean(10, 0.0, "x"),
        lambda: detectable_rate_ratio(0.0, exposure_inside=1, exposure_outside=1),
    ],
)
def test_impossible_designs_are_refused(call):
    with pytest.raises(UnusableInput):
        call()


def test_equivalence_is_the_worse_of_two_one_sided_tests():
    equivalence_p = functions_of("08_frontier_gap").equivalence_p
    one = t_estimate(0.0, 0.05, 10, unit="log points", n=11, method="simulated")
    assert equivalence_p(one, -0.1, 0.1) == pytest.approx(0.0367, abs=1e-4)
    assert equivalence_p(one, -0.1, 0.1) == equivalence_p(one, -0.1, np.inf)
    assert equivalence_p(one, -0.01, 0.1) > 0.4


def test_an_interval_widens_with_the_looks():
    one = t_estimate(0.2, 0.05, 10, unit="log points", n=11, method="simulated")
    assert widen(one, 1).low == pytest.approx(one.low)
    assert widen(one, 8).low < one.low and widen(one, 8).high > one.high
    # Each side in proportion, and by the root of the dispersion.
    lopsided = widen(Estimate(1, 0, 3, "events", 5, "count"), 2, dispersion=4)
    times = 2 * stats.norm.ppf(1 - 0.025 / 2) / stats.norm.ppf(0.975)
    assert (lopsided.low, lopsided.high) == pytest.approx((1 - times, 1 + 2 * times))
    assert widen(one, 1, dispersion=0.5) == one


def test_an_estimate_is_rescaled_with_its_interval():
    one = rescale(Estimate(1, 0, 2, "log points", 5, "simulated", se=0.5), 4, -1)
    assert (one.value, one.low, one.high, one.se) == (3, -1, 7, 2)
    with pytest.raises(UnusableInput, match="above zero"):
        rescale(one, -1)


def test_difference_of_means_is_welch():
    first, second = [0.1, 0.2, 0.4, 0.7], [0.0, 0.1, 0.1]
    expected = stats.ttest_ind(first, second, equal_var=False)
    interval = expected.confidence_interval(0.95)
    difference = difference_of_means(first, second, unit="x", method="m")
    assert (difference.value, difference.low, difference.high) == pytest.approx(
        (np.mean(first) - np.mean(second), *interval)
    )
    assert difference.p_value == pytest.approx(expected.pvalue)
    with pytest.raises(UnusableInput):
        difference_of_means([1.0], second, unit="x", method="m")


def test_detectable_difference_needs_more_than_a_mean():
    two = detectable_difference(10, 10, 0.02, "x")
    assert two.value > detectable_mean(20, 0.02, "x").value
    assert two.value == pytest.approx(0.02 * 1.3249, rel=1e-3)


def test_the_whole_rule_sees_no_less_than_its_widest_interval_allows():
    rungs = [{"low": -1.0, "high": 1.0}, {"low": None, "high": None}, {"low": -0.1, "high": 0.1}]
    assert by_whole_rule({"mde": 0.2, "rungs": rungs}) == pytest.approx(1.3)
    assert by_whole_rule({"mde": 2.0, "rungs": rungs}) == 2.0
    assert by_whole_rule({"mde": 0.2}) == 0.2
    assert by_whole_rule({"mde": None, "rungs": rungs}) is None
