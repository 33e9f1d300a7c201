"""Cross-correlation of chickens and eggs (Thurman and Fisher 1988)."""

import numpy as np
import pytest
from cases import case

from helpers.methods.lead_lag import cross_correlation

CASE = case("O07")


@pytest.fixture(scope="module")
def got():
    growth = np.log(CASE.data["chicken_egg"][["egg", "chicken"]]).diff().dropna()
    correlation = cross_correlation(growth["egg"], growth["chicken"], first_lag=-4, last_lag=4)
    return {"ccf_dlog_egg_chicken_lags_m4_p4": correlation.tolist()}


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
