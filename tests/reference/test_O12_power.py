"""Minimum detectable effects against closed forms computed in R."""

import pytest
from cases import case

from helpers.methods.power import detectable_mean, normal_multiplier

CASE = case("O12")


@pytest.fixture(scope="module")
def got():
    return {
        "mde_one_sample_t_n10_sd1_power80": detectable_mean(10, 1.0, "").value,
        "mde_normal_multiplier": normal_multiplier(),
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
