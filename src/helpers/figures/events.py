"""Events on a time axis: bands behind a series, and the timeline itself."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from helpers.figures.labels import flag
from helpers.figures.style import DIRECTIONS, FAINT, INK, MEETING, MUTED, date_axis, event_look, head, new_figure

LANES = {
    "summit_leaders": "Leaders: meetings and calls",
    "dialogue": "US–China AI talks",
    "summit_ai": "AI summits and UN",
    "export_control": "Export controls",
    "control_easing": "Controls eased",
    "counter_measure": "Chinese counter-measures",
    "trade_truce": "Tariffs and truces",
    "industrial_policy": "Industrial policy",
    "investment": "Investment",
    "market_shock": "Market shocks",
    "model_release": "Models and chips",
}

# First words of an event id that name its kind, and words of an id that are written in capitals.
ID_KINDS = {"ai", "allied", "bill", "cn", "dialogue", "ec", "inv", "model", "shock", "summit", "tariff", "us"}
ID_CAPITALS = {"ai", "asml", "dd", "eda", "eo", "euv", "fdpr", "fyp15", "hbm", "jp", "kr", "nl", "sdi", "si", "smic"}
ID_CAPITALS |= {"tgl", "tsmc", "tw", "uae", "un", "us", "veu", "waic", "wto", "ymtc", "zte"}


def short_label(event: pd.Series) -> str:
    """Shortest readable name of an event: its `label` if the table has one, else made from its id.

    ``summit-buenos-aires-2018`` gives ``Buenos Aires``; ``ec-h20-licence-2025-04`` gives ``H20 Licence``.
    """
    if isinstance(event.get("label"), str):
        return event["label"]
    words = event["event_id"].split("-")
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    while len(words) > 1 and words[0] in ID_KINDS:
        words.pop(0)
    return " ".join(word.upper() if _in_capitals(word) else word.capitalize() for word in words)


def event_note(event: pd.Series) -> str:
    """Label and month of an event, for the numbered key."""
    return f"{short_label(event)} ({pd.Timestamp(event['date']):%b %Y})".replace(" ", "\N{NO-BREAK SPACE}")


def event_bands(ax: Axes, events: pd.DataFrame, *, names: bool = True) -> None:
    """Draw events behind a time series, and name them above the axes.

    An event of one day is a line, a longer one a band. Names are staggered so that they never overlap; if they are too
    many, `publish` puts numbers in their place and adds a key below the figure.

    Parameters
    ----------
    ax : Axes
        With a date axis whose limits are final: events outside them are left out.
    events : DataFrame
        Rows of the event table: event_id, date, end_date, category, direction; an optional `label` is preferred to
        the name made from the id.
    names : bool
        Write the names. Set False for all panels but the first of a stack that shares its time axis.
    """
    low, high = ax.get_xlim()
    for _, event in events.sort_values(["date", "event_id"]).iterrows():
        start = pd.Timestamp(event["date"])
        end = start if pd.isna(event["end_date"]) else pd.Timestamp(event["end_date"])
        if not low <= ax.convert_xunits(start) <= high:
            continue
        colour, _, dashes = event_look(event)
        if (end - start).days > 7:
            ax.axvspan(start, end, color=colour, alpha=0.10, linewidth=0, zorder=0.5)
        ax.axvline(start, color=colour, linewidth=0.9, linestyle=dashes, alpha=0.75, zorder=0.6)
        if names:
            flag(ax, start, short_label(event), event_note(event), colour)
    ax.set_xlim(low, high)


def timeline_chart(
    events: pd.DataFrame, *, title: str, start: str, end: str, named: Collection[str] = (), as_of: str = ""
) -> Figure:
    """Draw every event in the lane of its kind.

    Shape and colour tell the direction (tightening, easing, cooperative, neutral); events close in time are stacked.
    The named events, usually the leader meetings, are diamonds with a thin line through all lanes and a name above.

    Parameters
    ----------
    events : DataFrame
        Rows of the event table.
    title : str
        The conclusion.
    start, end : str
        ISO dates between which the axis runs.
    named : collection of str
        Event ids to be named.
    as_of : str
        ISO date marked as 'today' when it lies inside the axis, so that scheduled events stand out; '' for none.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If no event falls between `start` and `end`.
    """
    shown = events[events["date"].between(pd.Timestamp(start), pd.Timestamp(end))].sort_values(["date", "event_id"])
    if shown.empty:
        raise ValueError(f"No event between {start} and {end}: widen the dates or the selection of events.")
    lanes = [kind for kind in LANES if kind in set(shown["category"])]
    fig, ax = new_figure(0.9 + 0.44 * len(lanes), wide=True)
    head(fig, title, "Each mark is one dated event; the lane tells its kind, the shape its direction")
    ax.set_xlim(pd.Timestamp(start), pd.Timestamp(end))
    _draw_lanes(ax, lanes)
    for height, kind in enumerate(lanes):
        _draw_lane(ax, shown[shown["category"] == kind], -height, frozenset(named))
    for _, event in shown[shown["event_id"].isin(list(named))].iterrows():
        ax.axvline(event["date"], color=MEETING[0], linewidth=0.7, alpha=0.45, zorder=0.6)
        flag(ax, event["date"], short_label(event), event_note(event), MEETING[0])
    if as_of:
        ax.axvspan(pd.Timestamp(as_of), pd.Timestamp(end), color=FAINT, alpha=0.25, linewidth=0, zorder=0.4)
    _direction_key(ax, bool(len(named)))
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


def _in_capitals(word: str) -> bool:
    return word in ID_CAPITALS or (word[0].isalpha() and any(letter.isdigit() for letter in word[1:3]))


def _draw_lanes(ax: Axes, lanes: list[str]) -> None:
    heights = -np.arange(len(lanes))
    ax.set_yticks(heights, [LANES[kind] for kind in lanes])
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
    for day, level, (_, event) in zip(days, levels, lane.iterrows(), strict=True):
        colour, marker, _ = event_look(event)
        hollow = event["direction"] == "neutral" or (event["category"] == "summit_leaders" and event["event_id"] not in named)
        ax.plot(
            [day],
            [height + step * level],
            marker=marker,
            markersize=7 if event["event_id"] in named else 5.5,
            markerfacecolor="white" if hollow else colour,
            markeredgecolor=colour,
            markeredgewidth=0.9,
            linestyle="none",
            zorder=3,
        )


def _direction_key(ax: Axes, meetings: bool) -> None:
    looks = [(name, colour, marker, name != "neutral") for name, (colour, marker, _) in DIRECTIONS.items()]
    if meetings:
        looks = [("meeting", *MEETING[:2], True), ("call, visit plan", *MEETING[:2], False), *looks]
    marks = [
        Line2D([], [], color=colour, marker=marker, markerfacecolor=colour if solid else "white", linestyle="none", label=name)
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
