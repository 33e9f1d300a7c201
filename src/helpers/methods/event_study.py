"""Daily event study with tests that stand up to common event dates.

Every event has its own estimation window; the lead window must be stated, because news is seldom a surprise.
The unit of inference is the event: each event's equal-weight portfolio gives one cumulative abnormal return.
With a single event the assets are the units, and their residual correlation widens the error. A leader
meeting is a common date for all assets, so there are only tests that hold on common dates.

Sources: Boehmer, Musumeci and Poulsen (1991); Kolari and Pynnönen (2010); Corrado (1989), Corrado and Zivney
(1992); MacKinnon and White (1985) for HC2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats
from statsmodels.regression.linear_model import WLS

from helpers.methods import checks
from helpers.methods.abnormal_returns import MINIMUM_ESTIMATION, MINIMUM_SHARE, Model, Window, design, fit
from helpers.methods.checks import UnusableInput
from helpers.methods.results import Estimate, Shown, mean_over_events, t_estimate

UNIT = "cumulative abnormal return"


@dataclass(frozen=True, repr=False)
class EventStudy(Shown):
    """Result of :func:`event_study`.

    Attributes
    ----------
    estimate, lead, total : Estimate
        Mean cumulative abnormal return over the event window, over the lead window, and over both.
    by_event : DataFrame
        Portfolio per event: date, assets, car, se (forecast), scar, lead_car.
    daily : Series
        Corrado-Zivney z by relative day of the event window.
    tests : DataFrame
        By test: value tested (mean car, or daily abnormal return for the portfolio regression: with several
        events weighted by precision, with HC2 errors across them), statistic, df and p_value.
    correlation : float
        Mean residual correlation over all pairs of units; pairs of different dates count as zero.
    dropped : DataFrame
        Event, asset and reason of what could not be used.
    """

    estimate: Estimate
    lead: Estimate
    total: Estimate
    by_event: pd.DataFrame
    daily: pd.Series
    tests: pd.DataFrame
    correlation: float
    dropped: pd.DataFrame

    def record(self) -> dict[str, Any]:
        """Return the record of the estimate, the tests' p values and the lead value."""
        p_values = {f"p_{name}": float(p) for name, p in self.tests["p_value"].items()}
        return self.estimate.record() | p_values | {"lead_value": self.lead.value}


def windows(*, before: int, after: int, leads: int, gap: int, estimation_length: int) -> dict[str, Window]:
    """Lay out the windows of a study: estimation, a gap, the leads, and the event window right after them.

    Parameters
    ----------
    before, after : int
        Days of the event window before and after day 0.
    leads : int
        Days of the lead window, which ends where the event window starts.
    gap : int
        Days between the estimation window and the leads.
    estimation_length : int

    Returns
    -------
    dict
        ``estimation``, ``leads`` and ``window``, the keyword arguments of :func:`event_study`.
    """
    first_lead = -before - leads
    last = first_lead - gap - 1
    return {
        "estimation": (last - estimation_length + 1, last),
        "leads": (first_lead, -before - 1),
        "window": (-before, after),
    }


def spaced(days: pd.Series, index: pd.DatetimeIndex, window: Window) -> pd.Series:
    """Keep the earliest of the events that share a day of their windows; it stands for the others.

    Parameters
    ----------
    days : Series
        Trading day by event id.
    index : DatetimeIndex
        Trading days.
    window : (int, int)
    """
    rows = pd.Series(index.get_indexer(days), days.index).sort_values(kind="stable")
    chosen: list[Any] = []
    for event, row in rows.items():
        if not chosen or row - rows[chosen[-1]] > window[1] - window[0]:
            chosen.append(event)
    return days[chosen]


def event_study(
    returns: pd.DataFrame,
    market: pd.Series | pd.DataFrame | None,
    events: Sequence | pd.Series,
    *,
    estimation: Window,
    window: Window,
    leads: Window,
) -> EventStudy:
    """Estimate cumulative abnormal returns around events.

    Parameters
    ----------
    returns : DataFrame
        Daily returns, trading days × assets; missing where an asset did not trade.
    market : Series, DataFrame or None
        Market return or factor returns on the same days; None for the constant-mean model.
    events : sequence of dates, or Series of dates by event id
        Trading days that could first react, each a row of `returns`.
    estimation, leads, window : (int, int)
        Relative trading days, ends included: estimation ends before the leads, the leads before the window.

    Raises
    ------
    UnusableInput
        If dates, windows or returns allow no estimate, or two events share days of their windows. Assets and
        events that cannot be used while others can are listed in ``dropped``.
    """
    days = _days(estimation, window, leads)
    index = _check_returns(returns)
    names = [str(event) for event in events]
    dates = events if isinstance(events, pd.Series) else pd.Series(list(events), names)
    checks.enough(len(dates), 1, "events")
    if not dates.index.is_unique:
        raise UnusableInput("events: an event id appears twice. Give every event its own id.")
    factors = design(market, index)
    rows = pd.Series(checks.positions(index, dates, "events"), dates.index).sort_values()
    _check_overlap(rows, window)
    fitted, dropped = [], []
    for event, row in rows.items():
        models, reasons = _fit_event(event, returns, factors, int(row), days)
        dropped += [(event, asset, reason) for asset, reason in reasons.items()]
        fitted += [models] if models else []
    if not fitted:
        texts = sorted({reason for _, _, reason in dropped})
        raise UnusableInput(f"No event can be used: {'; '.join(texts)}. Change the windows or the events.")
    return _study(fitted, days, pd.DataFrame(dropped, columns=["event", "asset", "reason"]))


@dataclass(frozen=True)
class _Days:
    """Relative days: the estimation window, and the path from the first lead to the last event day."""

    estimation: np.ndarray
    path: np.ndarray
    leads: np.ndarray
    window: np.ndarray
    texts: dict[str, str]


@dataclass(frozen=True)
class _Event:
    """Models of one event: one per asset, one of their equal-weight portfolio, and its dummy regression."""

    id: object
    date: pd.Timestamp
    names: list[str]
    assets: Model
    portfolio: Model
    dummy: tuple[float, float, int]


def _days(estimation: Window, window: Window, leads: Window) -> _Days:
    """Check that the windows follow each other, and lay them out."""
    for name, (first, last) in {"estimation": estimation, "leads": leads, "window": window}.items():
        if first > last:
            raise UnusableInput(f"{name}: the window ends before it starts. Swap its ends.")
    if not estimation[1] < leads[0] <= leads[1] < window[0]:
        raise UnusableInput(f"Windows overlap: order estimation {estimation}, leads {leads}, event {window}.")
    checks.enough(estimation[1] - estimation[0] + 1, MINIMUM_ESTIMATION, "days in the estimation window")
    path = np.arange(leads[0], window[1] + 1)
    texts = {
        "window": f"{window[0]:+d}..{window[1]:+d} trading days",
        "leads": f"{leads[0]:+d}..{leads[1]:+d} trading days",
    }
    return _Days(
        np.arange(estimation[0], estimation[1] + 1), path, path <= leads[1], path >= window[0], texts
    )


def _check_returns(returns: pd.DataFrame) -> pd.DatetimeIndex:
    index = checks.index_in_order(returns.index, "returns")
    if not returns.columns.is_unique:
        raise UnusableInput("returns: an asset appears twice. Keep one column per asset.")
    y = checks.finite(returns, "returns")
    suspect = ~(np.fmax.reduce(y, axis=0) > np.fmin.reduce(y, axis=0))
    for asset, column in returns.loc[:, suspect].items():
        checks.varies(checks.finite(column, f"returns of {asset}"), f"returns of {asset}")
    return index


def _check_overlap(rows: pd.Series, window: Window) -> None:
    """Refuse events whose windows share a day: their returns would count twice."""
    shared = np.flatnonzero(np.diff(rows) <= window[1] - window[0])
    if shared.size:
        first, second = rows.index[shared[0]], rows.index[shared[0] + 1]
        raise UnusableInput(f"Events {first} and {second} share days of their windows. Leave one out.")


def _fit_event(
    event: Any, returns: pd.DataFrame, factors: np.ndarray, position: int, days: _Days
) -> tuple[_Event | None, dict[Any, str]]:
    """Fit every usable asset of one event and their portfolio; say why the others are not usable."""
    before, around = position + days.estimation, position + days.path
    if before[0] < 0 or around[-1] >= len(returns):
        return None, {"": "a window runs past the data"}
    known = ~np.isnan(factors[before]).any(axis=1)
    if np.isnan(factors[around]).any() or known.sum() < MINIMUM_SHARE * len(before):
        return None, {"": "market or factor returns are missing in a window"}
    if np.linalg.matrix_rank(factors[before][known]) < factors.shape[1]:
        return None, {"": "the factors are collinear in the estimation window"}
    y = returns.to_numpy(dtype=float)
    past, ahead = np.where(known[:, None], y[before], np.nan), y[around]
    reasons: dict[Any, str] = {}
    for column, asset in enumerate(returns.columns):
        traded = past[~np.isnan(past[:, column]), column]
        if np.isnan(ahead[:, column]).any():
            reasons[asset] = "no return on a day of the lead or event window"
        elif len(traded) < max(MINIMUM_ESTIMATION, MINIMUM_SHARE * len(before)):
            reasons[asset] = "too few returns in the estimation window"
        elif np.ptp(traded) == 0:
            reasons[asset] = "constant in the estimation window"
    usable = [column for column, asset in enumerate(returns.columns) if asset not in reasons]
    if not usable:
        return None, reasons
    past, ahead = past[:, usable], ahead[:, usable]
    traded = (~np.isnan(past)).sum(axis=1)
    mean_past = np.where(traded > 0, np.nansum(past, axis=1) / np.maximum(traded, 1), np.nan)
    mean_ahead = ahead.mean(axis=1)
    assets = fit(factors[before], past, factors[around], ahead)
    for column, values, residuals in zip(usable, past.T, assets.residuals.T, strict=True):
        checks.leaves_noise(residuals, values, f"{returns.columns[column]} before {event}")
    portfolio = fit(factors[before], mean_past[:, None], factors[around], mean_ahead[:, None])
    x = np.vstack([factors[before][traded > 0], factors[around][days.window]])
    dummy = _dummy_regression(x, np.r_[mean_past[traded > 0], mean_ahead[days.window]], days.window.sum())
    names = list(returns.columns[usable])
    return _Event(event, returns.index[position], names, assets, portfolio, dummy), reasons


def _dummy_regression(x: np.ndarray, y: np.ndarray, event_days: int) -> tuple[float, float, int]:
    """Regress the portfolio on the factors and a dummy for the last `event_days`: coefficient, error, df."""
    dummy = np.r_[np.zeros(len(y) - event_days), np.ones(event_days)]
    x = np.column_stack([x, dummy])
    coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
    df = len(y) - x.shape[1]
    variance = ((y - x @ coefficients) ** 2).sum() / df * np.linalg.pinv(x.T @ x)[-1, -1]
    return coefficients[-1], float(np.sqrt(variance)), df


def _study(fitted: list[_Event], days: _Days, dropped: pd.DataFrame) -> EventStudy:
    by_event = pd.DataFrame([_portfolio_row(event, days) for event in fitted]).set_index("event")
    correlation = _mean_correlation(fitted)
    masks = [days.window, days.leads, days.window | days.leads]
    if len(fitted) > 1:
        method = "event study, mean of event portfolios, t across events"
        cars = [np.array([event.portfolio.cumulative(mask)[0] for event in fitted]) for mask in masks]
        estimates = [mean_over_events(values, unit=UNIT, method=method, **days.texts) for values in cars]
    else:
        estimates = [_one_date(fitted[0], mask, correlation, days) for mask in masks]
    estimate, lead, total = estimates
    daily = _rank_scores(fitted, days)
    tests = _tests(fitted, days, correlation, daily.to_numpy())
    return EventStudy(estimate, lead, total, by_event, daily, tests, correlation, dropped)


def _portfolio_row(event: _Event, days: _Days) -> dict[str, Any]:
    (car,), (se,) = event.portfolio.cumulative(days.window), event.portfolio.cumulative_se(days.window)
    (lead_car,) = event.portfolio.cumulative(days.leads)
    head = {"event": event.id, "date": event.date, "assets": len(event.names)}
    return head | {"car": car, "se": se, "scar": car / se, "lead_car": lead_car}


def _mean_correlation(fitted: list[_Event]) -> float:
    """Mean correlation of estimation residuals over all pairs of units, zero between different dates."""
    n = sum(len(event.names) for event in fitted)
    if n < 2:
        return 0.0
    matrices = (pd.DataFrame(event.assets.residuals).corr().to_numpy() for event in fitted)
    return float(sum(matrix.sum() - len(matrix) for matrix in matrices) / (n * (n - 1)))


def _shrink(correlation: float, n: int) -> float:
    """Kolari-Pynnönen factor by which a cross-section t shrinks when the units share dates."""
    inflation = 1 + (n - 1) * correlation
    if not inflation > 0:
        raise UnusableInput(f"Residual correlation {correlation:.3f} is too negative. Leave out an asset.")
    return float(np.sqrt((1 - correlation) / inflation))


def _one_date(event: _Event, mask: np.ndarray, correlation: float, days: _Days) -> Estimate:
    """Mean over the assets of one date; from three assets on, their spread and correlation give the error."""
    cars = event.assets.cumulative(mask)
    n = len(cars)
    details = {"assets": n, "residual_correlation": correlation}
    if n >= 3:
        se, df = cars.std(ddof=1) / np.sqrt(n) / _shrink(correlation, n), n - 1
        method = "event study, mean over assets of one date, error corrected for their correlation"
    else:
        se, df = event.portfolio.cumulative_se(mask)[0], int(event.portfolio.df[0])
        method = "event study, portfolio of one date, forecast error"
    return t_estimate(cars.mean(), se, df, unit=UNIT, n=1, method=method, details=details, **days.texts)


def _rank_scores(fitted: list[_Event], days: _Days) -> pd.Series:
    """Corrado-Zivney z of each event day: ranks over estimation and event days, averaged over units.

    Days are aligned by relative day. Its spread over time holds the correlation between units of one date.
    """
    abnormal = np.hstack(
        [np.vstack([event.assets.residuals, event.assets.abnormal[days.window]]) for event in fitted]
    )
    ranks = stats.rankdata(abnormal, axis=0, nan_policy="omit")
    scores = ranks / ((~np.isnan(abnormal)).sum(axis=0) + 1) - 0.5
    traded = (~np.isnan(scores)).sum(axis=1)
    daily = np.nansum(scores, axis=1)[traded > 0] / np.sqrt(traded[traded > 0])
    z = daily[-days.window.sum() :] / np.sqrt((daily**2).mean())
    return pd.Series(z, pd.Index(days.path[days.window], name="relative_day"), name="z_rank")


def _tests(fitted: list[_Event], days: _Days, correlation: float, ranks: np.ndarray) -> pd.DataFrame:
    """Collect the tests; p values are two-sided, from t with `df` or from the normal where df is infinite."""
    car = np.concatenate([event.assets.cumulative(days.window) for event in fitted])
    scar = car / np.concatenate([event.assets.cumulative_se(days.window) for event in fitted])
    n = len(car)
    rows: dict[str, tuple[Any, Any, Any]] = {}
    if n > 1:
        # With several dates the events, not the event-assets, are the independent pieces.
        df = len(fitted) - 1 if len(fitted) > 1 else n - 1
        bmp = scar.mean() / (scar.std(ddof=1) / np.sqrt(n))
        rows["kolari_pynnonen"] = (car.mean(), bmp * _shrink(correlation, n), df)
    rows["corrado_rank"] = (car.mean(), ranks.sum() / np.sqrt(len(ranks)), np.inf)
    means, errors, dfs = np.array([event.dummy for event in fitted]).T
    rows["portfolio_regression"] = (means[0], means[0] / errors[0], dfs[0])
    if len(fitted) > 1:
        # Days of news vary more than others, so the spread between events gives the error.
        across = WLS(means, np.ones(len(means)), weights=1 / errors**2).fit(cov_type="HC2", use_t=True)
        rows["portfolio_regression"] = (across.params[0], across.tvalues[0], across.df_resid)
    value, statistic, df = np.array(list(rows.values()), dtype=float).T
    columns = {"value": value, "statistic": statistic, "df": df}
    columns["p_value"] = 2 * special.stdtr(df, -np.abs(statistic))
    return pd.DataFrame(columns, index=pd.Index(rows, name="test"))
