"""Structural breaks: the flow of the Nile and the US real interest rate."""

import pandas as pd
import pytest
from cases import case
from notebook_functions import functions_of

from helpers.methods import breaks

robust_sup_f = functions_of("06_export_response").robust_sup_f

CASE = case("O05")
NOT_REPRODUCED = {"nile_break_95ci_years": "for independent errors; ours may be serially correlated"}


@pytest.fixture(scope="module")
def nile():
    data = CASE.data["nile"]
    years = pd.to_datetime(data["year"].astype(str), format="%Y")
    return pd.Series(data["flow"].to_numpy(float), index=pd.DatetimeIndex(years), name="Nile")


@pytest.fixture(scope="module")
def real():
    data = CASE.data["realint"]
    return pd.Series(data["rate"].to_numpy(), index=pd.to_datetime(data["quarter"]), name="real rate")


def positions(series, dates):
    return [series.index.get_loc(date) + 1 for date in dates]


@pytest.fixture(scope="module")
def got(nile, real):
    dated = breaks.break_dates(nile)
    last_of_old = dated.dates["date"][0]
    h = CASE.settings["min_segment_realint"]
    rate = breaks.break_dates(real, shortest=h)
    robust = robust_sup_f(real)
    return {
        "nile_rss_by_breaks": dated.selection["rss"].tolist(),
        "nile_bic_by_breaks": dated.selection["bic"].tolist(),
        "nile_bic_chosen_breaks": len(dated.dates),
        "nile_means": [nile[:last_of_old].mean(), nile[nile.index > last_of_old].mean()],
        "realint_rss_by_breaks": rate.selection["rss"].tolist(),
        "realint_bic_by_breaks": rate.selection["bic"].tolist(),
        "realint_obs_index_2_breaks": positions(real, rate.dates["date"]),
        "realint_obs_index_3_breaks": positions(
            real, breaks.break_dates(real, breaks=3, shortest=h).dates["date"]
        ),
        "realint_2_breaks_ci_kernHAC": positions(real, rate.dates.to_numpy().ravel()),
        "published_bai_perron_2003_supF_1to5": robust["statistic"].tolist(),
        "mbreaks_supF_1to5": robust["statistic"].tolist(),
        "critical_values_5pct_supF_1to5": robust["critical_5_percent"].tolist(),
    }


@pytest.mark.parametrize(
    "name", [*(name for name in CASE.required if name not in NOT_REPRODUCED), "realint_2_breaks_ci_kernHAC"]
)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
