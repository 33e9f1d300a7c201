"""Structural counterfactual: a model fitted before the event forecasts what would have happened without it.

The model is a local level plus controls: ``y_t = mu_t + x_t'b + e_t`` with ``mu_t`` a random walk. Variances
are restricted (diffuse) maximum likelihood estimates on the period before the first lead; level and
coefficients have diffuse priors, so their uncertainty is in the forecast.

Sources: Harvey (1989) for the model; Patterson and Thompson (1971) for the restricted likelihood; Brodersen
et al. (2015) for its use as a counterfactual.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import optimize

from helpers.methods import checks
from helpers.methods.interrupted_series import SEED, Intervention, design
from helpers.methods.results import Estimate, Shown, rows_of


@dataclass(frozen=True, repr=False)
class Counterfactual(Shown):
    """Observed values from the event on, the forecast without it, and simulated forecast paths.

    `draws` has one row per simulated path and one column per period; `se` is the exact standard deviation of
    the forecast of each period and `mean_se` that of the mean over all.
    """

    observed: pd.Series
    predicted: pd.Series
    se: pd.Series
    mean_se: float
    draws: np.ndarray
    n: int
    unit: str
    method: str
    window: str
    leads: str
    details: dict = field(default_factory=dict)

    def path(self) -> pd.DataFrame:
        """Return observed and counterfactual values and the effect with pointwise 95 percent intervals."""
        low, high = np.quantile(self.observed.to_numpy() - self.draws, [0.025, 0.975], axis=0)
        effect = self.observed - self.predicted
        return pd.DataFrame(
            {
                "observed": self.observed,
                "counterfactual": self.predicted,
                "effect": effect,
                "low": low,
                "high": high,
            }
        )

    def levels(self, before: pd.Series) -> pd.DataFrame:
        """Return observed and forecast values of a log outcome as levels, with earlier observed ones on top.

        Columns `observed`, `counterfactual`, and `low` and `high`, the 95 percent range of the forecast;
        `before` holds the log outcome of the periods to show before the window.
        """
        low, high = np.quantile(self.draws, [0.025, 0.975], axis=0)
        columns = {"observed": self.observed, "counterfactual": self.predicted, "low": low, "high": high}
        table = pd.DataFrame(columns, index=self.observed.index)
        return np.exp(pd.concat([before.rename("observed").to_frame(), table]))

    def mean_effect(self) -> Estimate:
        """Return the mean over the window of observed minus counterfactual."""
        value = float((self.observed - self.predicted).mean())
        return self._estimate(value, self.observed.mean() - self.draws.mean(axis=1), self.unit, self.mean_se)

    def effect_between(self, first: int, last: int) -> Estimate:
        """Return the mean effect over part of the window, from row `first` to row `last` (counted from 0)."""
        rows = slice(first, last + 1)
        observed, dates = self.observed.iloc[rows], self.observed.index[rows]
        value = float((observed - self.predicted.iloc[rows]).mean())
        draws = observed.mean() - self.draws[:, rows].mean(axis=1)
        estimate = self._estimate(value, draws, self.unit, None)
        return replace(estimate, window=f"{dates[0]:%Y-%m}..{dates[-1]:%Y-%m}")

    def cumulative_effect(self) -> Estimate:
        """Return the sum over the window of observed minus counterfactual."""
        length = len(self.observed)
        value = float((self.observed - self.predicted).sum())
        draws = self.observed.sum() - self.draws.sum(axis=1)
        return self._estimate(
            value, draws, f"{self.unit}, summed over {length} periods", length * self.mean_se
        )

    def relative_effect(self) -> Estimate:
        """Return the mean effect as a share of the mean counterfactual, for an outcome in levels."""
        value = float(self.observed.mean() / self.predicted.mean() - 1)
        return self._estimate(value, self.observed.mean() / self.draws.mean(axis=1) - 1, "share", None)

    def summary(self) -> pd.DataFrame:
        """Return the mean, cumulative and relative effect, one row each."""
        return rows_of(
            {
                "mean": self.mean_effect(),
                "cumulative": self.cumulative_effect(),
                "relative": self.relative_effect(),
            }
        )

    def record(self) -> dict:
        """Return the mean effect as keyword arguments of ``records.record``."""
        return self.mean_effect().record()

    def _estimate(self, value: float, draws: np.ndarray, unit: str, se: float | None) -> Estimate:
        low, high = np.quantile(draws, [0.025, 0.975])
        tail = 1 + min(np.sum(draws <= 0), np.sum(draws >= 0))
        return Estimate(
            value=value,
            low=low,
            high=high,
            unit=unit,
            n=self.n,
            method=self.method,
            p_value=min(1.0, 2 * tail / (1 + len(draws))),
            se=se,
            window=self.window,
            leads=self.leads,
            details=self.details,
        )


def structural_counterfactual(
    series: pd.Series,
    intervention: Intervention,
    *,
    controls: pd.DataFrame | None,
    season: str | int | None,
    unit: str,
    level_share: float | None = None,
    frequency: str = "M",
    draws: int = 10000,
    seed: int = SEED,
) -> Counterfactual:
    """Estimate the effect of an event as observed minus a structural forecast.

    Parameters
    ----------
    series : pandas.Series, shape (n,)
        Outcome. Periods may be missing before the event: the level wanders on over them, nothing is filled.
    intervention : Intervention
        Its lead window belongs neither to the fitting period nor to the effect; `end` closes the effect
        window.
    controls : pandas.DataFrame, shape (n, m), or None
        Series that the event does not touch, on the same dates. Nothing in the data can show that it does
        not.
    season : {"dummies", None} or int
        Fixed seasonal, as in :func:`helpers.methods.interrupted_series.design`.
    unit : str
        Unit of the outcome.
    level_share : float, optional
        Standard deviation of the level's steps as a share of that of the outcome before the event. Default:
        maximum likelihood. See :func:`level_sensitivity`.
    frequency : {"M", "Q", "Y", "D"}
        Length of a period.
    draws, seed : int
        Number of simulated paths and seed of their generator.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If the series is unusable, has gaps from the event on, or leaves too short a period before the first
        lead.
    """
    y = checks.series(series, str(series.name or "the outcome"), 12)
    before, after, window = split(y.index, intervention, frequency, gaps_before=True)
    places = y.index.to_period(frequency).asi8
    X = _controls(y.index, controls, season, frequency)
    checks.enough(int(before.sum()), X.shape[1] + 10, f"periods before the leads of {intervention.name}")
    mean, spread = y[before].mean(), y[before].std()
    z = ((y - mean) / spread).to_numpy()
    level, noise = _variances(z[before], X[before], places[before], level_share)
    forecast, covariance = _forecast(z, X, places, before, after, level, noise)
    shares = {"level_sd_share": float(np.sqrt(level)), "noise_sd_share": float(np.sqrt(noise))}
    return from_moments(
        y[after],
        mean + spread * forecast,
        spread**2 * covariance,
        n=int(before.sum()),
        unit=unit,
        method="structural counterfactual (local level and controls)",
        window=window,
        leads=f"-{intervention.leads}..-1 left out" if intervention.leads else "none modelled",
        details=shares,
        draws=draws,
        seed=seed,
    )


def placebo_effects(
    series: pd.Series,
    intervention: Intervention,
    months: pd.DatetimeIndex,
    *,
    controls: pd.DataFrame | None,
    season: str | int | None,
    shortest: int,
    frequency: str = "M",
) -> pd.Series:
    """Return the mean effect in windows of the same shape that start in other periods before the event.

    The variances are those estimated before the real event, for the real window as for the placebo ones;
    level and coefficients are estimated anew before each. The real event comes last.

    Parameters
    ----------
    series, intervention, controls, season, frequency
        As in :func:`structural_counterfactual`.
    months : DatetimeIndex
        First periods of the placebo windows. Those whose window reaches the real leads or has a gap are left
        out.
    shortest : int
        Fewest periods before a placebo window. With a few years only, seasonal and Lunar-New-Year terms
        cannot be told apart and the forecast explodes.

    Returns
    -------
    Series
        Mean effect by first period of the window.
    """
    y = checks.series(series, str(series.name or "the outcome"), 12)
    before, after, _ = split(y.index, intervention, frequency, gaps_before=True)
    places = y.index.to_period(frequency).asi8
    X = _controls(y.index, controls, season, frequency)
    checks.enough(int(before.sum()), X.shape[1] + 10, f"periods before the leads of {intervention.name}")
    spread = y[before].std()
    z = ((y - y[before].mean()) / spread).to_numpy()
    level, noise = _variances(z[before], X[before], places[before], None)
    length, last, found = int(after.sum()), places[before][-1], {}
    for month in [*months, y.index[after][0]]:
        start = pd.Period(month, freq=frequency).ordinal
        behind = (places >= start) & (places < start + length)
        ahead = places < start - intervention.leads
        usable = behind.sum() == length and ahead.sum() >= max(shortest, X.shape[1] + 10)
        if usable and (start + length - 1 <= last or month == y.index[after][0]):
            forecast, _ = _forecast(z, X, places, ahead, behind, level, noise)
            found[month] = spread * float((z[behind] - forecast).mean())
    return pd.Series(found, name="effect")


def level_sensitivity(
    series: pd.Series,
    intervention: Intervention,
    shares: Sequence[float | None] = (None, 0.01, 0.1),
    **settings,
) -> pd.DataFrame:
    """Return the mean effect under several variances of the level.

    How fast the level may wander decides how wide the interval is, and few data speak to it. The first row is
    the maximum likelihood estimate; 0.01 is the prior of the R package CausalImpact and 0.1 its usual
    alternative.

    Parameters
    ----------
    series, intervention, **settings
        As in :func:`structural_counterfactual`.
    shares : sequence of float or None
        Values of `level_share`.
    """
    found = {}
    for share in shares:
        label = "maximum likelihood" if share is None else f"{share:g}"
        one = structural_counterfactual(series, intervention, level_share=share, **settings)
        found[label] = one.mean_effect()
    table = rows_of(found).rename_axis("level share")
    table.insert(0, "level_sd_share", [one.details["level_sd_share"] for one in found.values()])
    return table


def split(
    index: pd.DatetimeIndex, intervention: Intervention, frequency: str, *, gaps_before: bool = False
) -> tuple[np.ndarray, np.ndarray, str]:
    """Return which rows come before the first lead, which belong to the effect window, and that window in
    words.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If periods are repeated or missing (with `gaps_before`: missing from the event on), or the effect
        window holds no data.
    """
    periods = index.to_period(frequency)
    steps = np.diff(periods.asi8)
    watched = periods[1:] >= pd.Period(intervention.start, freq=frequency) if gaps_before else steps > 0
    if (steps < 1).any() or (steps[watched] != 1).any():
        raise checks.UnusableInput(
            "The series has missing or repeated periods. Use interrupted_series instead."
        )
    start = pd.Period(intervention.start, freq=frequency)
    end = periods[-1] if intervention.end is None else pd.Period(intervention.end, freq=frequency)
    if intervention.leads < 0:
        raise checks.UnusableInput(f"{intervention.name}: leads must not be negative. Write 0 for none.")
    if start > periods[-1] or end > periods[-1] or end < start:
        raise checks.UnusableInput(
            f"{intervention.name}: the window {start}..{end} is not inside the data (to {periods[-1]}). "
            "Shorten it."
        )
    before = np.asarray(periods < start - intervention.leads)
    after = np.asarray((periods >= start) & (periods <= end))
    return before, after, f"{start}..{end}"


def from_moments(
    observed: pd.Series,
    forecast: np.ndarray,
    covariance: np.ndarray,
    *,
    draws: int,
    seed: int,
    **fields,
) -> Counterfactual:
    """Build a Counterfactual from the moments of a Gaussian forecast; `fields` are its other fields."""
    # The Cholesky factor is unique, so the paths are the same whatever linear algebra library is used.
    root = np.linalg.cholesky(covariance)
    paths = forecast + np.random.default_rng(seed).standard_normal((draws, len(forecast))) @ root.T
    return Counterfactual(
        observed=observed,
        predicted=pd.Series(forecast, index=observed.index),
        se=pd.Series(np.sqrt(np.diag(covariance)), index=observed.index),
        mean_se=float(np.sqrt(covariance.mean())),
        draws=paths,
        **fields,
    )


def _controls(
    index: pd.DatetimeIndex, controls: pd.DataFrame | None, season: str | int | None, frequency: str
) -> np.ndarray:
    """Controls and seasonal terms without a constant (the level is one), scaled to unit spread."""
    if frequency == "D":
        if season is not None:
            raise checks.UnusableInput("Daily series have no season here. Pass season=None.")
        frame = pd.DataFrame(index=index) if controls is None else controls
        if not frame.index.equals(index):
            raise checks.UnusableInput("The controls have other dates than the outcome. Align them first.")
    else:
        frame = design(
            index, [], season=season, trend=False, constant=False, regressors=controls, frequency=frequency
        ).frame
    if frame.shape[1] == 0:
        return np.empty((len(index), 0))
    X = checks.complete(frame, "controls")
    for name, column in zip(frame.columns, X.T, strict=True):
        checks.varies(column, f"control {name}")
    return (X - X.mean(axis=0)) / X.std(axis=0)


def _variances(
    z: np.ndarray, X: np.ndarray, places: np.ndarray, level_share: float | None
) -> tuple[float, float]:
    """Restricted maximum likelihood variances of level and noise of a standardised series.

    Constant and controls are projected out and the random walk's covariance is brought to its principal
    axes. There the likelihood is a sum over independent terms, so its maximum is exact and the same on every
    machine (a filter with a large starting variance loses about ten digits).
    """
    W = np.column_stack([np.ones(len(z)), X])
    free = np.linalg.qr(W, mode="complete")[0][:, W.shape[1] :]
    time = (places - places[0]).astype(float)
    wander, axes = np.linalg.eigh(free.T @ np.minimum.outer(time, time) @ free)
    squares = (axes.T @ (free.T @ z)) ** 2
    if level_share is not None:
        return level_share**2, _noise_given(level_share**2 * wander, squares)
    share = _level_share(wander, squares)
    variance = float(np.mean(squares / (share * wander + 1 - share)))
    return share * variance, (1 - share) * variance


def _level_share(wander: np.ndarray, squares: np.ndarray) -> float:
    """Level variance as a share of level and noise variance, at the highest of the likelihood's maxima."""

    def height(share: float) -> float:
        spread = share * wander + 1 - share
        return -len(squares) * np.log(np.mean(squares / spread)) - np.sum(np.log(spread))

    def slope(share: float) -> float:
        spread = share * wander + 1 - share
        pull = (wander - 1) / spread
        return len(squares) * np.sum(squares / spread * pull) / np.sum(squares / spread) - np.sum(pull)

    # Even in the log of the odds: a level may carry a thousandth of a percent or nearly everything.
    grid = 1 / (1 + np.exp(-np.arange(-20, 20.1, 0.25)))
    slopes = np.array([slope(share) for share in grid])
    peaks = [0.0] if slope(0.0) <= 0 else []
    peaks += [
        optimize.brentq(slope, grid[j], grid[j + 1], xtol=1e-18, rtol=1e-14)
        for j in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    ]
    if slopes[-1] > 0:
        peaks.append(float(grid[-1]))
    if not peaks:
        raise checks.UnusableInput(
            "The likelihood of the level has no maximum. Fix level_share, or choose a longer series."
        )
    return float(max(peaks, key=height))


def _noise_given(level: np.ndarray, squares: np.ndarray) -> float:
    """Maximum likelihood variance of the noise beside a level whose variances along the axes are known."""

    def slope(log_noise: float) -> float:
        spread = level + np.exp(log_noise)
        return float(np.sum((squares / spread - 1) / spread))

    grid = np.arange(-25, 10.1, 0.25)
    slopes = np.array([slope(log_noise) for log_noise in grid])
    falls = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))

    def height(log_noise: float) -> float:
        spread = level + np.exp(log_noise)
        return -float(np.sum(np.log(spread) + squares / spread))

    peaks = [optimize.brentq(slope, grid[j], grid[j + 1], xtol=1e-14, rtol=1e-14) for j in falls]
    return float(np.exp(max(peaks, key=height))) if peaks else 0.0


def _forecast(
    z: np.ndarray,
    X: np.ndarray,
    places: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
    level: float,
    noise: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Best linear unbiased forecast and its covariance; first level and coefficients are unknown."""
    t = (places - places[0]).astype(float)
    wander = level * np.minimum.outer(t, t)
    W = np.column_stack([np.ones(len(z)), X])
    S11 = wander[np.ix_(before, before)] + noise * np.eye(before.sum())
    S21 = wander[np.ix_(after, before)]
    S22 = wander[np.ix_(after, after)] + noise * np.eye(after.sum())
    W1, W2 = W[before], W[after]
    solved = np.linalg.solve(S11, np.column_stack([W1, z[before], S21.T]))
    k = W1.shape[1]
    V1, Vz, V12 = solved[:, :k], solved[:, k], solved[:, k + 1 :]
    information = W1.T @ V1
    b = np.linalg.solve(information, W1.T @ Vz)
    gap = W2 - S21 @ V1
    forecast = W2 @ b + S21 @ (Vz - V1 @ b)
    return forecast, S22 - S21 @ V12 + gap @ np.linalg.solve(information, gap.T)
