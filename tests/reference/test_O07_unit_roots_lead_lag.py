"""Unit roots, cointegration, Granger causality and cross-correlation on three classic data sets."""

import numpy as np
import pandas as pd
import pytest
from cases import case

from helpers.methods.lead_lag import cross_correlation, granger
from helpers.methods.unit_roots import (
    augmented_dickey_fuller,
    engle_granger,
    johansen,
    johansen_restricted_constant,
    phillips_perron,
    stationarity,
    unit_root_with_break,
)

CASE = case("O07")
TREND = "constant and trend"


@pytest.fixture(scope="module")
def gnp():
    return np.log(CASE.data["nelson_plosser"].set_index("year")["real_gnp"].dropna())


@pytest.fixture(scope="module")
def got(gnp):
    unemployment = np.log(CASE.data["nelson_plosser"]["unemployment"].dropna())
    money = CASE.data["denmark"][["LRM", "LRY", "IBO", "IDE"]]
    farm = CASE.data["chicken_egg"]
    chicken, egg = farm["chicken"], farm["egg"]
    ranks = johansen(money, lags=2).ranks
    forwards, backwards = granger(egg, chicken, lags=4), granger(chicken, egg, lags=4)
    growth = np.log(farm[["egg", "chicken"]]).diff().dropna()
    return {
        "adf_tau_log_real_gnp_ct_lag1": augmented_dickey_fuller(gnp, trend=TREND, lags=1).value,
        "adf_tau_log_unemployment_c_lag3": augmented_dickey_fuller(
            unemployment, trend="constant", lags=3
        ).value,
        "kpss_log_real_gnp_ct_lag4": stationarity(gnp, trend=TREND, lags=4).value,
        "kpss_log_unemployment_c_lag4": stationarity(unemployment, trend="constant", lags=4).value,
        "pp_ztau_log_real_gnp_ct_lag4": phillips_perron(gnp, trend=TREND, lags=4).value,
        "johansen_trace_none_K2": ranks["trace"].tolist(),
        "johansen_eigen_none_K2": ranks["maximum_eigenvalue"].tolist(),
        "johansen_eigenvalues_none_K2": ranks["eigenvalue"].tolist(),
        "johansen_juselius_1990_trace": johansen_restricted_constant(money, lags=2, seasons=4)
        .ranks["trace"]
        .tolist(),
        "granger_chicken_to_egg_lag4": [forwards.value, forwards.p_value],
        "granger_egg_to_chicken_lag4": [backwards.value, backwards.p_value],
        "ccf_dlog_egg_chicken_lags_m4_p4": cross_correlation(
            growth["egg"], growth["chicken"], first_lag=-4, last_lag=4
        ).tolist(),
        "engle_granger_tau_lag1": engle_granger(money["LRM"], money.drop(columns="LRM"), lags=1).value,
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])


def test_the_break_under_a_unit_root_has_the_published_statistic_and_date(gnp):
    result = unit_root_with_break(gnp, trend=TREND, lags=8, trim=0.18)
    statistic, observations_before_break = CASE.value("zivot_andrews_log_real_gnp_both_lag8")
    assert result.value == pytest.approx(statistic, rel=1e-6)
    assert result.details["break_after"] == str(pd.Series(gnp).index[observations_before_break - 1])
