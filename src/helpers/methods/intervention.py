"""Intervention models with ARIMA noise: steps and pulses (SARIMAX) and the rational transfer of Box and Tiao.

Sources: Box and Tiao (1975); Harvey and Durbin (1986); Cryer and Chan (2008, chapter 11) for profiling the
decay.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.statespace.sarimax import SARIMAX

from helpers.methods import checks
from helpers.methods.interrupted_series import Design, InterruptedSeries, Intervention, design
from helpers.methods.likelihood import maximise
from helpers.methods.results import Estimate

Order = tuple[int, int, int]
SeasonalOrder = tuple[int, int, int, int]


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
