"""Staggered minimum wages (Callaway & Sant'Anna 2021)."""

import numpy as np
import pytest
from cases import case

from helpers.methods.panel import staggered_effects, two_way_fixed_effects

CASE = case("O09")


@pytest.fixture(scope="module")
def got():
    panel = CASE.data["panel"].replace({"first_treated": {0: np.nan}})
    columns = {"outcome": "y", "unit": "unit", "period": "year", "first_treated": "first_treated"}
    columns["outcome_unit"] = "log points"
    staggered = staggered_effects(panel, anticipation=0, **columns)
    nested = two_way_fixed_effects(panel, leads=0, **columns).effects["treated"]
    counted = two_way_fixed_effects(panel, leads=0, count_unit_effects=True, **columns).effects["treated"]
    return {
        "att_gt_never_treated_g_then_t": staggered.group_time["effect"].tolist(),
        "att_simple": staggered.effect.value,
        "event_study_e_m3_to_3": staggered.event_study["effect"].tolist(),
        "event_study_overall": staggered.event_study_mean.value,
        "twfe_D": nested.value,
        "twfe_D_se_cluster_unit": counted.se,
        "twfe_D_se_cluster_unit_nested": nested.se,
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
