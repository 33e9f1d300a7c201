"""Interrupted time series: segmented regression of one series on dated interventions.

Default inference is AR(1) restricted maximum likelihood with a bias-corrected parametric bootstrap t;
ordinary least squares with HAC errors is the second opinion; counts have a (quasi-)Poisson model with
exposure.

Sources: Wagner et al. (2002) and Lopez Bernal, Cummins and Gasparrini (2017) for the design; Patterson and
Thompson (1971) for restricted likelihood; Efron and Tibshirani (1993, chapter 12) for the bootstrap t; Newey
and West (1987) for HAC.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import optimize, stats
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.diagnostic import acorr_breusch_godfrey, acorr_ljungbox
from statsmodels.stats.stattools import durbin_watson

from helpers.methods import checks
from helpers.methods.results import Estimate, Shown, rows_of

SEED = 20261123
_PER_YEAR = {"M": 12, "Q": 4, "Y": 1}
_WORDS = {"M": "months", "Q": "quarters", "Y": "years"}
_RHO = np.round(np.linspace(-0.98, 0.98, 197), 2)


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


@dataclass(frozen=True)
class Design:
    """Regressors of a segmented regression.

    `frame` has one column per term; `acting` maps each intervention to the rows in which it acts and
    `effects` to its columns (leads excluded).
    """

    frame: pd.DataFrame
    periods: pd.PeriodIndex
    interventions: tuple[Intervention, ...]
    acting: dict[str, np.ndarray]

    @property
    def gaps(self) -> np.ndarray:
        """Distance of each row to the one before, in periods, shape (n - 1,)."""
        return np.diff(self.periods.asi8)

    def effects(self, name: str) -> list[str]:
        """Columns through which the intervention `name` acts from its start on."""
        return [c for c in (f"{name}: level", f"{name}: slope") if c in self.frame]

    @property
    def all_terms(self) -> list[str]:
        """Columns of all interventions, leads included."""
        listed = [f"{i.name}: {part}" for i in self.interventions for part in ("level", "slope", "leads")]
        return [c for c in listed if c in self.frame]


@dataclass(frozen=True, repr=False)
class InterruptedSeries(Shown):
    """A fitted segmented regression.

    `coefficients` and `covariance` are labelled by term. For counts they are on the log scale. `draws` holds
    the bootstrap; None means t or normal intervals. `innovations` are the whitened residuals of a model whose
    noise has `arma_parameters` parameters.
    """

    outcome: pd.Series
    design: Design
    coefficients: pd.Series
    covariance: pd.DataFrame
    df: float
    method: str
    unit: str
    draws: "_Draws | None" = None
    innovations: np.ndarray | None = None
    arma_parameters: int = 0
    exposure: pd.Series | None = None
    details: dict = field(default_factory=dict)

    def estimate(self, term: str) -> Estimate:
        """Return the coefficient of one term with its interval.

        Raises
        ------
        helpers.methods.checks.UnusableInput
            If there is no such term.
        """
        if term not in self.coefficients:
            raise checks.UnusableInput(f"No term {term!r}. The terms are {list(self.coefficients.index)}.")
        named = {i.name: i for i in self.design.interventions}.get(term.rpartition(": ")[0])
        return self._contrast(self._weights({term: 1.0}), named)

    def mean_effect(self, name: str) -> Estimate:
        """Return the mean over its acting periods of fitted minus counterfactual, for one intervention.

        Raises
        ------
        helpers.methods.checks.UnusableInput
            If there is no such intervention.
        """
        named = {i.name: i for i in self.design.interventions}
        if name not in named:
            raise checks.UnusableInput(f"No intervention {name!r}. There are {list(named)}.")
        columns = self.design.effects(name)
        means = self.design.frame.loc[self.design.acting[name], columns].mean()
        return self._contrast(self._weights(means.to_dict()), named[name])

    def ratio(self, term: str) -> Estimate:
        """Return exp(coefficient), for an outcome in logs or a count: a rate ratio."""
        log = self.estimate(term)
        return replace(
            log, value=np.exp(log.value), low=np.exp(log.low), high=np.exp(log.high), se=None, unit="ratio"
        )

    def path(self) -> pd.DataFrame:
        """Return observed, fitted and counterfactual values, and the effect with pointwise 95 percent
        intervals.

        The counterfactual sets every intervention and lead term to zero. For counts, fitted and
        counterfactual are expected counts and the effect is in log points. A differenced model has no fitted
        level: its counterfactual is the observed value without the effect.
        """
        X = self.design.frame
        acting = X[self.design.all_terms].reindex(columns=X.columns, fill_value=0.0)
        effect = acting.to_numpy() @ self.coefficients.to_numpy()
        fitted = X.to_numpy() @ self.coefficients.to_numpy()
        if self.exposure is not None:
            rate = self.exposure.to_numpy()
            paths = {"fitted": rate * np.exp(fitted), "counterfactual": rate * np.exp(fitted - effect)}
        elif "constant" in X:
            paths = {"fitted": fitted, "counterfactual": fitted - effect}
        else:
            paths = {"counterfactual": self.outcome.to_numpy() - effect}
        rows, back = np.unique(acting.to_numpy(), axis=0, return_inverse=True)
        margins = np.array([self._margin(row) if row.any() else 0.0 for row in rows])[back.ravel()]
        return pd.DataFrame(
            {
                "observed": self.outcome,
                **paths,
                "effect": effect,
                "low": effect - margins,
                "high": effect + margins,
            },
            index=self.outcome.index,
        )

    def residual_tests(self, lags: int = 12) -> pd.DataFrame:
        """Test the residuals for autocorrelation.

        Returns
        -------
        pandas.DataFrame
            Durbin-Watson, then Breusch-Godfrey for least squares, or Ljung-Box of the whitened
            residuals (noise parameters subtracted) for a model of the noise.

        Raises
        ------
        helpers.methods.checks.UnusableInput
            For counts, whose residuals these tests do not fit, or a number of lags that does not suit.
        """
        if self.exposure is not None:
            raise checks.UnusableInput(
                "Residual tests are for series, not counts. Look at the dispersion instead."
            )
        if not self.arma_parameters < lags < len(self.outcome) / 2:
            raise checks.UnusableInput(
                f"{lags} lags do not suit {len(self.outcome)} periods and {self.arma_parameters} noise "
                "parameters. Choose more than the parameters and fewer than half the periods."
            )
        if self.innovations is None:
            y, X = self.outcome.to_numpy(), self.design.frame.to_numpy()
            residuals = _residuals(y, X)
            lm, p, _, _ = acorr_breusch_godfrey(OLS(y, X).fit(), nlags=lags, result_object=False)
            second = (f"Breusch-Godfrey {lags}", lm, p)
        else:
            residuals = self.innovations
            box = acorr_ljungbox(residuals, lags=[lags], model_df=self.arma_parameters).iloc[0]
            second = (f"Ljung-Box {lags}", box["lb_stat"], box["lb_pvalue"])
        rows = [("Durbin-Watson", durbin_watson(residuals), None), second]
        return pd.DataFrame(rows, columns=["test", "statistic", "p_value"]).set_index("test")

    def summary(self) -> pd.DataFrame:
        """Return one row per term: value, standard error, interval, p value."""
        return rows_of({term: self.estimate(term) for term in self.coefficients.index})

    def record(self) -> dict:
        """Return the mean effect of the first intervention as keyword arguments of ``records.record``."""
        return self.mean_effect(self.design.interventions[0].name).record()

    def _weights(self, by_term: dict[str, float]) -> np.ndarray:
        return pd.Series(by_term).reindex(self.coefficients.index, fill_value=0.0).to_numpy()

    def _margin(self, weights: np.ndarray) -> float:
        se = np.sqrt(weights @ self.covariance.to_numpy() @ weights)
        quantile = self.draws.quantile(weights) if self.draws else stats.t.ppf(0.975, self.df)
        return float(quantile * se)

    def _contrast(self, weights: np.ndarray, intervention: Intervention | None) -> Estimate:
        value = float(weights @ self.coefficients.to_numpy())
        se = float(np.sqrt(weights @ self.covariance.to_numpy() @ weights))
        margin = self._margin(weights)
        p = (
            self.draws.p_value(weights, value / se)
            if self.draws
            else 2 * stats.t.sf(abs(value / se), self.df)
        )
        return Estimate(
            value=value,
            low=value - margin,
            high=value + margin,
            unit=self.unit,
            n=len(self.outcome),
            method=self.method,
            p_value=float(p),
            se=se,
            df=None if np.isinf(self.df) else self.df,
            window=_window(intervention, self.design.periods),
            leads=_leads(intervention, self.design.periods),
            details=self.details,
        )


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
    checks.index_in_order(index, "the outcome")
    periods = index.to_period(frequency)
    if not periods.is_unique:
        raise checks.UnusableInput(
            f"Two rows fall into one of the {_WORDS[frequency]}. Aggregate them first."
        )
    position = periods.asi8 - periods.asi8[0]
    columns: dict[str, np.ndarray] = {"constant": np.ones(len(index))} if constant else {}
    if trend:
        columns["trend"] = position + 1.0
    columns |= _season(periods, season, frequency)
    acting = {}
    for one in interventions:
        terms, acting[one.name] = _terms(one, periods)
        columns |= terms
    if len(acting) < len(interventions):
        raise checks.UnusableInput("Two interventions have the same name. Rename one.")
    frame = pd.DataFrame(columns, index=index)
    if regressors is not None:
        if not regressors.index.equals(index):
            raise checks.UnusableInput("The regressors have other dates than the outcome. Align them first.")
        checks.complete(regressors, "regressors")
        frame = pd.concat([frame, regressors.astype(float)], axis=1)
        if not frame.columns.is_unique:
            twice = frame.columns[frame.columns.duplicated()][0]
            raise checks.UnusableInput(f"{twice!r} is the name of two terms. Rename the regressor.")
    _refuse_collinear(frame)
    return Design(frame, periods, tuple(interventions), acting)


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
        raise checks.UnusableInput(f"inference is {inference!r}. Choose 'bootstrap t' or 't'.")
    y, made = _outcome_and_design(series, interventions, season, trend, regressors, frequency)
    X = made.frame.to_numpy()
    n, k = X.shape
    residuals = _residuals(y, X)
    checks.leaves_noise(residuals, y, str(series.name or "the outcome"))
    moments = _Moments(X, residuals[:, None], made.gaps)
    rho = _best_rho(moments)
    shift, s2, inverse = moments.fit(rho)
    names = made.frame.columns
    coefficients = np.linalg.lstsq(X, y, rcond=None)[0] + shift[:, 0]
    drawn = (X.tobytes("F"), X.shape, made.gaps.tobytes(), rho, draws, seed)
    bootstrap = _bootstrap_of(*drawn) if inference == "bootstrap t" else None
    return InterruptedSeries(
        outcome=series,
        design=made,
        coefficients=pd.Series(coefficients, index=names),
        covariance=pd.DataFrame(s2[0] * inverse, index=names, columns=names),
        df=n - k,
        method=f"segmented regression, AR(1) REML, {inference}",
        unit=unit,
        draws=bootstrap,
        innovations=whiten(y - X @ coefficients, made.gaps, rho),
        arma_parameters=1,
        details={"rho": rho},
    )


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
    y, made = _outcome_and_design(series, interventions, season, trend, regressors, frequency)
    (n, k), names = made.frame.shape, made.frame.columns
    if not 0 <= maxlags < n:
        raise checks.UnusableInput(
            f"maxlags is {maxlags} for {n} periods. Give zero or more, fewer than those."
        )
    checks.leaves_noise(_residuals(y, made.frame.to_numpy()), y, str(series.name or "the outcome"))
    rows = np.r_[0, np.cumsum(made.gaps)]
    outcome, X = np.zeros(rows[-1] + 1), np.zeros((rows[-1] + 1, k))
    outcome[rows], X[rows] = y, made.frame.to_numpy()
    fit = OLS(outcome, X).fit(cov_type="HAC", cov_kwds={"maxlags": maxlags, "use_correction": False})
    return InterruptedSeries(
        outcome=series,
        design=made,
        coefficients=pd.Series(fit.params, index=names),
        covariance=pd.DataFrame(
            fit.cov_params() * (n / (n - k) if use_correction else 1), index=names, columns=names
        ),
        df=n - k,
        method=f"segmented regression, least squares, HAC Bartlett {maxlags} lags",
        unit=unit,
    )


def count_series(
    counts: pd.Series,
    interventions: Sequence[Intervention],
    *,
    season: str | int | None,
    exposure: pd.Series | None = None,
    family: str = "quasi-Poisson",
    trend: bool = True,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
) -> InterruptedSeries:
    """Estimate a segmented Poisson regression of counts with a log link and an exposure offset.

    Normal intervals; the quasi-Poisson family multiplies the variance by the Pearson dispersion.
    Autocorrelation is not modelled.

    Parameters
    ----------
    counts : pandas.Series, shape (n,)
        Non-negative counts.
    exposure : pandas.Series, shape (n,), optional
        Positive size of what is exposed, on the same dates; its log is the offset. Default: one in every
        period.
    family : {"quasi-Poisson", "Poisson"}
        Whether to estimate the dispersion or set it to one.
    interventions, season, trend, regressors, frequency
        As in :func:`design`.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If counts are negative or zero wherever a term acts, the exposure is not positive, or the design is
        unusable.
    """
    if family not in ("quasi-Poisson", "Poisson"):
        raise checks.UnusableInput(f"family is {family!r}. Choose 'quasi-Poisson' or 'Poisson'.")
    y, made = _outcome_and_design(counts, interventions, season, trend, regressors, frequency)
    exposure = pd.Series(1.0, index=counts.index) if exposure is None else exposure
    if not exposure.index.equals(counts.index):
        raise checks.UnusableInput("The exposure has other dates than the counts. Align it first.")
    if (y < 0).any() or not (checks.complete(exposure, "exposure") > 0).all():
        raise checks.UnusableInput("Counts must not be negative and the exposure must be positive.")
    names = made.frame.columns
    model = GLM(y, made.frame.to_numpy(), family=Poisson(), exposure=exposure.to_numpy(dtype=float))
    fit = model.fit(scale="X2" if family == "quasi-Poisson" else None, tol=1e-12, maxiter=100)
    if not fit.converged:
        raise checks.UnusableInput(
            f"The {family} fit did not converge. A term may separate zero counts: drop it."
        )
    if fit.mu.min() < 1e-8 * y.mean():
        raise checks.UnusableInput(
            f"The counts are zero wherever one of the terms {list(names)} acts: its rate ratio has no "
            "interval. Drop the term, or compare the counts themselves."
        )
    return InterruptedSeries(
        outcome=counts,
        design=made,
        coefficients=pd.Series(fit.params, index=names),
        covariance=pd.DataFrame(fit.cov_params(), index=names, columns=names),
        df=np.inf,
        method=f"segmented {family} regression",
        unit="log rate ratio",
        exposure=exposure,
        details={
            "dispersion": float(fit.pearson_chi2 / fit.df_resid),
            "deviance": float(fit.deviance),
            "residual_df": float(fit.df_resid),
        },
    )


def _outcome_and_design(
    series: pd.Series,
    interventions: Sequence[Intervention],
    season: str | int | None,
    trend: bool,
    regressors: pd.DataFrame | None,
    frequency: str,
) -> tuple[np.ndarray, Design]:
    y = checks.series(series, str(series.name or "the outcome"), 12).to_numpy()
    made = design(
        series.index, interventions, season=season, trend=trend, regressors=regressors, frequency=frequency
    )
    checks.enough(len(y) - made.frame.shape[1], 5, "degrees of freedom")
    return y, made


def _season(periods: pd.PeriodIndex, season: str | int | None, frequency: str) -> dict[str, np.ndarray]:
    if season is None:
        return {}
    length = _PER_YEAR[frequency]
    place = periods.month if frequency == "M" else periods.quarter
    if length == 1:
        raise checks.UnusableInput("Annual data have no season. Pass season=None.")
    if season == "dummies":
        return {f"season {j}": (place == j).astype(float) for j in range(2, length + 1)}
    if not isinstance(season, int) or not 1 <= season < length / 2:
        raise checks.UnusableInput(
            f"season is {season!r}. Pass 'dummies', None, or a number of harmonics below {length / 2:g}."
        )
    angle = 2 * np.pi * place.to_numpy() / length
    waves = {}
    for j in range(1, season + 1):
        waves[f"sine {j}"] = np.sin(j * angle)
        waves[f"cosine {j}"] = np.cos(j * angle)
    return waves


def _terms(one: Intervention, periods: pd.PeriodIndex) -> tuple[dict[str, np.ndarray], np.ndarray]:
    if one.leads < 0:
        raise checks.UnusableInput(f"{one.name}: leads is {one.leads}. Give a number of periods, 0 for none.")
    start = pd.Period(one.start, freq=periods.freq)
    end = periods[-1] if one.end is None else pd.Period(one.end, freq=periods.freq)
    distance = periods.asi8 - start.ordinal
    acts = (distance >= 0) & (periods.asi8 <= end.ordinal)
    if not acts.any() or start < periods[0] or end > periods[-1]:
        raise checks.UnusableInput(
            f"{one.name}: the window {start}..{end} is not inside the data ({periods[0]} to {periods[-1]}). "
            "Drop it or choose a longer series."
        )
    terms = {f"{one.name}: level": acts.astype(float)}
    if one.slope:
        terms[f"{one.name}: slope"] = np.where(acts, distance + 1.0, 0.0)
    if one.leads:
        before = (distance < 0) & (distance >= -one.leads)
        if not before.any() or start - one.leads < periods[0]:
            raise checks.UnusableInput(
                f"{one.name}: its lead window begins before the data. Use fewer leads."
            )
        terms[f"{one.name}: leads"] = before.astype(float)
    return terms, acts


def _refuse_collinear(frame: pd.DataFrame) -> None:
    X = frame.to_numpy()
    X = X / np.maximum(np.linalg.norm(X, axis=0), 1e-300)
    for j in range(1, X.shape[1] + 1):
        if np.linalg.matrix_rank(X[:, :j], tol=1e-9) < j:
            raise checks.UnusableInput(
                f"The term {frame.columns[j - 1]!r} is a combination of the terms before it. "
                "Drop it, or merge the overlapping interventions."
            )


def _residuals(y: np.ndarray, X: np.ndarray) -> np.ndarray:
    return y - X @ np.linalg.lstsq(X, y, rcond=None)[0]


def _window(intervention: Intervention | None, periods: pd.PeriodIndex) -> str:
    if intervention is None:
        return ""
    return f"{intervention.start}..{intervention.end or periods[-1]}"


def _leads(intervention: Intervention | None, periods: pd.PeriodIndex) -> str:
    if intervention is None:
        return ""
    if intervention.leads == 0:
        return "none modelled"
    return f"-{intervention.leads}..-1 {_WORDS[periods.freqstr[0]]}"


def whiten(values: np.ndarray, gaps: np.ndarray, rho: float) -> np.ndarray:
    """Make errors with AR(1) correlation rho**gap independent; rows are periods, their variance is kept."""
    r = (rho**gaps).reshape(-1, *[1] * (values.ndim - 1))
    return np.concatenate([values[:1], (values[1:] - r * values[:-1]) / np.sqrt(1 - r**2)])


class _Moments:
    """Cross-products from which the AR(1) fit of many outcomes follows at any rho, without touching the rows
    again.

    With correlation rho**d between neighbours d apart, X'R^-1 Y is a sum over the distinct distances d of
    (now - rho**d mixed + rho**2d before) / (1 - rho**2d).
    """

    def __init__(self, X: np.ndarray, Y: np.ndarray, gaps: np.ndarray) -> None:
        self.n, self.k = X.shape
        self.distances, self.counts = np.unique(gaps, return_counts=True)
        self.xx, self.xy, self.yy = [], [], []
        for d in self.distances:
            rows = gaps == d
            x1, x0, y1, y0 = X[1:][rows], X[:-1][rows], Y[1:][rows], Y[:-1][rows]
            self.xx.append((x1.T @ x1, x1.T @ x0 + x0.T @ x1, x0.T @ x0))
            self.xy.append((x1.T @ y1, x1.T @ y0 + x0.T @ y1, x0.T @ y0))
            self.yy.append((np.sum(y1**2, 0), 2 * np.sum(y1 * y0, 0), np.sum(y0**2, 0)))
        self.first = (X[:1].T @ X[:1], X[:1].T @ Y[:1], Y[0] ** 2)

    def at(self, rho: complex) -> tuple[np.ndarray, np.ndarray, np.ndarray, complex]:
        """X'R^-1 X, X'R^-1 Y, the diagonal of Y'R^-1 Y, and log |R|."""
        xx, xy, yy = self.first
        log_det = 0.0
        for d, count, a, b, c in zip(self.distances, self.counts, self.xx, self.xy, self.yy, strict=True):
            r = rho**d
            scale = 1 / (1 - r**2)
            xx = xx + scale * (a[0] - r * a[1] + r**2 * a[2])
            xy = xy + scale * (b[0] - r * b[1] + r**2 * b[2])
            yy = yy + scale * (c[0] - r * c[1] + r**2 * c[2])
            log_det -= count * np.log(scale)
        return xx, xy, yy, log_det

    def fit(self, rho: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients (k, m), error variances (m,) and (X'R^-1 X)^-1 at rho."""
        xx, xy, yy, _ = self.at(rho)
        inverse = np.linalg.inv(xx)
        b = inverse @ xy
        return b, (yy - np.sum(b * xy, 0)) / (self.n - self.k), inverse

    def log_likelihood(self, rho: complex) -> np.ndarray:
        """Restricted log likelihood of each outcome, up to a constant; complex for a complex rho."""
        xx, xy, yy, log_det = self.at(rho)
        rss = yy - np.sum(np.linalg.solve(xx, xy) * xy, 0)
        sign, size = np.linalg.slogdet(xx)
        volume = size + 1j * np.angle(sign) if np.iscomplexobj(xx) else size
        return -0.5 * ((self.n - self.k) * np.log(rss) + log_det + volume)

    def score(self, rho: float) -> float:
        """Slope of the restricted log likelihood of the first outcome, by a complex step (no digits are
        lost)."""
        return float(self.log_likelihood(rho + 1e-20j)[0].imag / 1e-20)


def _grid_rho(moments: _Moments) -> np.ndarray:
    """Index into the grid of the restricted maximum likelihood rho of each outcome."""
    return np.argmax([moments.log_likelihood(rho) for rho in _RHO], axis=0)


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


@lru_cache(maxsize=16)
def _bootstrap_of(
    terms: bytes, shape: tuple[int, int], distances: bytes, rho: float, draws: int, seed: int
) -> _Draws:
    """Keep bootstraps: many series of one design meet the largest rho, and theirs are the same."""
    X = np.frombuffer(terms).reshape(shape, order="F")
    return _bootstrap(X, np.frombuffer(distances, dtype=np.int64), rho, draws, seed)


def _simulate(gaps: np.ndarray, rho: float, noise: np.ndarray) -> np.ndarray:
    errors = noise.copy()
    r = rho**gaps
    for t, decay in enumerate(r, start=1):
        errors[t] = decay * errors[t - 1] + np.sqrt(1 - decay**2) * noise[t]
    return errors


def _unbiased_rho(X: np.ndarray, gaps: np.ndarray, rho: float, noise: np.ndarray) -> float:
    found = _RHO[_grid_rho(_Moments(X, _simulate(gaps, rho, noise), gaps))]
    return float(np.clip(2 * rho - found.mean(), -0.95, 0.95))


def _bootstrap(X: np.ndarray, gaps: np.ndarray, rho: float, draws: int, seed: int) -> _Draws:
    """Refit simulated errors; the estimator is equivariant, so the true coefficients do not matter."""
    noise = np.random.default_rng(seed).standard_normal((len(X), draws))
    errors = _simulate(gaps, _unbiased_rho(X, gaps, rho, noise), noise)
    moments = _Moments(X, errors, gaps)
    at = _grid_rho(moments)
    k = X.shape[1]
    estimates, variances, inverses = np.empty((k, draws)), np.empty(draws), np.zeros((len(_RHO), k, k))
    for j in np.unique(at):
        mine = at == j
        b, s2, inverses[j] = moments.fit(_RHO[j])
        estimates[:, mine], variances[mine] = b[:, mine], s2[mine]
    return _Draws(estimates, variances, at, inverses)
