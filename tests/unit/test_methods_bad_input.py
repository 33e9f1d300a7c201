"""Every estimator refuses every kind of bad series, in words that say what to do. All data are simulated."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods import breaks, lead_lag, synthetic_control, unit_roots
from helpers.methods.checks import UnusableInput
from helpers.methods.counterfactual import level_sensitivity, placebo_effects, structural_counterfactual
from helpers.methods.event_study import event_study
from helpers.methods.interrupted_series import (
    Intervention,
    count_series,
    interrupted_series,
    segmented_regression,
)
from helpers.methods.intervention import arima_ar1, sarimax, sarimax_counterfactual, transfer
from helpers.methods.local_projections import local_projections
from helpers.methods.seasonal import x13

MONTHS = pd.date_range("2012-01-01", periods=96, freq="MS")
STEP = Intervention("control", "2018-01", leads=2)
PULSE = Intervention("shock", "2018-01", leads=0, end="2018-01")
MODEL = {"season": None, "unit": "log points"}
NOISE = {**MODEL, "order": (1, 0, 0)}
FORECAST = {**MODEL, "controls": None, "draws": 50}
UNIT_ROOT = {"trend": "constant", "lags": 2}


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


def twin(series):
    return pd.Series(simulated(9).to_numpy()[: len(series)], series.index)


def compared(estimator):
    def call(series):
        return estimator(beside(series, 4), "y", MONTHS[72], anticipation=1, unit="log points")

    return call


def projections(series):
    names = {"outcome": "y", "impulse": "other 0", "contemporaneous": []}
    return local_projections(beside(series), **names, horizons=[1, 2], lags=2, leads=1, unit="points")


ESTIMATORS = {
    "interrupted series": lambda y: interrupted_series(y, [STEP], draws=50, **MODEL),
    "segmented regression": lambda y: segmented_regression(y, [STEP], maxlags=3, **MODEL),
    "counts": lambda y: count_series(y, [STEP], season=None),
    "SARIMAX": lambda y: sarimax(y, [STEP], **NOISE),
    "AR(1)": lambda y: arima_ar1(y, [STEP], **MODEL),
    "transfer": lambda y: transfer(y, PULSE, **NOISE),
    "SARIMAX counterfactual": lambda y: sarimax_counterfactual(y, STEP, draws=50, **NOISE),
    "structural counterfactual": lambda y: structural_counterfactual(y, STEP, **FORECAST),
    "level sensitivity": lambda y: level_sensitivity(y, STEP, **FORECAST),
    "placebo effects": lambda y: placebo_effects(
        y, STEP, MONTHS[30:40], controls=None, season=None, shortest=24
    ),
    "stability test": breaks.stability_test,
    "Chow test": lambda y: breaks.chow_test(y, "2015-12-01"),
    "break dates": breaks.break_dates,
    "robust sup-F": breaks.robust_sup_f,
    "CUSUM": breaks.cusum,
    "moving sum": breaks.moving_sum,
    "X-13": lambda y: x13(y, arima="(0 1 1)(0 1 1)"),
    "Dickey-Fuller": lambda y: unit_roots.augmented_dickey_fuller(y, **UNIT_ROOT),
    "Phillips-Perron": lambda y: unit_roots.phillips_perron(y, **UNIT_ROOT),
    "KPSS": lambda y: unit_roots.stationarity(y, **UNIT_ROOT),
    "Zivot-Andrews": lambda y: unit_roots.unit_root_with_break(y, trim=0.15, **UNIT_ROOT),
    "Engle-Granger": lambda y: unit_roots.engle_granger(y, twin(y), lags=2),
    "Johansen": lambda y: unit_roots.johansen(beside(y), lags=2),
    "Johansen, restricted": lambda y: unit_roots.johansen_restricted_constant(beside(y), lags=2, seasons=12),
    "Granger": lambda y: lead_lag.granger(y, twin(y), lags=2),
    "Toda-Yamamoto": lambda y: lead_lag.toda_yamamoto(y, twin(y), lags=2, integration=1),
    "cross-correlation": lambda y: lead_lag.cross_correlation(y, twin(y), first_lag=-5, last_lag=5),
    "prewhitened": lambda y: lead_lag.prewhitened_cross_correlation(
        y, twin(y), last_lag=3, leads=2, order=1, draws=99, seed=1
    ),
    "local projections": projections,
    "synthetic control": compared(synthetic_control.synthetic_control),
    "difference-in-differences": compared(synthetic_control.difference_in_differences),
    "synthetic difference": compared(synthetic_control.synthetic_difference_in_differences),
}
# X-13 is a programme of its own and slow to start; the transfer fits twenty models.
QUICK = [name for name in ESTIMATORS if name not in ("X-13", "transfer")]
GAPS_ALLOWED = {"prewhitened"}


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
    if estimator in GAPS_ALLOWED and spoil == "one missing":
        return
    change, message = SPOILS[spoil]
    with pytest.raises(UnusableInput, match=message):
        ESTIMATORS[estimator](change(simulated()))


@pytest.mark.parametrize(
    "estimator",
    [
        "Dickey-Fuller",
        "Engle-Granger",
        "Johansen",
        "Granger",
        "Toda-Yamamoto",
        "local projections",
        "SARIMAX",
    ],
)
def test_a_skipped_month_is_refused_where_lags_are_rows(estimator):
    y = simulated()
    with pytest.raises(UnusableInput, match="skip a period|every period"):
        ESTIMATORS[estimator](y[y.index != MONTHS[40]])


def test_trading_days_may_skip_weekends_and_holidays():
    days = pd.bdate_range("2020-01-01", periods=200).delete([20, 21, 22, 23, 24])
    y = pd.Series(np.random.default_rng(2).normal(size=195).cumsum(), days)
    assert unit_roots.augmented_dickey_fuller(y, **UNIT_ROOT).n == 192


def test_series_of_other_dates_are_not_compared():
    y = simulated()
    moved = twin(y).set_axis(y.index + pd.DateOffset(months=1))
    for call in (
        lambda: unit_roots.engle_granger(y, moved, lags=2),
        lambda: lead_lag.granger(y, moved, lags=2),
        lambda: lead_lag.toda_yamamoto(y, moved, lags=2, integration=1),
    ):
        with pytest.raises(UnusableInput, match="different dates"):
            call()


WINDOWED = {
    "interrupted series": lambda y, one: interrupted_series(y, [one], draws=50, **MODEL),
    "segmented regression": lambda y, one: segmented_regression(y, [one], maxlags=3, **MODEL),
    "counts": lambda y, one: count_series(y.round(), [one], season=None),
    "SARIMAX": lambda y, one: sarimax(y, [one], **NOISE),
    "AR(1)": lambda y, one: arima_ar1(y, [one], **MODEL),
    "transfer": lambda y, one: transfer(y, one, **NOISE),
    "SARIMAX counterfactual": lambda y, one: sarimax_counterfactual(y, one, draws=50, **NOISE),
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


@pytest.mark.parametrize(
    "estimator",
    [
        "interrupted series",
        "segmented regression",
        "SARIMAX",
        "AR(1)",
        "stability test",
        "Chow test",
        "break dates",
        "robust sup-F",
    ],
)
def test_a_series_without_noise_gets_no_interval(estimator):
    y = exact(simulated())
    call = ESTIMATORS[estimator] if estimator != "Chow test" else lambda s: breaks.chow_test(s, "2017-12-01")
    with pytest.raises(UnusableInput, match="no noise|without variation"):
        call(y)


def test_a_regime_without_variation_is_refused_by_the_robust_test():
    y = simulated()
    y.loc["2016-01":] = 3.0
    with pytest.raises(UnusableInput, match="without variation"):
        breaks.robust_sup_f(y)


def test_an_exact_straight_line_has_no_unit_root_test():
    line = pd.Series(np.arange(96.0), MONTHS)
    for test in (unit_roots.augmented_dickey_fuller, unit_roots.phillips_perron, unit_roots.stationarity):
        with pytest.raises(UnusableInput, match="no noise"):
            test(line, trend="constant and trend", lags=1)


def test_counts_that_are_zero_wherever_a_term_acts_are_refused():
    counts = pd.Series(np.random.default_rng(3).poisson(3.0, 96).astype(float), MONTHS, name="counts")
    counts.loc["2018-01":] = 0.0
    with pytest.raises(UnusableInput, match="zero wherever"):
        count_series(counts, [Intervention("x", "2018-01", leads=0)], season=None)


@pytest.mark.parametrize("maxlags", [-1, 96])
def test_the_lags_of_hac_errors_must_fit_the_series(maxlags):
    with pytest.raises(UnusableInput, match="maxlags"):
        segmented_regression(simulated(), [STEP], maxlags=maxlags, **MODEL)


@pytest.mark.parametrize("lags", [0, 1, 60])
def test_the_lags_of_residual_tests_must_fit_the_series(lags):
    with pytest.raises(UnusableInput, match="lags"):
        interrupted_series(simulated(), [STEP], inference="t", **MODEL).residual_tests(lags=lags)


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
