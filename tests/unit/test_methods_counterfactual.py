"""Structural counterfactual on simulated series, against the Kalman filter, and refusals."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from helpers.methods import counterfactual
from helpers.methods.checks import UnusableInput
from helpers.methods.counterfactual import level_sensitivity, structural_counterfactual
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
    assert mean.low < -0.4 < mean.high and mean.p_value < 0.01 and mean.n == 70
    assert found.cumulative_effect().value == pytest.approx(12 * mean.value)
    assert mean.high - mean.low == pytest.approx(2 * 1.96 * mean.se, rel=0.06)
    path = found.path()
    assert (path["low"] < path["effect"]).all() and (path["effect"] < path["high"]).all()
    assert list(found.table().index) == ["mean", "cumulative", "relative"]
    assert found.record()["leads"] == "-2..-1 left out" and "2020-01..2020-12" in found.sentence()


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
    mean, covariance = counterfactual._forecast(z, X, before, ~before, 0.04, 1.0)
    model = UnobservedComponents(
        z[:50], "local level", exog=X[:50], mle_regression=False, use_exact_diffuse=True
    )
    forecast = model.smooth([1.0, 0.04]).get_forecast(10, exog=X[50:])
    assert mean == pytest.approx(np.asarray(forecast.predicted_mean), rel=1e-8)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(np.asarray(forecast.se_mean), rel=1e-8)


def test_a_freer_level_gives_a_wider_interval():
    series, control = simulated()
    rows = level_sensitivity(series, EVENT, controls=control, **SETTINGS)
    assert list(rows.index) == ["maximum likelihood", "0.01", "0.1"]
    width = rows["high"] - rows["low"]
    assert width["0.1"] > width["0.01"]
    assert rows.loc["0.1", "level_sd_share"] == pytest.approx(0.1)


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
        (lambda s, c: (s.drop(INDEX[3]), c.drop(INDEX[3])), EVENT, "missing or repeated periods"),
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
    with pytest.raises(UnusableInput, match=message):
        structural_counterfactual(series, event, controls=control, **SETTINGS)
