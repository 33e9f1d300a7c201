"""Events on a time axis: bands behind a series, and the timeline itself."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers import timeline
from helpers.figures import style
from helpers.figures.placing import flag
from helpers.figures.style import DIRECTIONS, FAINT, INK, MEETING, event_kind, event_look, require


def event_bands(ax: Axes, events: pd.DataFrame, *, names: bool = True, signs: bool = True) -> None:
    """Draw events behind a time series, and name them above the axes.

    An event is a sign in the lane of its kind (leaders met, or other) and a thin line into the plot, strong
    if the title names the event or few are drawn; one of more than a week is also a band. `publish` moves the
    names apart, and lists those without room below the figure.

    Parameters
    ----------
    ax : Axes
        With a date axis whose limits are final: events outside them are left out.
    events : DataFrame
        As `helpers.timeline.events` returns them; `label` is the name.
    names, signs : bool
        Write the names, draw the signs. Set False for all panels but the first that share an axis.
    """
    low, high = ax.get_xlim()
    notes, fig = timeline.labels(events), ax.get_figure(root=True)
    for event_id, event in events.sort_values("date", kind="stable").iterrows():
        start = pd.Timestamp(event["date"])
        end = start if pd.isna(event["end_date"]) else pd.Timestamp(event["end_date"])
        if not low <= ax.convert_xunits(start) <= high:
            continue
        (colour, _, sign), label = event_look(event_kind(event)), str(event["label"])
        if (end - start).days > 7:
            ax.axvspan(start, end, color=colour, alpha=0.10, linewidth=0, zorder=0.5, label=f"_{label}")
        strong = len(events) <= 2 or (fig and label in fig.get_suptitle())
        line = ax.axvline(start, color=colour if strong else style.GRID, linewidth=0.8, zorder=0.6)
        line.set_label(f"_{notes[event_id]}")
        if signs:
            flag(ax, start, label if names else "", notes[event_id], colour, sign, int(sign != MEETING[2]))
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
    inside = events["date"].between(pd.Timestamp(start), pd.Timestamp(end))
    drawn = events[inside].sort_values("date", kind="stable")
    require(len(drawn), f"No event between {start} and {end}: widen the dates or the selection of events.")
    lanes = timeline.lanes(drawn)
    key = "Each mark is one dated event. Lane: kind; shape and colour: direction."
    key += f" Gray: after {as_of}." if as_of else ""
    fig, ax = style.new_figure(0.9 + 0.44 * len(lanes), title=title, unit=key, wide=True)
    ax.set_xlim(pd.Timestamp(start), pd.Timestamp(end))
    ax.set_yticks(-np.arange(len(lanes)), list(lanes))
    ax.set_ylim(-len(lanes) + 0.45, 0.55)
    ax.grid(False)
    ax.tick_params(axis="y", labelcolor=INK)
    ax.hlines(ax.get_yticks(), *ax.get_xlim(), color=FAINT, linewidth=0.6, alpha=0.6, zorder=0.3)
    style.date_axis(ax)
    _draw_marks(ax, lanes, named)
    notes = timeline.labels(drawn)
    for event_id, event in drawn[drawn.index.isin(named)].iterrows():
        ax.axvline(event["date"], color=MEETING[0], linewidth=0.7, alpha=0.45, zorder=0.6)
        flag(ax, event["date"], event["label"], notes[event_id], MEETING[0])
    if as_of:
        ax.axvspan(pd.Timestamp(as_of), pd.Timestamp(end), color=FAINT, alpha=0.25, linewidth=0, zorder=0.4)
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
    levels = []
    for day in days:
        free = next((level for level, taken in enumerate(last) if day - taken >= width), len(last))
        last[free : free + 1] = [day]
        levels.append((free + 1) // 2 * (1 if free % 2 else -1))
    return np.array(levels)


def _draw_marks(ax: Axes, lanes: Mapping[str, pd.DataFrame], named: Collection[str]) -> None:
    """Draw the marks of all lanes, and the key of their looks below the axes."""
    width = np.ptp(ax.get_xlim()) * 0.0095
    pieces = []
    for place, lane in enumerate(lanes.values()):
        days = np.array([ax.convert_xunits(day) for day in lane["date"]], dtype=float)
        levels = stack(days, width)
        step = min(0.17, 0.36 / max(1, np.abs(levels).max()))
        kinds = [event_kind(event) for _, event in lane.iterrows()]
        looks = np.where(lane.index.isin(named), "named above", kinds)
        pieces.append(pd.DataFrame({"day": days, "height": step * levels - place, "look": looks}))
    marks = pd.concat(pieces)
    # Filled or hollow tells the two kinds of meetings apart, and keeps what has no direction light.
    for look in ("named above", "meetings", *DIRECTIONS):
        colour, marker, _ = event_look("meetings" if look == "named above" else look)
        group = marks[marks["look"] == look]
        (line,) = ax.plot(group["day"], group["height"], marker, c=colour, ms=5.5, zorder=3, clip_on=False)
        if look == "named above":
            line.set_markersize(7)
        elif look in ("meetings", "neutral"):
            line.set_markerfacecolor("white")
        if len(group):
            line.set_label("other contact of leaders" if look == "meetings" else look)
    key = ax.legend(loc="upper left", ncols=7, borderpad=0, handletextpad=0.1, columnspacing=1.4)
    # Below the two lines of names that the axis of dates may have.
    key.set_bbox_to_anchor((ax.get_xlim()[0], 0), ax.get_xaxis_text1_transform(28)[0])
