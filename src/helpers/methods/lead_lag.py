"""Which of two series moves first: prewhitened cross-correlation."""

from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
import pandas as pd

from helpers.methods.checks import UnusableInput, enough, finite, in_order, varies
from helpers.methods.power import detectable_correlation
from helpers.methods.results import Estimate, Shown


@dataclass(frozen=True, repr=False)
class CrossCorrelation(Shown):
    """Prewhitened cross-correlations and the exact test of their maximum.

    Parameters
    ----------
    effect : Estimate
        Largest correlation over the tested lags, with its permutation p value.
    correlations : Series
        Correlation by lag; at a positive lag the leader moves first.
    """

    effect: Estimate
    correlations: pd.Series

    def summary(self) -> pd.DataFrame:
        """Return one row per lag."""
        return self.correlations.to_frame()


def prewhitened_cross_correlation(
    follower: pd.Series, leader: pd.Series, *, last_lag: int, leads: int, order: int, draws: int, seed: int
) -> CrossCorrelation:
    """Cross-correlate two series filtered with the leader's autoregression; test the largest by years.

    The null distribution permutes the follower's calendar years as blocks, so that its own dependence within
    a year and the leader are left alone; years without all their periods stay in place. All orders are
    enumerated when there are no more than `draws`.

    Parameters
    ----------
    follower, leader : Series, shape (periods,)
        Stationary series on the same regular dates. A period unknown in either is left out of both; a lag
        uses the pairs of periods known at both ends.
    last_lag : int
        The maximum is taken over lags 0..`last_lag`.
    leads : int
        Negative lags (follower first) that are shown beside it, not tested.
    order : int
        Order of the leader's autoregression.
    draws : int
        Random orders when there are too many to enumerate.
    seed : int
        Seed of the random orders.

    Returns
    -------
    CrossCorrelation
        The p value is one-sided: the share of orders with a maximum at least as large. The interval is
        Fisher's for the correlation at that lag; it does not know that the lag was searched for.

    Raises
    ------
    UnusableInput
        If dates differ or skip a period, a series is unusable, or fewer than four whole years are left after
        filtering.

    References
    ----------
    Box & Jenkins (1976), chapter 11, for the filter; Parzen (1963), Sankhya A 25, 383-392, for missing
    periods.
    """
    leader, follower = _same_dates(leader, follower, 2 * order + 12)
    filtered_leader, filtered_follower = _prewhiten(leader.to_numpy(), follower.to_numpy(), order)
    dates, known = leader.index[order:], ~np.isnan(filtered_leader)
    rows, exact = _year_orders(dates, known, draws, seed)
    lags = range(last_lag + 1)
    null = np.max([_correlations(filtered_follower[rows], filtered_leader, lag) for lag in lags], axis=0)
    correlations = pd.Series(
        {
            lag: _correlations(filtered_follower[None, :], filtered_leader, lag)[0]
            for lag in range(-leads, last_lag + 1)
        },
        name="correlation",
    ).rename_axis("lag")
    tested = correlations.loc[0:]
    # Rounding must not make the observed order differ from itself.
    at_least = int((null >= tested.max() - 1e-12).sum())
    p_value = at_least / len(null) if exact else (1 + at_least) / (1 + len(null))
    how = "all orders" if exact else f"{len(rows)} random orders"
    best = int(tested.idxmax())
    pairs = int((known[best:] & known[: len(known) - best]).sum())
    low, high = np.tanh(np.arctanh(tested[best]) + np.array([-1.96, 1.96]) / np.sqrt(pairs - 3))
    method = f"largest prewhitened cross-correlation, AR({order}), years permuted ({how}), one-sided p"
    effect = Estimate(tested[best], low, high, "correlation", int(known.sum()), method, p_value)
    details = {"lag": best, "null_95th_percentile": float(np.quantile(null, 0.95))}
    details |= {"mde": detectable_correlation(pairs).value, "whole_years": len(_whole_years(dates, known))}
    windows = {"window": f"lags 0..{last_lag}", "leads": f"lags -{leads}..-1 shown"}
    effect = effect.changed(**windows, details=details)
    return CrossCorrelation(effect, correlations)


def _same_dates(leader: pd.Series, follower: pd.Series, minimum: int) -> tuple[pd.Series, pd.Series]:
    """Check the two series, and leave out of both what is unknown in either."""
    for values, name in ((leader, "leader"), (follower, "follower")):
        in_order(values, name)
        finite(values, name)
    if not leader.index.equals(follower.index):
        raise UnusableInput("Leader and follower cover different dates: cut both to the common dates.")
    known = leader.notna() & follower.notna()
    enough(int(known.sum()), minimum, "periods known in both series")
    varies(leader[known], "leader")
    varies(follower[known], "follower")
    return leader.where(known).astype(float), follower.where(known).astype(float)


def _prewhiten(x: np.ndarray, y: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Filter both with the least-squares autoregression of x; a result just after a gap is missing."""
    if order == 0:
        return x, y
    n = len(x)
    lags = np.column_stack([np.ones(n - order), *(x[order - lag : n - lag] for lag in range(1, order + 1))])
    rows = ~np.isnan(lags).any(axis=1) & ~np.isnan(x[order:])
    enough(int(rows.sum()), 2 * order + 3, "unbroken stretches of the leader for the filter")
    slopes = np.linalg.lstsq(lags[rows], x[order:][rows], rcond=None)[0][1:]
    filter_ = np.append(1.0, -slopes)
    whitened = [np.convolve(values - np.nanmean(values), filter_, "valid") for values in (x, y)]
    return whitened[0], whitened[1]


def _whole_years(dates: pd.DatetimeIndex, known: np.ndarray) -> np.ndarray:
    years, counts = np.unique(dates.year[known], return_counts=True)
    return years[counts == counts.max()]


def _year_orders(
    dates: pd.DatetimeIndex, known: np.ndarray, draws: int, seed: int
) -> tuple[np.ndarray, bool]:
    """Return rows that put the whole years in every (or a random) order, shape (orders, periods)."""
    years = dates.year.to_numpy()
    whole = _whole_years(dates, known)
    enough(len(whole), 4, "whole years")
    blocks = np.array([np.flatnonzero((years == year) & known) for year in whole])
    exact = factorial(len(whole)) <= draws
    if exact:
        orders = np.array(list(permutations(range(len(whole)))))
    else:
        rng = np.random.default_rng(seed)
        orders = rng.permuted(np.tile(np.arange(len(whole)), (draws, 1)), axis=1)
    rows = np.tile(np.arange(len(dates)), (len(orders), 1))
    rows[:, blocks.ravel()] = blocks[orders].reshape(len(orders), -1)
    return rows, exact


def _correlations(followers: np.ndarray, leader: np.ndarray, lag: int) -> np.ndarray:
    """Correlate each row of `followers` at t + lag with the leader at t; unknown periods add nothing."""
    x = np.nan_to_num(leader - np.nanmean(leader))
    y = np.nan_to_num(followers - np.nanmean(followers, axis=1, keepdims=True))
    n = len(x)
    products = y[:, lag:] @ x[: n - lag] if lag >= 0 else y[:, :lag] @ x[-lag:]
    return products / np.sqrt((y**2).sum(axis=1) * (x @ x))
