"""Structural counterfactual on simulated series, against the Kalman filter, and refusals."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from helpers.methods import counterfactual
from helpers.methods.checks import UnusableInput, WrongCall
from helpers.methods.counterfactual import placebo_effects, structural_counterfactual
from helpers.methods.interrupted_series import Intervention

INDEX = pd.date_range("2014-01-01", periods=96, freq="MS")
EVENT = Intervention("control", "2020-01", leads=2, end="2020-12")
SETTINGS = {"season": None, "unit": "log points", "draws": 2000}


def simulated(effect=-0.4, seed=2):
    rng = np.random.default_rng(seed)
    control = pd.DataFrame({"cycle": 1 + 0.3 * np.sin(np.arange(96) / 7)}, index=INDEX)
    level = np.cumsum(0.01 * rng.standard_normal(96))
    values = 2 + level + 0.8 * control["cycle"] + 0.05 * rng.standard_normal(96)
    return (values + np.where(INDEX >= "2020-01-01", effect, 0)).rename("simulated"), control


def test_the_true_effect_is_inside_the_interval():
    series, control = simulated()
    found = structural_counterfactual(series, EVENT, controls=control, **SETTINGS)
    mean = found.mean_effect()
    assert mean.low < -0.4 < mean.high and mean.n == 70
    # Not one of the 2000 draws lies beyond zero; the observed value counts among them.
    assert mean.p_value == 2 / 2001
    # The variances are estimated too: the interval is wider than the standard error that knows them allows.
    assert 2 * 1.96 * mean.se < mean.high - mean.low < 2 * 2 * 1.96 * mean.se
    parts = [found.mean_effect(0, 2), found.mean_effect(3, 11)]
    assert np.average([part.value for part in parts], weights=[3, 9]) == pytest.approx(mean.value)
    assert parts[0].window == "2020-01..2020-03" and parts[1].window == "2020-04..2020-12"
    assert parts[0].se is None and mean.window == "2020-01..2020-12" and found.mean_effect(0, 11) == mean
    assert parts[0].low < parts[0].value < parts[0].high
    levels = found.levels(series["2019-01":"2019-12"])
    assert len(levels) == 24 and levels["low"].isna().sum() == 12
    assert np.log(levels["observed"]).to_numpy() == pytest.approx(series["2019-01":"2020-12"].to_numpy())
    assert (levels["low"] < levels["counterfactual"]).iloc[12:].all()
    assert found.summary().loc["mean", "value"] == mean.value and mean.leads == "-2..-1 left out"


def test_no_effect_is_not_found_and_the_leads_do_not_matter():
    series, control = simulated(effect=0, seed=4)
    spoiled = series.copy()
    spoiled["2019-11":"2019-12"] += 9
    one, two = (
        structural_counterfactual(s, EVENT, controls=control, **SETTINGS).mean_effect()
        for s in (series, spoiled)
    )
    assert one == two and one.low < 0 < one.high


def test_forecast_equals_the_kalman_filter():
    rng = np.random.default_rng(1)
    z = np.cumsum(0.2 * rng.standard_normal(60)) + rng.standard_normal(60)
    X = rng.standard_normal((60, 1))
    before = np.arange(60) < 50
    rows, place = (before, ~before), np.arange(60)
    model = counterfactual._Model(pd.Series(z), z, X, place, *rows, 0.0, 1.0, (0.04, 1.0), {}, 0)
    mean, covariance = model.forecast(*rows)
    model = UnobservedComponents(
        z[:50], "local level", exog=X[:50], mle_regression=False, use_exact_diffuse=True
    )
    forecast = model.smooth([1.0, 0.04]).get_forecast(10, exog=X[50:])
    assert mean == pytest.approx(np.asarray(forecast.predicted_mean), rel=1e-8)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(np.asarray(forecast.se_mean), rel=1e-8)


def test_a_month_missing_before_the_event_is_passed_over_and_not_filled():
    series, control = simulated()
    gap = INDEX[40]
    holed = structural_counterfactual(series.drop(gap), EVENT, controls=control.drop(gap), **SETTINGS)
    whole = structural_counterfactual(series, EVENT, controls=control, **SETTINGS)
    assert holed.n == whole.n - 1
    assert holed.mean_effect().value == pytest.approx(whole.mean_effect().value, abs=0.01)
    closed_up = series.drop(gap).set_axis(INDEX[1:])
    late = Intervention("control", "2020-01", leads=2, end="2020-12")
    other = structural_counterfactual(
        closed_up, late, controls=control.drop(gap).set_axis(INDEX[1:]), **SETTINGS
    )
    assert other.mean_se != holed.mean_se


def test_placebo_windows_repeat_the_real_estimate_and_stay_before_it():
    series, control = simulated()
    months = pd.date_range("2016-01-01", "2019-12-01", freq="MS")
    found = placebo_effects(series, EVENT, months, controls=control, season=None, shortest=20)
    whole = structural_counterfactual(series, EVENT, controls=control, **SETTINGS).mean_effect()
    assert found["effect"].iloc[-1] == pytest.approx(whole.value)
    assert found["se"].iloc[-1] == pytest.approx(whole.se)
    # Twelve months from November 2018 on end with October 2019, the last month before the leads.
    assert found.index[0] == months[0] and found.index[-2] == pd.Timestamp("2018-11-01")
    assert found["effect"].iloc[:-1].abs().max() < abs(found["effect"].iloc[-1])
    late = placebo_effects(series, EVENT, months, controls=control, season=None, shortest=48)
    assert late.index[0] == pd.Timestamp("2018-03-01")
    shifted = series.where(series.index < "2020-01-01", series + 5)
    again = placebo_effects(shifted, EVENT, months, controls=control, season=None, shortest=20)
    assert again["effect"].iloc[:-1].to_numpy() == pytest.approx(found["effect"].iloc[:-1].to_numpy())


def test_a_freer_level_gives_a_wider_interval():
    series, control = simulated()
    stiff, free = (
        structural_counterfactual(
            series, EVENT, controls=control, level_share=share, **SETTINGS
        ).mean_effect()
        for share in (0.01, 0.1)
    )
    assert free.high - free.low > stiff.high - stiff.low
    assert free.details["level_sd_share"] == pytest.approx(0.1)


def test_a_fixed_level_leaves_the_interval_that_knows_its_variances():
    series, control = simulated()
    mean = structural_counterfactual(
        series, EVENT, controls=control, level_share=0.05, **SETTINGS
    ).mean_effect()
    assert mean.high - mean.low == pytest.approx(2 * 1.96 * mean.se, rel=0.06)


def test_the_seed_decides_the_draws():
    series, control = simulated()
    one, again, other = (
        structural_counterfactual(series, EVENT, controls=control, **SETTINGS, seed=seed).mean_effect()
        for seed in (1, 1, 2)
    )
    assert one == again and one.low != other.low and one.value == other.value


@pytest.mark.parametrize(
    ("change", "event", "message"),
    [
        (lambda s, c: (s.drop(INDEX[75]), c.drop(INDEX[75])), EVENT, "missing or repeated periods"),
        # The step into the first month of the window must be whole too: December 2019 is missing.
        (lambda s, c: (s.drop(INDEX[71]), c.drop(INDEX[71])), EVENT, "missing or repeated periods"),
        (lambda s, c: (s, c * 0), EVENT, "combination"),
        (lambda s, c: (s, c.iloc[1:]), EVENT, "other dates"),
        (lambda s, c: (s, c), Intervention("late", "2023-01", leads=0), "not inside the data"),
        (lambda s, c: (s, c), Intervention("past", "2021-06", leads=0, end="2022-06"), "not inside the data"),
        (lambda s, c: (s, c), Intervention("early", "2014-06", leads=0), "Too few"),
        (lambda s, c: (s, c), Intervention("x", "2020-01", leads=-1), "leads"),
    ],
)
def test_bad_input_is_refused(change, event, message):
    series, control = change(*simulated())
    with pytest.raises((UnusableInput, WrongCall), match=message):
        structural_counterfactual(series, event, controls=control, **SETTINGS)


@pytest.mark.parametrize("share", [0, -0.1, np.nan])
def test_a_fixed_step_of_the_level_is_a_positive_number(share):
    series, control = simulated()
    with pytest.raises(WrongCall, match="level_share"):
        structural_counterfactual(series, EVENT, controls=control, level_share=share, **SETTINGS)


def test_a_level_without_noise_beside_it_is_refused_or_estimated():
    """A wandering series leaves no noise beside a level that may step so far."""
    series, _ = simulated()
    walk = pd.Series(np.random.default_rng(0).standard_normal(len(series)).cumsum(), series.index)
    for share in (0.01, 0.1, 1.0, 100.0):
        try:
            effect = structural_counterfactual(walk, EVENT, controls=None, level_share=share, **SETTINGS)
            assert np.isfinite(effect.mean_effect().low)
        except UnusableInput as error:
            assert "level" in str(error)
