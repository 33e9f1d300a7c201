"""Trends per year and drifts with gaps, on simulated data with a known slope."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods import trends
from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import segmented_regression
from helpers.methods.results import mean_over_events


def simulated(slope: float, months: int = 60, sd: float = 0.02) -> pd.Series:
    index = pd.date_range("2021-01-01", periods=months, freq="MS")
    season = 0.1 * np.sin(2 * np.pi * index.month / 12)
    noise = np.random.default_rng(7).normal(0, sd, months)
    return pd.Series(slope * np.arange(months) / 12 + season + noise, index=index, name="simulated")


@pytest.mark.parametrize("slope", [-0.2, 0.1])
def test_trend_is_per_year(slope):
    found = trends.yearly_trend(simulated(slope), season="dummies", draws=199)
    assert found.effect.value == pytest.approx(slope, abs=0.02)
    assert found.effect.low < slope < found.effect.high
    assert found.effect.unit == "log points a year"
    assert found.effect.window == "2021-01..2025-12"


def test_missing_months_do_not_change_the_unit():
    values = simulated(-0.2, sd=1e-4).drop(pd.date_range("2022-03-01", periods=14, freq="MS"))
    found = trends.yearly_trend(values, season="dummies", inference="t")
    assert found.effect.value == pytest.approx(-0.2, abs=1e-3)


def test_quarters_give_the_same_slope_as_months():
    quarters = simulated(-0.2, sd=1e-4)[2::3]
    found = trends.yearly_trend(quarters, season="dummies", frequency="Q", inference="t")
    assert found.effect.value == pytest.approx(-0.2, abs=2e-3)


def test_detectable_effect_grows_with_noise_and_ignores_the_slope():
    quiet, loud = (trends.yearly_trend(simulated(0, sd=sd), season=1, inference="t") for sd in (0.02, 0.06))
    steep = trends.yearly_trend(simulated(0.5, sd=0.02), season=1, inference="t")
    assert loud.effect.details["mde"] > 2 * quiet.effect.details["mde"]
    assert steep.effect.details["mde"] == pytest.approx(quiet.effect.details["mde"])


def test_lasting_errors_need_more_than_the_usual_multiple():
    walk = np.random.default_rng(3).normal(0, 0.05, 60).cumsum()
    values = pd.Series(walk, index=pd.date_range("2021-01-01", periods=60, freq="MS"))
    boot = trends.yearly_trend(values, season=1, draws=499).effect
    plain = trends.yearly_trend(values, season=1, inference="t").effect
    assert boot.details["mde"] > (boot.high - boot.low) / 2
    assert boot.details["mde"] > 1.15 * plain.details["mde"]


def test_second_opinion_finds_the_same_slope():
    values = simulated(-0.2)
    first = trends.yearly_trend(values, season=1, inference="t")
    second = trends.yearly_trend(values, season=1, estimator=segmented_regression, maxlags=6)
    assert second.effect.value == pytest.approx(first.effect.value, abs=0.01)


def test_drift_of_equal_steps_is_the_mean_of_the_steps():
    ends = pd.period_range("2024Q1", periods=6, freq="Q").to_timestamp(how="end").normalize()
    values = pd.Series([0, 0.02, 0.07, 0.06, 0.1, 0.16], index=ends)
    found = trends.drift(values, neighbours=True, method="drift").effect
    expected = mean_over_events(4 * values.diff().dropna(), unit="", method="")
    assert [found.value, found.low, found.high] == pytest.approx(
        [expected.value, expected.low, expected.high]
    )


def test_drift_across_a_gap_counts_its_length():
    quarters = pd.PeriodIndex(["2023Q1", "2023Q2", "2024Q2", "2024Q3", "2024Q4"], freq="Q")
    values = pd.Series([0.0, 0.06, 0.24, 0.31, 0.35], index=quarters.to_timestamp(how="end").normalize())
    whole = trends.drift(values, neighbours=False, method="drift").effect
    near = trends.drift(values, neighbours=True, method="drift").effect
    assert (whole.value, whole.n) == (pytest.approx(0.35 / 1.75), 4)
    assert (whole.window, near.window) == ("2023Q1..2024Q4", "2023Q1..2024Q4")
    assert (near.value, near.n) == (pytest.approx((0.06 + 0.07 + 0.04) / 0.75), 3)


def test_too_few_steps_are_refused():
    ends = pd.DatetimeIndex(["2024-03-31", "2024-06-30", "2024-09-30"])
    with pytest.raises(UnusableInput, match="steps between quarters"):
        trends.drift(pd.Series([0.0, 0.1, 0.3], index=ends), neighbours=True, method="drift")


def test_growth_of_quarters_is_the_mean_step_of_a_walk():
    index = pd.date_range("2016-03-31", periods=40, freq="QE")
    steps = 0.03 + np.random.default_rng(3).normal(0, 0.02, 40)
    level = pd.Series(steps.cumsum(), index, name="walk")
    found = trends.growth_of_quarters(level, draws=199, seed=1)
    assert found.value == pytest.approx(4 * level.diff().mean(), abs=0.02)
    assert found.low < 0.12 < found.high and found.n == 39


def test_each_step_is_left_out():
    index = pd.date_range("2024-12-31", periods=5, freq="QE")
    step = pd.Series([0.0, 0.1, 0.3, 0.2, 0.6], index, name="ratio")
    found = trends.drift(step, neighbours=True, method="mean step, t")
    left = trends.steps_left_out(found)
    assert list(left) == list(index[1:])
    assert left[index[1]].value == pytest.approx(4 * (0.2 - 0.1 + 0.4) / 3)
    assert trends.steps_left_out(trends.drift(step.iloc[:4], neighbours=True, method="t")) == {}
