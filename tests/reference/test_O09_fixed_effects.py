"""Minimum wages by county (Callaway & Sant'Anna 2021): the linear regression with two-way fixed effects."""

import pytest
from cases import case
from notebook_functions import functions_of

fixed_effects = functions_of("15_other_exporters").fixed_effects


CASE = case("O09")
STAGGERED = "effects by group and period are not estimated: no notebook has units treated at different times"
NOT_REPRODUCED = dict.fromkeys(
    ["att_gt_never_treated_g_then_t", "att_simple", "event_study_e_m3_to_3", "event_study_overall"], STAGGERED
)
NOT_REPRODUCED["twfe_D_se_cluster_unit_nested"] = "counts the effects of the clusters as one; ours counts all"


@pytest.fixture(scope="module")
def got():
    panel = CASE.data["panel"]
    panel["treated"] = ((panel["first_treated"] > 0) & (panel["year"] >= panel["first_treated"])).astype(
        float
    )
    effect = fixed_effects(
        panel,
        outcome="y",
        regressors=["treated"],
        leads=[],
        effects=["unit", "year"],
        cluster="unit",
        family="linear",
        unit="log points",
    )["treated"]
    return {"twfe_D": effect.value, "twfe_D_se_cluster_unit": effect.se}


@pytest.mark.parametrize("name", [name for name in CASE.required if name not in NOT_REPRODUCED])
def test_reference(name, got):
    CASE.assert_check(name, got[name])
