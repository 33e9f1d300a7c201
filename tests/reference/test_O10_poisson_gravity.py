"""Gravity of EU-15 trade by Poisson pseudo maximum likelihood."""

import numpy as np
import pytest
from cases import case

from helpers.methods.panel import poisson_fixed_effects

CASE = case("O10")


@pytest.fixture(scope="module")
def got():
    trade = CASE.data["data"]
    trade["log_distance"] = np.log(trade["distance_km"])
    trade["pair"] = trade["origin"] + "-" + trade["destination"]

    def distance(cluster, scaling, fixed_effects=("origin", "destination", "year")):
        fit = poisson_fixed_effects(
            trade,
            outcome="trade_eur",
            regressors=["log_distance"],
            leads=[],
            fixed_effects=fixed_effects,
            cluster=cluster,
            scaling=scaling,
        )
        return fit.effects["log_distance"]

    robust = distance(None, "none")
    both = "clusters and coefficients"
    return {
        "ppml_log_distance": robust.value,
        "se_hc0": robust.se,
        "se_cluster_pair_unadjusted": distance("pair", "none").se,
        "se_cluster_pair_G": distance("pair", "clusters").se,
        "ppml_log_distance_importer_year_exporter_year": distance(
            None, "none", ("origin^year", "destination^year")
        ).value,
        "se_hetero_fixest_style": distance(None, both).se,
        "se_cluster_pair_fixest_style": distance("pair", both).se,
        "semi_elasticity_pct_10pct_farther": 100 * (1.1**robust.value - 1),
    }


@pytest.mark.parametrize("name", CASE.required)
def test_reference(name, got):
    CASE.assert_check(name, got[name])
