"""Counts and rates of dated events around other dates: do tightenings come more often after a meeting?

All dates are calendar days. A window ``(1, 90)`` means the first to the ninetieth day after a date; day 0
belongs to no such window, so that what was agreed on the day itself is not counted as its consequence. `span`
is the stretch of days over which the event list claims to be complete.

The placebo draws replace every date by a random day of its own calendar year. That keeps the number of dates
per year, so a list that is denser in later years does not pass for an effect. Any day of the year may be
drawn, those near the real dates too: the events of a year are shared out among its days, so days kept away
from the real dates would hold what the real windows left over, and a true null would be rejected 8 to 11
times in 100 with 30 days between them, and 19 times with 90. Where windows may be cut at the ends of the
span, those of placebo days are cut too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import optimize, special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from helpers.methods.checks import UnusableInput, enough, positions
from helpers.methods.comparison import DateComparison, DateEstimator, compare
from helpers.methods.placebo import same_year_sets
from helpers.methods.power import detectable_rate_ratio, normal_multiplier
from helpers.methods.results import Estimate

Dates: TypeAlias = pd.DatetimeIndex | Sequence[Any]
Window = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """The days over which an event list is complete, numbered from zero.

    Parameters
    ----------
    index : DatetimeIndex
        Every day from the first to the last.
    """

    index: pd.DatetimeIndex

    @classmethod
    def between(cls, first: Any, last: Any) -> "Span":
        """Return the span from its first and last day.

        Raises
        ------
        UnusableInput
            If the days are not in order.
        """
        start, end = (pd.Timestamp(day).normalize() for day in (first, last))
        if pd.isna(start) or pd.isna(end) or start >= end:
            raise UnusableInput(f"The span {first}..{last} is empty: give its first and last day in order.")
        return cls(pd.date_range(start, end, name="date"))

    @property
    def years(self) -> np.ndarray:
        """Calendar year of each day."""
        return self.index.year.to_numpy()

    def days(self, dates: Dates, what: str, repeated: bool = False) -> np.ndarray:
        """Number the dates, sorted; refuse missing, zoned, repeated ones and those outside the span."""
        try:
            index = pd.DatetimeIndex(dates).normalize()
        except (TypeError, ValueError) as error:
            raise UnusableInput(f"The {what} are not dates of one kind: {error}. Convert them.") from None
        if index.hasnans:
            raise UnusableInput(f"The {what} have missing dates: drop them and say so.")
        positions(self.index, index.unique() if repeated else index, what)
        return np.sort(self.index.get_indexer(index))

    def counts(self, events: Dates, what: str) -> np.ndarray:
        """Count events per day."""
        days = self.days(events, what, repeated=True) if len(events) else np.empty(0, dtype=int)
        return np.bincount(days, minlength=len(self.index))

    def inside(self, days: np.ndarray, window: Window) -> None:
        """Refuse windows that run past the span."""
        enough(len(days), 2, "dates")
        _check_window(window)
        past = (days + window[0] < 0) | (days + window[1] >= len(self.index))
        if past.any():
            names = ", ".join(f"{day:%Y-%m-%d}" for day in self.index[days[past]])
            raise UnusableInput(f"The windows of {names} run past the span: drop these dates and say so.")

    def placebo_sets(self, days: np.ndarray, *, draws: int, seed: int, window: Window = (0, 0)) -> np.ndarray:
        """Draw for each date a day of its own year.

        With a `window` that of each placebo day lies in the span too. The result has shape (draws, dates).
        """
        pool = np.arange(-min(window[0], 0), len(self.index) - max(window[1], 0))
        return same_year_sets(self.index, pool, days, apart=None, draws=draws, seed=seed)


def rate_ratio(
    events: Dates,
    dates: Dates,
    *,
    window: Window,
    leads: Window,
    span: tuple[Any, Any],
    draws: int,
    seed: int,
) -> DateComparison:
    """Compare the daily rate of events inside windows with that of the same calendar years outside them.

    Within a year, events have one rate outside the windows and `value` times that rate inside. Were they
    Poisson, the number inside would be binomial given each year's count; the estimate and exact tails come
    from the sum over years. Events that come in bursts vary more: the interval is widened for the dispersion
    of the monthly counts, as quasi-Poisson does. Windows that overlap are counted once, each day belongs to
    its own calendar year, and a window that runs past the span is cut there (its observed days are its
    exposure).

    Parameters
    ----------
    events : dates
        Days of the counted events; several on one day count each.
    dates : dates
        Days the windows are tied to, such as meetings.
    window : (int, int)
        First and last day of the window, relative to the date.
    leads : (int, int)
        Window before the dates whose ratio is reported beside it.
    span : (date, date)
        First and last day over which `events` is complete.
    draws : int
        Placebo draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    DateComparison
        ``details`` also hold the totals of events and days, and ``dispersion`` with ``dispersion_df``; see
        :func:`dispersion`. ``mde`` is the smallest ratio above one that the design detects with 80 percent
        power, ``mde_below`` the largest below one, and ``mde_independent`` that of events which come singly.

    Raises
    ------
    UnusableInput
        If dates are unusable or outside the span, or no year has an event outside the windows.

    References
    ----------
    Breslow & Day (1987), Statistical Methods in Cancer Research II, chapter 3, for the conditional
    likelihood; McCullagh & Nelder (1989), Generalized Linear Models, chapter 6, for the dispersion.
    """
    grid = Span.between(*span)
    counts, days = grid.counts(events, "events"), grid.days(dates, "dates")
    spread = dispersion(grid, counts)
    strata = _strata(grid, counts, days, window)
    sets = grid.placebo_sets(days, draws=draws, seed=seed)
    single = _detectable_ratio(strata)

    def interval(members: np.ndarray, window: Window = window) -> Estimate:
        value, low, high = _conditional(_strata(grid, counts, members, window), *spread)
        unit = "times the rate of the same year outside the windows"
        method = "rate ratio by calendar year, exact conditional interval widened for dispersion, "
        method += f"placebo dates within year ({draws} draws)"
        return Estimate(value, low, high, unit, len(members), method, window=days_text(window))

    sides = DateEstimator(
        value=lambda sets: _ratios(_strata_of_sets(grid, counts, sets, window)),
        interval=lambda members: interval(members).changed(leads=f"{days_text(leads)} beside it"),
        ratio=True,
        fewest=1,
    )
    comparison = compare(
        grid.index[days],
        days,
        sets,
        sides,
        detectable=single,
        rows=strata,
        lead=interval(days, leads),
        details={name: int(total) for name, total in strata.sum().items()}
        | {"mde_independent": single, "dispersion": spread[0], "dispersion_df": spread[1]},
    )
    logs = np.log(comparison.placebo[np.isfinite(comparison.placebo) & (comparison.placebo > 0)])
    # Events that come in bursts spread the placebo ratios wider than single ones would.
    by_placebo = float(np.exp(normal_multiplier() * logs.std())) if len(logs) else 1.0
    mde = max(comparison.effect.details["mde"], by_placebo)
    return comparison.with_details(mde=mde, mde_below=1 / mde, mde_placebo=by_placebo)


def dispersion(span: Span, counts: np.ndarray) -> tuple[float, float]:
    """Return the variance of monthly counts over that of Poisson counts at their year's rate, and its df.

    Below 1 it counts as 1. Years without an event tell nothing of it.

    Parameters
    ----------
    span : Span
    counts : array of int, shape (days of the span,)
        Events per day; see :meth:`Span.counts`.
    """
    days = pd.DataFrame({"year": span.years, "month": span.index.month, "count": counts, "day": 1})
    months = days.groupby(["year", "month"]).sum()
    months = months[months.groupby("year")["count"].transform("sum") > 0]
    of_year = months.groupby("year").transform("sum")
    expected = of_year["count"] * months["day"] / of_year["day"]
    df = len(months) - months.index.get_level_values("year").nunique()
    factor = float(((months["count"] - expected) ** 2 / expected).sum()) / max(1, df)
    return max(1.0, factor), float(df or np.inf)


def share_difference(*, count_before: int, total_before: int, count_after: int, total_after: int) -> Estimate:
    """Compare two shares: Newcombe's interval of the difference, Fisher's exact p value (two-sided).

    Raises
    ------
    UnusableInput
        If a total is zero or a count lies outside its total.

    References
    ----------
    Fisher (1935), The Design of Experiments; Newcombe (1998), Statistics in Medicine 17, 873-890.
    """
    for count, total in ((count_before, total_before), (count_after, total_after)):
        if not (0 <= count <= total and total > 0):
            raise UnusableInput(f"{count} of {total} is not a share: check the counts.")
    low, high = confint_proportions_2indep(
        count_after, total_after, count_before, total_before, method="newcomb", compare="diff"
    )
    table = [[count_after, total_after - count_after], [count_before, total_before - count_before]]
    details = {"count_before": count_before, "total_before": total_before}
    details |= {"count_after": count_after, "total_after": total_after}
    value, n = count_after / total_after - count_before / total_before, total_before + total_after
    method, exact = "difference in shares, Newcombe interval, Fisher exact p", stats.fisher_exact(table)
    return Estimate(value, low, high, "difference in shares", n, method, exact.pvalue, details=details)


def _check_window(window: Window) -> None:
    if window[0] > window[1]:
        raise UnusableInput(f"The window {window} is empty: give its first day before its last.")


def counts_at(counts: np.ndarray, days: np.ndarray, window: Window) -> np.ndarray:
    """Return the number of events in the window of each day; `days` has any shape.

    Parameters
    ----------
    counts : array of int, shape (days of the span,)
        Events per day; see :meth:`Span.counts`.
    days : array of int
        Days whose windows lie in the span; see :meth:`Span.inside`.
    window : (int, int)
    """
    total = np.append(0, np.cumsum(counts))
    return total[days + window[1] + 1] - total[days + window[0]]


def days_text(window: Window) -> str:
    """Write a window of days: ``+1..+90 days``."""
    return f"{window[0]:+d}..{window[1]:+d} days"


def _strata(span: Span, counts: np.ndarray, days: np.ndarray, window: Window) -> pd.DataFrame:
    enough(len(days), 1, "dates")
    _check_window(window)
    parts = _strata_of_sets(span, counts, days[None, :], window)
    names = ("events_inside", "days_inside", "events_outside", "days_outside")
    table = pd.DataFrame(dict(zip(names, parts[:, 0], strict=True)), index=np.unique(span.years))
    table = table.rename_axis("year")
    table = table[(table["days_inside"] > 0) & (table["days_outside"] > 0)]
    if table.empty:
        raise UnusableInput(f"No year has days inside and outside {days_text(window)}: drop the dates.")
    if table["events_outside"].sum() == 0:
        raise UnusableInput("The years of these windows have no event outside them: no rate to compare with.")
    return table


def _strata_of_sets(span: Span, counts: np.ndarray, days: np.ndarray, window: Window) -> np.ndarray:
    """Return events and days inside the windows, and both outside them: shape (4, sets, years)."""
    days, years = np.sort(days, axis=1), span.years
    starts, ends = days + window[0], days + window[1] + 1
    starts[:, 1:] = np.maximum(starts[:, 1:], ends[:, :-1])
    total = np.append(0, np.cumsum(counts))
    parts = []
    for year in np.unique(years):
        first, last = np.searchsorted(years, [year, year + 1])
        a, b = np.clip(starts, first, last), np.clip(ends, first, last)
        inside, days_inside = (total[b] - total[a]).sum(axis=1), (b - a).sum(axis=1)
        parts.append((inside, days_inside, total[last] - total[first] - inside, last - first - days_inside))
    return np.moveaxis(np.array(parts), 0, -1)


def _ratios(strata: np.ndarray | pd.DataFrame) -> np.ndarray:
    """Return the conditional maximum likelihood ratio of each set; infinite where every event is inside."""
    total, inside, t_in, t_out = _informative(strata)
    observed = inside.sum(axis=1)
    low, high = np.full(len(observed), -12.0), np.full(len(observed), 12.0)
    for _ in range(60):
        middle = (low + high) / 2
        ratio = np.exp(middle)[:, None]
        too_small = (total * (ratio * t_in / (ratio * t_in + t_out))).sum(axis=1) < observed
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    ratio = np.exp((low + high) / 2)
    ratio = np.where(observed == 0, 0.0, ratio)
    return np.where((observed == total.sum(axis=1)) & (observed > 0), np.inf, ratio)


def _conditional(strata: pd.DataFrame, dispersion: float, df: float) -> tuple[float, float, float]:
    """Return the ratio and the ends of its 95 percent interval."""
    total, inside, _, _ = _informative(strata)
    tail = exact_tails(strata, dispersion, df)

    def end(side: int) -> float:
        return float(np.exp(optimize.brentq(lambda log_ratio: tail(log_ratio, side) - 0.025, -25, 25)))

    low = end(1) if inside.sum() else 0.0
    high = end(-1) if inside.sum() < total.sum() else np.inf
    return float(_ratios(strata)[0]), low, high


def exact_tails(
    strata: pd.DataFrame, dispersion: float = 1.0, df: float = np.inf
) -> Callable[[float, int], float]:
    """Return the exact test of a rate ratio: the chance of counts as extreme as those seen.

    The normal score of the chance is divided by the root of the dispersion and read as t with its df.

    Parameters
    ----------
    strata : DataFrame
        By year, as in the ``rows`` of :func:`rate_ratio`.
    dispersion, df : float
        See :func:`dispersion`; the defaults are those of Poisson events.

    Returns
    -------
    callable
        Takes the log of a ratio and a side: the chance, at that ratio, of as many events inside as seen or
        more (1), or of as many or fewer (-1).
    """
    total, inside, t_in, t_out = (part[0] for part in _informative(strata))
    observed, used = int(inside.sum()), total > 0
    # Each year adds a polynomial in the ratio; the coefficients of the product weight the counts inside.
    # Odds are taken relative to their common size, so that long products do not underflow.
    size = t_in.sum() / t_out.sum()
    weights = np.ones(1)
    for n, odds in zip(total[used], t_in[used] / t_out[used] / size, strict=True):
        weights = np.convolve(weights, special.comb(n, np.arange(n + 1)) * odds ** np.arange(n + 1))

    def tail(log_ratio: float, side: int) -> float:
        mass = special.softmax(np.log(weights) + np.arange(len(weights)) * (log_ratio + np.log(size)))
        chance = mass[observed:].sum() if side > 0 else mass[: observed + 1].sum()
        return float(special.stdtr(df, special.ndtri(min(chance, 1.0)) / np.sqrt(dispersion)))

    return tail


def _informative(strata: np.ndarray | pd.DataFrame) -> tuple[np.ndarray, ...]:
    """Return total and inside counts, inside and outside days, by set; a year needs both kinds of days.

    The table of one set counts as one.
    """
    sets = strata.to_numpy().T[:, None, :] if isinstance(strata, pd.DataFrame) else strata
    inside, days_inside, outside, days_outside = sets
    both = (days_inside > 0) & (days_outside > 0)
    return (inside + outside) * both, inside * both, days_inside, days_outside


def _detectable_ratio(years: pd.DataFrame) -> float:
    expected = (years["events_outside"] / years["days_outside"] * years["days_inside"]).sum()
    days_inside = years["days_inside"].sum()
    rate = expected / days_inside
    outside = years["events_outside"].sum() / rate
    return detectable_rate_ratio(rate, exposure_inside=days_inside, exposure_outside=outside).value
