"""Interrupted time series: the Sicilian smoking ban."""

import numpy as np
import pandas as pd
import pytest
from cases import case
from notebook_functions import functions_of
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.diagnostic import acorr_breusch_godfrey
from statsmodels.stats.stattools import durbin_watson

from helpers.methods.interrupted_series import Intervention, segmented_regression

count_series = functions_of("08_frontier_gap").count_series
CASE = case("O02")
BAN = Intervention("ban", "2005-01", leads=0)
BAN_AND_SLOPE = Intervention("ban", "2005-01", leads=0, slope=True)


def ratio(fit):
    log = fit.estimate("ban: level")
    return np.exp([log.value, log.low, log.high]).tolist()


@pytest.fixture(scope="module")
def got():
    data = CASE.data["data"].set_index(pd.DatetimeIndex(pd.to_datetime(CASE.data["data"]["date"])))
    events, population = data["events"].astype(float), data["std_population"]

    def counts(ban, season, family="quasi-Poisson"):
        return count_series(events, [ban], season=season, exposure=population, family=family)

    quasi, seasonal = counts(BAN, None), counts(BAN, CASE.settings["harmonics"])

    def least_squares(use_correction):
        return segmented_regression(
            np.log(events / population).rename("log rate"),
            [BAN_AND_SLOPE],
            season=CASE.settings["harmonics"],
            unit="log points",
            maxlags=CASE.settings["hac_lags"],
            use_correction=use_correction,
        )

    ols = least_squares(True)
    terms = ["ban: level", "ban: slope"]
    plain = OLS(ols.outcome.to_numpy(), ols.design.frame.to_numpy()).fit()
    mean = ols.contrast(ols.design.frame.loc[ols.design.frame["ban: level"] == 1, terms].mean().to_dict())
    return {
        "poisson_RR_and_95CI": ratio(counts(BAN, None, "Poisson")),
        "quasipoisson_dispersion": quasi.details["dispersion"],
        "quasipoisson_RR_and_95CI": ratio(quasi),
        "quasipoisson_seasonal_dispersion": seasonal.details["dispersion"],
        "quasipoisson_seasonal_RR_and_95CI": ratio(seasonal),
        "trend_per_year_seasonal_model": np.exp(12 * seasonal.coefficients["trend"]),
        "published_RR_seasonal_model": ratio(seasonal),
        "ols_level_slope_coef": ols.coefficients[terms].tolist(),
        "ols_hac12_adjusted_se": ols.summary().loc[terms, "se"].tolist(),
        "ols_hac12_unadjusted_se": least_squares(False).summary().loc[terms, "se"].tolist(),
        "durbin_watson": durbin_watson(plain.resid),
        "breusch_godfrey_12": list(acorr_breusch_godfrey(plain, nlags=12, result_object=False)[:2]),
        "mean_log_effect_post": mean.value,
        "mean_log_effect_post_hac12_se": mean.se,
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
