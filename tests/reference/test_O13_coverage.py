"""Coverage of interrupted-series intervals: the short, seeded version of the calibration benchmark.

All series here are simulated and hold no step.
"""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cases import case

from helpers.methods.interrupted_series import SEED, Intervention, interrupted_series, segmented_regression

CASE = case("O13")
BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "calibration" / "steps.py"))
RATES = ["coverage_n96_step61_rho05", "coverage_n96_step61_rho0", "coverage_n300_step151_rho05"]
NOT_REPRODUCED = {
    "sandwich_NeweyWest_auto_prewhite_coverage_n96_rho05": "prewhitened automatic bandwidth is not offered: "
    "it covers 0.905 where the default covers 0.95",
    "ewc_fixed_b_coverage_n96_rho05": "the equal-weighted cosine estimator is not offered: it covers 0.885",
}
REPLICATIONS = 6000
DRAWS = 4999


@pytest.fixture(scope="module")
def rates():
    return {name: BENCHMARK["coverage"](name, REPLICATIONS, SEED, DRAWS) for name in BENCHMARK["DESIGNS"]}


@pytest.mark.parametrize("name", [*RATES, "nlme_gls_reml_coverage_n96_rho05"])
def test_reference(name, rates):
    if name in RATES:
        found = rates[name.removeprefix("coverage_")]
        CASE.assert_check(name, {key: found[key] for key in CASE.value(name)})
    else:
        CASE.assert_check(name, rates["n96_step61_rho05"]["ar1_reml_t"])


@pytest.mark.parametrize(
    "design", ["n60_step49_rho04", "n96_step61_rho05", "n96_step61_rho0", "n168_step130_rho06"]
)
def test_default_interval_covers_95_percent_within_two(design, rates):
    assert 0.93 <= rates[design]["bootstrap_t"] <= 0.97


def test_benchmark_uses_the_estimators_that_users_call():
    n, step, rho = BENCHMARK["DESIGNS"]["n96_step61_rho05"]
    X, Y = BENCHMARK["simulate"](n, step, rho, 1, seed=4)
    index = pd.date_range("2016-01-01", periods=n, freq="MS")
    series = pd.Series(Y[:, 0], index=index, name="simulated")
    here = [Intervention("step", f"{index[step - 1]:%Y-%m}", leads=0)]

    hac = segmented_regression(series, here, season=None, unit="points", maxlags=3).estimate("step: level")
    value, error = BENCHMARK["least_squares"](X, Y, 3)
    assert [hac.value, hac.se] == pytest.approx([value[0], error[0]], rel=1e-9)

    default = interrupted_series(series, here, season=None, unit="points").estimate("step: level")
    fits = BENCHMARK["first_order"](X, Y, restricted=True)
    quantile, highest = BENCHMARK["bootstrap_quantiles"](X, fits.rho, draws=1999, seed=SEED)
    # The benchmark keeps rho on its grid of hundredths and interpolates the quantile.
    assert [default.value, default.se] == pytest.approx([fits.estimate[0], fits.error[0]], rel=0.02)
    assert (default.high - default.low) / 2 == pytest.approx(quantile[0] * fits.error[0], rel=0.05)
    assert (default.details["residual_p"] > 0.05) == (fits.wander[0] < highest[0])
    assert np.isfinite(default.p_value)
