"""Abnormal returns: what an asset returned beyond a market, factor or constant-mean model.

Windows are pairs of relative trading days, ends included; day 0 is the event's trading day.

Source: Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, ch. 4.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.methods import checks

Window = tuple[int, int]

MINIMUM_SHARE = 0.8  # of the estimation window an asset must have traded
MINIMUM_ESTIMATION = 30  # returns behind each model


@dataclass(frozen=True)
class Model:
    """One ordinary least squares model per asset, and its forecast for the days around the event.

    Attributes
    ----------
    coefficients : array, assets × (1 + factors)
    residuals : array, estimation days × assets
        Missing where the asset did not trade.
    n : array, assets
        Returns behind each model.
    sigma : array, assets
        Residual standard deviation, divided by n less the number of coefficients.
    abnormal : array, forecast days × assets
    leverage : array, assets × forecast days × forecast days
        Covariance of the forecast error that comes from the estimated coefficients, in units of sigma
        squared.
    """

    coefficients: np.ndarray
    residuals: np.ndarray
    n: np.ndarray
    sigma: np.ndarray
    abnormal: np.ndarray
    leverage: np.ndarray

    @property
    def df(self) -> np.ndarray:
        """Residual degrees of freedom per asset."""
        return self.n - self.coefficients.shape[1]

    def cumulative(self, days: np.ndarray) -> np.ndarray:
        """Abnormal return per asset, summed over the chosen forecast days (a mask)."""
        return self.abnormal[days].sum(axis=0)

    def cumulative_se(self, days: np.ndarray) -> np.ndarray:
        """Full forecast standard error of :meth:`cumulative`."""
        leverage = self.leverage[:, days][:, :, days].sum(axis=(1, 2))
        return self.sigma * np.sqrt(days.sum() + leverage)


def fit(x: np.ndarray, y: np.ndarray, x_ahead: np.ndarray, y_ahead: np.ndarray) -> Model:
    """Fit one model per column of `y` and apply it ahead.

    Parameters
    ----------
    x : array, estimation days × (1 + factors)
        A column of ones and the factors, complete.
    y : array, estimation days × assets
        Returns; missing ones are left out asset by asset.
    x_ahead, y_ahead : array
        The same for the days around the event, complete.
    """
    days, assets = y.shape
    coefficients, residuals = np.empty((assets, x.shape[1])), np.full((days, assets), np.nan)
    leverage = np.empty((assets, len(x_ahead), len(x_ahead)))
    columns_of: dict[bytes, list[int]] = {}
    for column, traded in enumerate(~np.isnan(y.T)):
        columns_of.setdefault(traded.tobytes(), []).append(column)
    for columns in columns_of.values():
        traded = ~np.isnan(y[:, columns[0]])
        x_traded, y_traded = x[traded], y[np.ix_(traded, columns)]
        solution = np.linalg.lstsq(x_traded, y_traded, rcond=None)[0]
        coefficients[columns] = solution.T
        residuals[np.ix_(traded, columns)] = y_traded - x_traded @ solution
        leverage[columns] = x_ahead @ np.linalg.pinv(x_traded.T @ x_traded) @ x_ahead.T
    n = (~np.isnan(y)).sum(axis=0)
    sigma = np.sqrt(np.nansum(residuals**2, axis=0) / (n - x.shape[1]))
    return Model(coefficients, residuals, n, sigma, y_ahead - x_ahead @ coefficients.T, leverage)


def design(market: pd.Series | pd.DataFrame | None, index: pd.DatetimeIndex) -> np.ndarray:
    """Return a column of ones followed by the factors on the days of `index`, days × (1 + factors).

    Raises
    ------
    UnusableInput
        If a factor is constant, not finite, in another time zone, or has no value on these days.
    """
    if market is None:
        return np.ones((len(index), 1))
    checks.same_zone({"returns": index, "market": checks.index_in_order(market.index, "market")})
    factors = market.to_frame() if isinstance(market, pd.Series) else market
    factors = factors.reindex(index)
    for name, column in factors.items():
        checks.varies(checks.finite(column, f"factor {name}"), f"factor {name}")
    return np.column_stack([np.ones(len(index)), factors.to_numpy(dtype=float)])


def cars_on_every_day(
    returns: pd.DataFrame, market: pd.Series | None, *, estimation: Window, window: Window
) -> pd.DataFrame:
    """Cumulative abnormal return of every asset, as if each day were an event.

    Rolling sums replace one regression per day and asset, so thousands of placebo days cost one pass. The
    values equal those of :func:`fit` to rounding.

    Parameters
    ----------
    returns : DataFrame
        Daily returns, trading days × assets.
    market : Series or None
        Market return; None for the constant-mean model.
    estimation, window : (int, int)
        Relative days, ends included. For the lead window call again with the leads as `window`.

    Returns
    -------
    DataFrame
        Trading days × assets. Missing where a window runs past the data, where an asset misses a day of the
        event window, or more than a fifth of its estimation window.

    Raises
    ------
    UnusableInput
        If dates are out of order, values are not finite, or the estimation window is too short.
    """
    index = checks.index_in_order(returns.index, "returns")
    length, days = (last - first + 1 for first, last in (estimation, window))
    checks.enough(length, MINIMUM_ESTIMATION, "days in the estimation window")
    checks.enough(days, 1, "days in the event window")
    y = checks.finite(returns, "returns")
    x = design(market, index)[:, -1] if market is not None else np.zeros(len(index))
    traded = ~np.isnan(y) & ~np.isnan(x)[:, None]
    # Centring keeps the running sums small, so that no digits cancel.
    x = np.where(traded, (x - np.nanmean(x))[:, None], 0.0)
    y = np.where(traded, y, 0.0)

    n = _rolling_sum(traded, estimation)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_x, mean_y = _rolling_sum(x, estimation) / n, _rolling_sum(y, estimation) / n
        sxx = _rolling_sum(x * x, estimation) - n * mean_x**2
        sxy = _rolling_sum(x * y, estimation) - n * mean_x * mean_y
        beta = sxy / sxx if market is not None else 0.0
    alpha = mean_y - beta * mean_x
    car = _rolling_sum(y, window) - days * alpha - beta * _rolling_sum(x, window)
    usable = (n >= max(MINIMUM_ESTIMATION, MINIMUM_SHARE * length)) & (_rolling_sum(traded, window) == days)
    return pd.DataFrame(np.where(usable, car, np.nan), index=index, columns=returns.columns)


def _rolling_sum(values: np.ndarray, window: Window) -> np.ndarray:
    """Sum over relative days first..last of every row; missing where the window leaves the data."""
    first, last = window
    total = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0, dtype=float)])
    out = np.full(values.shape, np.nan)
    rows = np.arange(max(0, -first), min(len(values), len(values) - last))
    out[rows] = total[rows + last + 1] - total[rows + first]
    return out
