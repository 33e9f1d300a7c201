"""Intervention models with ARIMA noise: steps and pulses (SARIMAX) and the rational transfer of Box and Tiao.

Sources: Box and Tiao (1975); Harvey and Durbin (1986); Cryer and Chan (2008, chapter 11) for profiling the
decay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.sarimax import SARIMAX, SARIMAXResults

from helpers.methods import checks
from helpers.methods.counterfactual import Counterfactual, from_moments, split
from helpers.methods.interrupted_series import SEED, Design, InterruptedSeries, Intervention, design
from helpers.methods.likelihood import maximise
from helpers.methods.results import Estimate, rows_of

Order = tuple[int, int, int]
SeasonalOrder = tuple[int, int, int, int]


@dataclass(frozen=True)
class Transfer:
    """Response omega/(1 - delta B) of a series to an intervention.

    `response` has one row per period from the start: value, standard error and 95 percent interval. `profile`
    is the log likelihood over the grid of delta.
    """

    omega: Estimate
    delta: Estimate
    long_run: Estimate
    response: pd.DataFrame
    profile: pd.Series

    def table(self) -> pd.DataFrame:
        """Return omega, delta and the long-run effect, one row each."""
        return rows_of({"omega": self.omega, "delta": self.delta, "long run": self.long_run})

    def record(self) -> dict:
        """Return the first-period effect as keyword arguments of ``records.record``, with delta."""
        return replace(self.omega, details=self.omega.details | {"delta": self.delta.value}).record()

    def sentence(self) -> str:
        """Say the first-period effect and how it builds up or fades."""
        return (
            f"{self.omega.sentence()} Each period keeps a share of {self.delta.value:.2f} of the one before."
        )


def sarimax(
    series: pd.Series,
    interventions: Sequence[Intervention],
    *,
    order: Order,
    seasonal_order: SeasonalOrder = (0, 0, 0, 0),
    season: str | int | None,
    unit: str,
    trend: bool = False,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
) -> InterruptedSeries:
    """Estimate interventions with seasonal ARIMA noise by exact maximum likelihood.

    Outcome and regressors are centred and scaled before the likelihood is maximised from several starts;
    standard errors come from the Hessian and intervals from the normal distribution. A constant is included
    unless the model differences.

    Parameters
    ----------
    series : pandas.Series, shape (n,)
        Outcome without missing periods.
    order, seasonal_order : tuples
        ARIMA orders (p, d, q) and (P, D, Q, s).
    interventions, season, unit, trend, regressors, frequency
        As in :func:`helpers.methods.interrupted_series.interrupted_series`. With seasonal differences pass
        ``season=None``.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        If the series or the design is unusable, or periods are missing.
    helpers.methods.likelihood.StartsDisagree
        If no two optimisers agree on the maximum.
    """
    y, made = _prepare(series, interventions, order, seasonal_order, season, trend, regressors, frequency)
    return _sarimax(y, made, order, seasonal_order, unit)


def arima_ar1(
    series: pd.Series,
    interventions: Sequence[Intervention],
    *,
    season: str | int | None,
    unit: str,
    trend: bool = True,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
) -> InterruptedSeries:
    """Estimate interventions with AR(1) noise by the innovations algorithm.

    Same model as ``sarimax(order=(1, 0, 0))``; alternates generalised least squares and a one-parameter
    likelihood, so the answer is the same to 1e-6 whatever linear algebra library is used. Normal intervals.

    Parameters
    ----------
    series, interventions, season, unit, trend, regressors, frequency
        As in :func:`sarimax`.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        As :func:`sarimax`, and if the noise has a unit root or the iterations do not settle.
    """
    y, made = _prepare(series, interventions, (1, 0, 0), (0, 0, 0, 0), season, trend, regressors, frequency)
    names = made.frame.columns
    model = ARIMA(y.to_numpy(), exog=made.frame.to_numpy(), order=(1, 0, 0), trend="n")
    try:
        fit = model.fit(method="innovations_mle", cov_type="approx")
    except ValueError as error:
        raise checks.UnusableInput(
            f"AR(1) noise does not fit ({error}). Use sarimax with a difference."
        ) from None
    if not fit.fit_details.converged:
        raise checks.UnusableInput("The AR(1) fit did not converge. Use interrupted_series or sarimax.")
    k = len(names)
    return InterruptedSeries(
        outcome=y,
        design=made,
        coefficients=pd.Series(fit.params[:k], index=names),
        covariance=pd.DataFrame(fit.cov_params()[:k, :k], index=names, columns=names),
        df=np.inf,
        method="segmented regression, AR(1) maximum likelihood",
        unit=unit,
        innovations=np.asarray(fit.resid),
        arma_parameters=1,
        details={"rho": float(fit.params[k]), "log_likelihood": float(fit.llf)},
    )


def transfer(
    series: pd.Series,
    intervention: Intervention,
    *,
    order: Order,
    seasonal_order: SeasonalOrder = (0, 0, 0, 0),
    season: str | int | None,
    unit: str,
    trend: bool = False,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
) -> Transfer:
    """Estimate a response omega/(1 - delta B) to an intervention.

    A pulse (``end`` equal to ``start``) then fades by the factor delta; a step builds up to omega/(1 -
    delta). The likelihood is profiled over delta from 0 to 0.95, then refined by Gauss-Newton steps with the
    derivative of the response as a second regressor, which also gives the joint covariance of omega and
    delta.

    Parameters
    ----------
    series, order, seasonal_order, season, unit, trend, regressors, frequency
        As in :func:`sarimax`.
    intervention : Intervention
        Its level term is the input; leads keep their own term. Slopes are refused.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        As :func:`sarimax`; if the intervention has a slope; or if delta does not settle inside (-1, 1), as
        happens when the response is too weak to show its shape.
    """
    if intervention.slope:
        raise checks.UnusableInput(
            f"{intervention.name}: a transfer takes a step or a pulse. Set slope=False."
        )
    y, made = _prepare(series, [intervention], order, seasonal_order, season, trend, regressors, frequency)
    level = f"{intervention.name}: level"
    x = made.frame[level].to_numpy()
    grid = np.round(np.arange(0, 0.96, 0.05), 2)
    heights = [_profile(y, _with(made, level, _filter(x, d)), order, seasonal_order) for d in grid]
    delta, fit = _refine(y, made, level, x, float(grid[int(np.argmax(heights))]), order, seasonal_order, unit)
    names = [level, "decay"]
    omega = fit.coefficients[level]
    covariance = fit.covariance.loc[names, names].to_numpy(copy=True)
    covariance[1] /= omega
    covariance[:, 1] /= omega
    first = fit.estimate(level)
    started = int(np.argmax(x))
    response, slopes = _response(x[started:], omega, delta)
    return Transfer(
        omega=replace(first, method=f"Box-Tiao transfer, {fit.method}"),
        delta=_normal(first, delta, covariance[1, 1], "share kept per period"),
        long_run=_normal(
            first,
            omega / (1 - delta),
            _quadratic(np.array([1 / (1 - delta), omega / (1 - delta) ** 2]), covariance),
            f"{unit}, {'at rest' if x[-1] else 'summed over all periods'}",
        ),
        response=_band(response, slopes, covariance, series.index[started:]),
        profile=pd.Series(heights, index=pd.Index(grid, name="delta"), name="log likelihood"),
    )


def sarimax_counterfactual(
    series: pd.Series,
    intervention: Intervention,
    *,
    order: Order,
    seasonal_order: SeasonalOrder = (0, 0, 0, 0),
    season: str | int | None,
    unit: str,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
    draws: int = 10000,
    seed: int = SEED,
) -> Counterfactual:
    """Estimate the effect of an event as observed minus the forecast of a model fitted before its first lead.

    The forecast error is that of the state and the innovations; coefficients are taken as known, as in R's
    predict.

    Parameters
    ----------
    series, order, seasonal_order, season, unit, regressors, frequency
        As in :func:`sarimax`. Regressors must not be touched by the event.
    intervention : Intervention
        Its lead window belongs neither to the fitting period nor to the effect; `end` closes the effect
        window.
    draws, seed : int
        Number of simulated paths and seed of their generator.

    Raises
    ------
    helpers.methods.checks.UnusableInput
        As :func:`sarimax`.
    helpers.methods.likelihood.StartsDisagree
        As :func:`sarimax`.
    """
    y, made = _prepare(series, [], order, seasonal_order, season, False, regressors, frequency)
    before, after, window = split(y.index, intervention, frequency)
    known = replace(made, frame=made.frame[before], periods=made.periods[before])
    parameters = known.frame.shape[1] + order[0] + order[2] + seasonal_order[0] + seasonal_order[2] + 1
    checks.enough(int(before.sum()), 2 * parameters, f"periods before the leads of {intervention.name}")
    _refuse_constant(known.frame)
    model, spread, centre, scales = _scaled_model(y[before], known, order, seasonal_order)
    fit = model.filter(maximise(model), cov_type="none")
    steps = int(np.flatnonzero(after)[-1] + 1 - before.sum())
    future = (made.frame.to_numpy() / scales)[before.sum() : before.sum() + steps]
    ahead = fit.get_forecast(steps, exog=future if future.shape[1] else None)
    covariance = _forecast_covariance(fit, steps)
    use = np.flatnonzero(after) - before.sum()
    return from_moments(
        y[after],
        centre + spread * np.asarray(ahead.predicted_mean)[use],
        spread**2 * covariance[np.ix_(use, use)],
        n=int(before.sum()),
        unit=unit,
        method=f"{_name(order, seasonal_order)} forecast from before the event",
        window=window,
        leads=f"-{intervention.leads}..-1 left out" if intervention.leads else "none modelled",
        draws=draws,
        seed=seed,
    )


def _prepare(
    series: pd.Series,
    interventions: Sequence[Intervention],
    order: Order,
    seasonal_order: SeasonalOrder,
    season: str | int | None,
    trend: bool,
    regressors: pd.DataFrame | None,
    frequency: str,
) -> tuple[pd.Series, Design]:
    y = checks.series(series, str(series.name or "the outcome"), 24)
    made = design(
        y.index,
        interventions,
        season=season,
        trend=trend,
        constant=order[1] + seasonal_order[1] == 0,
        regressors=regressors,
        frequency=frequency,
    )
    level = np.column_stack([np.ones(len(y)), made.frame])
    residuals = y.to_numpy() - level @ np.linalg.lstsq(level, y.to_numpy(), rcond=None)[0]
    checks.leaves_noise(residuals, y.to_numpy(), str(series.name or "the outcome"))
    if (made.gaps != 1).any():
        raise checks.UnusableInput(
            "ARIMA noise needs every period. Use interrupted_series, which allows gaps."
        )
    checks.enough(
        len(y) - made.frame.shape[1] - sum(order) - sum(seasonal_order[:3]), 5, "degrees of freedom"
    )
    return y, made


def _scaled_model(
    y: pd.Series, made: Design, order: Order, seasonal_order: SeasonalOrder
) -> tuple[SARIMAX, float, float, np.ndarray]:
    """Model of the scaled data, with spread and centre of the outcome and scales of the columns."""
    X = made.frame.to_numpy()
    scales = np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    spread, centre = float(y.std()), float(y.mean())
    model = SARIMAX(
        (y.to_numpy() - centre) / spread,
        X / scales if X.shape[1] else None,
        order=order,
        seasonal_order=seasonal_order,
    )
    return model, spread, centre, scales


def _sarimax(
    y: pd.Series, made: Design, order: Order, seasonal_order: SeasonalOrder, unit: str
) -> InterruptedSeries:
    model, spread, centre, scales = _scaled_model(y, made, order, seasonal_order)
    fit = model.filter(maximise(model), cov_type="approx")
    k = len(scales)
    names = made.frame.columns
    coefficients = pd.Series(spread * np.asarray(fit.params)[:k] / scales, index=names)
    if "constant" in names:
        coefficients["constant"] += centre
    back = spread / scales
    covariance = np.asarray(fit.cov_params())[:k, :k] * np.outer(back, back)
    burn = int(model.loglikelihood_burn)
    log_likelihood = float(fit.llf - (len(y) - burn) * np.log(spread))
    noise = dict(zip(model.param_names[k:], map(float, np.asarray(fit.params)[k:]), strict=True))
    noise["sigma2"] *= spread**2
    return InterruptedSeries(
        outcome=y,
        design=made,
        coefficients=coefficients,
        covariance=pd.DataFrame(covariance, index=names, columns=names),
        df=np.inf,
        method=f"{_name(order, seasonal_order)} intervention model",
        unit=unit,
        innovations=np.asarray(fit.resid)[burn:] * spread,
        arma_parameters=len(noise) - 1,
        details={"log_likelihood": log_likelihood, **noise},
    )


def _name(order: Order, seasonal_order: SeasonalOrder) -> str:
    short = f"({','.join(map(str, order))})"
    if sum(seasonal_order[:3]):
        short += f"({','.join(map(str, seasonal_order[:3]))}){seasonal_order[3]}"
    return f"ARIMA{short}"


def _with(made: Design, level: str, filtered: np.ndarray, **more: np.ndarray) -> Design:
    return replace(made, frame=made.frame.assign(**{level: filtered}, **more))


def _filter(x: np.ndarray, delta: float) -> np.ndarray:
    """z_t = delta z_(t-1) + x_t."""
    z = np.empty(len(x))
    last = 0.0
    for t, now in enumerate(x):
        last = delta * last + now
        z[t] = last
    return z


def _profile(y: pd.Series, made: Design, order: Order, seasonal_order: SeasonalOrder) -> float:
    """Likelihood from one optimiser: good enough to place delta on the grid."""
    model, spread, _, _ = _scaled_model(y, made, order, seasonal_order)
    fit = model.fit(method="lbfgs", disp=0, maxiter=200, cov_type="none")
    return float(fit.llf - (len(y) - int(model.loglikelihood_burn)) * np.log(spread))


def _refine(
    y: pd.Series,
    made: Design,
    level: str,
    x: np.ndarray,
    delta: float,
    order: Order,
    seasonal_order: SeasonalOrder,
    unit: str,
) -> tuple[float, InterruptedSeries]:
    """Gauss-Newton in delta: the derivative's coefficient is omega times the step still to go."""
    for _ in range(25):
        z = _filter(x, delta)
        lagged = np.concatenate([[0.0], _filter(z, delta)[:-1]])
        fit = _sarimax(y, _with(made, level, z, decay=lagged), order, seasonal_order, unit)
        step = fit.coefficients["decay"] / fit.coefficients[level]
        delta += float(np.clip(step, -0.1, 0.1))
        if not -1 < delta < 1:
            break
        if abs(step) < 1e-7:
            return delta, fit
    raise checks.UnusableInput(
        "delta does not settle between -1 and 1: the response is too weak, or permanent growth. "
        "Use a step without decay."
    )


def _response(x: np.ndarray, omega: float, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Response from the start on, with its derivatives by omega and delta in two columns."""
    z = _filter(x, delta)
    lagged = np.concatenate([[0.0], _filter(z, delta)[:-1]])
    return omega * z, np.column_stack([z, omega * lagged])


def _band(
    response: np.ndarray, slopes: np.ndarray, covariance: np.ndarray, index: pd.DatetimeIndex
) -> pd.DataFrame:
    se = np.sqrt(np.einsum("ti,ij,tj->t", slopes, covariance, slopes))
    margin = stats.norm.ppf(0.975) * se
    return pd.DataFrame(
        {"value": response, "se": se, "low": response - margin, "high": response + margin}, index=index
    )


def _quadratic(slope: np.ndarray, covariance: np.ndarray) -> float:
    return float(slope @ covariance @ slope)


def _normal(like: Estimate, value: float, variance: float, unit: str) -> Estimate:
    se = float(np.sqrt(variance))
    margin = stats.norm.ppf(0.975) * se
    return replace(
        like,
        value=value,
        low=value - margin,
        high=value + margin,
        se=se,
        p_value=float(2 * stats.norm.sf(abs(value) / se)),
        unit=unit,
    )


def _forecast_covariance(fit: SARIMAXResults, steps: int) -> np.ndarray:
    """Joint covariance of the next values: uncertainty of the last state, and the shocks that follow it."""
    Z, T, R = fit.model["design"], fit.model["transition"], fit.model["selection"]
    by_state = np.empty((steps, T.shape[0]))
    by_state[0] = Z[0]
    for i in range(1, steps):
        by_state[i] = by_state[i - 1] @ T
    by_shock = np.zeros((steps, steps))
    for i in range(1, steps):
        for j in range(1, i + 1):
            by_shock[i, j] = by_state[i - j] @ R[:, 0]
    P = fit.predicted_state_cov[:, :, -1]
    return by_state @ P @ by_state.T + float(fit.model["state_cov"][0, 0]) * by_shock @ by_shock.T


def _refuse_constant(frame: pd.DataFrame) -> None:
    for name in frame.columns.drop("constant", errors="ignore"):
        checks.varies(frame[name], f"regressor {name} before the event")
