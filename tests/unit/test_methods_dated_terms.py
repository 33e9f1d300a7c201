"""Terms of dated events, many sets at once: equal to the whole regression, made one by one."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

from helpers import transforms
from helpers.methods.checks import UnusableInput
from helpers.methods.dated_terms import DatedTerms, window_counts
from helpers.methods.interrupted_series import design, whiten

MONTHS = pd.date_range("2013-01-01", "2023-12-01", freq="MS")
NUMBERS = transforms.month_numbers(MONTHS)
SETS = np.array([[40, 62, 92], [10, 80, 120], [30, 33, 70]]) + NUMBERS[0]
CHANGE = (1.0, 0.0, -1.0)
RHO = 0.4


@pytest.fixture(scope="module")
def series() -> pd.Series:
    errors = np.random.default_rng(3).standard_normal(len(MONTHS))
    for t in range(1, len(errors)):
        errors[t] += 0.5 * errors[t - 1]
    return pd.Series(0.1 * errors + 0.01 * np.arange(len(errors)), MONTHS)


def base(index: pd.DatetimeIndex) -> pd.DataFrame:
    terms = transforms.lunar_new_year_terms(index)
    return design(index, [], season="dummies", regressors=terms).frame


def independent(values: np.ndarray, index: pd.DatetimeIndex, errors: str) -> np.ndarray:
    gaps = np.diff(transforms.month_numbers(index))
    if errors == "ar1":
        return whiten(values, gaps, RHO)
    if errors == "random_walk":
        return np.diff(values, axis=0) / np.sqrt(gaps).reshape(-1, *[1] * (values.ndim - 1))
    return values


def whole(series: pd.Series, terms: np.ndarray, errors: str):
    """The regression with all its columns; the terms come first."""
    X = np.column_stack([terms, base(series.index)])
    X, y = (independent(part, series.index, errors) for part in (X, series.to_numpy()))
    return OLS(y, X[:, np.abs(X).max(axis=0) > 0]).fit()


def test_months_before_in_and_after_are_counted_on_the_calendar() -> None:
    months = np.array([10, 11, 13, 14, 15])  # 12 is missing
    counts = window_counts(months, np.array([[12, 14], [8, 30]]), before=2, after=3)
    assert counts.shape == (5, 3, 2)
    assert counts[:, :, 0].T.tolist() == [[0, 0, 1, 1, 2], [0, 0, 0, 1, 0], [1, 1, 1, 0, 0]]
    assert counts[:, :, 1].T.tolist() == [[1, 1, 0, 0, 0], [0] * 5, [0] * 5]


@pytest.mark.parametrize("errors", ["ar1", "least_squares", "random_walk"])
def test_many_sets_at_once_equal_the_whole_regression_of_each(series: pd.Series, errors: str) -> None:
    counts = window_counts(NUMBERS, SETS, before=3, after=3)
    model = DatedTerms.of(series, base(MONTHS), errors=errors, rho=RHO)
    effects = model.effects(counts, CHANGE)
    contrast = np.zeros((1, len(whole(series, counts[:, :, 0], errors).params)))
    contrast[0, :3] = CHANGE
    spread = model.relative_errors(counts, CHANGE)
    for place in range(len(SETS)):
        fit = whole(series, counts[:, :, place], errors)
        assert effects[place] == pytest.approx(fit.params[0] - fit.params[2], rel=1e-10)
        error = float(fit.t_test(contrast).sd[0, 0]) / np.sqrt(fit.scale)
        assert spread[place] == pytest.approx(error, rel=1e-9)
    estimate, fit = model.estimate(counts[:, :, 0], CHANGE, unit="u"), whole(series, counts[:, :, 0], errors)
    if errors == "least_squares":
        fit = OLS(fit.model.endog, fit.model.exog).fit(
            cov_type="HAC", cov_kwds={"maxlags": 12, "use_correction": True}, use_t=True
        )
    test = fit.t_test(contrast)
    assert (estimate.value, estimate.se) == pytest.approx((effects[0], float(test.sd[0, 0])), rel=1e-9)
    assert [estimate.low, estimate.high] == pytest.approx(test.conf_int()[0].tolist())
    assert (estimate.df, estimate.n) == (fit.df_resid, int(fit.nobs))
    assert model.estimate(counts[:, :, 0], CHANGE, unit="u", n=3).n == 3


@pytest.mark.parametrize("errors", ["ar1", "least_squares", "random_walk"])
def test_each_sample_ends_with_its_own_window(series: pd.Series, errors: str) -> None:
    gappy = series.drop(MONTHS[83])
    numbers, at = transforms.month_numbers(gappy.index), NUMBERS[[60, 75, 110]]
    model = DatedTerms.of(gappy, base(gappy.index), errors=errors, rho=RHO, last=at + 12)
    effects = model.effects(window_counts(numbers, at[:, None], before=3, after=12), (1.0, 0.0, 0.0))
    for month, effect in zip(at, effects, strict=True):
        part = gappy[numbers <= month + 12]
        counts = window_counts(numbers[: len(part)], np.array([[month]]), before=3, after=12)[:, :, 0]
        assert effect == pytest.approx(whole(part, counts, errors).params[0], rel=1e-9)
        alone = DatedTerms.of(part, base(part.index), errors=errors, rho=RHO)
        assert alone.estimate(counts, (1.0, 0.0, 0.0), unit="u").value == pytest.approx(effect, rel=1e-9)
    with pytest.raises(UnusableInput, match="one sample, not 3"):
        model.estimate(counts, (1.0, 0.0, 0.0), unit="u")


def test_lags_are_counted_on_the_calendar(series: pd.Series) -> None:
    gappy = series.drop(MONTHS[[50, 51, 52, 83]])
    numbers = transforms.month_numbers(gappy.index)
    counts = window_counts(numbers, SETS[:1], before=3, after=3)[:, :, 0]
    se = DatedTerms.of(gappy, base(gappy.index), errors="least_squares").estimate(counts, CHANGE, unit="u").se
    fit = whole(gappy, counts, "least_squares")
    influence = np.linalg.pinv(fit.model.exog)
    scores = (influence[0] - influence[2]) * fit.resid
    distance = np.abs(np.subtract.outer(numbers, numbers))
    weights = np.clip(1 - distance / 13, 0, None)
    assert se == pytest.approx(np.sqrt(scores @ weights @ scores * fit.nobs / fit.df_resid))


def test_terms_that_cannot_be_told_apart_have_no_effect(series: pd.Series) -> None:
    counts = window_counts(NUMBERS, SETS, before=3, after=3)
    counts[:, 1, 1] = counts[:, 0, 1]
    model = DatedTerms.of(series, base(MONTHS), errors="least_squares")
    assert np.isnan(model.effects(counts, CHANGE)).tolist() == [False, True, False]
    with pytest.raises(UnusableInput, match="told apart"):
        model.estimate(counts[:, :, 1], CHANGE, unit="u")
    short = series[:20]
    with pytest.raises(UnusableInput, match="degrees of freedom"):
        DatedTerms.of(short, base(MONTHS)[:20], errors="ar1", rho=RHO).estimate(
            window_counts(NUMBERS[:20], NUMBERS[[9]][:, None], before=3, after=3)[:, :, 0], CHANGE, unit="u"
        )
