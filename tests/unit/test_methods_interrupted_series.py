"""Interrupted series on simulated data with known effects, and refusals."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import GLS

from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import (
    Intervention,
    design,
    interrupted_series,
    segmented_regression,
)

STEP = Intervention("control", "2018-01", leads=2)
PULSE = Intervention("summit", "2018-03", leads=0, end="2018-03")


def index(n=96, start="2014-01-01"):
    return pd.date_range(start, periods=n, freq="MS")


def simulated(n=96, scale=0.01, rho=0.5, seed=3):
    """A trend, a season, a lead of +0.1, a step of -0.3 from 2018-01 and a pulse of 0.2 in 2018-03."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(n)
    for t in range(1, n):
        noise[t] = rho * noise[t - 1] + scale * rng.standard_normal()
    dates = index(n)
    t = np.arange(n)
    values = 5 + 0.01 * t + 0.1 * np.sin(2 * np.pi * dates.month / 12) + noise
    values = values + np.where(dates >= "2018-01-01", -0.3, 0) + np.where(dates == "2018-03-01", 0.2, 0)
    values = values + np.where((dates >= "2017-11-01") & (dates < "2018-01-01"), 0.1, 0)
    return pd.Series(values, index=dates, name="simulated exports")


def fit(series, interventions=(STEP, PULSE), **settings):
    settings = {"season": 1, "unit": "log points", "draws": 199} | settings
    return interrupted_series(series, interventions, **settings)


def test_overlapping_interventions_and_leads_are_told_apart():
    found = fit(simulated())
    for term, truth in {"control: level": -0.3, "control: leads": 0.1, "summit: level": 0.2}.items():
        one = found.estimate(term)
        assert one.low < truth < one.high
        assert one.value == pytest.approx(truth, abs=0.05)
    assert found.estimate("control: level").leads == "-2..-1 months"
    assert found.mean_effect("summit").window == "2018-03..2018-03"


def test_leaving_out_the_leads_biases_the_step():
    no_leads = Intervention("control", "2018-01", leads=0)
    found = fit(simulated(), [no_leads, PULSE]).estimate("control: level")
    assert found.value < -0.31
    with pytest.raises(TypeError):
        Intervention("control", "2018-01")


def test_restricted_likelihood_agrees_with_least_squares_at_its_own_rho():
    series = simulated()
    found = fit(series)
    lags = np.abs(np.subtract.outer(np.arange(96), np.arange(96)))
    oracle = GLS(series.to_numpy(), found.design.frame.to_numpy(), sigma=found.details["rho"] ** lags).fit()
    assert found.coefficients.to_numpy() == pytest.approx(oracle.params, rel=1e-9)
    assert found.summary()["se"].to_numpy() == pytest.approx(oracle.bse, rel=1e-9)


def test_gaps_are_bridged_by_distance():
    series = simulated()
    holed = series.drop(series.index[[10, 11, 60]])
    found = fit(holed)
    at = (holed.index.year - 2014) * 12 + holed.index.month
    rho = found.details["rho"]
    oracle = GLS(
        holed.to_numpy(),
        found.design.frame.to_numpy(),
        sigma=rho ** np.abs(np.subtract.outer(at, at)),
    ).fit()
    assert found.coefficients.to_numpy() == pytest.approx(oracle.params, rel=1e-9)
    assert found.summary()["se"].to_numpy() == pytest.approx(oracle.bse, rel=1e-9)


def test_hac_errors_count_lags_on_the_calendar():
    series = simulated()
    gap = series.index[60]
    settings = {"season": None, "unit": "log points", "maxlags": 3, "use_correction": False}
    dummy = pd.DataFrame({"gap": (series.index == gap).astype(float)}, index=series.index)
    dummied = segmented_regression(series, [STEP], regressors=dummy, **settings).estimate("control: level")
    holed = segmented_regression(series.drop(gap), [STEP], **settings).estimate("control: level")
    assert holed.value == pytest.approx(dummied.value, rel=1e-9)
    assert holed.se == pytest.approx(dummied.se, rel=1e-9)


def test_counterfactual_path_takes_out_leads_and_effects_only():
    series = simulated()
    path = fit(series).path()
    before = path[path.index < "2017-11-01"]
    assert (before["effect"] == 0).all() and (before["low"] == 0).all()
    gap = path["fitted"] - path["counterfactual"]
    assert gap.to_numpy() == pytest.approx(path["effect"].to_numpy())
    assert path.loc["2018-03-01", "effect"] == pytest.approx(-0.1, abs=0.05)
    assert (path["low"] <= path["effect"]).all() and (path["effect"] <= path["high"]).all()


def test_slope_counts_from_one_in_the_first_month():
    made = design(index(), [Intervention("law", "2018-01", leads=0, slope=True)], season=None)
    slope = made.frame["law: slope"]
    assert slope["2017-12-01"] == 0 and slope["2018-01-01"] == 1 and slope["2018-12-01"] == 12


def test_the_same_seed_gives_the_same_interval_and_bootstrap_is_wider_than_t():
    series = simulated(n=60, rho=0.7)
    one = fit(series, [STEP], draws=999).mean_effect("control")
    again = fit(series, [STEP], draws=999).mean_effect("control")
    other = fit(series, [STEP], draws=999, seed=1).mean_effect("control")
    t = fit(series, [STEP], inference="t").mean_effect("control")
    assert (one.low, one.high, one.p_value) == (again.low, again.high, again.p_value)
    assert one.low != other.low and one.value == other.value == t.value
    assert one.high - one.low > t.high - t.low


def test_results_speak():
    found = fit(simulated())
    assert found.record()["unit"] == "log points" and found.record()["rho"] == found.details["rho"]
    assert "InterruptedSeries" in repr(found)
    assert list(found.summary().columns) == ["value", "se", "low", "high", "p_value"]
    assert found.residual_tests().loc["Ljung-Box 12", "p_value"] > 0.001


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s * 0 + 1, "constant"),
        (lambda s: s.where(s.index != s.index[5]), "missing"),
        (lambda s: s.replace(s.iloc[5], np.inf), "infinite"),
        (lambda s: s.iloc[::-1], "not sorted"),
        (lambda s: pd.concat([s, s.iloc[-1:]]), "twice"),
        (lambda s: s.reset_index(drop=True), "not dates"),
        (
            lambda s: s.set_axis(s.index.where(s.index != s.index[5], s.index[4] + pd.Timedelta("1D"))),
            "Two rows",
        ),
    ],
)
def test_bad_series_are_refused(change, message):
    with pytest.raises(UnusableInput, match=message):
        fit(change(simulated()), season="dummies")


@pytest.mark.parametrize(
    ("interventions", "settings", "message"),
    [
        ([Intervention("late", "2030-01", leads=0)], {}, "not inside the data"),
        ([Intervention("early", "2014-01", leads=3)], {}, "lead window"),
        ([Intervention("x", "2018-01", leads=-1)], {}, "leads is -1"),
        ([STEP, Intervention("same", "2018-01", leads=0)], {}, "combination"),
        ([STEP, STEP], {}, "combination|same name"),
        ([STEP], {"season": 6}, "season is 6"),
        ([STEP], {"season": "weekly"}, "season is"),
        ([STEP], {"inference": "bayes"}, "inference is"),
        ([STEP], {"regressors": pd.DataFrame({"x": [1.0]}, index=index(1))}, "other dates"),
    ],
)
def test_bad_designs_are_refused(interventions, settings, message):
    with pytest.raises(UnusableInput, match=message):
        fit(simulated(), interventions, **settings)


def test_too_few_degrees_of_freedom_are_refused():
    step = Intervention("control", "2018-01", leads=0)
    with pytest.raises(UnusableInput, match="Too few degrees of freedom: 4"):
        fit(simulated().iloc[36:53], [step], season=5)


def test_unknown_terms_are_refused():
    found = fit(simulated())
    with pytest.raises(UnusableInput, match="No term"):
        found.estimate("nothing")
    with pytest.raises(UnusableInput, match="No intervention"):
        found.mean_effect("nothing")
