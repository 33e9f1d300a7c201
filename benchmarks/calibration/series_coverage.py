"""Coverage of interrupted-series intervals under AR(1) errors (simulated series; no step is in them).

Run ``python benchmarks/calibration/series_coverage.py [replications]``; the tests use a short version of the
same simulation. Each series is 0.01 t plus AR(1) errors with unit innovations, fitted by a constant, a trend
and a step. All series of a design are fitted at once. The bootstrap quantile depends on rho only, so it is
computed on a grid of rho and interpolated.
"""

import sys

import numpy as np
import pandas as pd
from scipy import stats

from helpers.methods import interrupted_series as its

DESIGNS = {
    "n60_step49_rho04": (60, 49, 0.4),
    "n96_step61_rho05": (96, 61, 0.5),
    "n96_step61_rho0": (96, 61, 0.0),
    "n168_step130_rho06": (168, 130, 0.6),
    "n300_step151_rho05": (300, 151, 0.5),
}
NODES = np.linspace(-0.7, 0.9, 9)


def simulate(n: int, step: int, rho: float, replications: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Regressors (n, 3) and series (n, replications) of one design; the step starts in period `step`."""
    t = np.arange(1, n + 1.0)
    noise = np.random.default_rng(seed).standard_normal((n, replications))
    errors = its._simulate(np.ones(n - 1, int), rho, noise) / np.sqrt(1 - rho**2)
    return np.column_stack([np.ones(n), t, t >= step]), 0.01 * t[:, None] + errors


def least_squares(X: np.ndarray, Y: np.ndarray, lags: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Step estimates and their errors: classical without `lags`, else HAC with n/(n - k)."""
    n, k = X.shape
    pick = np.linalg.pinv(X)[2]
    residuals = Y - X @ np.linalg.lstsq(X, Y, rcond=None)[0]
    if lags is None:
        return pick @ Y, np.sqrt(np.sum(residuals**2, 0) / (n - k) * (pick @ pick))
    g = pick[:, None] * residuals
    variance = np.sum(g**2, 0)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * np.sum(g[lag:] * g[:-lag], 0)
    return pick @ Y, np.sqrt(variance * n / (n - k))


def first_order(X: np.ndarray, Y: np.ndarray, restricted: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Step estimates, their errors and rho by REML, or by maximum likelihood with variance RSS/n."""
    n, k = X.shape
    residuals = Y - X @ np.linalg.lstsq(X, Y, rcond=None)[0]
    moments = its._Moments(X, residuals, np.ones(n - 1, int))
    heights = []
    for rho in its._RHO:
        height = moments.log_likelihood(np.array([rho]))[0]
        if not restricted:
            xx, xy, yy, log_det = (stack[0] for stack in moments.at(np.array([rho])))
            height = -0.5 * (n * np.log(yy - np.sum(np.linalg.solve(xx, xy) * xy, 0)) + log_det)
        heights.append(height)
    at = np.argmax(heights, axis=0)
    estimate, error = np.empty(len(at)), np.empty(len(at))
    for j in np.unique(at):
        mine = at == j
        b, s2, inverse = moments.fit(its._RHO[j])
        estimate[mine], error[mine] = b[2, mine], np.sqrt(s2[mine] * inverse[2, 2])
    estimate += np.linalg.pinv(X)[2] @ Y
    return estimate, error if restricted else error * np.sqrt((n - k) / n), its._RHO[at]


def bootstrap_quantile(X: np.ndarray, rho: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Bootstrap t quantile of the step for each estimated rho."""
    gaps = np.ones(len(X) - 1, int)
    step = np.array([0.0, 0.0, 1.0])
    nodes = [node for node in NODES if rho.min() - 0.2 < node < rho.max() + 0.2]
    at_nodes = [its._bootstrap(X, gaps, node, draws, seed).quantile(step) for node in nodes]
    return np.interp(rho, nodes, at_nodes)


def coverage(design: str, replications: int, seed: int, draws: int = 4999) -> pd.Series:
    """Share of series whose nominal 95 percent interval of the step holds the truth, zero."""
    n, step, rho = DESIGNS[design]
    X, Y = simulate(n, step, rho, replications, seed)
    t = stats.t.ppf(0.975, n - 3)
    rates = {}
    for name, lags in {"ols": None, "hac3_adj_t": 3, "hac12_adj_t": 12}.items():
        estimate, error = least_squares(X, Y, lags)
        rates[name] = np.mean(np.abs(estimate) <= t * error)
    estimate, error, _ = first_order(X, Y, restricted=False)
    rates["ar1_ml_z"] = np.mean(np.abs(estimate) <= stats.norm.ppf(0.975) * error)
    rates["ar1_ml_t_adj"] = np.mean(np.abs(estimate) <= t * error * np.sqrt(n / (n - 3)))
    estimate, error, found = first_order(X, Y, restricted=True)
    rates["ar1_reml_t"] = np.mean(np.abs(estimate) <= t * error)
    quantile = bootstrap_quantile(X, found, draws, seed)
    rates["bootstrap_t"] = np.mean(np.abs(estimate) <= quantile * error)
    return pd.Series(rates)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(pd.DataFrame({name: coverage(name, wanted, its.SEED) for name in DESIGNS}).T.round(3).to_string())
