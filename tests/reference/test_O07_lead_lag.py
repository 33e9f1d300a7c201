"""Cross-correlation of chickens and eggs (Thurman and Fisher 1988)."""

import numpy as np
import pandas as pd
import pytest
from cases import case
from notebook_functions import functions_of

CASE = case("O07")


@pytest.fixture(scope="module")
def got():
    growth = np.log(CASE.data["chicken_egg"][["egg", "chicken"]]).diff().dropna()
    # Without a filter it is the plain cross-correlation.
    growth = growth.set_axis(pd.date_range("1931", periods=len(growth), freq="YS"))
    plain = {"order": 0, "last_lag": 4, "leads": 4, "draws": 19, "seed": 1}
    result = functions_of("04_ai_investment").cross_correlation(growth["egg"], growth["chicken"], **plain)
    return {"ccf_dlog_egg_chicken_lags_m4_p4": result.correlations.tolist()}


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
