"""Interrupted time series: segmented regression of one series on dated interventions.

Default inference is AR(1) restricted maximum likelihood with a bias-corrected parametric bootstrap t;
ordinary least squares with HAC errors is the second opinion.

Sources: Wagner et al. (2002) and Lopez Bernal, Cummins and Gasparrini (2017) for the design; Patterson and
Thompson (1971) for restricted likelihood; Efron and Tibshirani (1993, chapter 12) for the bootstrap t; Newey
and West (1987) for HAC.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from numbers import Integral

import numpy as np
import pandas as pd
from scipy import optimize, stats
from statsmodels.regression.linear_model import OLS

from helpers.methods import checks
from helpers.methods.checks import UnusableInput
from helpers.methods.results import Estimate, Shown, rows_of

SEED = 20261123
_PER_YEAR = {"M": 12, "Q": 4, "Y": 1}
_WORDS = {"M": "months", "Q": "quarters", "Y": "years"}
_RHO = np.round(np.linspace(-0.98, 0.98, 197), 2)
# Of a wandering level in the variance, even in the log of the odds: next to nothing to nearly everything.
SHARES = 1 / (1 + np.exp(-np.arange(-20, 20.1, 0.25)))
_STRIDE = 4  # steps of the grid, first pass; divides its 196 steps


@dataclass(frozen=True)
class Intervention:
    """A dated event that may shift the series.

    Parameters
    ----------
    name : str
        Event id or a short name.
    start : str
        First period in which it acts, such as "2022-10".
    leads : int
        Number of periods before `start` that get their own term, so that anticipation is not counted as the
        old level. Write 0 to say that none is expected.
    end : str, optional
        Last period in which it acts; the same as `start` for a pulse. Default: it acts to the end of the
        series.
    slope : bool
        Whether the slope changes too: a term that counts 1, 2, ... from `start`.
    """

    name: str
    start: str
    leads: int
    end: str | None = None
    slope: bool = False

    def span(self, periods: pd.PeriodIndex) -> tuple[pd.Period, pd.Period]:
        """First and last period in which the event acts on a series.

        Raises
        ------
        helpers.methods.checks.WrongCall
            If a period cannot be read or `leads` is no number of periods.
        """
        if not isinstance(self.leads, Integral) or self.leads < 0:
            raise checks.WrongCall(f"{self.name}: leads is {self.leads}. Give a whole number, 0 for none.")
        try:
            first = pd.Period(self.start, freq=periods.freq)
            return first, periods[-1] if self.end is None else pd.Period(self.end, freq=periods.freq)
        except ValueError:
            raise checks.WrongCall(
                f"{self.name}: no period is called {self.start!r} or {self.end!r}."
            ) from None


@dataclass(frozen=True)
class Design:
    """Regressors of a segmented regression.

    `frame` has one column per term.
    """

    frame: pd.DataFrame
    periods: pd.PeriodIndex
    interventions: tuple[Intervention, ...]

    @property
    def gaps(self) -> np.ndarray:
        """Distance of each row to the one before, in periods, shape (n - 1,)."""
        return np.diff(self.periods.asi8)


@dataclass(frozen=True, repr=False)
class InterruptedSeries(Shown):
    """A fitted segmented regression.

    `coefficients` and `covariance` are labelled by term. `draws` holds the bootstrap; None means t or normal
    intervals. `innovations` are the whitened residuals of a model of
    the noise.
    """

    outcome: pd.Series
    design: Design
    coefficients: pd.Series
    covariance: pd.DataFrame
    df: float
    method: str
    unit: str
    draws: "_Draws | None" = None
    innovations: np.ndarray = field(default_factory=lambda: np.empty(0))
    details: dict[str, float] = field(default_factory=dict)

    def estimate(self, term: str) -> Estimate:
        """Return the coefficient of one term with its interval; refusals as :meth:`contrast`."""
        return self.contrast({term: 1.0})

    def contrast(self, weights: dict[str, float]) -> Estimate:
        """Return a weighted sum of coefficients with its interval, such as the mean effect of step and slope.

        Raises
        ------
        helpers.methods.checks.UnusableInput
            If a term is unknown.
        """
        names = self.coefficients.index
        if unknown := sorted(weights.keys() - set(names)):
            raise checks.WrongCall(f"No term {unknown[0]!r}. The terms are {list(names)}.")
        row = pd.Series(weights).reindex(names, fill_value=0.0).to_numpy()
        value = float(row @ self.coefficients.to_numpy())
        se = float(np.sqrt(row @ self.covariance.to_numpy() @ row))
        if self.draws:
            margin, p_value = self.draws.quantile(row) * se, self.draws.p_value(row, value / se)
        else:
            margin = float(stats.t.ppf(0.975, self.df) * se)
            p_value = float(2 * stats.t.sf(abs(value / se), self.df))
        window, leads = self._window({term.rpartition(": ")[0] for term in weights})
        ends, df = (value - margin, value + margin), None if np.isinf(self.df) else self.df
        fit = Estimate(value, *ends, self.unit, len(self.outcome), self.method, p_value, se, df)
        return fit.changed(window=window, leads=leads, details=self.details)

    def path(self) -> pd.DataFrame:
        """Return observed and fitted values, those with every intervention and lead set to zero, and the gap.

        Of a count they are logs. A differenced model has no fitted level.
        """
        X, steps = self.design.frame, self.design.interventions
        names = [f"{step.name}: {part}" for step in steps for part in ("level", "slope", "leads")]
        terms = [name for name in names if name in X]
        effect = X[terms].to_numpy() @ self.coefficients[terms].to_numpy()
        fitted = X.to_numpy() @ self.coefficients.to_numpy()
        columns = {"observed": self.outcome, "fitted": fitted, "counterfactual": fitted - effect}
        return pd.DataFrame(columns | {"effect": effect}, index=self.outcome.index)

    def summary(self) -> pd.DataFrame:
        """Return one row per term: value, standard error, interval, p value."""
        return rows_of({term: self.estimate(term) for term in self.coefficients.index})

    def _window(self, names: set[str]) -> tuple[str, str]:
        """Window and leads in words, if the terms are those of one intervention."""
        for event in self.design.interventions:
            if {event.name} == names:
                words = f"-{event.leads}..-1 {_WORDS[self.design.periods.freqstr[0]]}"
                window = f"{event.start}..{event.end or self.design.periods[-1]}"
                return window, words if event.leads else "none modelled"
        return "", ""


def design(
    index: pd.DatetimeIndex,
    interventions: Sequence[Intervention],
    *,
    season: str | int | None,
    trend: bool = True,
    constant: bool = True,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
) -> Design:
    """Build the regressors of a segmented regression.

    Parameters
    ----------
    index : pandas.DatetimeIndex, shape (n,)
        Dates of the outcome, sorted. Missing periods are allowed.
    interventions : sequence of Intervention
        They may overlap, as long as their terms are not collinear.
    season : {"dummies", None} or int
        Dummies for the periods of the year, that number of harmonics, or none.
    trend : bool
        Whether to include a linear trend (1 in the first period, by calendar distance).
    constant : bool
        Whether to include a constant; a differenced model has none.
    regressors : pandas.DataFrame, shape (n, m), optional
        Controls and Lunar-New-Year terms, on the dates of `index`.
    frequency : {"M", "Q", "Y"}
        Length of a period.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If a window is not inside the data, terms are collinear, or two have the same name.
    """
    if frequency not in _PER_YEAR:
        raise checks.WrongCall(f"frequency is {frequency!r}. Choose one of {', '.join(_PER_YEAR)}.")
    if isinstance(interventions, Intervention):
        raise checks.WrongCall("Give a list of interventions, also of a single one.")
    checks.index_in_order(index, "the outcome")
    periods = index.to_period(frequency)
    if not periods.is_unique:
        raise UnusableInput(f"Two rows fall into one of the {_WORDS[frequency]}. Aggregate them first.")
    position = periods.asi8 - periods.asi8[0]
    columns: dict[str, np.ndarray] = {"constant": np.ones(len(index))} if constant else {}
    if trend:
        columns["trend"] = position + 1.0
    columns |= _season(periods, season, frequency)
    for intervention in interventions:
        columns |= _terms(intervention, periods)
    if len({intervention.name for intervention in interventions}) < len(interventions):
        raise checks.WrongCall("Two interventions have the same name. Rename one.")
    frame = pd.DataFrame(columns, index=index)
    if regressors is not None:
        if not regressors.index.equals(index):
            raise UnusableInput("The regressors have other dates than the outcome. Align them first.")
        checks.complete(regressors, "regressors")
        frame = pd.concat([frame, regressors.astype(float)], axis=1)
        if not frame.columns.is_unique:
            twice = frame.columns[frame.columns.duplicated()][0]
            raise UnusableInput(f"{twice!r} is the name of two terms. Rename the regressor.")
    _refuse_collinear(frame)
    return Design(frame, periods, tuple(interventions))


def interrupted_series(
    series: pd.Series,
    interventions: Sequence[Intervention],
    *,
    season: str | int | None,
    unit: str,
    trend: bool = True,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
    inference: str = "bootstrap t",
    draws: int = 1999,
    seed: int = SEED,
) -> InterruptedSeries:
    """Estimate a segmented regression with AR(1) errors by restricted maximum likelihood.

    Errors of periods d apart have correlation rho**d, so missing periods need no filling. Intervals come from
    a parametric bootstrap t: errors are simulated at rho plus its estimated bias, and each estimate divided
    by its own standard error. ``inference="t"`` uses t(n - k) instead, which covers less in short series.

    AR(1) errors are an assumption. With the bootstrap, ``details`` hold ``residual_p``: the share of the
    simulated series in which a level that wanders fits as much better than AR(1), by restricted likelihood,
    as in the data (Cox 1962). A small one says that the errors remember longer, and that the interval is too
    narrow: the verdict rule then gives no sure word. In short series the check sees little of a level that
    wanders slowly (docs/methods/calibration.md).

    Parameters
    ----------
    series : pandas.Series, shape (n,)
        Outcome, usually a log.
    interventions, season, trend, regressors, frequency
        As in :func:`design`.
    unit : str
        Unit of an effect, such as "log points".
    inference : {"bootstrap t", "t"}
        Source of intervals and p values.
    draws, seed : int
        Number of bootstrap series and seed of their generator.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If the series or the design is unusable, or fewer than five degrees of freedom are left.
    """
    if inference not in ("bootstrap t", "t"):
        raise checks.WrongCall(f"inference is {inference!r}. Choose 'bootstrap t' or 't'.")
    y, terms = _outcome_and_design(series, interventions, season, trend, regressors, frequency)
    X = terms.frame.to_numpy()
    n, k = X.shape
    residuals = residuals_of(y, X)
    checks.leaves_noise(residuals, y, str(series.name or "the outcome"))
    moments = _Moments(X, residuals[:, None], terms.gaps)
    rho = _best_rho(moments)
    shift, s2, inverse = moments.fit(rho)
    coefficients = np.linalg.lstsq(X, y, rcond=None)[0] + shift[:, 0]
    drawn = (X.tobytes("F"), X.shape, terms.gaps.tobytes(), rho, draws, seed)
    bootstrap = _bootstrap_of(*drawn) if inference == "bootstrap t" else None
    method = f"segmented regression, AR(1) REML, {inference}"
    fit = fitted(series, terms, coefficients, s2[0] * inverse, n - k, method, unit)
    innovations = whiten(y - X @ coefficients, terms.gaps, rho)
    details = {"rho": rho}
    if bootstrap:
        better = _level_height(X, residuals[:, None], terms.gaps) - moments.log_likelihood(np.array([rho]))[0]
        details["residual_p"] = float((1 + np.sum(bootstrap.wander >= better)) / (1 + draws))
    return replace(fit, draws=bootstrap, innovations=innovations, details=details)


def segmented_regression(
    series: pd.Series,
    interventions: Sequence[Intervention],
    *,
    season: str | int | None,
    unit: str,
    maxlags: int,
    use_correction: bool = True,
    trend: bool = True,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
) -> InterruptedSeries:
    """Estimate a segmented regression by least squares with HAC errors: the second opinion.

    Bartlett kernel over `maxlags` lags, no prewhitening; `use_correction` multiplies the variance by n/(n -
    k). In short autocorrelated series these intervals are too narrow. Lags are counted on the calendar: a
    missing period adds nothing to any product (amplitude modulation, Parzen 1963; Datta and Du 2012).

    Parameters
    ----------
    series, interventions, season, unit, trend, regressors, frequency
        As in :func:`interrupted_series`.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        As :func:`interrupted_series`.
    """
    y, terms = _outcome_and_design(series, interventions, season, trend, regressors, frequency)
    n, k = terms.frame.shape
    if not 0 <= maxlags < n:
        raise UnusableInput(f"maxlags is {maxlags} for {n} periods. Give zero or more, fewer than those.")
    checks.leaves_noise(residuals_of(y, terms.frame.to_numpy()), y, str(series.name or "the outcome"))
    rows = np.r_[0, np.cumsum(terms.gaps)]
    outcome, X = np.zeros(rows[-1] + 1), np.zeros((rows[-1] + 1, k))
    outcome[rows], X[rows] = y, terms.frame.to_numpy()
    fit = OLS(outcome, X).fit(cov_type="HAC", cov_kwds={"maxlags": maxlags, "use_correction": False})
    covariance = fit.cov_params() * (n / (n - k) if use_correction else 1)
    method = f"segmented regression, least squares, HAC Bartlett {maxlags} lags"
    return fitted(series, terms, fit.params, covariance, n - k, method, unit)


def fitted(
    outcome: pd.Series,
    terms: Design,
    coefficients: np.ndarray,
    covariance: np.ndarray,
    df: float,
    method: str,
    unit: str,
) -> InterruptedSeries:
    """Return a fitted regression with its coefficients named; the parameters are its fields."""
    names = terms.frame.columns
    labelled = pd.Series(coefficients, names), pd.DataFrame(covariance, names, names)
    return InterruptedSeries(outcome, terms, *labelled, df, method, unit)


def _outcome_and_design(
    series: pd.Series,
    interventions: Sequence[Intervention],
    season: str | int | None,
    trend: bool,
    regressors: pd.DataFrame | None,
    frequency: str,
) -> tuple[np.ndarray, Design]:
    y = checks.series(series, str(series.name or "the outcome"), 12).to_numpy()
    terms = design(
        series.index, interventions, season=season, trend=trend, regressors=regressors, frequency=frequency
    )
    checks.enough(len(y) - terms.frame.shape[1], 5, "degrees of freedom")
    return y, terms


def _season(periods: pd.PeriodIndex, season: str | int | None, frequency: str) -> dict[str, np.ndarray]:
    if season is None:
        return {}
    length = _PER_YEAR[frequency]
    place = periods.month if frequency == "M" else periods.quarter
    if length == 1:
        raise checks.WrongCall("Annual data have no season. Pass season=None.")
    if season == "dummies":
        return {f"season {j}": (place == j).astype(float) for j in range(2, length + 1)}
    if not isinstance(season, int) or not 1 <= season < length / 2:
        raise checks.WrongCall(
            f"season is {season!r}. Use 'dummies', None or harmonics below {length / 2:g}."
        )
    angle = 2 * np.pi * place.to_numpy() / length
    waves = {}
    for j in range(1, season + 1):
        waves[f"sine {j}"] = np.sin(j * angle)
        waves[f"cosine {j}"] = np.cos(j * angle)
    return waves


def _terms(event: Intervention, periods: pd.PeriodIndex) -> dict[str, np.ndarray]:
    start, end = event.span(periods)
    distance = periods.asi8 - start.ordinal
    acts = (distance >= 0) & (periods.asi8 <= end.ordinal)
    if not acts.any() or start < periods[0] or end > periods[-1]:
        raise UnusableInput(f"{event.name}: the window {start}..{end} is not inside the data. Drop it.")
    terms = {f"{event.name}: level": acts.astype(float)}
    if event.slope:
        terms[f"{event.name}: slope"] = np.where(acts, distance + 1.0, 0.0)
    if event.leads:
        before = (distance < 0) & (distance >= -event.leads)
        if not before.any() or start - event.leads < periods[0]:
            raise UnusableInput(f"{event.name}: its lead window begins before the data. Use fewer leads.")
        terms[f"{event.name}: leads"] = before.astype(float)
    return terms


def _refuse_collinear(frame: pd.DataFrame) -> None:
    X = frame.to_numpy()
    X = X / np.maximum(np.linalg.norm(X, axis=0), 1e-300)
    # Columns of full rank are so in every part; only a refusal needs the first that is not.
    if X.shape[1] == 0 or np.linalg.matrix_rank(X, tol=1e-9) == X.shape[1]:
        return
    for j in range(1, X.shape[1] + 1):
        if np.linalg.matrix_rank(X[:, :j], tol=1e-9) < j:
            raise UnusableInput(f"The term {frame.columns[j - 1]!r} is a combination of others. Drop it.")


def residuals_of(y: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return what least squares leaves of the outcome, shape (n,); `X` has shape (n, k)."""
    return y - X @ np.linalg.lstsq(X, y, rcond=None)[0]


def whiten(values: np.ndarray, gaps: np.ndarray, rho: float) -> np.ndarray:
    """Make errors with AR(1) correlation rho**gap independent; rows are periods, their variance is kept."""
    r = (rho**gaps).reshape(-1, *[1] * (values.ndim - 1))
    return np.concatenate([values[:1], (values[1:] - r * values[:-1]) / np.sqrt(1 - r**2)])


Products = tuple[np.ndarray, ...]


class _Moments:
    """Cross-products from which the AR(1) fit of many outcomes follows at any rho, without touching the rows
    again.

    With correlation rho**d between neighbours d apart, X'R^-1 Y is a sum over the distinct distances d of
    (now - rho**d mixed + rho**2d before) / (1 - rho**2d).
    """

    def __init__(self, X: np.ndarray, Y: np.ndarray, gaps: np.ndarray) -> None:
        self.n, self.k = X.shape
        self.distances, self.counts = np.unique(gaps, return_counts=True)
        self.xx: list[Products] = []
        self.xy: list[Products] = []
        self.yy: list[Products] = []
        for d in self.distances:
            rows = gaps == d
            x1, x0, y1, y0 = X[1:][rows], X[:-1][rows], Y[1:][rows], Y[:-1][rows]
            self.xx.append((x1.T @ x1, x1.T @ x0 + x0.T @ x1, x0.T @ x0))
            self.xy.append((x1.T @ y1, x1.T @ y0 + x0.T @ y1, x0.T @ y0))
            self.yy.append((np.sum(y1**2, 0), 2 * np.sum(y1 * y0, 0), np.sum(y0**2, 0)))
        self.first = (X[:1].T @ X[:1], X[:1].T @ Y[:1], Y[0] ** 2)

    def at(self, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """X'R^-1 X (g, k, k), X'R^-1 Y (g, k, m), the diagonal of Y'R^-1 Y (g, m) and log |R| (g,).

        There are `g` rhos, which may be complex.
        """
        (xx, xy, yy), log_det = self.first, np.zeros(len(rho))
        for d, count, a, b, c in zip(self.distances, self.counts, self.xx, self.xy, self.yy, strict=True):
            r = (rho**d)[:, None, None]
            scale = 1 / (1 - r**2)
            xx = xx + scale * (a[0] - r * a[1] + r**2 * a[2])
            xy = xy + scale * (b[0] - r * b[1] + r**2 * b[2])
            yy = yy + scale[:, 0] * (c[0] - r[:, 0] * c[1] + r[:, 0] ** 2 * c[2])
            log_det = log_det - count * np.log(scale[:, 0, 0])
        return xx, xy, yy, log_det

    def of(self, columns: np.ndarray) -> "_Moments":
        """The cross-products of some of the outcomes."""
        part = copy(self)
        part.xy = [tuple(product[:, columns] for product in products) for products in self.xy]
        part.yy = [tuple(product[columns] for product in products) for products in self.yy]
        part.first = (self.first[0], self.first[1][:, columns], self.first[2][columns])
        return part

    def fit(self, rho: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients (k, m), error variances (m,) and (X'R^-1 X)^-1 at rho."""
        xx, xy, yy, _ = (stack[0] for stack in self.at(np.array([rho])))
        inverse = np.linalg.inv(xx)
        b = inverse @ xy
        return b, (yy - np.sum(b * xy, 0)) / (self.n - self.k), inverse

    def log_likelihood(self, rho: np.ndarray) -> np.ndarray:
        """Restricted log likelihood (g, m) up to a constant, of all rhos together; complex as they are."""
        xx, xy, yy, log_det = self.at(rho)
        if np.iscomplexobj(xx):
            rss = yy - np.sum(np.linalg.solve(xx, xy) * xy, 1)
            sign, size = np.linalg.slogdet(xx)
            volume = size + 1j * np.angle(sign)
        else:
            # Half the work of a general solve, and the determinant comes with it.
            try:
                root = np.linalg.cholesky(xx)
            except np.linalg.LinAlgError:
                raise UnusableInput("The terms can hardly be told apart. Drop one.") from None
            solved = np.linalg.inv(root) @ xy
            rss = yy - np.einsum("gkm,gkm->gm", solved, solved)
            volume = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        return -0.5 * ((self.n - self.k) * np.log(rss) + (log_det + volume)[:, None])

    def score(self, rho: float) -> float:
        """Slope of the restricted log likelihood of the first outcome, by a complex step (no digits are
        lost)."""
        return float(self.log_likelihood(np.array([rho + 1e-20j]))[0, 0].imag / 1e-20)


def _grid_rho(moments: _Moments) -> np.ndarray:
    """Index into the grid of the restricted maximum likelihood rho of each outcome.

    Of many outcomes the whole grid is walked in steps of 0.04 first; between two of them the likelihood has
    no room for a peak of its own, so only the neighbours of peaks within 1 of the highest are looked at.
    """
    outcomes = len(moments.first[2])
    if outcomes == 1:
        return np.argmax(moments.log_likelihood(_RHO), axis=0)
    heights = np.full((len(_RHO), outcomes), -np.inf)
    # One rho at a time: the products of two thousand outcomes just fit into the cache of a processor.
    for place in range(0, len(_RHO), _STRIDE):
        heights[place] = moments.log_likelihood(_RHO[[place]])[0]
    coarse = np.pad(heights[::_STRIDE], ((1, 1), (0, 0)), constant_values=-np.inf)
    peaks = (coarse[1:-1] >= coarse[:-2]) & (coarse[1:-1] >= coarse[2:]) & (coarse[1:-1] > coarse.max(0) - 1)
    for between in np.flatnonzero(np.arange(len(_RHO)) % _STRIDE):
        columns = np.flatnonzero(peaks[between // _STRIDE] | peaks[between // _STRIDE + 1])
        if len(columns):
            heights[between, columns] = moments.of(columns).log_likelihood(_RHO[[between]])[0]
    return np.argmax(heights, axis=0)


def _best_rho(moments: _Moments) -> float:
    """Restricted maximum likelihood rho of the first outcome: where the score is zero.

    A search for the highest likelihood stops where the likelihood is flat to the last bit, about eight digits
    from the maximum; the zero of its slope is sharp to twelve.
    """
    at = _RHO[int(_grid_rho(moments)[0])]
    low, high = max(-0.99, at - 0.01), min(0.99, at + 0.01)
    slope_low, slope_high = moments.score(low), moments.score(high)
    if slope_low <= 0:
        return low
    if slope_high >= 0:
        return high
    return float(optimize.brentq(moments.score, low, high, xtol=1e-15, rtol=1e-14))


@dataclass(frozen=True)
class _Draws:
    """Bootstrap estimates (true value zero) with what their standard errors need."""

    estimates: np.ndarray
    variances: np.ndarray
    rho: np.ndarray
    inverses: np.ndarray
    wander: np.ndarray

    def t(self, weights: np.ndarray) -> np.ndarray:
        """Sorted absolute t ratios of a weighted sum of coefficients."""
        spread = np.einsum("i,gij,j->g", weights, self.inverses, weights)[self.rho]
        return np.sort(np.abs(weights @ self.estimates) / np.sqrt(self.variances * spread))

    def quantile(self, weights: np.ndarray) -> float:
        t = self.t(weights)
        return float(t[int(np.ceil(0.95 * (len(t) + 1))) - 1])

    def p_value(self, weights: np.ndarray, ratio: float) -> float:
        t = self.t(weights)
        return (1 + int(np.sum(t >= abs(ratio)))) / (len(t) + 1)


def _simulate(gaps: np.ndarray, rho: float, noise: np.ndarray) -> np.ndarray:
    errors = noise.copy()
    r = rho**gaps
    for t, decay in enumerate(r, start=1):
        errors[t] = decay * errors[t - 1] + np.sqrt(1 - decay**2) * noise[t]
    return errors


@lru_cache(maxsize=16)
def _bootstrap_of(
    terms: bytes, shape: tuple[int, int], distances: bytes, rho: float, draws: int, seed: int
) -> _Draws:
    """Keep bootstraps: many series of one design meet the largest rho, and theirs are the same."""
    X = np.frombuffer(terms).reshape(shape, order="F")
    return _bootstrap(X, np.frombuffer(distances, dtype=np.int64), rho, draws, seed)


def _bootstrap(X: np.ndarray, gaps: np.ndarray, rho: float, draws: int, seed: int) -> _Draws:
    """Refit simulated errors; the estimator is equivariant, so the true coefficients do not matter."""
    noise = np.random.default_rng(seed).standard_normal((len(X), draws))
    refitted = _RHO[_grid_rho(_Moments(X, _simulate(gaps, rho, noise), gaps))]
    unbiased = float(np.clip(2 * rho - refitted.mean(), -0.95, 0.95))
    errors = _simulate(gaps, unbiased, noise)
    moments = _Moments(X, errors, gaps)
    at = _grid_rho(moments)
    k = X.shape[1]
    estimates, variances, inverses = np.empty((k, draws)), np.empty(draws), np.zeros((len(_RHO), k, k))
    wander = _level_height(X, errors, gaps)
    for j in map(int, np.unique(at)):
        members = np.flatnonzero(at == j)
        estimates[:, members], variances[members], inverses[j] = moments.of(members).fit(_RHO[j])
        wander[members] -= moments.of(members).log_likelihood(_RHO[[j]])[0]
    return _Draws(estimates, variances, at, inverses, wander)


def along_axes(X: np.ndarray, Y: np.ndarray, gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the variances of a random walk along its principal axes, and the squared outcomes along them.

    Regressors are projected out. Along the axes the likelihood of a level with noise is a sum over
    independent terms.
    """
    free = np.linalg.qr(X, mode="complete")[0][:, X.shape[1] :]
    time = np.append(0.0, np.cumsum(gaps))
    wander, axes = np.linalg.eigh(free.T @ np.minimum.outer(time, time) @ free)
    return wander, (axes.T @ (free.T @ Y)) ** 2


def _level_height(X: np.ndarray, Y: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Highest restricted log likelihood of each outcome under a wandering level, up to a constant."""
    wander, squares = along_axes(X, Y, gaps)
    spreads = [share * wander + 1 - share for share in SHARES[::4]]
    terms = [
        len(wander) * np.log((squares.T / spread).mean(axis=1)) + np.log(spread).sum() for spread in spreads
    ]
    return -0.5 * np.min(terms, axis=0)
