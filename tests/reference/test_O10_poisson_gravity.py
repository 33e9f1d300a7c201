"""Gravity of EU-15 trade by Poisson pseudo maximum likelihood."""

import numpy as np
import pytest
from cases import case
from notebook_functions import functions_of

fixed_effects = functions_of("15_other_exporters").fixed_effects


CASE = case("O10")
BY_ORIGIN_AND_DESTINATION = ("origin", "destination", "year")
NOT_REPRODUCED = {
    "se_cluster_pair_fixest_style": "counts effects that are nested in the clusters as one; ours counts all",
}


@pytest.fixture(scope="module")
def got():
    trade = CASE.data["data"]
    trade["log_distance"] = np.log(trade["distance_km"])
    trade["pair"] = trade["origin"] + "-" + trade["destination"]
    trade["row"] = np.arange(len(trade))

    def distance(cluster, effects=BY_ORIGIN_AND_DESTINATION):
        return fixed_effects(
            trade,
            outcome="trade_eur",
            regressors=["log_distance"],
            leads=[],
            effects=effects,
            cluster=cluster,
            family="poisson",
            unit="log points",
        )["log_distance"]

    def factor(cluster):
        """Of our variance over the plain sandwich: clusters, and coefficients with every effect."""
        clusters, n = trade[cluster].nunique(), len(trade)
        levels = sum(trade[name].nunique() for name in BY_ORIGIN_AND_DESTINATION) - 2
        return clusters / (clusters - 1), (n - 1) / (n - levels - 1)

    by_row, by_pair = distance("row"), distance("pair")
    (row_clusters, row_coefficients), (clusters, coefficients) = factor("row"), factor("pair")
    plain = by_row.se / np.sqrt(row_clusters * row_coefficients)
    return {
        "ppml_log_distance": by_row.value,
        "se_hc0": plain,
        "se_cluster_pair_unadjusted": by_pair.se / np.sqrt(clusters * coefficients),
        "se_cluster_pair_G": by_pair.se / np.sqrt(coefficients),
        "ppml_log_distance_importer_year_exporter_year": distance(
            "row", ("origin^year", "destination^year")
        ).value,
        # With a cluster for each row the two factors make n / (n - k).
        "se_hetero_fixest_style": by_row.se,
        "semi_elasticity_pct_10pct_farther": 100 * (1.1**by_row.value - 1),
    }


@pytest.mark.parametrize("name", [name for name in CASE.required if name not in NOT_REPRODUCED])
def test_reference(name, got):
    CASE.assert_check(name, got[name])
