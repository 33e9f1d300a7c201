"""Minimum detectable effects against closed forms computed in R."""

import pytest
from cases import case

from helpers.methods.power import (
    detectable_car,
    detectable_mean,
    detectable_step,
    events_needed,
    normal_multiplier,
    power_of_mean,
    step_errors,
)

CASE = case("O12")
NOISE = {"rho": 0.5, "innovation_sd": 0.1}
STEPS = [
    {"n": 96, "step_at": 61, **NOISE},
    {"n": 96, "step_at": 61, "slope_change": True, "harmonics": 2, **NOISE},
    {"n": 48, "step_at": 43, **NOISE},
    {"n": 96, "step_at": 61, "rho": 0.0, "innovation_sd": 0.1},
]


@pytest.fixture(scope="module")
def got():
    errors, steps = [step_errors(**step) for step in STEPS], [detectable_step(**step) for step in STEPS]
    cars = [
        detectable_car(0.02, estimation_days=120, event_days=3, units=units, correlation=correlation)
        for units, correlation in [(10, 0), (10, 0.3), (50, 0), (50, 0.3)]
    ]
    return {
        "mde_one_sample_t_n10_sd1_power80": detectable_mean(10, 1.0, "").value,
        "power_one_sample_t_n10_delta_0.5": power_of_mean(10, 0.5, 1.0),
        "n_for_power80_delta_0.5": events_needed(0.5, 1.0),
        "mde_normal_multiplier": normal_multiplier(),
        "its_step_se_gls_ols_n96_t61_rho05_s01": errors[0],
        "its_step_se_level_slope_2harmonics": errors[1],
        "its_step_se_six_post_months_n48_t43": errors[2],
        "its_step_se_iid": errors[3],
        "its_step_mde_gls": [step.value for step in steps],
        "its_step_mde_pct": [step.percent for step in steps],
        "event_study_caar_se": [car.se for car in cars],
        "event_study_caar_mde": [car.value for car in cars],
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
