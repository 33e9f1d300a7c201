"""Event study of five US shares in March 2020 against R (estudy2 and own R code)."""

import pandas as pd
import pytest
from cases import case

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
    units, tests = study.units.set_index("asset").loc[order], study.tests["statistic"]
    return {
        "alpha": units["alpha"],
        "beta": units["market"],
        "sigma": units["sigma"],
        "car": units["car"],
        "car_se_forecast": units["se"],
        "aar_by_day": study.daily["aar"],
        "caar": study.estimate.value,
        "z_J1": tests["j1"],
        "t_cross_section": tests["cross_section"],
        "z_patell": tests["patell"],
        "t_bmp": tests["bmp"],
        "rbar_residual_correlation": study.correlation,
        "t_bmp_kolari_pynnonen": tests["kolari_pynnonen"],
        "z_patell_kolari_pynnonen": tests["patell_correlation_adjusted"],
        "z_corrado_rank_by_day": study.daily["z_rank"],
        "z_corrado_rank_window": tests["corrado_rank"],
        "z_generalised_sign": tests["generalised_sign"],
        "portfolio_mean_daily_AR": study.tests.loc["portfolio_regression", "value"],
        "portfolio_t": tests["portfolio_regression"],
        "z_patell_by_day": study.daily["z_patell"],
        "t_bmp_by_day": study.daily["t_bmp"],
        "z_rank_by_day_estudy2": study.daily["z_rank"],
    }


def _dates():
    (start, end), (first, last) = CASE.settings["estimation"], CASE.settings["event_window"]
    return {"start": start, "end": end, "first": first, "last": last}


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    value = got[name]
    CASE.assert_check(name, value.to_list() if isinstance(value, pd.Series) else value)
