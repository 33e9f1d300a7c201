"""Interrupted series on simulated data with known effects, and refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import GLS

from helpers.methods import interrupted_series as methods
from helpers.methods.checks import UnusableInput, WrongCall
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
    assert found.estimate("summit: level").window == "2018-03..2018-03"


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
    assert (path["effect"][path.index < "2017-11-01"] == 0).all()
    assert (path["effect"][["2017-11-01", "2018-01-01"]] != 0).all()
    gap = path["fitted"] - path["counterfactual"]
    assert gap.to_numpy() == pytest.approx(path["effect"].to_numpy())
    assert path.loc["2018-03-01", "effect"] == pytest.approx(-0.1, abs=0.05)


def test_intervals_have_the_rows_less_the_terms_as_degrees_of_freedom():
    settings = {"season": None, "unit": "log points"}
    for found in (
        segmented_regression(simulated(), [STEP], maxlags=3, **settings).estimate("control: level"),
        interrupted_series(simulated(), [STEP], inference="t", **settings).estimate("control: level"),
    ):
        # Constant, trend, level and leads.
        assert found.df == 96 - 4
        assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 92) * found.se)
        assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.value / found.se), 92))


def test_the_bootstrap_counts_the_estimate_among_its_draws():
    draws = methods._Draws(
        np.arange(1.0, 40)[None, :], np.ones(39), np.zeros(39, int), np.ones((1, 1, 1)), np.zeros(39)
    )
    assert draws.quantile(np.ones(1)) == 38  # of 39 draws the 0.95 * 40th
    assert draws.p_value(np.ones(1), -39.0) == 2 / 40 and draws.p_value(np.ones(1), 40.0) == 1 / 40


def test_leads_may_begin_with_the_data():
    made = design(index(), [Intervention("early", "2014-03", leads=2, end="2014-03")], season=None)
    assert made.frame["early: leads"].iloc[:3].tolist() == [1, 1, 0]
    with pytest.raises(UnusableInput, match="lead window begins before"):
        design(index(), [Intervention("early", "2014-03", leads=3, end="2014-03")], season=None)


def test_slope_counts_from_one_in_the_first_month():
    made = design(index(), [Intervention("law", "2018-01", leads=0, slope=True)], season=None)
    slope = made.frame["law: slope"]
    assert slope["2017-12-01"] == 0 and slope["2018-01-01"] == 1 and slope["2018-12-01"] == 12


def test_the_same_seed_gives_the_same_interval_and_bootstrap_is_wider_than_t():
    series = simulated(n=60, rho=0.7)
    one = fit(series, [STEP], draws=999).estimate("control: level")
    again = fit(series, [STEP], draws=999).estimate("control: level")
    other = fit(series, [STEP], draws=999, seed=1).estimate("control: level")
    t = fit(series, [STEP], inference="t").estimate("control: level")
    assert (one.low, one.high, one.p_value) == (again.low, again.high, again.p_value)
    assert one.low != other.low and one.value == other.value == t.value
    assert one.high - one.low > t.high - t.low


def test_results_speak():
    found = fit(simulated())
    assert found.estimate("control: level").record()["rho"] == found.details["rho"]
    assert "InterruptedSeries" in repr(found)
    assert list(found.summary().columns) == ["value", "se", "low", "high", "p_value"]
    assert found.df == 96 - len(found.coefficients)


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
    with pytest.raises((UnusableInput, WrongCall), match=message):
        fit(simulated(), interventions, **settings)


def test_too_few_degrees_of_freedom_are_refused():
    step = Intervention("control", "2018-01", leads=0)
    with pytest.raises(UnusableInput, match="Too few degrees of freedom: 4"):
        fit(simulated().iloc[36:53], [step], season=5)


def test_unknown_terms_are_refused():
    found = fit(simulated())
    with pytest.raises((UnusableInput, WrongCall), match="No term"):
        found.estimate("nothing")
    with pytest.raises((UnusableInput, WrongCall), match="No term 'nothing'"):
        found.contrast({"control: level": 1.0, "nothing": 1.0})


def test_a_contrast_has_the_error_of_the_sum_and_the_window_of_its_intervention():
    bent = Intervention("law", "2018-01", leads=0, slope=True)
    found = fit(simulated(), [bent], inference="t")
    both = found.contrast({"law: level": 1.0, "law: slope": 12.5})
    block = found.covariance.loc[["law: level", "law: slope"], ["law: level", "law: slope"]]
    assert both.se == pytest.approx(np.sqrt(np.array([1, 12.5]) @ block.to_numpy() @ np.array([1, 12.5])))
    assert (
        both.window == "2018-01..2021-12" and found.contrast({"trend": 1.0, "law: level": 1.0}).window == ""
    )


def test_many_outcomes_reach_the_same_rho_as_a_walk_over_the_whole_grid():
    rng = np.random.default_rng(6)
    X, gaps = np.column_stack([np.ones(60), np.arange(60), rng.normal(size=(60, 4))]), np.ones(59, int)
    gaps[20] = 3
    for rho in (-0.6, 0.0, 0.5, 0.97):
        outcomes = methods._simulate(gaps, rho, rng.standard_normal((60, 300)))
        moments = methods._Moments(X, outcomes, gaps)
        whole = np.argmax(moments.log_likelihood(methods._RHO), axis=0)
        assert (methods._grid_rho(moments) == whole).all() and whole.min() < whole.max()
    assert (len(methods._RHO) - 1) % methods._STRIDE == 0


def test_a_level_that_wanders_shows_in_the_residuals_and_ar1_errors_do_not():
    rng, dates = np.random.default_rng(11), index(168)
    noise = rng.standard_normal((2, 168))
    wandering = pd.Series(noise[0] + 0.5 * noise[1].cumsum(), dates)
    settings = {"season": None, "unit": "points", "draws": 199}
    wanders = interrupted_series(wandering, [STEP], **settings).estimate("control: level")
    usual = interrupted_series(pd.Series(noise[0], dates), [STEP], **settings).estimate("control: level")
    assert wanders.details["residual_p"] <= 0.05 < usual.details["residual_p"]
    bare = interrupted_series(wandering, [STEP], inference="t", season=None, unit="points")
    assert "residual_p" not in bare.details


@pytest.mark.parametrize(
    ("interventions", "settings", "message"),
    [
        (STEP, {}, "list of interventions"),
        ([STEP], {"frequency": "W"}, "frequency is 'W'"),
        ([Intervention("x", "spring 2018", leads=0)], {}, "no period is called 'spring 2018'"),
        ([Intervention("x", "2018-01", leads=None)], {}, "leads is None"),
    ],
)
def test_a_wrong_call_is_no_matter_of_the_data(interventions, settings, message):
    with pytest.raises(WrongCall, match=message):
        interrupted_series(simulated(), interventions, **{"season": None, "unit": "points"} | settings)
    assert not issubclass(WrongCall, UnusableInput)
