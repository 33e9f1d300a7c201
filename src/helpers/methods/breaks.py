"""Structural breaks that the data find on their own: Bai-Perron dates with intervals.

A break "at t" means that t is the last period of the old regime. These procedures take no event date, so they
have no lead window: a date they find is a competing explanation for any event near it.

Sources: Bai (1997) and Bai and Perron (1998, 2003) for dates and intervals; Andrews (1991)
for the long-run variance.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from helpers.methods import checks
from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import residuals_of
from helpers.methods.results import Estimate, Shown

TRIMMING = 0.15


@dataclass(frozen=True, repr=False)
class BreakDates(Shown):
    """Break dates of the least-squares partition.

    `dates` has one row per break: last period of the old regime, with its 95 percent interval. `selection`
    has one row per number of breaks: residual sum of squares and BIC. `shortest` is the shortest regime
    allowed, in periods.
    """

    dates: pd.DataFrame
    selection: pd.DataFrame
    shortest: int
    n: int

    def summary(self) -> pd.DataFrame:
        """Return the break dates with their intervals."""
        return self.dates

    def record(self) -> dict:
        """Return the number of breaks, with their dates, as keyword arguments of ``records.record``."""
        listed = [f"{row.low:%Y-%m}/{row.date:%Y-%m}/{row.high:%Y-%m}" for row in self.dates.itertuples()]
        method = f"Bai-Perron least squares, regimes of at least {self.shortest}, serially correlated errors"
        values = len(self.dates), None, None, "breaks", self.n, method
        return Estimate(*values, details={"low_date_high": listed}).record()


def break_dates(
    series: pd.Series,
    *,
    breaks: int | None = None,
    most: int = 5,
    shortest: int | float = TRIMMING,
) -> BreakDates:
    """Find break dates by the Bai-Perron dynamic programme, each with its interval.

    Parameters
    ----------
    series : Series, shape (n,)
        Its mean breaks.
    breaks : int, optional
        Number of breaks. Default: the number with the least BIC, which finds too many when errors are
        autocorrelated; see the robust sup-F in notebook 06.
    most : int
        Largest number of breaks tried.
    shortest : int or float
        Shortest regime, in periods or as a share of the sample.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If the series is unusable or too short for so many breaks.
    """
    name = str(series.name or "series")
    y = checks.series(series, name, 10).to_numpy()
    X = np.ones((n := len(y), 1))
    h = int(shortest * n if shortest < 1 else shortest)
    if h <= 1:
        raise UnusableInput(f"A regime of {h} periods cannot hold a mean and noise. Raise `shortest`.")
    most = most if breaks is None else breaks
    if n < (most + 1) * h:
        raise UnusableInput(f"{n} periods cannot hold {most + 1} regimes of {h}. Ask for fewer breaks.")
    ends_by_number, rss = partitions(y, X, h, most)
    number = np.arange(most + 1)
    bic = n * (np.log(rss) + 1 - np.log(n) + np.log(2 * np.pi)) + np.log(n) * (2 * (number + 1))
    selection = pd.DataFrame({"rss": rss, "bic": bic}, index=pd.Index(number, name="breaks"))
    chosen = int(np.argmin(bic)) if breaks is None else breaks
    ends = ends_by_number[chosen]
    for v, x in _split(y, X, ends):
        checks.leaves_noise(residuals_of(v, x), y, f"a regime of {len(v)} periods of {name}")
    rows = [series.index[_interval(y, X, ends, j) - 1] for j in range(chosen)]
    return BreakDates(pd.DataFrame(rows, columns=["low", "date", "high"]), selection, h, n)


def _segment_rss(y: np.ndarray, X: np.ndarray, h: int) -> np.ndarray:
    """Residual sum of squares of rows i..j-1 at [i, j]; infinite where shorter than `h`."""
    n = len(y)
    # Centred and scaled columns keep the accumulated cross-products well conditioned.
    Z = np.linalg.qr(X)[0] * np.sqrt(n)
    u = residuals_of(y, X)
    table = np.full((n, n + 1), np.inf)
    for i in range(n - h + 1):
        A = np.cumsum(Z[i:, :, None] * Z[i:, None, :], axis=0)[h - 1 :]
        b = np.cumsum(Z[i:] * u[i:, None], axis=0)[h - 1 :]
        explained = np.einsum("ij,ij->i", b, np.linalg.solve(A, b[..., None])[..., 0])
        table[i, i + h :] = np.cumsum(u[i:] ** 2)[h - 1 :] - explained
    return table


def partitions(y: np.ndarray, X: np.ndarray, h: int, most: int) -> tuple[list[list[int]], np.ndarray]:
    """Best partition and its residual sum of squares for 0..most breaks (ends of regimes, counted from 1)."""
    n = len(y)
    cost = _segment_rss(y, X, h)
    best = [cost[0]]
    previous = [np.zeros(n + 1, dtype=int)]
    for _ in range(most):
        through = best[-1][:n, None] + cost
        previous.append(np.argmin(through, axis=0))
        best.append(np.min(through, axis=0))
    ends_by_number = []
    for m in range(most + 1):
        ends = [n]
        for step in range(m, 0, -1):
            ends.insert(0, int(previous[step][ends[0]]))
        ends_by_number.append(ends[:-1])
    return ends_by_number, np.array([b[n] for b in best])


def _split(y: np.ndarray, X: np.ndarray, ends: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
    bounds = [0, *ends, len(y)]
    return [(y[a:b], X[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)]


def long_run_variance(X: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Long-run variance of x_t u_t: VAR(1) prewhitening, quadratic spectral kernel, Andrews bandwidth."""
    v = X * u[:, None]
    A = np.linalg.lstsq(v[:-1], v[1:], rcond=None)[0].T
    w = v[1:] - v[:-1] @ A.T
    n, q = w.shape
    lag, lead = w[:-1], w[1:]
    r = np.sum(lag * lead, axis=0) / np.sum(lag**2, axis=0)
    s2 = np.mean((lead - r * lag) ** 2, axis=0)
    alpha = np.sum(4 * r**2 * s2**2 / (1 - r) ** 8) / np.sum(s2**2 / (1 - r) ** 4)
    bandwidth = 1.3221 * (alpha * n) ** 0.2
    spread = w.T @ w
    for j in range(1, n):
        a = 6 * np.pi * j / bandwidth / 5
        weight = 3 * (np.sin(a) / a - np.cos(a)) / a**2
        gamma = w[j:].T @ w[:-j]
        spread = spread + weight * (gamma + gamma.T)
    recolour = np.linalg.inv(np.eye(q) - A)
    return recolour @ (spread / (n - q)) @ recolour.T


def _interval(y: np.ndarray, X: np.ndarray, ends: list[int], j: int) -> np.ndarray:
    """95 percent interval of break `j` (Bai 1997) as low, date, high, with the moments of each regime."""
    (y1, X1), (y2, X2) = _split(y, X, ends)[j : j + 2]
    b1, b2 = (np.linalg.lstsq(x, v, rcond=None)[0] for v, x in ((y1, X1), (y2, X2)))
    delta = b2 - b1
    drift1, drift2 = (delta @ (x.T @ x / len(x)) @ delta for x in (X1, X2))
    phi1 = delta @ long_run_variance(X1, y1 - X1 @ b1) @ delta / drift1
    phi2 = delta @ long_run_variance(X2, y2 - X2 @ b2) @ delta / drift2
    probability = _argmax_distribution(drift2 / drift1, drift2 / drift1 * phi2 / phi1)
    below, above = (_quantile(probability, level, side) for level, side in ((0.025, -1), (0.975, 1)))
    # The distribution is that of estimate minus truth, so its upper tail bounds the truth from below.
    low, high = (
        ends[j] - round_off(end * phi1 / drift1) for round_off, end in ((np.ceil, above), (np.floor, below))
    )
    return np.array([max(1, low), ends[j], min(len(y), high)], dtype=int)


def _argmax_distribution(xi: float, phi: float) -> Callable[[float], float]:
    """Distribution of the maximiser of a two-sided Brownian motion with drift (Bai 1997, appendix B).

    `xi` is the ratio of the drifts, right of zero to left of it; `phi` is `xi` times that of the variances.
    """

    def left(x: float, xi: float, phi: float) -> float:
        """Probability of at most -x."""
        f = xi / phi
        c = phi * (phi + 2 * xi) / (xi * (phi + xi))
        d = (phi + 2 * xi) ** 2 / (xi * (phi + xi))
        return (
            -np.sqrt(x / (2 * np.pi)) * np.exp(-x / 8)
            - c * np.exp(f * (1 + f) * x / 2 + stats.norm.logcdf(-(0.5 + f) * np.sqrt(x)))
            + (d - 2 + x / 2) * stats.norm.cdf(-np.sqrt(x) / 2)
        )

    # Seen from the other side the regimes change places, and with them the unit of time.
    return lambda x: left(-x, xi, phi) if x < 0 else 1 - left(x * xi**2 / phi, 1 / xi, 1 / phi)


def _quantile(probability: Callable[[float], float], level: float, side: int) -> float:
    """Solve for a quantile on the half-line of sign `side`; zero if the mass beyond it is smaller."""
    tiny, far = 1e-8, 1.0
    if (probability(side * tiny) - level) * side >= 0:
        return 0.0
    while (probability(side * far) - level) * side < 0:
        far *= 2
    return side * optimize.brentq(lambda x: probability(side * x) - level, tiny, far)
