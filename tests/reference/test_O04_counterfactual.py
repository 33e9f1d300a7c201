"""Structural counterfactual: the example of the CausalImpact vignette (simulated data, true effect 10)."""

import pandas as pd
import pytest
from cases import case

from helpers.methods.counterfactual import structural_counterfactual
from helpers.methods.interrupted_series import Intervention

CASE = case("O04")


@pytest.fixture(scope="module")
def got():
    data = CASE.data["data"].set_index(pd.DatetimeIndex(pd.to_datetime(CASE.data["data"]["date"])))
    first = data.index[CASE.settings["post"][0] - 1]
    found = structural_counterfactual(
        data["y"],
        Intervention("simulated effect", f"{first:%Y-%m-%d}", leads=0),
        controls=data[["x1"]],
        season=None,
        unit="units",
        frequency="D",
    )
    mean = found.mean_effect()
    actual = found.observed.mean()
    return {
        "actual_mean": actual,
        "predicted_mean": found.predicted.mean(),
        "predicted_ci": [actual - mean.high, actual - mean.low],
        "abs_effect_mean": mean.value,
        "abs_effect_sd": mean.se,
        "abs_effect_ci": [mean.low, mean.high],
        "cumulative_effect": found.cumulative_effect().value,
        "relative_effect": found.relative_effect().value,
        "p_upper_bound": mean.p_value,
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
