"""The cross-correlation of notebook 04: quarters in which one series follows the other, and refusals."""

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers.methods.checks import UnusableInput

cross_correlation = functions_of("04_ai_investment").cross_correlation
SETTINGS = {"last_lag": 2, "leads": 2, "order": 1, "draws": 9_999, "seed": 1}


def quarters(values, start="2016-03-31"):
    return pd.Series(values, index=pd.date_range(start, periods=len(values), freq="QE"))


@pytest.fixture
def pair():
    rng = np.random.default_rng(9)
    leader = rng.normal(size=41)
    follower = 0.9 * np.roll(leader, 1) + rng.normal(scale=0.4, size=41)
    return quarters(leader), quarters(follower)


def test_the_lag_is_found_and_is_significant(pair):
    leader, follower = pair
    result = cross_correlation(follower, leader, **SETTINGS)
    assert result.effect.details["lag"] == 1
    assert result.effect.p_value < 0.01
    assert 0 < result.effect.low < 0.9 < result.effect.high
    assert list(result.correlations.index) == [-2, -1, 0, 1, 2]
    backwards = cross_correlation(leader, follower, **SETTINGS)
    assert backwards.effect.p_value > 0.05


def test_few_years_are_enumerated_and_incomplete_years_stay(pair):
    leader, follower = (values.iloc[:24] for values in pair)
    result = cross_correlation(follower, leader, **SETTINGS)
    assert "all orders" in result.effect.method  # five whole years after the first quarter is filtered away
    assert result.effect.p_value * 120 == pytest.approx(round(result.effect.p_value * 120))


def test_missing_quarters_are_left_out_of_both_and_not_bridged(pair):
    leader, follower = pair
    gap = leader.index.year == 2020
    result = cross_correlation(follower, leader.mask(gap), **SETTINGS)
    # Four quarters, and the one after them, which the filter cannot reach.
    assert result.effect.n == len(leader) - 1 - 5
    assert result.effect.details["lag"] == 1
    assert result.effect.details["whole_years"] == 7
    nonsense = follower.mask(gap, 1e6)
    again = cross_correlation(nonsense, leader.mask(gap), **SETTINGS)
    pd.testing.assert_series_equal(again.correlations, result.correlations)


def test_common_dependence_alone_gives_a_uniform_p_value():
    rng = np.random.default_rng(10)
    p_values = []
    for seed in range(80):
        x, y = (np.zeros(41) for _ in range(2))
        for t in range(1, 41):
            x[t], y[t] = 0.6 * x[t - 1] + rng.normal(), 0.6 * y[t - 1] + rng.normal()
        settings = {**SETTINGS, "draws": 199, "seed": seed}
        p_values.append(cross_correlation(quarters(y), quarters(x), **settings).effect.p_value)
    assert np.mean(np.array(p_values) < 0.10) < 0.22


def test_unfiltered_correlation_of_a_series_with_its_shift():
    x = np.random.default_rng(11).normal(size=80)
    settings = SETTINGS | {"order": 0, "last_lag": 5, "draws": 19}
    result = cross_correlation(quarters(np.roll(x, 3)), quarters(x), **settings)
    assert result.correlations.idxmax() == 3


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x, y: (x, y.iloc[1:]), "different dates"),
        (lambda x, y: (x[x.index.year != 2018], y[y.index.year != 2018]), "skip a period"),
        (lambda x, y: (x, y * 0), "constant"),
        (lambda x, y: (x.iloc[:13], y.iloc[:13]), "Too few"),
        (lambda x, y: (x.iloc[:16], y.iloc[:16]), "whole years"),
    ],
)
def test_unusable_input_is_refused(pair, spoil, message):
    leader, follower = spoil(*pair)
    with pytest.raises(UnusableInput, match=message):
        cross_correlation(follower, leader, **SETTINGS)
