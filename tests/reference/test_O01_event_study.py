"""Event study of five US shares in March 2020 against R (estudy2 and own R code)."""

import numpy as np
import pandas as pd
import pytest
from cases import case

from helpers.methods.abnormal_returns import design, fit
from helpers.methods.event_study import event_study

CASE = case("O01")


@pytest.fixture(scope="module")
def got():
    data = CASE.data["data"].assign(date=lambda d: pd.to_datetime(d["date"]))
    order = CASE.settings["unit_order"]
    returns = data.pivot(index="date", columns="unit", values="ret")[order]
    market = data.drop_duplicates("date").set_index("date")["mkt"]
    day = {name: returns.index.get_loc(date) for name, date in _dates().items()}
    relative = {name: position - day["first"] for name, position in day.items()}
    study = event_study(
        returns,
        market,
        [_dates()["first"]],
        estimation=(relative["start"], relative["end"]),
        leads=(-5, -1),
        window=(0, relative["last"]),
    )
    past, ahead = (slice(day[a], day[b] + 1) for a, b in (("start", "end"), ("first", "last")))
    x, y = design(market, returns.index), returns.to_numpy()
    model, days = fit(x[past], y[past], x[ahead], y[ahead]), np.ones(relative["last"] + 1, dtype=bool)
    tests = study.tests["statistic"]
    return {
        "alpha": model.coefficients[:, 0],
        "beta": model.coefficients[:, 1],
        "sigma": model.sigma,
        "car": model.cumulative(days),
        "car_se_forecast": model.cumulative_se(days),
        "aar_by_day": model.abnormal.mean(axis=1),
        "caar": study.estimate.value,
        "rbar_residual_correlation": study.correlation,
        "t_bmp_kolari_pynnonen": tests["kolari_pynnonen"],
        "z_corrado_rank_by_day": study.daily,
        "z_corrado_rank_window": tests["corrado_rank"],
        "portfolio_mean_daily_AR": study.tests.loc["portfolio_regression", "value"],
        "portfolio_t": tests["portfolio_regression"],
        "z_rank_by_day_estudy2": study.daily,
    }


def _dates():
    (start, end), (first, last) = CASE.settings["estimation"], CASE.settings["event_window"]
    return {"start": start, "end": end, "first": first, "last": last}


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    value = got[name]
    CASE.assert_check(name, value if np.isscalar(value) else list(value))
