"""Size of the event-study tests under the null: the short, seeded version of the calibration benchmark.

All returns here are simulated. Coverage of interrupted series is in the module of that estimator.
"""

import sys
from pathlib import Path

import pytest
from cases import case

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "calibration"))
import engines

CASE = case("O13")
MODEL = {
    "rejection_iid_normal": "iid",
    "rejection_event_variance_x3": "event variance x3",
    "rejection_cross_correlation_0.15": "residual correlation 0.15",
}
TEST = ["kolari_pynnonen", "corrado_rank", "portfolio_regression"]
REPLICATIONS = 400
SEED = 20261123
# 99 percent binomial band around a true size of 5 percent.
HALF = 2.58 * (0.05 * 0.95 / REPLICATIONS) ** 0.5
BAND = (0.05 - HALF, 0.05 + HALF)


@pytest.fixture(scope="module")
def got():
    rates = {name: engines.one_date(REPLICATIONS, SEED, null=model) for name, model in MODEL.items()}
    return {name: {test: float(rates[name][test].mean()) for test in TEST} for name in rates}


@pytest.mark.parametrize("name", list(MODEL))
def test_reference(name, got):
    CASE.assert_check(name, got[name])


@pytest.mark.parametrize(
    ("name", "sound"),
    [
        ("rejection_iid_normal", TEST),
        ("rejection_event_variance_x3", ["kolari_pynnonen"]),
        ("rejection_cross_correlation_0.15", TEST),
    ],
)
def test_sound_tests_hold_their_size(name, sound, got):
    for test in sound:
        assert BAND[0] <= got[name][test] <= BAND[1], f"{name}: {test} rejects {got[name][test]:.3f}"
