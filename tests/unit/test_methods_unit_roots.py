"""Unit-root and cointegration tests on simulated series whose order is known, and refusals."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods import unit_roots
from helpers.methods.checks import UnusableInput

RNG = np.random.default_rng(7)
NOISE = RNG.normal(size=300)
WALK = RNG.normal(size=300).cumsum()


@pytest.mark.parametrize("test", [unit_roots.augmented_dickey_fuller, unit_roots.phillips_perron])
@pytest.mark.parametrize("trend", ["constant", "constant and trend"])
def test_a_walk_keeps_its_unit_root_and_noise_loses_it(test, trend):
    assert test(WALK, trend=trend, lags=2).p_value > 0.05
    assert test(NOISE, trend=trend, lags=2).p_value < 0.01


def test_the_two_unit_root_tests_agree_without_lags():
    dickey_fuller = unit_roots.augmented_dickey_fuller(WALK, trend="constant", lags=0)
    phillips_perron = unit_roots.phillips_perron(WALK, trend="constant", lags=0)
    assert phillips_perron.value == pytest.approx(dickey_fuller.value, rel=0.01)
    assert phillips_perron.p_value == pytest.approx(dickey_fuller.p_value, abs=0.01)


def test_kpss_turns_the_null_around():
    assert unit_roots.stationarity(WALK, trend="constant", lags=8).p_value < 0.05
    result = unit_roots.stationarity(NOISE, trend="constant", lags=8)
    assert result.p_value > 0.05
    assert result.details["null"] == "stationary"


def test_a_level_shift_is_dated():
    months = pd.period_range("2000-01", periods=300, freq="M")
    shifted = pd.Series(NOISE + 8 * (np.arange(300) >= 150), index=months)
    result = unit_roots.unit_root_with_break(shifted, trend="constant", lags=2, trim=0.15)
    assert result.details["break_after"] in {str(month) for month in months[148:151]}
    with pytest.raises(UnusableInput, match="raise trim"):
        unit_roots.unit_root_with_break(shifted, trend="constant", lags=2, trim=0.01)


def test_cointegration_is_found_once():
    levels = pd.DataFrame({"a": WALK, "b": WALK + NOISE})
    assert unit_roots.johansen(levels, lags=2).rank == 1
    assert unit_roots.johansen_restricted_constant(levels, lags=2, seasons=1).rank == 1
    assert unit_roots.engle_granger(WALK, WALK + NOISE, lags=1).p_value < 0.01
    apart = pd.DataFrame({"a": WALK, "b": np.random.default_rng(8).normal(size=300).cumsum()})
    assert unit_roots.johansen(apart, lags=2).rank == 0
    assert "0 cointegrating relations" in unit_roots.johansen(apart, lags=2).sentence()


def test_one_series_has_no_cointegration():
    with pytest.raises(UnusableInput, match="two or more series"):
        unit_roots.johansen(pd.DataFrame({"a": WALK}), lags=2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(100), "constant"),
        (np.full(100, np.nan), "missing"),
        (np.append(WALK, np.inf), "infinite"),
        (WALK[:11], "Too few"),
    ],
)
@pytest.mark.parametrize(
    "test", [unit_roots.augmented_dickey_fuller, unit_roots.phillips_perron, unit_roots.stationarity]
)
def test_unusable_series_are_refused(test, values, message):
    with pytest.raises(UnusableInput, match=message):
        test(values, trend="constant", lags=2)
