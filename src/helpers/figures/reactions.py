"""Reactions to news: one panel for each group, by class of news or by day."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures.style import (
    COLOURS,
    DIRECTIONS,
    GRID,
    INK,
    LINES,
    MEETING,
    head,
    new_figure,
    number_axis,
)

KIND_LOOKS = {
    "meetings": MEETING[:2],
    "talks": DIRECTIONS["cooperation"][:2],
    "tightening": DIRECTIONS["tightening"][:2],
    "easing": DIRECTIONS["easing"][:2],
}
OTHER_LOOK = (COLOURS["neutral"], "s")


def estimate_panels(table: pd.DataFrame, *, title: str, unit: str, key: str, columns: int = 3) -> Figure:
    """Draw estimates with intervals, one panel for each group, over the range that chance gives.

    Parameters
    ----------
    table : DataFrame
        Columns `group` (a panel each), `label` (a row each, top to bottom), `kind` (for the mark: meetings,
        talks, tightening, easing or another word), `value`, `low`, `high`, and the placebo range
        `placebo_low`, `placebo_high`. A missing value leaves its row open.
    title, unit : str
    key : str
        What mark, bar and band mean.
    columns : int

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If no row has a value.
    """
    if not table["value"].notna().any():
        raise ValueError("No group has an estimate: widen the dates or take shorter windows.")
    groups, labels = list(dict.fromkeys(table["group"])), list(dict.fromkeys(table["label"]))
    rows = -(-len(groups) // columns)
    fig, axes = new_figure(
        (0.65 + 0.27 * len(labels)) * rows, wide=True, rows=rows, columns=columns,
        sharex=True, sharey=True, squeeze=False,
    )  # fmt: skip
    head(fig, title, key)
    for ax, group in zip(axes.flat, groups, strict=False):
        own = table[table["group"] == group].dropna(subset="value")
        for row in own.to_dict("records"):
            _estimate(ax, -labels.index(row["label"]), row)
        ax.set_title(group, fontsize=9.5)
        _rows(ax, labels)
    for ax in axes.flat[len(groups) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xlabel(unit, loc="left")
    return fig


def day_panels(
    paths: Mapping[str, Mapping[str, pd.Series]],
    bands: Mapping[str, pd.DataFrame],
    *,
    title: str,
    unit: str,
    key: str,
    axis: str = "Trading days from the event",
    columns: int = 3,
) -> Figure:
    """Draw paths by day or month around an event, one panel for each group.

    Parameters
    ----------
    paths : mapping of panel title to mapping of line label to Series
        Values by relative day. The labels are the same in all panels.
    bands : mapping of panel title to DataFrame
        Columns `low` and `high` by relative day: the placebo range.
    title, unit : str
    key : str
        What the band means.
    axis : str
        What the horizontal axis counts.
    columns : int

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no path.
    """
    if not paths:
        raise ValueError("There is no path to draw: no event has full windows.")
    rows = -(-len(paths) // columns)
    fig, axes = new_figure(
        2.0 * rows, wide=True, rows=rows, columns=columns, sharex=True, sharey=True, squeeze=False
    )
    head(fig, title, f"{unit}. {key}")
    for ax, (group, lines) in zip(axes.flat, paths.items(), strict=False):
        band = bands[group]
        ax.fill_between(band.index, band["low"], band["high"], color=GRID, linewidth=0, zorder=0.5)
        for (label, path), (colour, dashes) in zip(lines.items(), LINES, strict=False):
            ax.plot(path.index, path, color=colour, linestyle=dashes, label=label)
        ax.axhline(0, color=INK, linewidth=0.8, zorder=1)
        ax.axvline(0, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        ax.set_title(group, fontsize=9.5)
        number_axis(ax.xaxis)
        number_axis(ax.yaxis)
    for ax in axes.flat[len(paths) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xlabel(axis, loc="left")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    axes.flat[0].legend(handles, labels, loc="upper left", fontsize=8, borderpad=0)
    return fig


def _estimate(ax: Axes, place: int, row: dict) -> None:
    colour, marker = KIND_LOOKS.get(row["kind"], OTHER_LOOK)
    low, high = row["placebo_low"], row["placebo_high"]
    ax.barh(place, high - low, 0.62, left=low, color=GRID, linewidth=0, zorder=0.5)
    ax.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.8, solid_capstyle="butt")
    ax.plot([row["value"]], [place], color=colour, marker=marker, markersize=6.5, markeredgecolor="white")


def _rows(ax: Axes, labels: list[str]) -> None:
    ax.axvline(0, color=INK, linewidth=0.9, zorder=1)
    ax.set_yticks([-place for place in range(len(labels))], labels)
    ax.set_ylim(-len(labels) + 0.4, 0.6)
    ax.tick_params(axis="y", labelcolor=INK)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    number_axis(ax.xaxis)
