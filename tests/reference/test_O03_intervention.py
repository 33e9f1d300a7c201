"""SARIMAX and structural intervention: the UK seat-belt law."""

import numpy as np
import pandas as pd
import pytest
from cases import case
from notebook_functions import functions_of

from helpers.methods.counterfactual import structural_counterfactual
from helpers.methods.interrupted_series import Intervention

arima = functions_of("06_export_response").arima
CASE = case("O03")
LAW = Intervention("law", "1983-02", leads=0)
AIRLINE = {"order": (0, 1, 1), "seasonal_order": (0, 1, 1, 12), "season": None}


@pytest.fixture(scope="module")
def drivers():
    data = CASE.data["data"].set_index(pd.DatetimeIndex(pd.to_datetime(CASE.data["data"]["date"])))
    petrol = pd.DataFrame({"log petrol": np.log(data["petrol_price"])})
    return np.log(data["drivers"]).rename("log drivers"), petrol


@pytest.fixture(scope="module")
def got(drivers):
    y, petrol = drivers
    common = {"unit": "log points", "regressors": petrol}
    stationary = arima(y, [LAW], order=(1, 0, 0), seasonal_order=(1, 0, 0, 12), season=None, **common)
    level = arima(y, [LAW], order=(0, 1, 1), season="dummies", **common)
    airline = arima(y, [LAW], **AIRLINE, **common)
    noise = stationary.details
    law = level.estimate("law: level")
    return {
        "sarima100_100_coef": [
            noise["ar.L1"],
            noise["ar.S.L12"],
            *stationary.coefficients[["constant", "log petrol", "law: level"]],
        ],
        "sarima100_100_law_se": stationary.estimate("law: level").se,
        "sarima100_100_loglik": noise["log_likelihood"],
        "local_level_law": law.value,
        "local_level_log_petrol": level.coefficients["log petrol"],
        "local_level_law_se": law.se,
        "local_level_ma1": level.details["ma.L1"],
        "local_level_pct_effect": 100 * np.expm1(law.value),
        "airline_law": airline.estimate("law: level").value,
        "airline_law_se": airline.estimate("law: level").se,
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])


def test_structural_counterfactual_agrees_with_the_intervention_model(drivers):
    y, petrol = drivers
    found = structural_counterfactual(
        y, LAW, controls=petrol, season="dummies", unit="log points"
    ).mean_effect()
    law = CASE.value("local_level_law")
    # The counterfactual uses the years before the law only, the intervention model all; both see the same
    # effect.
    assert found.value == pytest.approx(law, abs=CASE.value("local_level_law_se"))
    assert found.low < law < found.high
