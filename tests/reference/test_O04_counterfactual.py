"""Structural counterfactual: the example of the CausalImpact vignette (simulated data, true effect 10).

CausalImpact holds the steps of the level near 0.01 by its prior; here that is fixed. By default the data
alone speak of the level, and the interval is wider.
"""

import pandas as pd
import pytest
from cases import case

from helpers.methods.counterfactual import structural_counterfactual
from helpers.methods.interrupted_series import Intervention

CASE = case("O04")


@pytest.fixture(scope="module")
def got():
    # The case is daily and has no season, so that its days may as well be months.
    data = CASE.data["data"]
    data = data.set_index(pd.date_range("2000-01-01", periods=len(data), freq="MS"))
    first = data.index[CASE.settings["post"][0] - 1]
    found = structural_counterfactual(
        data["y"],
        Intervention("simulated effect", f"{first:%Y-%m}", leads=0),
        controls=data[["x1"]],
        season=None,
        level_share=0.01,
        unit="units",
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
        "cumulative_effect": (found.observed - found.predicted).sum(),
        "relative_effect": actual / found.predicted.mean() - 1,
        "p_upper_bound": mean.p_value,
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
