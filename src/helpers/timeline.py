"""Timeline: events, windows in months and trading days, and what else happened nearby.

Everything here is about dates; nothing here knows a series. Dates carry no time zone: an event's date is the
first day it was public where it was announced, and the two derived columns of the events table say on which
trading day the United States and Asia could first react.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from textwrap import shorten
from typing import Any, TypeAlias

import pandas as pd

from helpers import catalog
from helpers.observations import as_of_day, calendar_day

DATE_COLUMNS = ("date", "first_us_trading_day", "first_asia_trading_day")
TALKS = ("summit_ai", "dialogue")
# Kinds of events that shares may react to: an event stands alone if none of another kind is near.
NEWS = ["summit_leaders", "dialogue", "summit_ai", "export_control", "control_easing", "counter_measure"]
NEWS += ["trade_truce", "market_shock"]
LABEL_WIDTH = 48
ANY_DISTANCE = 10**6  # days
FIRST_SESSION = "2010-01-01"
# Holidays of mainland exchanges are published a year ahead.
LAST_SESSIONS = {"XSHG": "2026-12-31"}
LAST_SESSION = "2030-12-31"
# Days on which an exchange was shut though exchange_calendars 4.13 has a session: no share has a return.
CLOSED = {"XHKG": ("2023-09-01", "2023-09-08")}
# Local hour at which an event counts as known, by its place in the New York trading day.
KNOWN_AT = {"unknown": 12, "closed": 12, "during": 12, "before_open": 8, "after_close": 17}
VARIANT = "own variant, not pre-specified"
# Kinds of own events: the set whose place they take, their category and direction.
OWN_KINDS = {
    "meeting": ("meetings", "summit_leaders", "cooperation"),
    "tightening": ("tightening_major", "export_control", "tightening"),
    "easing": ("easing_major", "control_easing", "easing"),
}
OWN_FORM = "Write the columns date,label,kind in UTF-8, one event a row, a label with a comma in quotes."
# Of this notebook: rows of an events file, the ids that take the place of a set, and changed parameters.
_own: dict[str, Any] = {"rows": None, "sets": {}, "changed": ""}

Day: TypeAlias = str | date | pd.Timestamp


class UnknownEvent(ValueError):
    """An event id, or a value to select events by, does not exist."""


def read_events(path: str | Path) -> pd.DataFrame:
    """Read own events from a CSV file with the columns date, label and kind.

    Parameters
    ----------
    path : str or Path
        Days are written 2024-03-15. A kind is meeting, tightening or easing.

    Returns
    -------
    pandas.DataFrame
        As `events` returns; the id is the label in lower case, joined by hyphens.

    Raises
    ------
    helpers.catalog.BadFile
        If the file or a row cannot be used; the message names the file, the row and the mend.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from helpers.timeline import read_events
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.csv")
    ...     _ = path.write_text("date,label,kind\\n2024-03-16,My rule,tightening\\n")
    ...     read_events(path)["first_us_trading_day"]
    event_id
    my-rule   2024-03-18
    Name: first_us_trading_day, dtype: datetime64[us]
    """
    path, published = Path(path), catalog.events_table()
    columns = ("date", "label", "kind")
    table = catalog.read_own(path, columns, OWN_FORM, dtype=str, keep_default_na=False).map(str.strip)
    days = pd.to_datetime(table["date"], format="%Y-%m-%d", errors="coerce")
    ids = table["label"].str.lower().str.replace(r"[\W_]+", "-", regex=True).str.strip("-").rename("event_id")
    span = f"date is no day after {FIRST_SESSION} and before {LAST_SESSION}, where the trading calendars end."
    faults = {
        f"{span} Write it like 2024-03-15.": ~((days > FIRST_SESSION) & (days < LAST_SESSION)),
        f"kind is none of {', '.join(OWN_KINDS)}. Choose one.": ~table["kind"].isin(OWN_KINDS),
        "label is blank, or has no letter and no digit. Write one.": ids == "",
        "label is taken by another event. Write another.": ids.isin(published.index) | ids.duplicated(),
    }
    catalog.refuse_rows(path, table, faults)
    rows = published.iloc[:0].reindex(ids)
    rows = rows.fillna(dict.fromkeys(rows.select_dtypes("str"), "")).assign(date=days.to_numpy())
    rows[["category", "direction"]] = [OWN_KINDS[kind][1:] for kind in table["kind"]]
    for name in ("title", "label", "phrase", "sentence"):
        rows[name] = table["label"].to_numpy()
    rows[["us_session", "announced_zone"]] = "unknown"
    rows[["date_kind", "confidence", "verified", "source_title"]] = ["announced", "high", "yes", path.name]
    rows[list(DATE_COLUMNS[1:])] = trading_days(rows)
    return rows.astype(published.dtypes)


def use_own(chosen: Sequence[str] = (), file: str | Path = "") -> dict[str, list[str]]:
    """Let own events take the place of the sets of `data/claims.yml`, from here to the end of the notebook.

    A set for which neither `chosen` nor the file has an event stays as it is. The rows of the file are known
    to `events` too. Figures, tables, hashes and verdicts are `marked` from now on, and the summary at the top
    has a `banner`; the name of a section says nothing of either. Without own events, all is as published.

    Parameters
    ----------
    chosen : sequence of str
        Ids of events, or names of sets.
    file : str or Path
        See `read_events`.

    Returns
    -------
    dict of str to list of str
        Ids by the name of the set whose place they take.

    Examples
    --------
    >>> from helpers import timeline
    >>> timeline.use_own(["ec-oct7-2022"])
    {'tightening_major': ['ec-oct7-2022']}
    >>> timeline.event_set("tightening_major").index.tolist(), timeline.marked("supported")
    (['ec-oct7-2022'], 'supported (own variant, not pre-specified)')
    >>> timeline.use_own()
    {}
    """
    rows = read_events(file) if file else None
    _own.update(rows=rows, sets={})
    named = [name for name in chosen if name in catalog.claims()["sets"]]
    sets = {name: list(event_set(name).index) for name in named}
    ids = [event for event in chosen if event not in named] + ([] if rows is None else list(rows.index))
    for event, row in events(ids=ids).iterrows():
        for place, category, direction in OWN_KINDS.values():
            if row["category"] == category or row["direction"] == direction != "cooperation":
                sets.setdefault(place, []).append(str(event))
                break
        else:
            raise UnknownEvent(f"{event} is no leader meeting and neither tightens nor eases. Leave it out.")
    _own["sets"] = sets
    return sets


def use_changed(changed: Mapping[str, Any]) -> None:
    """Say which parameters depart from the declared defaults; `banner` and `marked` name them from now on.

    Parameters
    ----------
    changed : mapping of str to Any
        Values by name; empty for a run as published.

    Examples
    --------
    >>> from helpers import timeline
    >>> timeline.use_changed({"window_days": 30})
    >>> timeline.marked("supported")
    'supported (own variant, not pre-specified: window_days=30)'
    >>> timeline.use_changed({})
    """
    _own["changed"] = ", ".join(f"{name}={value}" for name, value in changed.items())


def banner() -> str:
    """Say of a notebook that it is an own variant, and in what; blank if it is none.

    See `use_own` and `use_changed`.
    """
    own = "; ".join(f"`{name}`: {', '.join(ids)}" for name, ids in _own["sets"].items())
    said = f" Own events stand in the place of {own}." if own else ""
    said += f" Not as published: `{_own['changed']}`." if _own["changed"] else ""
    said += " Where the text speaks of tests as written or of their hash, it means the published run.\n\n"
    return f"**This run is an {VARIANT}.**{said}" if own or _own["changed"] else ""


def marked(text: str) -> str:
    """Say of a caption or a verdict that it rests on own events or changed parameters, where it does.

    See `use_own` and `use_changed`.
    """
    changed = shorten(f": {_own['changed']}", LABEL_WIDTH, placeholder=" …") if _own["changed"] else ""
    departs = (_own["sets"] or changed) and VARIANT not in text
    return f"{text} ({VARIANT}{changed})" if departs else text


def without_replaced(selected: pd.DataFrame) -> pd.DataFrame:
    """Leave out the listed events of a direction in whose place own events stand; see `use_own`."""
    directions = [name.removesuffix("_major") for name in _own["sets"]]
    own = [event for members in _own["sets"].values() for event in members]
    return selected[~selected["direction"].isin(directions) | selected.index.isin(own)]


def events(
    categories: str | list[str] | None = None,
    actors: str | list[str] | None = None,
    direction: str | list[str] | None = None,
    confidence: str | list[str] | None = None,
    ids: str | list[str] | None = None,
    start: Day | None = None,
    end: Day | None = None,
    as_of: Day | None = None,
) -> pd.DataFrame:
    """Select events.

    Parameters
    ----------
    categories, direction, confidence : str or list of str, optional
        Keep events whose column holds one of these values.
    actors : str or list of str, optional
        Keep events in which at least one of these actors takes part.
    ids : str or list of str, optional
        Keep these events.
    start, end : str, datetime.date or pandas.Timestamp, optional
        Keep events dated from `start` to `end`, both included.
    as_of : str, datetime.date, pandas.Timestamp or None
        Drop events not public by the end of this day. None or ``''`` keeps all.

    Returns
    -------
    pandas.DataFrame
        The events table indexed by ``event_id``, in order of date.

    Raises
    ------
    UnknownEvent
        If a value to select by occurs in no event; the message names those that do.

    Examples
    --------
    >>> from helpers import timeline
    >>> early = timeline.events(categories="export_control", actors="US", end="2020-06-30")
    >>> "ec-huawei-entity-2019" in early.index
    True
    """
    columns = {"category": categories, "direction": direction, "confidence": confidence}
    chosen = columns | {"actors": actors, "event_id": ids}
    rows: dict[str, Any] = {
        name: [values] if isinstance(values, str) else list(values)
        for name, values in chosen.items()
        if values is not None
    }
    bounds = {"first": start, "last": end, "known": as_of_day(as_of)}
    rows |= {name: f"{calendar_day(day):%Y-%m-%d}" for name, day in bounds.items() if day is not None}
    table = _all_events(**rows)
    keep = pd.Series(True, index=table.index)
    for column, values in columns.items():
        if values is not None:
            keep &= table[column].isin(_known(values, set(table[column].dropna()), column))
    if actors is not None:
        taking_part = table["actors"].str.split(";").map(set)
        wanted_actors = _known(actors, set().union(*taking_part), "actor")
        keep &= taking_part.map(lambda those: bool(those & wanted_actors))
    if ids is not None:
        keep &= table.index.isin(_known(ids, set(table.index), "event_id"))
    if start is not None:
        keep &= table["date"] >= calendar_day(start)
    if end is not None:
        keep &= table["date"] <= calendar_day(end)
    known_by = as_of_day(as_of)
    if known_by is not None:
        keep &= table["public_from"].fillna(table["date"]) <= known_by
    return table[keep]


def event_set(name: str, as_of: Day | None = None) -> pd.DataFrame:
    """Select an event set named in `data/claims.yml`, such as ``tightening_major``; see `events`.

    Own events stand in its place where there are any; see `use_own`.

    Examples
    --------
    >>> from helpers import timeline
    >>> "ec-oct7-2022" in timeline.event_set("tightening_major").index
    True
    """
    if name in _own["sets"]:
        return events(ids=_own["sets"][name], as_of=as_of)
    sets = catalog.claims()["sets"]
    if name not in sets:
        raise UnknownEvent(f"data/claims.yml has no set {name!r}. It has: {', '.join(sets)}.")
    members = sets[name]
    if isinstance(members, dict):
        return events(categories=members["category"], as_of=as_of)
    selected = events(ids=members, as_of=as_of)
    # By rule a document that only restates a control is coded neutral and is no tightening.
    return selected[selected["direction"] == "tightening"] if name.startswith("tightening") else selected


def meetings(as_of: Day | None = None) -> pd.DataFrame:
    """Select the leader meetings, in person or virtual, that `data/claims.yml` names; see `events`.

    Examples
    --------
    >>> from helpers import timeline
    >>> timeline.meetings(as_of="2019-12-31").index.tolist()[-1]
    'summit-osaka-2019'
    """
    return event_set("meetings", as_of)


def labels(selected: pd.DataFrame) -> pd.Series:
    """Name each event for a reader, such as ``Busan, 30 Oct 2025``.

    The name is the label of the event list without a year or month at its end, since the date follows. If two
    events would get the same name, both get their whole title.

    Examples
    --------
    >>> from helpers import timeline
    >>> timeline.labels(timeline.events(ids="summit-busan-2025")).tolist()
    ['Busan, 30 Oct 2025']
    """
    dates = selected["date"].dt.day.astype(str) + selected["date"].dt.strftime(" %b %Y")
    dated = r"(?:, \d+ [A-Z][a-z]{2})? (?:19|20)\d\d$|, [A-Z][a-z]{2}$"
    undated = selected["label"].str.replace(dated, "", regex=True)
    names = undated + ", " + dates
    whole = selected["title"] + ", " + dates
    return names.where(~names.duplicated(keep=False), whole).rename("label")


def lanes(selected: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Group events for a timeline chart.

    Returns
    -------
    dict of str to pandas.DataFrame
        Events by lane, in drawing order; lanes without an event are left out. Every event is in exactly one
        lane.

    Examples
    --------
    >>> from helpers import timeline
    >>> list(timeline.lanes(timeline.events(ids=["summit-busan-2025", "ec-oct7-2022"])))
    ['Leader meetings', 'Export controls']
    """
    category = selected["category"]
    direction = selected["direction"]
    leaders = category == "summit_leaders"
    meeting = selected.index.isin(meetings().index) | (selected["leader_meeting"] == "yes")
    controls = category.isin(["export_control", "control_easing"])
    tariffs = category == "trade_truce"
    rules = {
        "Leader meetings": leaders & meeting,
        "Leader calls and plans": leaders & ~meeting,
        "AI summits and talks": category.isin(TALKS),
        "Export controls": controls & (direction == "tightening"),
        "Control easing": controls & (direction != "tightening"),
        "Counter-measures": category == "counter_measure",
        "Tariffs": tariffs & (direction == "tightening"),
        "Truces and trade talks": tariffs & (direction != "tightening"),
        "Policy and investment": category.isin(["industrial_policy", "investment"]),
        "Market shocks": category == "market_shock",
        "Model and chip releases": category == "model_release",
    }
    return {lane: selected[rule] for lane, rule in rules.items() if rule.any()}


def reaction_days(selected: pd.DataFrame, calendar: str) -> pd.Series:
    """Return the first session of an exchange that could react to each event.

    An event becomes known on ``public_from`` if there is one, else on ``date``, at ``announced_time`` in
    ``announced_zone`` (UTC if unknown). Without a time it is noon there, or 8 or 17 o'clock in New York if it
    is known to lie before the open or after the close. The first session that closes after that can react.

    Parameters
    ----------
    selected : pandas.DataFrame
        Events; see `events`.
    calendar : str
        Exchange code of the library exchange_calendars, such as ``XSHG`` (Shanghai).

    Returns
    -------
    pandas.Series
        Sessions without a time zone, by ``event_id``; missing after the last one that the calendar knows.

    Examples
    --------
    >>> from helpers import timeline
    >>> meeting = timeline.events(ids="summit-mar-a-lago-2017")
    >>> timeline.reaction_days(meeting, "XNYS").dt.day_name().tolist()
    ['Friday']
    """
    closes = _closes(calendar)
    moments = pd.DatetimeIndex([_moment(event) for event in selected.itertuples()], tz="UTC")
    days = closes.index.append(pd.DatetimeIndex([pd.NaT]))
    return pd.Series(days[closes.searchsorted(moments, side="right")], selected.index, name="day")


def trading_days(selected: pd.DataFrame) -> pd.DataFrame:
    """Return the first New York and Hong Kong session that could react to each event; see `reaction_days`."""
    calendars = {"first_us_trading_day": "XNYS", "first_asia_trading_day": "XHKG"}
    return pd.DataFrame({column: reaction_days(selected, each) for column, each in calendars.items()})


def sessions(calendar: str, first: Day, last: Day) -> pd.DatetimeIndex:
    """List the sessions of an exchange from one day to another, as far as its calendar is known.

    Examples
    --------
    >>> from helpers import timeline
    >>> len(timeline.sessions("XNYS", "2024-07-01", "2024-07-07"))
    4
    """
    return _closes(calendar).loc[calendar_day(first) : calendar_day(last)].index


def close_by(selected: pd.DataFrame, others: pd.DataFrame, days: int) -> pd.DataFrame:
    """List the other events close to each event: the overlap matrix, one row for each of its filled cells.

    Parameters
    ----------
    selected, others : pandas.DataFrame
        Events; see `events`. An event is never its own neighbour.
    days : int
        The largest distance that counts as close.

    Returns
    -------
    pandas.DataFrame
        One row per pair, in the order of both tables: ``event`` and ``other`` (ids), and ``days``, the
        calendar days from the event to the other, negative if the other came first.

    Examples
    --------
    >>> from helpers import timeline
    >>> meetings = timeline.events(ids=["summit-beijing-2017", "summit-busan-2025"])
    >>> len(timeline.close_by(meetings, meetings, days=30))
    0
    """
    first, second = selected["date"].rename_axis("event"), others["date"].rename_axis("other")
    pairs = pd.merge(first.reset_index(), second.reset_index(), how="cross", suffixes=("_event", "_other"))
    pairs["days"] = (pairs["date_other"] - pairs["date_event"]).dt.days
    near = (pairs["days"].abs() <= days) & (pairs["event"] != pairs["other"])
    return pairs.loc[near, ["event", "other", "days"]].reset_index(drop=True)


def nearest(selected: pd.DataFrame, others: pd.DataFrame | None = None) -> pd.DataFrame:
    """Find the nearest other event of each event.

    Parameters
    ----------
    selected : pandas.DataFrame
        Events; see `events`.
    others : pandas.DataFrame, optional
        Where to look; by default among `selected`. An event is never its own neighbour.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``event_id``: ``label``, ``days`` (distance in calendar days), ``nearest`` (label of the
        other event), ``nearest_date`` and ``nearest_category``. Of two at the same distance the earlier is
        named. Without any other event the last four are missing.

    Examples
    --------
    >>> from helpers import timeline
    >>> meetings = timeline.events(ids=["summit-mar-a-lago-2017", "summit-beijing-2017"])
    >>> timeline.nearest(meetings)["days"].tolist()
    [216, 216]
    """
    others = selected if others is None else others
    pairs = close_by(selected, others, ANY_DISTANCE)
    pairs = pairs.assign(days=pairs["days"].abs()).sort_values("days", kind="stable").drop_duplicates("event")
    closest = pairs.set_index("event").reindex(selected.index)
    table = pd.DataFrame({"label": labels(selected), "days": closest["days"].astype("Int64")})
    named = others.reindex(closest["other"]).set_axis(selected.index)
    table["nearest"] = labels(others).reindex(closest["other"]).to_numpy()
    return table.assign(nearest_date=named["date"], nearest_category=named["category"])


def clusters(selected: pd.DataFrame, days: int) -> pd.Series:
    """Number the clusters of events: neighbours in time at most `days` calendar days apart share a number.

    Returns
    -------
    pandas.Series
        Whole numbers from 0 in order of date, one per event of `selected`.

    Examples
    --------
    >>> from helpers import timeline
    >>> meetings = timeline.events(ids=["summit-mar-a-lago-2017", "summit-beijing-2017"])
    >>> timeline.clusters(meetings, days=60).tolist()
    [0, 1]
    """
    dates = selected["date"].sort_values(kind="stable")
    return (dates.diff().dt.days > days).cumsum().reindex(selected.index).rename("cluster")


def reach(as_of: Day | None = None) -> pd.Timestamp:
    """Return the last day about which the list speaks, or `as_of` if that is earlier.

    It is the day up to which its sources were read, where `coverage` in `data/sources.csv` ends, and not that
    of its last event: the days between the reading and a later event are unknown, and not calm.

    Raises
    ------
    NotADay
        If the package states no such day.

    Examples
    --------
    >>> from helpers import timeline
    >>> timeline.reach(as_of="2024-01-31")
    Timestamp('2024-01-31 00:00:00')
    """
    coverage = catalog.sources(["event_list"])["coverage"].get("event_list", "no event_list in sources.csv")
    last = calendar_day(coverage.rpartition(" to ")[2])
    return min(last, as_of_day(as_of) or last)


def counts_around(
    selected: pd.DataFrame, summits: pd.DataFrame, before: int, after: int, as_of: Day | None = None
) -> pd.DataFrame:
    """Count tightening and easing events around meetings.

    Events on the days of the meeting itself, from its first to its last, are counted apart. The direction is
    that of the events table, which also marks tariffs and market shocks: choose the categories that should
    count.

    Parameters
    ----------
    selected : pandas.DataFrame
        The events to count.
    summits : pandas.DataFrame
        The meetings; a meeting is never counted around itself or another meeting.
    before, after : int
        Calendar days before the first and after the last day of the meeting.
    as_of : str, datetime.date, pandas.Timestamp or None
        The day up to which `selected` was known.

    Returns
    -------
    pandas.DataFrame
        One row per meeting: ``label``, ``date``, ``tightening_before``, ``tightening_during``,
        ``tightening_after``, the same for easing, and ``days_after_covered``: how many of the `after` days
        lie within the `reach` of the list, beyond which it is silent.

    Examples
    --------
    >>> from helpers import timeline
    >>> controls = timeline.events(categories="export_control")
    >>> around = timeline.counts_around(controls, timeline.meetings("2025-12-31"), before=60, after=60)
    >>> bool((around["tightening_after"] >= 0).all())
    True
    """
    counted = selected.drop(index=summits.index, errors="ignore")
    rows, windows = {"label": labels(summits), "date": summits["date"]}, _around(summits, before, after)
    for direction in ("tightening", "easing"):
        days = counted.loc[counted["direction"] == direction, "date"]
        rows |= {f"{direction}_{side}": _count(days, *ends) for side, ends in windows.items()}
    rows["days_after_covered"] = (reach(as_of) - windows["during"][1]).dt.days.clip(lower=0, upper=after)
    return pd.DataFrame(rows)


def counts_expected(
    selected: pd.DataFrame, summits: pd.DataFrame, before: int, after: int, as_of: Day | None = None
) -> pd.DataFrame:
    """Say how many events the windows of `counts_around` would hold at the rate of their own calendar years.

    The rate of a year is its number of events, those inside the windows included, over its days within the
    `reach` of the list. It is a yardstick, not a counterfactual: years with a meeting may be tense years.

    Parameters
    ----------
    selected, summits, before, after, as_of
        As for `counts_around`.

    Returns
    -------
    pandas.DataFrame
        One row per meeting: ``label``, ``date``, and ``tightening_before``, ``tightening_after`` and the same
        for easing, as numbers of events; days beyond the reach of the list count nothing.

    Examples
    --------
    >>> from helpers import timeline
    >>> controls = timeline.events(categories="export_control")
    >>> usual = timeline.counts_expected(controls, timeline.meetings("2025-12-31"), before=60, after=60)
    >>> bool((usual["tightening_after"] >= 0).all())
    True
    """
    counted = selected.drop(index=summits.index, errors="ignore")
    rows, windows = {"label": labels(summits), "date": summits["date"]}, _around(summits, before, after)
    for direction in ("tightening", "easing"):
        rate = _yearly_rate(counted.loc[counted["direction"] == direction, "date"], reach(as_of))
        for side in ("before", "after"):
            spans = zip(summits.index, *windows[side], strict=True)
            expected = {event: rate.reindex(pd.date_range(*ends)).sum() for event, *ends in spans}
            rows[f"{direction}_{side}"] = pd.Series(expected, dtype=float)
    return pd.DataFrame(rows)


def unusable(
    selected: pd.DataFrame,
    index: pd.DatetimeIndex,
    before: int,
    after: int,
    guard: int,
    which: str = "date",
    others: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """List the events that cannot be used for a window of an outcome, with every reason.

    Parameters
    ----------
    selected : pandas.DataFrame
        Events; see `events`.
    index : pandas.DatetimeIndex
        Periods of the outcome without gaps filled: first days of months, or trading days.
    before, after : int
        Periods of the window before and after the period of the event.
    guard : int
        Calendar days around the event in which no event of another category may lie.
    which : {"date", "first_us_trading_day", "first_asia_trading_day"}
        The date that places the event.
    others : pandas.DataFrame, optional
        The events that may disturb; by default all of them.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``event_id``: ``label``, ``date``, ``reason`` in plain words, several joined by semicolons.
        Usable events are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> from helpers import timeline
    >>> months = pd.date_range("2018-01-01", "2018-12-01", freq="MS")
    >>> busan = timeline.events(ids="summit-busan-2025")
    >>> timeline.unusable(busan, months, before=3, after=3, guard=0)["reason"].str[:24].tolist()
    ['the window ends in 2026-']
    """
    _refuse_negative(before, after)
    if index.tz is not None:
        raise ValueError("The outcome's dates carry a time zone. Remove it with tz_localize(None).")
    others = _all_events() if others is None else others
    window_reasons = _month_reasons if (index.day == 1).all() else _day_reasons
    reasons = {
        event_id: _doubts(selected.loc[event_id])
        + window_reasons(selected.loc[event_id, which], index, before, after)
        + _disturbances(event_id, selected.loc[event_id], others, guard)
        for event_id in selected.index
    }
    table = pd.DataFrame({"label": labels(selected), "date": selected["date"], "reason": pd.Series(reasons)})
    table = table[table["reason"].map(len) > 0]
    return table.assign(reason=table["reason"].map("; ".join))


def _all_events(**rows: Any) -> pd.DataFrame:
    # Without own events the second is None, which concat leaves out.
    return pd.concat([catalog.events_table(**rows), _own["rows"]]).sort_values("date", kind="stable")


def _known(choice: str | list[str], known: set[str], column: str) -> set[str]:
    """Return the values asked for as a set after checking that each of them occurs."""
    values = {choice} if isinstance(choice, str) else set(choice)
    for value in sorted(values - known):
        near = get_close_matches(value, known, n=3) or sorted(known)[:12]
        raise UnknownEvent(f"No event has {column} {value!r}. Try one of: {', '.join(near)}.")
    return values


def _plain(day: pd.Timestamp) -> str:
    return f"{day.day} {day:%b %Y}"


def _refuse_negative(before: int, after: int) -> None:
    if before < 0 or after < 0:
        raise ValueError(f"A window of {before} before and {after} after is negative. Give counts.")


@lru_cache
def _closes(calendar: str) -> pd.Series:
    # Imported here because it costs a second that runs without trading days need not pay.
    from exchange_calendars import get_calendar

    closes = get_calendar(calendar, start=FIRST_SESSION, end=LAST_SESSIONS.get(calendar, LAST_SESSION)).closes
    return closes.drop(pd.DatetimeIndex(CLOSED.get(calendar, ())).intersection(closes.index))


def _moment(event: Any) -> pd.Timestamp:
    in_new_york = event.us_session in ("before_open", "after_close") and not event.announced_time
    zone = "America/New_York" if in_new_york else event.announced_zone
    day = event.date if pd.isna(event.public_from) else event.public_from
    known = day + pd.Timedelta(f"{event.announced_time or f'{KNOWN_AT[event.us_session]}:00'}:00")
    return known.tz_localize("UTC" if zone == "unknown" else zone).tz_convert("UTC")


def _around(summits: pd.DataFrame, before: int, after: int) -> dict[str, tuple[pd.Series, pd.Series]]:
    """First and last days of the windows before, during and after each meeting."""
    _refuse_negative(before, after)
    first, last, day = summits["date"], summits["end_date"].fillna(summits["date"]), pd.Timedelta(days=1)
    ahead, behind = (first - before * day, first - day), (last + day, last + after * day)
    return {"before": ahead, "during": (first, last), "after": behind}


def _count(days: pd.Series, first: pd.Series, last: pd.Series) -> pd.Series:
    inside = {event: int(days.between(first[event], last[event]).sum()) for event in first.index}
    return pd.Series(inside, dtype=int)


def _yearly_rate(days: pd.Series, last: pd.Timestamp) -> pd.Series:
    """Events per day of each calendar year, for every day from the first year of the list to `last`."""
    span = pd.date_range(_all_events()["date"].min().replace(month=1, day=1), last)
    inside = days[days <= last]
    yearly = inside.dt.year.value_counts().div(span.year.value_counts()).fillna(0.0)
    return pd.Series(yearly.reindex(span.year).to_numpy(), index=span)


def _doubts(event: pd.Series) -> list[str]:
    reasons = [] if event["verified"] == "yes" else ["no page that was read confirms it"]
    return reasons + (["it is only scheduled"] if event["date_kind"] == "scheduled" else [])


def _month_reasons(day: pd.Timestamp, index: pd.DatetimeIndex, before: int, after: int) -> list[str]:
    first = day.replace(day=1) - pd.DateOffset(months=before)
    window = pd.date_range(first, periods=before + 1 + after, freq="MS")
    reasons = []
    if window[0] < index[0]:
        reasons.append(f"the window starts in {window[0]:%Y-%m}, the data in {index[0]:%Y-%m}")
    if window[-1] > index[-1]:
        reasons.append(f"the window ends in {window[-1]:%Y-%m}, the data in {index[-1]:%Y-%m}")
    gaps = window[(window >= index[0]) & (window <= index[-1])].difference(index)
    if len(gaps):
        reasons.append(f"missing inside the window: {', '.join(gaps.strftime('%Y-%m'))}")
    return reasons


def _day_reasons(day: pd.Timestamp, index: pd.DatetimeIndex, before: int, after: int) -> list[str]:
    if pd.isna(day):
        return ["no trading day is known for it"]
    if not index[0] <= day <= index[-1]:
        return [f"{_plain(day)} lies outside the data, {_plain(index[0])} to {_plain(index[-1])}"]
    reasons = [] if day in index else [f"{_plain(day)} is not a trading day of the data"]
    zero = index.searchsorted(day)
    if zero < before:
        reasons.append(f"only {zero} of {before} trading days before it are in the data")
    if len(index) - 1 - zero < after:
        reasons.append(f"only {len(index) - 1 - zero} of {after} trading days after it are in the data")
    return reasons


def _disturbances(event_id: str, event: pd.Series, others: pd.DataFrame, guard: int) -> list[str]:
    apart = (others["date"] - event["date"]).dt.days.abs()
    near = others[(apart <= guard) & (others["category"] != event["category"]) & (others.index != event_id)]
    return [f"{_distance(apart[other])} {label}" for other, label in labels(near).items()]


def _distance(days: int) -> str:
    return "on the same day as" if days == 0 else "1 day from" if days == 1 else f"{days} days from"
