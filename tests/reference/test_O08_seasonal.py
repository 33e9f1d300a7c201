"""Seasonal adjustment: STL, X-13 and the Lunar New Year."""

import numpy as np
import pandas as pd
import pytest
from cases import case
from notebook_functions import functions_of

from helpers import transforms

arima = functions_of("06_export_response").arima
x13 = functions_of("02_chip_exports").x13
CASE = case("O08")
COEFFICIENTS = "the coefficients of the programme are not read; the adjusted series is compared"
NOT_REPRODUCED = dict.fromkeys(("x13_x11_airline_coef", "x13_cny_coef"), COEFFICIENTS)
NOT_REPRODUCED |= dict.fromkeys(
    ("x13_seats_default_coef", "x13_seats_default_final_1to4"), "the filters of X-11 alone are offered"
)
AIRLINE = "(0 1 1)(0 1 1)"
SHOWN = [0, 11, 71, 143]
MONTHS_2012 = slice("2012-01", "2012-03")


def dated(frame, column):
    return frame.set_index(pd.DatetimeIndex(pd.to_datetime(frame["date"])))[column].dropna().astype(float)


@pytest.fixture(scope="module")
def new_year_terms():
    """Terms of the project, built on the dates that the case lists (three early ones differ by a day)."""
    listed = {date.year: date.date() for date in pd.to_datetime(CASE.data["cny_dates"]["cny_date"])}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transforms, "_lunar_new_year", listed.get)
        # Past the cache, which must keep the true dates.
        patch.setattr(transforms, "_lunar_terms", transforms._lunar_terms.__wrapped__)
        return transforms.lunar_new_year_terms(pd.date_range("1994-01-01", "2014-12-01", freq="MS"))


@pytest.fixture(scope="module")
def got(new_year_terms):
    passengers = dated(CASE.data["airline"], "passengers")
    imports = dated(CASE.data["china_imports"], "imports")

    def stl(robust):
        found = transforms.seasonally_adjust(passengers, seasonal=7, trend=19, robust=robust)
        return np.log(found.trend), np.log(found.seasonal)

    trend, seasonal = stl(robust=False)
    rest = np.log(passengers) - trend - seasonal
    x11 = x13(passengers, arima=AIRLINE)
    holiday = x13(imports, arima=AIRLINE, holiday=new_year_terms)
    plain = x13(imports, arima=AIRLINE)

    def airline(regressors):
        return arima(
            np.log(imports),
            [],
            order=(0, 1, 1),
            seasonal_order=(0, 1, 1, 12),
            season=None,
            unit="log points",
            regressors=regressors,
        )

    with_terms = airline(new_year_terms.loc[imports.index])
    likelihoods = [fit.details["log_likelihood"] for fit in (with_terms, airline(None))]
    quarters = new_year_terms[
        (new_year_terms.index.month <= 3) & new_year_terms.index.year.isin([1994, 1995])
    ]
    return {
        "stl_seasonal_1_12_72_144": seasonal.iloc[SHOWN].tolist(),
        "stl_trend_1_12_72_144": trend.iloc[SHOWN].tolist(),
        "stl_robust_trend_1_12_72_144": stl(robust=True)[0].iloc[SHOWN].tolist(),
        "stl_strength_of_seasonality": 1 - rest.var() / (rest + seasonal).var(),
        "x13_x11_airline_final_1_12_72_144": x11.iloc[SHOWN].tolist(),
        **{
            f"cny_regressor_{window}_1994_95_JanFebMar": quarters[window].tolist()
            for window in ("before", "during", "after")
        },
        "arima_cny_coef": [
            with_terms.details["ma.L1"],
            with_terms.details["ma.S.L12"],
            *with_terms.coefficients,
        ],
        "arima_cny_se": with_terms.summary()["se"].tolist(),
        "arima_cny_lr_statistic": 2 * (likelihoods[0] - likelihoods[1]),
        "x13_cny_final_2012_JanFebMar": holiday[MONTHS_2012].tolist(),
        "x13_nocny_final_2012_JanFebMar": plain[MONTHS_2012].tolist(),
    }


@pytest.mark.parametrize("name", [name for name in CASE.required if name not in NOT_REPRODUCED])
def test_reference(name, got):
    CASE.assert_check(name, got[name])
