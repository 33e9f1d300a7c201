"""A step in many simulated series at once: how often intervals miss it and the residual check speaks.

The series hold no step. All of a design are fitted together, by the estimators of
:mod:`helpers.methods.interrupted_series`; what the bootstrap gives depends on rho alone, so it is computed on
a grid of rho and interpolated. The tests compare this with the calls that users make.
"""

from dataclasses import dataclass

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


def errors(noise: np.ndarray, null: str, size: float) -> np.ndarray:
    """Turn independent noise, shape (periods, series), into the errors of a null model.

    "AR(1)" with correlation `size` and unit variance; "AR(2)" with coefficients 0.5 and `size`; "wandering
    level", whose steps have `size` times the standard deviation of the noise beside it.
    """
    if null == "AR(1)":
        return its._simulate(np.ones(len(noise) - 1, int), size, noise)
    if null == "wandering level":
        steps = np.random.default_rng(len(noise)).standard_normal(noise.shape)
        return noise + size * np.cumsum(steps, axis=0)
    values = noise.copy()
    for t in range(2, len(values)):
        values[t] += 0.5 * values[t - 1] + size * values[t - 2]
    return values


def regressors(n: int, step: int, season: bool = False) -> np.ndarray:
    """Constant, trend, step, and dummies for eleven months of the year."""
    t = np.arange(1, n + 1.0)
    dummies = [t % 12 == month for month in range(1, 12)] if season else []
    return np.column_stack([np.ones(n), t, t >= step, *dummies])


def simulate(n: int, step: int, rho: float, replications: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Regressors (n, 3) and series (n, replications) of one design; the step starts in period `step`."""
    noise = np.random.default_rng(seed).standard_normal((n, replications))
    values = errors(noise, "AR(1)", rho) / np.sqrt(1 - rho**2)
    return regressors(n, step), 0.01 * np.arange(1, n + 1.0)[:, None] + values


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


@dataclass(frozen=True)
class Fits:
    """Step estimates of many series with AR(1) errors, shape (series,) each."""

    estimate: np.ndarray
    error: np.ndarray
    rho: np.ndarray
    wander: np.ndarray


def first_order(X: np.ndarray, Y: np.ndarray, restricted: bool) -> Fits:
    """Fit by REML, or by maximum likelihood with variance RSS/n."""
    n, k = X.shape
    gaps = np.ones(n - 1, int)
    residuals = Y - X @ np.linalg.lstsq(X, Y, rcond=None)[0]
    moments = its._Moments(X, residuals, gaps)
    heights = []
    for rho in its._RHO:
        height = moments.log_likelihood(np.array([rho]))[0]
        if not restricted:
            xx, xy, yy, log_det = (stack[0] for stack in moments.at(np.array([rho])))
            height = -0.5 * (n * np.log(yy - np.sum(np.linalg.solve(xx, xy) * xy, 0)) + log_det)
        heights.append(height)
    at, wander = np.argmax(heights, axis=0), its._level_height(X, residuals, gaps) - np.max(heights, axis=0)
    estimate, error = np.empty((2, len(at)))
    for j in np.unique(at):
        same = at == j
        b, s2, inverse = moments.fit(its._RHO[j])
        estimate[same], error[same] = b[2, same], np.sqrt(s2[same] * inverse[2, 2])
    error = error if restricted else error * np.sqrt((n - k) / n)
    return Fits(estimate + np.linalg.pinv(X)[2] @ Y, error, its._RHO[at], wander)


def bootstrap_quantiles(
    X: np.ndarray, rho: np.ndarray, draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """95 percent quantiles at each estimated rho: bootstrap t of the step, and residual check."""
    gaps, step = np.ones(len(X) - 1, int), np.arange(X.shape[1]) == 2
    nodes = [node for node in NODES if rho.min() - 0.2 < node < rho.max() + 0.2]
    drawn = [its._bootstrap(X, gaps, node, draws, seed) for node in nodes]
    t = [each.quantile(step.astype(float)) for each in drawn]
    wander = [np.quantile(each.wander, 0.95) for each in drawn]
    return np.interp(rho, nodes, t), np.interp(rho, nodes, wander)


def coverage(design: str, replications: int, seed: int, draws: int = 4999) -> pd.Series:
    """Share of series whose nominal 95 percent interval of the step holds the truth, zero."""
    n, step, rho = DESIGNS[design]
    X, Y = simulate(n, step, rho, replications, seed)
    t = stats.t.ppf(0.975, n - 3)
    rates = {}
    for name, lags in {"ols": None, "hac3_adj_t": 3, "hac12_adj_t": 12}.items():
        estimate, error = least_squares(X, Y, lags)
        rates[name] = np.mean(np.abs(estimate) <= t * error)
    fits = first_order(X, Y, restricted=False)
    rates["ar1_ml_z"] = np.mean(np.abs(fits.estimate) <= stats.norm.ppf(0.975) * fits.error)
    rates["ar1_ml_t_adj"] = np.mean(np.abs(fits.estimate) <= t * fits.error * np.sqrt(n / (n - 3)))
    fits = first_order(X, Y, restricted=True)
    rates["ar1_reml_t"] = np.mean(np.abs(fits.estimate) <= t * fits.error)
    quantile, _ = bootstrap_quantiles(X, fits.rho, draws, seed)
    rates["bootstrap_t"] = np.mean(np.abs(fits.estimate) <= quantile * fits.error)
    return pd.Series(rates)


def wrong_steps(
    replications: int, seed: int, *, n: int, step: int, season: bool, null: str, size: float, draws: int = 999
) -> dict[str, np.ndarray]:
    """In which series the interval misses zero, and a sure word would be said of it.

    A sure word needs the residual check, and HAC errors over twelve lags that agree.
    """
    noise = np.random.default_rng(seed).standard_normal((2 * n, replications))
    X, Y = regressors(n, step, season), errors(noise, null, size)[-n:]
    fits = first_order(X, Y, restricted=True)
    quantile, highest = bootstrap_quantiles(X, fits.rho, draws, seed)
    misses = np.abs(fits.estimate) > quantile * fits.error
    estimate, error = least_squares(X, Y, 12)
    agrees = np.abs(estimate) > stats.t.ppf(0.975, n - X.shape[1]) * error
    return {"interval": misses, "sure word": misses & agrees & (fits.wander < highest)}
