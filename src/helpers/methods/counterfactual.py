"""Structural counterfactual: a model fitted before the event forecasts what would have happened without it.

The model is a local level plus controls: ``y_t = mu_t + x_t'b + e_t`` with ``mu_t`` a random walk. The
forecast rests on restricted (diffuse) maximum likelihood variances of the period before the first lead; level
and coefficients have diffuse priors. The simulated paths, and so the intervals, carry the uncertainty of the
variances too: each path takes its own, drawn with the restricted likelihood times the prior of Jeffreys.
With the variances taken as known, 95 percent intervals of a year covered 87 to 94 percent.

Sources: Harvey (1989) for the model; Patterson and Thompson (1971) for the restricted likelihood; Jeffreys
(1946) for the prior; Brodersen et al. (2015) for its use as a counterfactual.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import optimize

from helpers.methods import checks
from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import SEED, SHARES, Intervention, along_axes, design
from helpers.methods.results import Estimate, Shown, rows_of

Variances = tuple[float, float]  # of the steps of the level and of the noise


@dataclass(frozen=True, repr=False)
class Counterfactual(Shown):
    """Observed values from the event on, the forecast without it, and simulated forecast paths.

    `draws` has one row per simulated path and one column per period; `mean_se` is the standard deviation of
    the forecast of the mean over all periods, with the variances taken as known.
    """

    observed: pd.Series
    predicted: pd.Series
    mean_se: float
    draws: np.ndarray
    n: int
    unit: str
    leads: str
    details: dict[str, float] = field(default_factory=dict)

    def levels(self, before: pd.Series) -> pd.DataFrame:
        """Return observed and forecast values of a log outcome as levels, with earlier observed ones on top.

        Columns `observed`, `counterfactual`, and `low` and `high`, the 95 percent range of the forecast;
        `before` holds the log outcome of the periods to show before the window.
        """
        low, high = np.quantile(self.draws, [0.025, 0.975], axis=0)
        columns = {"observed": self.observed, "counterfactual": self.predicted, "low": low, "high": high}
        table = pd.DataFrame(columns, index=self.observed.index)
        return np.exp(pd.concat([before.rename("observed").to_frame(), table]))

    def mean_effect(self, first: int = 0, last: int | None = None) -> Estimate:
        """Return the mean of observed minus counterfactual over the window, or its rows `first` to `last`.

        Rows are counted from 0; only the mean over the whole window has a standard error.
        """
        rows = slice(first, None if last is None else last + 1)
        observed, dates = self.observed.iloc[rows], self.observed.index[rows]
        draws = observed.mean() - self.draws[:, rows].mean(axis=1)
        low, high = np.quantile(draws, [0.025, 0.975])
        tail = 1 + min(np.sum(draws <= 0), np.sum(draws >= 0))
        value = float((observed - self.predicted.iloc[rows]).mean())
        method = "structural counterfactual (local level and controls)"
        p_value = min(1.0, 2 * tail / (1 + len(draws)))
        se = self.mean_se if len(observed) == len(self.observed) else None
        effect = Estimate(value, low, high, self.unit, self.n, method, p_value, se)
        window = f"{dates[0]:%Y-%m}..{dates[-1]:%Y-%m}"
        return effect.changed(window=window, leads=self.leads, details=self.details)

    def summary(self) -> pd.DataFrame:
        """Return the mean effect in one row."""
        return rows_of({"mean": self.mean_effect()})


def structural_counterfactual(
    series: pd.Series,
    intervention: Intervention,
    *,
    controls: pd.DataFrame | None,
    season: str | int | None,
    unit: str,
    level_share: float | None = None,
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
        Standard deviation of the level's steps as a share of that of the outcome before the event: a fixed
        value, no prior, so that the interval holds for this value alone. Default: what the data say of it,
        with their doubt. How fast the level may wander decides how wide the interval is, and few data speak
        to it: try 0.01 and 0.1, the centres of the priors of the R package CausalImpact.
    draws, seed : int
        Number of simulated paths and seed of their generator.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If the series is unusable, has gaps from the event on, leaves too short a period before the first
        lead, or is no noisier than its level.
    helpers.methods.checks.WrongCall
        If `level_share` is no positive number.
    """
    if level_share is not None and not level_share > 0:
        raise checks.WrongCall(
            f"level_share is {level_share}. Give a positive number, or None to estimate it."
        )
    model = _Model.of(series, intervention, controls, season, level_share)
    forecast, covariance = model.forecast(model.before, model.after)
    predicted = model.mean + model.spread * forecast
    paths = model.mean + model.spread * model.paths(draws, seed)
    observed = model.outcome[model.after]
    level, noise = np.sqrt(model.variances).tolist()
    return Counterfactual(
        observed=observed,
        predicted=pd.Series(predicted, index=observed.index),
        mean_se=model.spread * float(np.sqrt(covariance.mean())),
        draws=paths,
        n=int(model.before.sum()),
        unit=unit,
        leads=f"-{intervention.leads}..-1 left out" if intervention.leads else "none modelled",
        details={"level_sd_share": level, "noise_sd_share": noise},
    )


def placebo_effects(
    series: pd.Series,
    intervention: Intervention,
    months: pd.DatetimeIndex,
    *,
    controls: pd.DataFrame | None,
    season: str | int | None,
    shortest: int,
) -> pd.DataFrame:
    """Return the mean effect in windows of the same shape that start in other periods before the event.

    The variances are those estimated before the real event, for the real window as for the placebo ones;
    level and coefficients are estimated anew before each. The real event comes last.

    Parameters
    ----------
    series, intervention, controls, season
        As in :func:`structural_counterfactual`.
    months : DatetimeIndex
        First periods of the placebo windows. Those whose window reaches the real leads or has a gap are left
        out.
    shortest : int
        Fewest periods before a placebo window. With a few years only, seasonal and Lunar-New-Year terms
        cannot be told apart and the forecast explodes.

    Returns
    -------
    DataFrame
        By first period of the window: `effect`, the mean effect, and `se`, the standard deviation of its
        forecast.
    """
    model = _Model.of(series, intervention, controls, season, None)
    places, dates, effects = model.places, model.outcome.index, {}
    length, last, real = int(model.after.sum()), places[model.before][-1], dates[model.after][0]
    for month in [*months, real]:
        start = pd.Period(month, freq="M").ordinal
        behind = (places >= start) & (places < start + length)
        ahead = places < start - intervention.leads
        usable = behind.sum() == length and ahead.sum() >= max(shortest, model.X.shape[1] + 10)
        if usable and (start + length - 1 <= last or month == real):
            forecast, covariance = model.forecast(ahead, behind)
            effect = float((model.z[behind] - forecast).mean())
            effects[month] = model.spread * np.array([effect, np.sqrt(covariance.mean())])
    return pd.DataFrame.from_dict(effects, orient="index", columns=["effect", "se"])


@dataclass(frozen=True)
class _Model:
    """Standardised outcome, controls and variances; rows before the first lead, and rows of the window."""

    outcome: pd.Series
    z: np.ndarray
    X: np.ndarray
    places: np.ndarray
    before: np.ndarray
    after: np.ndarray
    mean: float
    spread: float
    variances: Variances
    plausible: dict[Variances, float]
    df: int

    @classmethod
    def of(
        cls,
        series: pd.Series,
        intervention: Intervention,
        controls: pd.DataFrame | None,
        season: str | int | None,
        level_share: float | None,
    ) -> "_Model":
        y = checks.series(series, str(series.name or "the outcome"), 12)
        before, after = _rows(y.index, intervention)
        places = y.index.to_period("M").asi8
        X = _controls(y.index, controls, season)
        checks.enough(int(before.sum()), X.shape[1] + 10, f"periods before the leads of {intervention.name}")
        checks.varies(y[before], f"the outcome before {intervention.name}")
        mean, spread = float(y[before].mean()), float(y[before].std())
        z = ((y - mean) / spread).to_numpy()
        variances = _variances(z[before], X[before], places[before], level_share)
        return cls(y, z, X, places, before, after, mean, spread, *variances)

    def forecast(
        self, before: np.ndarray, after: np.ndarray, variances: Variances | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Best linear unbiased forecast and its covariance; first level and coefficients are unknown."""
        level, noise = variances or self.variances
        time, rows = (self.places - self.places[0]).astype(float), len(self.places)
        covariance = level * np.minimum.outer(time, time) + noise * np.eye(rows)
        terms = np.column_stack([np.ones(rows), self.X])
        past, ahead, k = terms[before], terms[after], terms.shape[1]
        across = covariance[np.ix_(after, before)]
        known = np.column_stack([past, self.z[before], across.T])
        try:
            solved = np.linalg.solve(covariance[np.ix_(before, before)], known)
        except np.linalg.LinAlgError:
            raise UnusableInput("The outcome is no noisier than its level. Lower level_share.") from None
        information = past.T @ solved[:, :k]
        b = np.linalg.solve(information, past.T @ solved[:, k])
        gap = ahead - across @ solved[:, :k]
        forecast = ahead @ b + across @ (solved[:, k] - solved[:, :k] @ b)
        error = covariance[np.ix_(after, after)] - across @ solved[:, k + 1 :]
        return forecast, error + gap @ np.linalg.solve(information, gap.T)

    def paths(self, draws: int, seed: int) -> np.ndarray:
        """Simulate the standardised outcome of the window, each part of the paths with its own variances."""
        rng = np.random.default_rng(seed)
        noise, parts = rng.standard_normal((draws, int(self.after.sum()))), []
        if self.df:
            noise *= np.sqrt(self.df / rng.chisquare(self.df, (draws, 1)))
        ends = np.rint(draws * np.cumsum(list(self.plausible.values()))).astype(int)
        for variances, rows in zip(self.plausible, np.split(noise, ends[:-1]), strict=True):
            forecast, covariance = self.forecast(self.before, self.after, variances)
            # The Cholesky factor is unique: the paths are the same whatever linear algebra library is used.
            parts.append(forecast + rows @ np.linalg.cholesky(covariance).T)
        return np.concatenate(parts)


def _rows(index: pd.DatetimeIndex, intervention: Intervention) -> tuple[np.ndarray, np.ndarray]:
    """Rows before the first lead and rows of the effect window, in which no month may be missing."""
    periods = index.to_period("M")
    steps = np.diff(periods.asi8)
    start, end = intervention.span(periods)
    if (steps < 1).any() or (steps[periods[1:] >= start] != 1).any():
        raise UnusableInput("The series has missing or repeated periods. Use interrupted_series instead.")
    if start > periods[-1] or end > periods[-1] or end < start:
        raise UnusableInput(
            f"{intervention.name}: the window {start}..{end} is not inside the data. Move it."
        )
    return np.asarray(periods < start - intervention.leads), np.asarray((periods >= start) & (periods <= end))


def _controls(index: pd.DatetimeIndex, controls: pd.DataFrame | None, season: str | int | None) -> np.ndarray:
    """Controls and seasonal terms without a constant (the level is one), scaled to unit spread."""
    frame = design(index, [], season=season, trend=False, constant=False, regressors=controls).frame
    if frame.shape[1] == 0:
        return np.empty((len(index), 0))
    X = checks.complete(frame, "controls")
    for name, column in zip(frame.columns, X.T, strict=True):
        checks.varies(column, f"control {name}")
    return (X - X.mean(axis=0)) / X.std(axis=0)


def _variances(
    z: np.ndarray, X: np.ndarray, places: np.ndarray, level_share: float | None
) -> tuple[Variances, dict[Variances, float], int]:
    """Restricted maximum likelihood variances of a standardised series, plausible ones with weights, and df.

    Constant and controls are projected out and the random walk's covariance is brought to its principal
    axes. There the likelihood is a sum over independent terms, so its maximum is exact and the same on every
    machine (a filter with a large starting variance loses about ten digits).
    """
    wander, squares = along_axes(np.column_stack([np.ones(len(z)), X]), z, np.diff(places))
    if level_share is not None:
        fixed = level_share**2, _noise_given(level_share**2 * wander, squares)
        return fixed, {fixed: 1.0}, 0
    share = _level_share(wander, squares)
    variance = float(np.mean(squares / (share * wander + 1 - share)))
    best = share * variance, (1 - share) * variance
    return best, _plausible(wander, squares), len(squares)


def _plausible(wander: np.ndarray, squares: np.ndarray) -> dict[Variances, float]:
    """Pairs of variances, weighted by the restricted likelihood times Jeffreys' prior of the level's share.

    The prior is the root of the information on the share; the scale of both variances is integrated out.
    """
    spread = SHARES[:, None] * wander + 1 - SHARES[:, None]
    scale, pull = (squares / spread).mean(axis=1), (wander - 1) / spread
    heights = np.log(np.sum(pull**2, axis=1) - np.sum(pull, axis=1) ** 2 / len(wander))
    heights -= len(wander) * np.log(scale) + np.log(spread).sum(axis=1)
    weights = SHARES * (1 - SHARES) * np.exp((heights - heights.max()) / 2)
    likely = weights > 1e-4 * weights.sum()
    pairs = zip((SHARES * scale)[likely], ((1 - SHARES) * scale)[likely], strict=True)
    return dict(zip(pairs, weights[likely] / weights[likely].sum(), strict=True))


def _level_share(wander: np.ndarray, squares: np.ndarray) -> float:
    """Level variance as a share of level and noise variance, at the highest of the likelihood's maxima."""

    def height(share: float) -> float:
        spread = share * wander + 1 - share
        return -len(squares) * np.log(np.mean(squares / spread)) - np.sum(np.log(spread))

    def slope(share: float) -> float:
        spread = share * wander + 1 - share
        pull = (wander - 1) / spread
        return len(squares) * np.sum(squares / spread * pull) / np.sum(squares / spread) - np.sum(pull)

    peaks = _peaks(slope, SHARES, 1e-18)
    peaks += [0.0] if slope(0.0) <= 0 else []
    peaks += [float(SHARES[-1])] if slope(SHARES[-1]) > 0 else []
    if not peaks:
        raise UnusableInput("The likelihood of the level has no maximum. Fix level_share.")
    return float(max(peaks, key=height))


def _peaks(slope: Callable[[float], float], grid: np.ndarray, closeness: float) -> list[float]:
    """Return where the slope of a function falls through zero, looked for between the points of a grid."""
    slopes = np.array([slope(point) for point in grid])
    falls = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
    return [optimize.brentq(slope, grid[j], grid[j + 1], xtol=closeness, rtol=1e-14) for j in falls]


def _noise_given(level: np.ndarray, squares: np.ndarray) -> float:
    """Maximum likelihood variance of the noise beside a level whose variances along the axes are known."""

    def slope(log_noise: float) -> float:
        spread = level + np.exp(log_noise)
        return float(np.sum((squares / spread - 1) / spread))

    def height(log_noise: float) -> float:
        spread = level + np.exp(log_noise)
        return -float(np.sum(np.log(spread) + squares / spread))

    peaks = _peaks(slope, np.arange(-25, 10.1, 0.25), 1e-14)
    return float(np.exp(max(peaks, key=height))) if peaks else 0.0
