"""Every estimator refuses every kind of bad series, in words that say what to do. All data are simulated."""

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers.methods import breaks
from helpers.methods.checks import UnusableInput
from helpers.methods.counterfactual import placebo_effects, structural_counterfactual
from helpers.methods.event_study import event_study
from helpers.methods.interrupted_series import (
    Intervention,
    interrupted_series,
    segmented_regression,
)

robust_sup_f = functions_of("06_export_response").robust_sup_f

x13 = functions_of("02_chip_exports").x13
count_series = functions_of("08_frontier_gap").count_series
arima = functions_of("06_export_response").arima
MONTHS = pd.date_range("2012-01-01", periods=96, freq="MS")
STEP = Intervention("control", "2018-01", leads=2)
MODEL = {"season": None, "unit": "log points"}
NOISE = {**MODEL, "order": (1, 0, 0)}
FORECAST = {**MODEL, "controls": None, "draws": 50}


def simulated(seed=0):
    rng = np.random.default_rng(seed)
    values = 5 + 0.01 * np.arange(96) + rng.normal(scale=0.1, size=96)
    values[72] += 1.0
    values[73] += 0.5
    return pd.Series(values, MONTHS, name="simulated exports")


def beside(series, columns=1):
    """Put good series with the same rows beside it."""
    good = {f"other {j}": simulated(j + 1).to_numpy()[: len(series)] for j in range(columns)}
    return pd.DataFrame({"y": series, **{name: pd.Series(v, series.index) for name, v in good.items()}})


def compared(estimator):
    def call(series):
        return estimator(beside(series, 4), "y", MONTHS[72], anticipation=1, unit="log points")

    return call


ESTIMATORS = {
    "interrupted series": lambda y: interrupted_series(y, [STEP], draws=50, **MODEL),
    "segmented regression": lambda y: segmented_regression(y, [STEP], maxlags=3, **MODEL),
    "counts": lambda y: count_series(y, [STEP], season=None),
    "ARIMA": lambda y: arima(y, [STEP], **NOISE),
    "structural counterfactual": lambda y: structural_counterfactual(y, STEP, **FORECAST),
    "placebo effects": lambda y: placebo_effects(
        y, STEP, MONTHS[30:40], controls=None, season=None, shortest=24
    ),
    "break dates": breaks.break_dates,
    "robust sup-F": robust_sup_f,
    "X-13": lambda y: x13(y, arima="(0 1 1)(0 1 1)"),
}
# X-13 is a programme of its own and slow to start.
QUICK = [name for name in ESTIMATORS if name != "X-13"]


def with_value(value):
    def spoil(y):
        return y.where(y.index != MONTHS[10], value)

    return spoil


def twice(y):
    return y.set_axis(y.index.where(y.index != MONTHS[11], MONTHS[10]))


def two_zones(y):
    zones = ["UTC", "Asia/Shanghai"]
    return y.set_axis(
        pd.Index([day.tz_localize(zones[j % 2]) for j, day in enumerate(y.index)], dtype=object)
    )


SPOILS = {
    "constant": (lambda y: y * 0 + 1, "constant"),
    "all missing": (lambda y: y * np.nan, "every value is missing"),
    "one missing": (with_value(np.nan), "2012-11-01 is missing"),
    "infinite": (with_value(np.inf), "2012-11-01 is infinite"),
    "repeated date": (twice, "appears twice"),
    "unsorted": (lambda y: y.iloc[[0, 2, 1, *range(3, 96)]], "not sorted"),
    "two time zones": (two_zones, "dates of one time zone"),
    "too short": (lambda y: y.iloc[:8], "Too few|not in the table|not inside the data|not a row|outside"),
}


@pytest.mark.parametrize("estimator", QUICK)
def test_the_good_series_is_accepted(estimator):
    ESTIMATORS[estimator](simulated())


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_bad_series_is_refused(estimator, spoil):
    change, message = SPOILS[spoil]
    with pytest.raises(UnusableInput, match=message):
        ESTIMATORS[estimator](change(simulated()))


def test_a_skipped_month_is_refused_where_lags_are_rows():
    y = simulated()
    with pytest.raises(UnusableInput, match="every period"):
        ESTIMATORS["ARIMA"](y[y.index != MONTHS[40]])


WINDOWED = {
    "interrupted series": lambda y, one: interrupted_series(y, [one], draws=50, **MODEL),
    "segmented regression": lambda y, one: segmented_regression(y, [one], maxlags=3, **MODEL),
    "counts": lambda y, one: count_series(y.round(), [one], season=None),
    "ARIMA": lambda y, one: arima(y, [one], **NOISE),
    "structural counterfactual": lambda y, one: structural_counterfactual(y, one, **FORECAST),
}
OUTSIDE = {
    "starts past the data": Intervention("x", "2021-01", leads=0),
    "ends past the data": Intervention("x", "2019-06", leads=0, end="2020-06"),
    "starts before the data": Intervention("x", "2011-06", leads=0, end="2013-01"),
    "leads before the data": Intervention("x", "2012-03", leads=6, end="2012-08"),
}


@pytest.mark.parametrize("where", OUTSIDE)
@pytest.mark.parametrize("estimator", WINDOWED)
def test_a_window_past_the_data_is_refused(estimator, where):
    with pytest.raises(UnusableInput, match="in the data|inside the data|before the data|Too few"):
        WINDOWED[estimator](simulated(), OUTSIDE[where])


def exact(y):
    return pd.Series(np.where(y.index >= "2018-01", 6.0, 5.0), y.index, name="simulated step")


def test_a_regime_without_variation_is_refused_by_the_robust_test():
    y = simulated()
    y.loc["2016-01":] = 3.0
    with pytest.raises(UnusableInput, match="without variation"):
        robust_sup_f(y)


def test_counts_that_are_zero_wherever_a_term_acts_are_refused():
    counts = pd.Series(np.random.default_rng(3).poisson(3.0, 96).astype(float), MONTHS, name="counts")
    counts.loc["2018-01":] = 0.0
    with pytest.raises(UnusableInput, match="zero wherever"):
        count_series(counts, [Intervention("x", "2018-01", leads=0)], season=None)


@pytest.mark.parametrize("maxlags", [-1, 96])
def test_the_lags_of_hac_errors_must_fit_the_series(maxlags):
    with pytest.raises(UnusableInput, match="maxlags"):
        segmented_regression(simulated(), [STEP], maxlags=maxlags, **MODEL)


def test_a_regressor_with_the_name_of_a_term_is_refused():
    terms = pd.DataFrame({"trend": simulated(4)})
    with pytest.raises(UnusableInput, match="'trend' is the name of two terms"):
        interrupted_series(simulated(), [STEP], regressors=terms, **MODEL)


DAYS = pd.bdate_range("2020-01-01", periods=300)
WINDOWS = {"estimation": (-120, -11), "leads": (-10, -1), "window": (0, 2)}


def returns():
    rng = np.random.default_rng(5)
    market = pd.Series(rng.normal(0, 0.01, 300), DAYS, name="market")
    noise = pd.DataFrame(rng.normal(0, 0.02, (300, 3)), DAYS, list("ABC"))
    return noise.add(market, axis=0), market


def test_an_asset_that_is_the_market_is_refused():
    assets, market = returns()
    with pytest.raises(UnusableInput, match="B before .* leaves no noise"):
        event_study(assets.assign(B=1.2 * market), market, [DAYS[200]], **WINDOWS)


def test_collinear_factors_are_refused():
    assets, market = returns()
    factors = pd.DataFrame({"market": market, "twice": 2 * market})
    with pytest.raises(UnusableInput, match="collinear"):
        event_study(assets, factors, [DAYS[200]], **WINDOWS)
