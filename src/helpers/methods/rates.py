"""Counts and rates of dated events around other dates: do tightenings come more often after a meeting?

All dates are calendar days. A window ``(1, 90)`` means the first to the ninetieth day after a date; day 0
belongs to no such window, so that what was agreed on the day itself is not counted as its consequence. `span`
is the stretch of days over which the event list claims to be complete.

The placebo draws replace every date by a random day of its own calendar year, away from the real dates. That
keeps the number of dates per year, so a list that is denser in later years does not pass for an effect.
Where windows may be cut at the ends of the span, those of placebo days are cut too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

from helpers.methods.checks import UnusableInput, enough
from helpers.methods.comparison import DateComparison, Estimator, compare
from helpers.methods.placebo import label_sets, sign_flips
from helpers.methods.power import detectable_mean, detectable_rate_ratio, normal_multiplier
from helpers.methods.results import Estimate, mean_over_events, t_interval

Dates = pd.DatetimeIndex | Sequence[Any]
Window = tuple[int, int]


def rate_ratio(
    events: Dates,
    dates: Dates,
    *,
    window: Window,
    leads: Window,
    span: tuple[Any, Any],
    guard: int,
    draws: int,
    seed: int,
) -> DateComparison:
    """Compare the daily rate of events inside windows with that of the same calendar years outside them.

    Within a year, events are taken as Poisson with one rate outside the windows and `value` times that rate
    inside. Conditional on each year's count, the number inside is binomial; the estimate and its exact
    interval come from the sum over years. Windows that overlap are counted once, each day belongs to its own
    calendar year, and a window that runs past the span is cut there (its observed days are its exposure).

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
    guard : int
        Placebo days lie more than this many days from every date.
    draws : int
        Placebo draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    DateComparison
        ``details`` also hold the totals of events and days. ``mde`` is the smallest ratio above one that the
        design detects with 80 percent power, ``mde_below`` the largest below one, and ``mde_independent``
        that of events which come singly.

    Raises
    ------
    UnusableInput
        If dates are unusable or outside the span, or no year has an event outside the windows.

    References
    ----------
    Breslow & Day (1987), Statistical Methods in Cancer Research II, chapter 3, for the conditional
    likelihood.
    """
    grid = _Grid.of(span)
    counts, days = grid.counts(events, "events"), grid.days(dates, "dates")
    strata = _strata(grid, counts, days, window)
    sets = _placebo_days(grid, days, guard, draws, seed)
    single = _detectable_ratio(strata)

    def interval(members: np.ndarray, window: Window = window) -> Estimate:
        value, low, high = _conditional(_strata(grid, counts, members, window))
        return Estimate(
            value,
            low,
            high,
            unit="times the rate of the same year outside the windows",
            n=len(members),
            method="rate ratio by calendar year, exact conditional interval, "
            f"placebo dates within year ({draws} draws)",
            window=_days_text(window),
        )

    def describe(placebo: np.ndarray) -> dict[str, float]:
        logs = np.log(placebo[np.isfinite(placebo) & (placebo > 0)])
        # Events that come in bursts spread the placebo ratios wider than single ones would.
        spread = float(np.exp(normal_multiplier() * logs.std())) if len(logs) else 1.0
        mde = max(single, spread)
        return {"mde": mde, "mde_below": 1 / mde, "mde_placebo": spread} | _placebo_range(placebo)

    return compare(
        grid.dates(days),
        lambda sets: _ratios(_strata_of_many(grid, counts, sets, window)),
        members=days,
        placebo_sets=sets,
        interval=interval,
        detectable=single,
        rows=strata,
        lead=interval(days, leads),
        fewest=1,
        leads=f"{_days_text(leads)} beside it",
        describe=describe,
        details={name: int(total) for name, total in strata.sum().items()} | {"mde_independent": single},
    )


def rate_path(
    events: Dates,
    dates: Dates,
    *,
    half: int,
    width: int,
    span: tuple[Any, Any],
    guard: int,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Follow the rate of events through the time around dates, relative to the rate of their own years.

    Parameters
    ----------
    events, dates, span, guard, draws, seed
        As in :func:`rate_ratio`.
    half : int
        Days followed before and after each date; day 0 is in no bin.
    width : int
        Days in a bin; it must divide `half`.

    Returns
    -------
    DataFrame
        One row per bin: `first` and `last` day, `observed` and `expected` events over all dates (those of the
        days' own calendar years at their mean rate, windows included), their `ratio`, and `low` and `high`,
        the 2.5th and 97.5th percentile of the ratio at placebo dates.

    Raises
    ------
    UnusableInput
        If dates are unusable, `width` does not divide `half`, or the years around the dates have no event.
    """
    if width < 1 or half < width or half % width:
        raise UnusableInput(f"Bins of {width} days do not fill {half} days: choose a divisor of {half}.")
    grid = _Grid.of(span)
    counts, days = grid.counts(events, "events"), grid.days(dates, "dates")
    enough(len(days), 1, "dates")
    years = pd.Series(counts).groupby(grid.years)
    rate = years.transform("mean").to_numpy()
    firsts = [*range(-half, 0, width), *range(1, half + 1, width)]
    windows = [(first, first + width - 1) for first in firsts]
    sets = np.vstack([days, _placebo_days(grid, days, guard, draws, seed)])
    rows = []
    for window in windows:
        observed, expected = (_sum_in_span(per_day, sets, window) for per_day in (counts, rate))
        if not expected[0] > 0:
            raise UnusableInput(f"No event in the years of {_days_text(window)}: drop these dates.")
        ratio = observed / np.where(expected > 0, expected, np.nan)
        low, high = np.nanquantile(ratio[1:], [0.025, 0.975])
        rows.append((*window, int(observed[0]), expected[0], ratio[0], low, high))
    return pd.DataFrame(rows, columns=["first", "last", "observed", "expected", "ratio", "low", "high"])


def jackknife_ratio(comparison: DateComparison) -> Estimate:
    """Give a rate ratio an interval whose unit is the date, from the ratios with each date left out.

    The Poisson interval of :func:`rate_ratio` takes the events as independent. This one asks how far the
    dates differ from each other: the jackknife of the log ratio, with t on the number of dates that move it
    minus one.

    Raises
    ------
    UnusableInput
        If a ratio is zero or infinite, or fewer than three dates move it.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 11.
    """
    ratios = np.array([comparison.effect.value, *(one.value for one in comparison.leave_one_out.values())])
    if not (np.isfinite(ratios) & (ratios > 0)).all():
        raise UnusableInput("A ratio of zero or infinity has no logarithm: widen the window.")
    logs = np.log(ratios)
    moving = int((~np.isclose(logs[1:], logs[0], atol=1e-9)).sum())
    enough(moving, 3, "dates that move the ratio")
    n = len(logs) - 1
    se = float(np.sqrt((n - 1) / n * ((logs[1:] - logs[1:].mean()) ** 2).sum()))
    ends = np.exp(logs[0] + np.array([-1, 1]) * stats.t.ppf(0.975, moving - 1) * se)
    return Estimate(
        ratios[0],
        *ends,
        unit=comparison.effect.unit,
        n=moving,
        method="rate ratio by calendar year, jackknife over dates",
        window=comparison.effect.window,
        details={"se_log": se},
    )


def equivalence_p_of_ratio(comparison: DateComparison, low: float, high: float) -> float:
    """Return the p value of "the rate ratio lies between `low` and `high`": the larger of two exact tests.

    The two one-sided null hypotheses are a ratio of at most `low` and one of at least `high`.

    References
    ----------
    Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    if not 0 < low < high:
        raise UnusableInput(f"The bounds {low} and {high} are no bounds of a ratio: give 0 < low < high.")
    tail = _tails(comparison.rows)
    return max(tail(float(np.log(low)), 1), tail(float(np.log(high)), -1))


def count_in_windows(
    events: Dates, dates: Dates, *, window: Window, span: tuple[Any, Any], guard: int, draws: int, seed: int
) -> DateComparison:
    """Count events in the window of each date and compare the mean with placebo dates of the same year.

    Parameters and errors are those of :func:`rate_ratio`, except that every window must lie inside the span,
    for a cut window would count less. The value is the mean count per date; ``details`` hold the placebo
    median and range. A window before the dates is itself the lead window.
    """
    grid = _Grid.of(span)
    counts, days = grid.counts(events, "events"), grid.days(dates, "dates")
    grid.inside(days, window)
    return _compare_means(
        grid.dates(days),
        lambda sets: _counts_at(counts, sets, window),
        days,
        _placebo_days(grid, days, guard, draws, seed, window),
        rows=pd.DataFrame({"count": _counts_at(counts, days, window)}, index=grid.dates(days)),
        unit="events per date",
        method=f"mean count, t interval over dates, placebo dates within year ({draws} draws)",
        window=_days_text(window),
    )


def change_around(
    dates: Dates,
    *,
    added: Dates,
    subtracted: Dates,
    length: int,
    anticipation: int,
    span: tuple[Any, Any],
    guard: int,
    draws: int,
    seed: int,
) -> DateComparison:
    """Compare a balance of events after each date with the same balance before it.

    The balance is the number of `added` events minus the number of `subtracted` ones (easing minus
    tightening, say).

    Parameters
    ----------
    dates : dates
        Days the windows are tied to.
    added, subtracted : dates
        Days of the events counted up and down; `subtracted` may be empty.
    length : int
        Days in each window: 1..length after, and as many before.
    anticipation : int
        Days just before each date that are left out of the window before.
    span, guard, draws, seed
        As in :func:`rate_ratio`.

    Returns
    -------
    DateComparison
        The value is the mean change per date. The lead is the balance before, compared with random days of
        the same year: a change that only undoes an unusual balance before is displacement. ``details`` also
        hold the exact sign-flip p value.

    Raises
    ------
    UnusableInput
        If dates are unusable, or a window runs past the span.
    """
    grid = _Grid.of(span)
    days = grid.days(dates, "dates")
    balance = grid.counts(added, "added events") - grid.counts(subtracted, "subtracted events")
    after, before = (1, length), (-length - anticipation, -1 - anticipation)
    whole = (before[0], after[1])
    grid.inside(days, whole)

    sets = _placebo_days(grid, days, guard, draws, seed, whole)
    count_after, count_before = (_counts_at(balance, days, side) for side in (after, before))
    change = count_after - count_before
    unusual = count_before - _counts_at(balance, sets, before).mean(axis=0)
    low, high = t_interval(unusual)
    lead = Estimate(
        unusual.mean(),
        low,
        high,
        unit="events per date",
        n=len(days),
        method="mean count before, less that of random days of the same year, t interval over dates",
        window=_days_text(before),
    )
    return _compare_means(
        grid.dates(days),
        lambda sets: _counts_at(balance, sets, after) - _counts_at(balance, sets, before),
        days,
        sets,
        rows=pd.DataFrame({"after": count_after, "before": count_before, "change": change}, grid.dates(days)),
        lead=lead,
        unit="events per date",
        method=f"mean change in counts, t interval over dates, placebo dates within year ({draws} draws)",
        window=_days_text(after),
        leads=f"compared with {_days_text(before)}",
        details={"sign_flip_p_value": sign_flips(change, seed=seed).p_value},
    )


def days_to_nearest(
    dates: Dates,
    events: Dates,
    *,
    same_announcement: Sequence[tuple[Any, Any]],
    span: tuple[Any, Any],
    guard: int,
    draws: int,
    seed: int,
) -> DateComparison:
    """Compare the distance from each date to the nearest event with that of a random day of its year.

    Parameters
    ----------
    dates : dates
        Days of the dialogues or meetings.
    events : dates
        Days of the events looked for, before or after.
    same_announcement : sequence of (date, event date)
        Pairs that were one announcement: that event is no neighbour of that date, nor of its placebo days.
    span, guard, draws, seed
        As in :func:`rate_ratio`.

    Returns
    -------
    DateComparison
        The value is the mean distance relative to the mean over all days of the same years, minus one: -0.25
        is a quarter shorter. The interval is a t interval over dates of the difference from each year's mean.

    Raises
    ------
    UnusableInput
        If dates are unusable, or a date has no event left to be near to.
    """
    grid = _Grid.of(span)
    days = grid.days(dates, "dates")
    enough(len(days), 2, "dates")
    event_days = np.unique(grid.days(events, "events", repeated=True))
    linked = {(grid.number(date, "dates"), grid.number(event, "events")) for date, event in same_announcement}
    sets = _placebo_days(grid, days, guard, draws, seed)
    distances = []
    for day in days:
        neighbours = np.array([event for event in event_days if (day, event) not in linked])
        enough(len(neighbours), 1, f"events near {grid.date(day):%Y-%m-%d}")
        distances.append(np.abs(np.arange(grid.length)[:, None] - neighbours).min(axis=1))
    # Each date has its own neighbours: a member is a cell of this table, date by date.
    distance = np.array(distances)
    first = np.arange(len(days)) * grid.length
    expected = np.array(
        [row[grid.years == grid.years[day]].mean() for row, day in zip(distance, days, strict=True)]
    )
    usual = np.repeat(expected, grid.length).reshape(distance.shape)
    relative = ((distance - usual) / expected.mean()).ravel()
    whole = distance.ravel()
    own = whole[first + days]
    return _compare_means(
        grid.dates(days),
        lambda cells: relative[cells],
        first + days,
        first + sets,
        # Days are whole: their mean is exact, and equal sets of days stay equal.
        estimate=lambda cells: (whole[cells].mean(axis=1) - expected.mean()) / expected.mean(),
        rows=pd.DataFrame({"days": own, "days_random": expected}, index=grid.dates(days)),
        unit="share of the distance of a random day",
        method="mean days to the nearest event less that of random days, t interval over dates, "
        f"dates permuted within year ({draws} draws)",
        leads="events before and after",
        details={"mean_days": float(own.mean()), "mean_days_random": float(expected.mean())},
    )


def percentile_in_months(values: pd.Series, months: Dates, *, seed: int) -> DateComparison:
    """Compare the mean percentile of a monthly series in some months with that of any other months.

    Parameters
    ----------
    values : Series
        By first day of the month; the percentile of a month is its rank among these values, from 0 to 1.
    months : dates
        Any days of the months meant; several in one month count once, months without a value are left out.
    seed : int
        Seed of the draws if there are too many sets of months to enumerate.

    Returns
    -------
    DateComparison
        The value has a t interval over months and the two-sided p value of exchanging months. The lead is the
        mean percentile of the month before each, without a p value.

    Raises
    ------
    UnusableInput
        If fewer than two of the months have a value, or a value is missing.
    """
    percentile = ((values.rank() - 0.5) / len(values)).rename("percentile")
    first_days = pd.DatetimeIndex(pd.DatetimeIndex(months).to_period("M").to_timestamp().unique())
    chosen, before = (
        percentile[percentile.index.isin(days)] for days in (first_days, first_days - pd.DateOffset(months=1))
    )
    enough(len(chosen), 2, "months with a value")
    ranks, size = percentile.to_numpy(), len(chosen)
    sets, exact = label_sets(len(ranks), size, seed=seed)

    def estimate(sets: np.ndarray) -> np.ndarray:
        """Turn the difference of the two groups into the mean of the first: both sum to what is fixed."""
        inside = ranks[sets].mean(axis=1)
        difference = inside - (ranks.sum() - size * inside) / (len(ranks) - size)
        return 0.5 + difference * (1 - size / len(ranks))

    unit = "mean percentile, from 0 to 1"
    lead = mean_over_events(before, unit=unit, method="mean percentile, t interval", window="month before")
    return _compare_means(
        chosen.index,
        lambda sets: ranks[sets],
        percentile.index.get_indexer(chosen.index),
        sets,
        rows=chosen.to_frame(),
        # Its p value is of a mean of zero, which no percentile can have.
        lead=replace(lead, p_value=None),
        estimate=estimate,
        centre=0.5,
        exact=exact,
        unit=unit,
        method=f"mean percentile, t interval over months, exchange of months ({len(sets)} sets)",
        window="month of the event",
    )


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
    return Estimate(
        count_after / total_after - count_before / total_before,
        low,
        high,
        unit="difference in shares",
        n=total_before + total_after,
        method="difference in shares, Newcombe interval, Fisher exact p",
        p_value=stats.fisher_exact(table).pvalue,
        details={
            "count_before": count_before,
            "total_before": total_before,
            "count_after": count_after,
            "total_after": total_after,
        },
    )


def best_cut(coded: Sequence[bool]) -> Estimate:
    """Find the cut of a sequence after which its share rises most, and how often chance does as well.

    A cut chosen after looking makes any difference look larger. All orders of the same codes are enumerated;
    each may choose its own best cut.

    Parameters
    ----------
    coded : sequence of bool
        In order of date.

    Returns
    -------
    Estimate
        The largest rise in the share, without an interval; the p value is the share of orders that reach it
        (one-sided). ``details`` hold `cut`, the number of cases before it.

    Raises
    ------
    UnusableInput
        If there are fewer than two cases, or more than 20, whose orders are too many to enumerate.

    References
    ----------
    Miller & Siegmund (1982), Maximally selected chi square statistics, Biometrics 38, 1011-1016; here exact.
    """
    codes = np.asarray(coded, dtype=float)
    enough(len(codes), 2, "cases in order")
    if len(codes) > 20:
        raise UnusableInput(f"{len(codes)} cases have too many orders to enumerate: take at most 20.")
    rises = _rises(codes[None, :])[0]
    orders = np.array(list(combinations(range(len(codes)), int(codes.sum()))), dtype=int)
    others = np.zeros((len(orders), len(codes)))
    np.put_along_axis(others, orders.reshape(len(orders), -1), 1.0, axis=1)
    as_large = _rises(others).max(axis=1) >= rises.max() - 1e-12
    return Estimate(
        rises.max(),
        None,
        None,
        unit="difference in shares",
        n=len(codes),
        method=f"largest rise over all cuts, exact over {len(orders)} orders, one-sided p",
        p_value=as_large.mean(),
        details={"cut": int(rises.round(12).argmax()) + 1},
    )


def _rises(codes: np.ndarray) -> np.ndarray:
    """Share after each cut minus share before it, shape (orders, cuts)."""
    cuts = np.arange(1, codes.shape[1])
    before = np.cumsum(codes, axis=1)[:, :-1]
    return (codes.sum(axis=1, keepdims=True) - before) / (codes.shape[1] - cuts) - before / cuts


@dataclass(frozen=True)
class _Grid:
    """The days of the span, numbered from zero."""

    start: pd.Timestamp
    years: np.ndarray

    @classmethod
    def of(cls, span: tuple[Any, Any]) -> "_Grid":
        first, last = (pd.Timestamp(end).normalize() for end in span)
        if pd.isna(first) or pd.isna(last) or first >= last:
            raise UnusableInput(
                f"The span {span[0]}..{span[1]} is empty: give its first and last day in order."
            )
        return cls(first, pd.date_range(first, last).year.to_numpy())

    @property
    def length(self) -> int:
        return len(self.years)

    def number(self, date: Any, what: str) -> int:
        return int(self.days([date], what)[0])

    def date(self, day: int) -> pd.Timestamp:
        return self.start + pd.Timedelta(days=int(day))

    def dates(self, days: np.ndarray) -> pd.DatetimeIndex:
        return pd.DatetimeIndex([self.date(day) for day in days], name="date")

    def days(self, dates: Dates, what: str, repeated: bool = False) -> np.ndarray:
        """Number the dates, sorted; refuse missing, zoned, repeated ones and those outside the span."""
        try:
            index = pd.DatetimeIndex(dates)
        except (TypeError, ValueError) as error:
            raise UnusableInput(f"The {what} are not dates of one kind: {error}. Convert them.") from None
        if index.tz is not None:
            raise UnusableInput(f"The {what} carry a time zone: use calendar days without one.")
        if index.hasnans:
            raise UnusableInput(f"The {what} have missing dates: drop them and say so.")
        if not repeated and not index.is_unique:
            raise UnusableInput(
                f"{index[index.duplicated()][0]:%Y-%m-%d} is repeated in the {what}: keep one."
            )
        days = (index.normalize() - self.start).days.to_numpy()
        outside = (days < 0) | (days >= self.length)
        if outside.any():
            raise UnusableInput(
                f"{index[outside][0]:%Y-%m-%d} among the {what} is outside the span: "
                "drop it or widen the span."
            )
        return np.sort(days)

    def counts(self, events: Dates, what: str) -> np.ndarray:
        """Count events per day."""
        if len(events) == 0:
            return np.zeros(self.length, dtype=int)
        return np.bincount(self.days(events, what, repeated=True), minlength=self.length)

    def inside(self, days: np.ndarray, window: Window) -> None:
        """Refuse windows that run past the span."""
        enough(len(days), 2, "dates")
        _check_window(window)
        past = (days + window[0] < 0) | (days + window[1] >= self.length)
        if past.any():
            listed = ", ".join(f"{self.date(day):%Y-%m-%d}" for day in days[past])
            raise UnusableInput(f"The windows of {listed} run past the span: drop these dates and say so.")


def _check_window(window: Window) -> None:
    if window[0] > window[1]:
        raise UnusableInput(f"The window {window} is empty: give its first day before its last.")


def _placebo_days(
    grid: _Grid, days: np.ndarray, guard: int, draws: int, seed: int, window: Window = (0, 0)
) -> np.ndarray:
    """Draw for each date a day of its own year; a `window` given lies in the span; shape (draws, dates)."""
    rng = np.random.default_rng(seed)
    allowed = np.arange(-min(window[0], 0), grid.length - max(window[1], 0))
    allowed = allowed[np.abs(allowed[:, None] - days).min(axis=1) > guard]
    columns = []
    for day in days:
        same_year = allowed[grid.years[allowed] == grid.years[day]]
        enough(len(same_year), 19, f"placebo days in {grid.years[day]}")
        columns.append(rng.choice(same_year, size=draws))
    return np.column_stack(columns)


def _counts_at(counts: np.ndarray, days: np.ndarray, window: Window) -> np.ndarray:
    total = np.append(0, np.cumsum(counts))
    return total[days + window[1] + 1] - total[days + window[0]]


def _sum_in_span(per_day: np.ndarray, sets: np.ndarray, window: Window) -> np.ndarray:
    """Sum over the windows of each set of dates, cut at the ends of the span; shape (sets,)."""
    total = np.append(0, np.cumsum(per_day))
    starts = np.clip(sets + window[0], 0, len(per_day))
    return (total[np.clip(sets + window[1] + 1, 0, len(per_day))] - total[starts]).sum(axis=1)


def _strata(grid: _Grid, counts: np.ndarray, days: np.ndarray, window: Window) -> pd.DataFrame:
    enough(len(days), 1, "dates")
    _check_window(window)
    parts = _strata_of_many(grid, counts, days[None, :], window)
    table = pd.DataFrame({name: values[0] for name, values in parts.items()}, index=np.unique(grid.years))
    table = table.rename_axis("year")
    table = table[(table["days_inside"] > 0) & (table["days_outside"] > 0)]
    if table.empty:
        raise UnusableInput(f"No year has days inside and outside {_days_text(window)}: drop the dates.")
    if table["events_outside"].sum() == 0:
        raise UnusableInput("The years of these windows have no event outside them: no rate to compare with.")
    return table


def _strata_of_many(
    grid: _Grid, counts: np.ndarray, days: np.ndarray, window: Window
) -> dict[str, np.ndarray]:
    """Return events and days inside and outside the windows, each of shape (draws, years)."""
    days = np.sort(days, axis=1)
    starts, ends = days + window[0], days + window[1] + 1
    starts[:, 1:] = np.maximum(starts[:, 1:], ends[:, :-1])
    total = np.append(0, np.cumsum(counts))
    parts = []
    for year in np.unique(grid.years):
        first, last = np.searchsorted(grid.years, [year, year + 1])
        a, b = np.clip(starts, first, last), np.clip(ends, first, last)
        inside, days_inside = (total[b] - total[a]).sum(axis=1), (b - a).sum(axis=1)
        parts.append((inside, days_inside, total[last] - total[first] - inside, last - first - days_inside))
    names = ("events_inside", "days_inside", "events_outside", "days_outside")
    return dict(zip(names, np.moveaxis(np.array(parts), 0, -1), strict=True))


def _ratios(strata: dict[str, np.ndarray]) -> np.ndarray:
    """Return the conditional maximum likelihood ratio of each draw; infinite where every event is inside."""
    total, inside, t_in, t_out = _informative(strata)
    observed = inside.sum(axis=1)
    low, high = np.full(len(observed), -12.0), np.full(len(observed), 12.0)
    for _ in range(60):
        middle = (low + high) / 2
        too_small = (total * _share(np.exp(middle)[:, None], t_in, t_out)).sum(axis=1) < observed
        low, high = np.where(too_small, middle, low), np.where(too_small, high, middle)
    ratio = np.exp((low + high) / 2)
    ratio = np.where(observed == 0, 0.0, ratio)
    return np.where((observed == total.sum(axis=1)) & (observed > 0), np.inf, ratio)


def _conditional(strata: pd.DataFrame) -> tuple[float, float, float]:
    """Return the ratio and the ends of its exact 95 percent interval."""
    total, inside, _, _ = _informative(_as_rows(strata))
    tail = _tails(strata)

    def end(side: int) -> float:
        return float(np.exp(optimize.brentq(lambda log_ratio: tail(log_ratio, side) - 0.025, -25, 25)))

    low = end(1) if inside.sum() else 0.0
    high = end(-1) if inside.sum() < total.sum() else np.inf
    return float(_ratios(_as_rows(strata))[0]), low, high


def _tails(strata: pd.DataFrame) -> Callable[[float, int], float]:
    """Return the chance, by log ratio, of as many events inside as seen or more (side 1), or fewer (-1)."""
    total, inside, t_in, t_out = _informative(_as_rows(strata))
    observed, used = int(inside.sum()), total[0] > 0
    # Each year adds a polynomial in the ratio; the coefficients of the product weight the counts inside.
    # Odds are taken relative to their common size, so that long products do not underflow.
    size = t_in.sum() / t_out.sum()
    weights = np.ones(1)
    for n, odds in zip(total[0][used], t_in[0][used] / t_out[0][used] / size, strict=True):
        weights = np.convolve(weights, special.comb(n, np.arange(n + 1)) * odds ** np.arange(n + 1))

    def tail(log_ratio: float, side: int) -> float:
        mass = special.softmax(np.log(weights) + np.arange(len(weights)) * (log_ratio + np.log(size)))
        return float(mass[observed:].sum() if side > 0 else mass[: observed + 1].sum())

    return tail


def _as_rows(strata: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: strata[[name]].to_numpy().T for name in strata.columns}


def _detectable_ratio(years: pd.DataFrame) -> float:
    expected = (years["events_outside"] / years["days_outside"] * years["days_inside"]).sum()
    days_inside = years["days_inside"].sum()
    rate = expected / days_inside
    outside = years["events_outside"].sum() / rate
    return detectable_rate_ratio(rate, exposure_inside=days_inside, exposure_outside=outside).value


def _informative(strata: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return total and inside counts, inside and outside days; a year needs both kinds of days."""
    both = (strata["days_inside"] > 0) & (strata["days_outside"] > 0)
    inside = strata["events_inside"] * both
    total = inside + strata["events_outside"] * both
    return total, inside, strata["days_inside"], strata["days_outside"]


def _share(ratio: float | np.ndarray, days_inside: np.ndarray, days_outside: np.ndarray) -> np.ndarray:
    return ratio * days_inside / (ratio * days_inside + days_outside)


def _placebo_range(placebo: np.ndarray) -> dict[str, float]:
    low, middle, high = np.quantile(placebo, [0.05, 0.5, 0.95], method="nearest")
    return {"placebo_5th": float(low), "placebo_median": float(middle), "placebo_95th": float(high)}


def _compare_means(
    dates: pd.DatetimeIndex,
    value: Callable[[np.ndarray], np.ndarray],
    members: np.ndarray,
    placebo_sets: np.ndarray,
    *,
    rows: pd.DataFrame,
    unit: str,
    method: str,
    estimate: Estimator | None = None,
    window: str = "",
    leads: str = "",
    lead: Estimate | None = None,
    centre: float | None = None,
    exact: bool = False,
    details: Mapping[str, float] | None = None,
) -> DateComparison:
    """Compare the mean of one value per date with placebo means.

    `value` takes members of any shape; `estimate` gives the means of sets where they can be had more exactly.
    """
    values = value(members)
    spread = values.std(ddof=1)
    by_interval = detectable_mean(len(values), spread, unit).value if spread > 0 else 0.0

    def interval(members: np.ndarray) -> Estimate:
        values = value(members)
        low, high = t_interval(values)
        return Estimate(values.mean(), low, high, unit, len(values), method, window=window, leads=leads)

    def describe(placebo: np.ndarray) -> dict[str, float]:
        by_placebo = normal_multiplier() * float(placebo.std())
        mdes = {"mde_placebo": by_placebo, "mde": max(by_interval, by_placebo)}
        return mdes | ({"mde_interval": by_interval} if by_interval else {}) | _placebo_range(placebo)

    return compare(
        dates,
        estimate or (lambda sets: value(sets).mean(axis=1)),
        members=members,
        placebo_sets=placebo_sets,
        interval=interval,
        detectable=by_interval,
        rows=rows,
        lead=lead,
        centre=centre,
        exact=exact,
        describe=describe,
        details=details,
    )


def _days_text(window: Window) -> str:
    return f"{window[0]:+d}..{window[1]:+d} days"
