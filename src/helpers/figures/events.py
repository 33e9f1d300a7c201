"""Events on a time axis: bands behind a series, and the timeline itself."""

import re
from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from helpers import timeline
from helpers.figures.labels import flag
from helpers.figures.style import (
    DIRECTIONS,
    FAINT,
    INK,
    MEETING,
    MUTED,
    date_axis,
    event_look,
    head,
    new_figure,
)

# First words of an event id that name its kind, and words of an id that are written in capitals.
ID_KINDS = {"ai", "allied", "bill", "cn", "dialogue", "ec", "inv", "model", "shock", "summit", "tariff", "us"}
ID_CAPITALS = {
    *("ai", "asml", "dd", "eda", "eo", "euv", "fdpr", "fyp15", "hbm", "jp", "kr", "nl", "sdi", "si", "smic"),
    *("tgl", "tsmc", "tw", "uae", "un", "us", "veu", "waic", "wto", "ymtc", "zte"),
}


def short_label(event: pd.Series) -> str:
    """Shortest readable name of an event: its `label` if the table has one, else made from its id.

    ``summit-buenos-aires-2018`` gives ``Buenos Aires``; ``ec-h20-licence-2025-04`` gives ``H20 Licence``.
    """
    if isinstance(event.get("label"), str) and event["label"]:
        return event["label"]
    words = str(event.name).split("-")
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    while len(words) > 1 and words[0] in ID_KINDS:
        words.pop(0)
    return " ".join(_written(word) for word in words).replace(" A ", "-a-")


def event_bands(ax: Axes, events: pd.DataFrame, *, names: bool = True) -> None:
    """Draw events behind a time series, and name them above the axes.

    An event is a line, one of more than a week also a band. Names are staggered so that they never overlap;
    if they are too many, `publish` puts numbers in their place and adds a key below the figure.

    Parameters
    ----------
    ax : Axes
        With a date axis whose limits are final: events outside them are left out.
    events : DataFrame
        As `helpers.timeline.events` returns them. A column `label`, if there is one, is preferred to the name
        made from the id.
    names : bool
        Write the names. Set False for all panels but the first of a stack that shares its time axis.
    """
    low, high = ax.get_xlim()
    notes = timeline.labels(events)
    for event_id, event in events.sort_values("date", kind="stable").iterrows():
        start = pd.Timestamp(event["date"])
        end = start if pd.isna(event["end_date"]) else pd.Timestamp(event["end_date"])
        if not low <= ax.convert_xunits(start) <= high:
            continue
        colour, _, dashes = event_look(event)
        if (end - start).days > 7:
            ax.axvspan(start, end, color=colour, alpha=0.10, linewidth=0, zorder=0.5)
        ax.axvline(start, color=colour, linewidth=0.9, linestyle=dashes, alpha=0.75, zorder=0.6)
        if names:
            flag(ax, start, short_label(event), notes[event_id], colour)
    ax.set_xlim(low, high)


def timeline_chart(
    events: pd.DataFrame, *, title: str, start: str, end: str, named: Collection[str] = (), as_of: str = ""
) -> Figure:
    """Draw every event in the lane of its kind.

    Shape and colour tell the direction (tightening, easing, cooperation, neutral); events close in time are
    stacked. The named events, usually the leader meetings, have a name above and a line through all lanes.

    Parameters
    ----------
    events : DataFrame
        As `helpers.timeline.events` returns them.
    title : str
        The conclusion.
    start, end : str
        ISO dates between which the axis runs.
    named : collection of str
        Event ids to be named.
    as_of : str
        ISO date after which the axis is shaded, so that scheduled events stand out; '' for none.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If no event falls between `start` and `end`.
    """
    shown = events[events["date"].between(pd.Timestamp(start), pd.Timestamp(end))].sort_values(
        "date", kind="stable"
    )
    if shown.empty:
        raise ValueError(f"No event between {start} and {end}: widen the dates or the selection of events.")
    lanes = timeline.lanes(shown)
    named = frozenset(named) & set(shown.index)
    fig, ax = new_figure(0.9 + 0.44 * len(lanes), wide=True)
    key = "Each mark is one dated event. Lane: kind; shape and colour: direction."
    head(fig, title, f"{key} Gray: after {as_of}." if as_of else key)
    ax.set_xlim(pd.Timestamp(start), pd.Timestamp(end))
    _draw_lanes(ax, list(lanes))
    for place, lane in enumerate(lanes.values()):
        _draw_lane(ax, lane, -place, named)
    notes = timeline.labels(shown)
    for event_id, event in shown[shown.index.isin(named)].iterrows():
        ax.axvline(event["date"], color=MEETING[0], linewidth=0.7, alpha=0.45, zorder=0.6)
        flag(ax, event["date"], short_label(event), notes[event_id], MEETING[0])
    if as_of:
        ax.axvspan(pd.Timestamp(as_of), pd.Timestamp(end), color=FAINT, alpha=0.25, linewidth=0, zorder=0.4)
    _direction_key(ax, shown, named)
    return fig


def stack(days: np.ndarray, width: float) -> np.ndarray:
    """Levels for marks on one lane, so that marks closer than `width` do not cover each other.

    Parameters
    ----------
    days : array of float, shape (n,)
        Sorted positions.
    width : float
        Smallest distance of two marks on one level, same unit.

    Returns
    -------
    array of int, shape (n,)
        0, 1, -1, 2, -2, ...: offset from the middle of the lane.
    """
    last: list[float] = []
    levels = np.zeros(len(days), dtype=int)
    for position, day in enumerate(days):
        free = next((level for level, taken in enumerate(last) if day - taken >= width), len(last))
        if free == len(last):
            last.append(day)
        last[free] = day
        levels[position] = (free + 1) // 2 * (1 if free % 2 else -1)
    return levels


def _written(word: str) -> str:
    if date := re.fullmatch(r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(\d+)", word):
        return f"{date[2]} {date[1].capitalize()}"
    return word.upper() if word in ID_CAPITALS or re.match(r"[a-z]\d", word) else word.capitalize()


def _draw_lanes(ax: Axes, lanes: list[str]) -> None:
    heights = -np.arange(len(lanes))
    ax.set_yticks(heights, lanes)
    ax.set_ylim(-len(lanes) + 0.45, 0.55)
    ax.grid(False)
    for height in heights:
        ax.axhline(height, color=FAINT, linewidth=0.6, alpha=0.6, zorder=0.3)
    ax.tick_params(axis="y", labelcolor=INK)
    date_axis(ax)


def _draw_lane(ax: Axes, lane: pd.DataFrame, height: int, named: frozenset) -> None:
    low, high = ax.get_xlim()
    days = np.array([ax.convert_xunits(day) for day in lane["date"]], dtype=float)
    levels = stack(days, (high - low) * 0.0095)
    step = min(0.17, 0.36 / max(1, np.abs(levels).max()))
    looks = [
        (*event_look(event)[:2], name in named, _hollow(event, named)) for name, event in lane.iterrows()
    ]
    for look in dict.fromkeys(looks):
        colour, marker, big, hollow = look
        chosen = np.array([one == look for one in looks])
        ax.plot(
            days[chosen],
            height + step * levels[chosen],
            marker=marker,
            markersize=7 if big else 5.5,
            markerfacecolor="white" if hollow else colour,
            markeredgecolor=colour,
            markeredgewidth=0.9,
            linestyle="none",
            zorder=3,
        )


def _hollow(event: pd.Series, named: frozenset) -> bool:
    if event["category"] == "summit_leaders":
        return event.name not in named
    return event["direction"] == "neutral"


def _direction_key(ax: Axes, shown: pd.DataFrame, named: frozenset) -> None:
    leaders = shown["category"] == "summit_leaders"
    looks = [("named above", *MEETING[:2], True)] if named else []
    if (leaders & ~shown.index.isin(named)).any():
        looks.append(("other contact of leaders", *MEETING[:2], False))
    present = set(shown.loc[~leaders, "direction"])
    for name, (colour, marker, _) in DIRECTIONS.items():
        if name in present:
            looks.append((name, colour, marker, name != "neutral"))
    marks = [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markerfacecolor=colour if solid else "white",
            linestyle="none",
            label=name,
        )
        for name, colour, marker, solid in looks
    ]
    ax.legend(
        handles=marks,
        loc="upper left",
        bbox_to_anchor=(0, -0.055 - 0.25 / len(ax.get_yticks())),
        ncols=len(marks),
        handletextpad=0.1,
        columnspacing=1.4,
        borderpad=0,
        labelcolor=MUTED,
        markerscale=0.9,
    )
