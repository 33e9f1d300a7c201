"""Reactions of share groups to classes of news, and the placebo days they are judged against.

Every group has its own trading days. Placebo news falls on days of one common calendar, so that one placebo
draw moves all groups at once and the dependence between the tests is kept.

Sources: as in :mod:`helpers.methods.event_study`, :mod:`helpers.methods.placebo` and
:mod:`helpers.methods.multiplicity`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.methods import checks, placebo, power
from helpers.methods.abnormal_returns import Window, cars_on_every_day
from helpers.methods.event_study import UNIT, EventStudy, event_study
from helpers.methods.multiplicity import romano_wolf
from helpers.methods.results import Estimate, difference_of_means, mean_over_events

Returns = tuple[pd.DataFrame, pd.Series | None]  # returns of a group, and of its market
Cell = tuple[str, str]  # group and class of news
# Kinds of events that shares may react to: an event stands alone if none of another kind is near.
NEWS = ["summit_leaders", "dialogue", "summit_ai", "export_control", "control_easing", "counter_measure"]
NEWS += ["trade_truce", "market_shock"]
FEWEST_EVENTS = 2
PLACEBO_RANGE = (0.025, 0.975)
FAMILY_COLUMNS = [
    "group",
    "kind",
    "n",
    "value",
    "low",
    "high",
    "lead",
    "p_kolari_pynnonen",
    "p_corrado_rank",
] + ["p_portfolio_regression", "p_placebo", "p_romano_wolf", "placebo_low", "placebo_high"]


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
        ``estimation``, ``leads`` and ``window``, the keyword arguments of
        :func:`helpers.methods.event_study.event_study`.
    """
    first_lead = -before - leads
    last = first_lead - gap - 1
    return {
        "estimation": (last - estimation_length + 1, last),
        "leads": (first_lead, -before - 1),
        "window": (-before, after),
    }


def portfolio_cars(returns: pd.DataFrame, market, *, estimation: Window, window: Window) -> pd.Series:
    """Cumulative abnormal return of the equal-weight portfolio, as if each day were an event.

    The mean runs over the shares that can be used on the day; see
    :func:`helpers.methods.abnormal_returns.cars_on_every_day`.
    """
    return cars_on_every_day(returns, market, estimation=estimation, window=window).mean(axis=1)


def joint_cars(groups: Sequence[Returns], *, estimation: Window, window: Window) -> pd.Series:
    """Equal-weight portfolio over shares of several markets, each against its own market on its own days.

    Parameters
    ----------
    groups : sequence of (returns, market)
        The days are those of the first group; the others react on their first trading day on or after it.
    estimation, window : (int, int)
    """
    cars = [
        cars_on_every_day(returns, market, estimation=estimation, window=window) for returns, market in groups
    ]
    days = cars[0].index
    columns = [at_news(one[share], days, next_day=False) for one in cars for share in one]
    return pd.concat(columns, axis=1).mean(axis=1)


def portfolio_paths(
    returns: pd.DataFrame, market, *, estimation: Window, first: int, last: int
) -> pd.DataFrame:
    """Path of the equal-weight portfolio around every day, cumulated from the relative day `first`.

    Returns
    -------
    DataFrame
        Trading days × relative days ``first..last``.
    """
    paths = {
        day: portfolio_cars(returns, market, estimation=estimation, window=(first, day))
        for day in range(first, last + 1)
    }
    return pd.DataFrame(paths).rename_axis(columns="relative_day")


def at_news(cars: pd.Series, news_days: pd.DatetimeIndex, *, next_day: bool) -> pd.Series:
    """Value of a group's own calendar for news on each day of another calendar.

    Parameters
    ----------
    cars : Series
        By trading day of the group.
    news_days : DatetimeIndex
    next_day : bool
        True if the market can react only on a later date (news in US hours, a market in Asia).

    Returns
    -------
    Series
        By news day; missing after the last trading day.
    """
    rows = cars.index.searchsorted(news_days, side="right" if next_day else "left")
    values = np.append(cars.to_numpy(dtype=float), np.nan)
    return pd.Series(values[np.minimum(rows, len(cars))], news_days)


def spaced(days: pd.Series, index: pd.DatetimeIndex, window: Window) -> tuple[pd.Series, dict[str, str]]:
    """Let one event stand for those of its class that share a day of their windows with it: the earliest.

    Parameters
    ----------
    days : Series
        Trading day by event id.
    index : DatetimeIndex
        Trading days.
    window : (int, int)

    Returns
    -------
    (Series, dict)
        The events kept, and for each other one the event that stands for it.
    """
    rows = pd.Series(index.get_indexer(days), days.index).sort_values(kind="stable")
    kept, merged = [], {}
    for event, row in rows.items():
        if kept and row - rows[kept[-1]] <= window[1] - window[0]:
            merged[event] = kept[-1]
        else:
            kept.append(event)
    return days[kept], merged


@dataclass(frozen=True)
class PlaceboNews:
    """What the groups did on days without news, and placebo sets for each class of news.

    Attributes
    ----------
    daily : DataFrame
        News days × groups: cumulative abnormal return as if there had been news on that day.
    pool : DatetimeIndex
        Days that placebo news may fall on.
    days : dict of class to Series
        News day by event id, in the order of the columns of its sets.
    sets : dict of class to array, draws × events
        Rows of `daily`.
    """

    daily: pd.DataFrame
    pool: pd.DatetimeIndex
    days: dict[str, pd.Series]
    sets: dict[str, np.ndarray]

    @property
    def spread(self) -> pd.Series:
        """Standard deviation over the pool, by group: the noise before any result."""
        return self.daily.loc[self.pool].std()

    def values(self, group: str, kind: str, events: pd.Index) -> np.ndarray:
        """Placebo values of some events of a class, draws × events."""
        chosen = self.days[kind].index.get_indexer(events)
        return self.daily[group].to_numpy()[self.sets[kind][:, chosen[chosen >= 0]]]

    def detectable(self, counts: Mapping[Cell, int]) -> pd.DataFrame:
        """Minimum detectable mean by group and class for so many events; missing with fewer than two."""
        found = {
            cell: power.detectable_mean(n, self.spread[cell[0]], UNIT).value
            for cell, n in counts.items()
            if n >= FEWEST_EVENTS
        }
        return pd.Series(found, dtype=float).unstack() if found else pd.DataFrame(dtype=float)


def placebo_news(
    groups: Mapping[str, Returns],
    news: Mapping[str, pd.Series],
    *,
    excluded: pd.DatetimeIndex,
    later: Mapping[str, bool],
    calendar: pd.DatetimeIndex,
    guard: int,
    draws: int,
    seed: int,
    estimation: Window,
    window: Window,
) -> PlaceboNews:
    """Prepare placebo news for all groups and classes.

    Parameters
    ----------
    groups : mapping of group to (returns, market)
    news : mapping of class to Series
        Day of `calendar` by event id.
    excluded : DatetimeIndex
        Days of `calendar` on which anything is listed, of whatever kind.
    later : mapping of group to bool
        True for groups that react on a later date (see :func:`at_news`).
    calendar : DatetimeIndex
        Trading days of the market where news is dated.
    guard : int
        Placebo days are more than `guard` trading days from every event of every class and from every
        excluded day.
    draws, seed : int
    estimation, window : (int, int)

    Raises
    ------
    UnusableInput
        If too few days are left, a year has none, or an excluded day is not in `calendar`; see
        :func:`helpers.methods.placebo.quiet_rows`.
    """
    cars = {
        group: at_news(
            portfolio_cars(returns, market, estimation=estimation, window=window),
            calendar,
            next_day=later[group],
        )
        for group, (returns, market) in groups.items()
    }
    daily = pd.DataFrame(cars)
    every_day = pd.DatetimeIndex(np.concatenate([excluded, *news.values()]))
    pool = placebo.quiet_rows(calendar, daily.notna().all(axis=1).to_numpy(), every_day, guard)
    sets, apart = {}, window[1] - window[0]
    for number, (kind, days) in enumerate(news.items()):
        own = calendar.get_indexer(pd.DatetimeIndex(days))
        sets[kind] = placebo.same_year_sets(calendar, pool, own, apart=apart, draws=draws, seed=seed + number)
    return PlaceboNews(daily, calendar[pool], dict(news), sets)


def quiet_by_year(null: PlaceboNews) -> pd.DataFrame:
    """Count by year of the events the days that placebo news may fall on.

    Returns
    -------
    DataFrame
        By year: quiet (days), events, and enough (whether the days are not too few for a placebo test).
    """
    news = [days.dt.year for days in null.days.values()]
    events = pd.concat(news).value_counts() if news else pd.Series(dtype=int)
    quiet = null.pool.year.value_counts().reindex(events.sort_index().index, fill_value=0)
    table = pd.DataFrame({"quiet": quiet, "events": events}).sort_index().rename_axis("year")
    return table.assign(enough=table["quiet"] >= placebo.MINIMUM_POOL)


def study(group: Returns, days: pd.Series, **layout: Window) -> EventStudy:
    """Run the event study of one group and one class of news.

    Raises
    ------
    UnusableInput
        If fewer than two events can be used; see also :func:`helpers.methods.event_study.event_study`.
    """
    checks.enough(len(days), FEWEST_EVENTS, "events with share data")
    found = event_study(*group, days, **layout)
    checks.enough(len(found.by_event), FEWEST_EVENTS, "events with full windows")
    return found


def studies(
    groups: Mapping[str, Returns], days: Mapping[Cell, pd.Series], **layout: Window
) -> tuple[dict[Cell, EventStudy], dict[Cell, str]]:
    """Run every group on every class; return what was found, and for the rest the reason it is missing."""
    found, missing = {}, {}
    for cell, own in days.items():
        try:
            found[cell] = study(groups[cell[0]], own, **layout)
        except checks.UnusableInput as error:
            missing[cell] = str(error)
    return found, missing


def family(found: Mapping[Cell, EventStudy], null: PlaceboNews) -> pd.DataFrame:
    """Test all cells together: mean reaction against placebo means, Romano-Wolf over the family.

    Returns
    -------
    DataFrame
        One row per cell: group, kind, n, value, low, high, lead, p_kolari_pynnonen, p_corrado_rank,
        p_portfolio_regression, p_placebo, p_romano_wolf, placebo_low and placebo_high (the middle 95 percent
        of placebo means).
    """
    if not found:
        return pd.DataFrame(columns=FAMILY_COLUMNS)
    means = {cell: np.nanmean(null.values(*cell, one.by_event.index), axis=1) for cell, one in found.items()}
    draws = pd.DataFrame({" | ".join(cell): values for cell, values in means.items()})
    t = pd.Series({" | ".join(cell): one.estimate.value for cell, one in found.items()}) / draws.std()
    tested = romano_wolf(t, draws / draws.std())
    low, high = np.quantile(draws, PLACEBO_RANGE, axis=0)
    return pd.DataFrame([_row(cell, one) for cell, one in found.items()]).assign(
        p_placebo=tested["p_raw"].to_numpy(),
        p_romano_wolf=tested["p_romano_wolf"].to_numpy(),
        placebo_low=low,
        placebo_high=high,
    )


def cell_records(
    cells: Iterable[Cell], found: Mapping[Cell, EventStudy], missing: Mapping[Cell, str], tested: pd.DataFrame
) -> list[dict[str, Any]]:
    """Return the fields of the record of each cell: its study with the p values of the family, or why not.

    Parameters
    ----------
    cells : iterable of (group, class)
    found, missing : mapping
        See :func:`studies`.
    tested : DataFrame
        See :func:`family`.
    """
    rows, by_cell = [], tested.set_index(["group", "kind"])
    for cell in cells:
        name = {"name": "reaction_" + "_".join(cell)}
        if cell in found:
            p_values = by_cell.loc[[cell], ["p_placebo", "p_romano_wolf"]].iloc[0].to_dict()
            rows.append(name | found[cell].record() | p_values)
        else:
            rows.append(name | {"value": None, "unit": UNIT, "why": missing[cell]})
    return rows


def one_event(null: PlaceboNews, kind: str) -> pd.DataFrame:
    """Reaction of every group to a kind of news with one event, and the range over single days without news.

    Returns
    -------
    DataFrame
        group, kind, value, placebo_low, placebo_high; empty if the event is not among the news.
    """
    if kind not in null.days:
        return pd.DataFrame(columns=["group", "kind", "value", "placebo_low", "placebo_high"])
    value = null.daily.loc[null.days[kind].iloc[0]]
    low, high = (null.daily.loc[null.pool].quantile(end) for end in PLACEBO_RANGE)
    table = pd.DataFrame({"value": value, "placebo_low": low, "placebo_high": high})
    return table.rename_axis("group").reset_index().assign(kind=kind)


def _row(cell: Cell, one: EventStudy) -> dict:
    record = one.record()
    kept = {name: record[name] for name in ("n", "value", "low", "high")}
    p_values = {name: p for name, p in record.items() if name.startswith("p_") and name != "p_value"}
    return {"group": cell[0], "kind": cell[1]} | kept | {"lead": record["lead_value"]} | p_values


def size_difference(first: EventStudy, second: EventStudy, column: str = "car") -> Estimate:
    """Mean absolute reaction to one class of news less that to another, event by event.

    Parameters
    ----------
    first, second : EventStudy
    column : {"car", "lead_car"}
        Reaction in the event window or in the lead window.
    """
    sizes = [one.by_event[column].abs() for one in (first, second)]
    window = first.estimate.window if column == "car" else first.estimate.leads
    return difference_of_means(
        *sizes,
        unit=UNIT,
        window=window,
        method="difference in mean absolute portfolio CAR, Welch t across events",
        details={"n_first": len(sizes[0]), "n_second": len(sizes[1])},
    )


def without_each(first: EventStudy, second: EventStudy | None = None) -> dict[str, Estimate]:
    """Estimate again with each event left out: the mean reaction, or the difference in size of two."""
    if second is None:
        from_mean = first.by_event["car"]
        return {event: _mean_car(from_mean.drop(event), first) for event in from_mean.index}
    found = {}
    for one, other, swapped in ((first, second, False), (second, first, True)):
        for event in one.by_event.index:
            short = replace(one, by_event=one.by_event.drop(event))
            found[event] = size_difference(other, short) if swapped else size_difference(short, other)
    return found


def _mean_car(cars: pd.Series, one: EventStudy) -> Estimate:
    return mean_over_events(
        cars, unit=UNIT, method=one.estimate.method, window=one.estimate.window, leads=one.estimate.leads
    )


def only(one: EventStudy, events: pd.Index) -> EventStudy:
    """The same study with only these events in its table by event."""
    return replace(one, by_event=one.by_event[one.by_event.index.isin(events)])


def calm_days(
    index: pd.DatetimeIndex,
    day: pd.Timestamp,
    *,
    span: Window,
    excluded: pd.DatetimeIndex,
    years: tuple[int, int],
) -> pd.DatetimeIndex:
    """Trading days of some years on which nothing is listed and whose windows share no day with the event's.

    Parameters
    ----------
    index : DatetimeIndex
        Trading days.
    day : Timestamp
        The event.
    span : (int, int)
        First and last relative day of the windows.
    excluded : DatetimeIndex
        Trading days on which something is listed.
    years : (int, int)
        First and last calendar year.
    """
    apart = np.abs(np.arange(len(index)) - int(checks.positions(index, [day], "the event")[0]))
    kept = (apart > span[1] - span[0]) & ~index.isin(excluded)
    return index[kept & (index.year >= years[0]) & (index.year <= years[1])]


def around_one_day(
    before: pd.Series, after: pd.Series, day: pd.Timestamp, *, span: Window, excluded: pd.DatetimeIndex,
    flagged: pd.DatetimeIndex, years: tuple[int, int],
) -> pd.DataFrame:  # fmt: skip
    """Two windows of one event against the same windows of all other days.

    Parameters
    ----------
    before, after : Series
        Value of the window before and of the window after, as if each trading day were the event.
    day : Timestamp
    span : (int, int)
        First and last relative day that the two windows cover: days nearer than that share returns with the
        event and are no placebo days.
    excluded : DatetimeIndex
        Trading days on which something is listed.
    flagged : DatetimeIndex
        Days whose windows are doubtful: the range is also given without windows that hold one.
    years : (int, int)
        First and last calendar year of the placebo days.

    Returns
    -------
    DataFrame
        Two rows, before and after: value, low, middle, high (placebo 5, 50 and 95 percent), low_effect and
        high_effect (the value less the placebo 97.5 and 2.5 percent), spread, p_value, rank, pool,
        low_unflagged, high_unflagged, pool_unflagged; and reversals, the share of placebo days with a run-up
        above the 95 percent followed by a fall below the 5 percent.

    Raises
    ------
    UnusableInput
        If the event has no full windows, or too few placebo days remain.
    """
    index = checks.index_in_order(before.index, "windows")
    values = np.column_stack([before, after])
    row = int(checks.positions(index, [day], "the event")[0])
    if np.isnan(values[row]).any():
        raise checks.UnusableInput(f"The windows around {day:%Y-%m-%d} are not full: the data end too early.")
    calm = calm_days(index, day, span=span, excluded=excluded, years=years)
    usable = ~np.isnan(values).any(axis=1) & index.isin(calm)
    near = np.zeros(len(index), dtype=bool)
    for mark in np.flatnonzero(index.isin(flagged)):
        near[max(0, mark - span[1]) : mark - span[0] + 1] = True
    checks.enough(int((usable & ~near).sum()), placebo.MINIMUM_POOL, "days without news")
    table = pd.DataFrame(
        [_against(values[row, side], values[usable, side], values[usable & ~near, side]) for side in (0, 1)],
        index=pd.Index(["before", "after"], name="window"),
    )
    run_up = values[usable, 0] > table.loc["before", "high"]
    return table.assign(reversals=(run_up & (values[usable, 1] < table.loc["after", "low"])).mean())


def portfolio_around(
    members: Sequence[Returns],
    day: pd.Timestamp,
    *,
    before: Window,
    after: Window,
    estimation: Window,
    **rest,
) -> pd.DataFrame:
    """Two windows of the joint portfolio of some groups around one event.

    Parameters
    ----------
    members : sequence of (returns, market)
        See :func:`joint_cars`.
    day : Timestamp
    before, after, estimation : (int, int)
    **rest
        ``excluded``, ``flagged`` and ``years``; see :func:`around_one_day`.
    """
    sides = [joint_cars(members, estimation=estimation, window=window) for window in (before, after)]
    return around_one_day(*sides, day, span=(before[0], after[1]), **rest)


def paths_around(
    group: Returns,
    days: Mapping[str, pd.Timestamp],
    *,
    span: Window,
    estimation: Window,
    excluded: pd.DatetimeIndex,
    years: tuple[int, int],
) -> tuple[pd.DataFrame, float]:
    """Follow a portfolio through the days around some events, beside days on which nothing is listed.

    Parameters
    ----------
    group : (returns, market)
    days : mapping of event to Timestamp
        Trading days of the group; quiet days keep away from the first.
    span : (int, int)
        First and last relative day; the paths are cumulated from the first.
    estimation : (int, int)
    excluded, years
        See :func:`calm_days`.

    Returns
    -------
    (DataFrame, float)
        One row per event and relative day: event, day, value, and low and high, the 5 and 95 percent of the
        paths of quiet days; and the share of quiet days whose path leaves that range on some day.
    """
    daily = portfolio_paths(*group, estimation=estimation, first=span[0], last=span[1])
    first = next(iter(days.values()))
    quiet = daily.loc[calm_days(daily.index, first, span=span, excluded=excluded, years=years)]
    low, high = quiet.quantile(0.05), quiet.quantile(0.95)
    rows = [
        pd.DataFrame(
            {"event": event, "day": daily.columns, "value": daily.loc[day], "low": low, "high": high}
        )
        for event, day in days.items()
    ]
    whole = quiet.dropna()
    leaves = ((whole < low) | (whole > high)).any(axis=1).mean()
    return pd.concat(rows, ignore_index=True), float(leaves)


def _against(value: float, pool: np.ndarray, calm: np.ndarray) -> dict:
    low, middle, high, lowest, highest = np.quantile(pool, [0.05, 0.5, 0.95, 0.025, 0.975])
    low_calm, high_calm = np.quantile(calm, [0.05, 0.95])
    ends = {"low_effect": value - highest, "high_effect": value - lowest, "spread": pool.std(ddof=1)}
    ranks = {"p_value": placebo.placebo_test(pool, value), "rank": (pool < value).mean(), "pool": len(pool)}
    calm_ends = {"low_unflagged": low_calm, "high_unflagged": high_calm, "pool_unflagged": len(calm)}
    return {"value": value, "low": low, "middle": middle, "high": high} | ends | ranks | calm_ends
