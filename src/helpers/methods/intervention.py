"""Steps and pulses in a series with seasonal ARIMA noise (SARIMAX).

Sources: Box and Tiao (1975); Harvey and Durbin (1986).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from statsmodels.tsa.statespace.sarimax import SARIMAX

from helpers.methods import checks
from helpers.methods.interrupted_series import InterruptedSeries, Intervention, design, fitted
from helpers.methods.likelihood import maximise

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
    y = checks.series(series, str(series.name or "the outcome"), 24)
    terms = design(
        y.index,
        interventions,
        season=season,
        trend=trend,
        constant=order[1] + seasonal_order[1] == 0,
        regressors=regressors,
        frequency=frequency,
    )
    level = np.column_stack([np.ones(len(y)), terms.frame])
    residuals = y.to_numpy() - level @ np.linalg.lstsq(level, y.to_numpy(), rcond=None)[0]
    checks.leaves_noise(residuals, y.to_numpy(), str(series.name or "the outcome"))
    if (terms.gaps != 1).any():
        raise checks.UnusableInput("ARIMA noise needs every period. Use interrupted_series.")
    X, names = terms.frame.to_numpy(), terms.frame.columns
    k = len(names)
    checks.enough(len(y) - k - sum(order) - sum(seasonal_order[:3]), 5, "degrees of freedom")
    scales = np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    spread, centre = float(y.std()), float(y.mean())
    model = SARIMAX(
        (y.to_numpy() - centre) / spread,
        X / scales if k else None,
        order=order,
        seasonal_order=seasonal_order,
    )
    fit = model.filter(maximise(model), cov_type="approx")
    coefficients = pd.Series(spread * np.asarray(fit.params)[:k] / scales, index=names)
    if "constant" in names:
        coefficients["constant"] += centre
    covariance = np.asarray(fit.cov_params())[:k, :k] * np.outer(spread / scales, spread / scales)
    burn = int(model.loglikelihood_burn)
    noise = dict(zip(model.param_names[k:], map(float, np.asarray(fit.params)[k:]), strict=True))
    noise["sigma2"] *= spread**2
    orders = [order, *([seasonal_order[:3]] if sum(seasonal_order[:3]) else [])]
    short = "".join(f"({','.join(map(str, part))})" for part in orders)
    method = f"ARIMA{short}{seasonal_order[3] if len(orders) > 1 else ''} intervention model"
    result = fitted(y, terms, coefficients.to_numpy(), covariance, np.inf, method, unit)
    log_likelihood = float(fit.llf - (len(y) - burn) * np.log(spread))
    innovations = np.asarray(fit.resid)[burn:] * spread
    return replace(result, innovations=innovations, details={"log_likelihood": log_likelihood, **noise})
