"""Panels in the time around events: rates by bins of days, paths by day or month, and forecasts."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures.lines import line_panel
from helpers.figures.style import COLOURS, DASHES, GRID, INK, LINES, head, number_axis, panels


def event_time_panels(paths: Mapping[str, pd.DataFrame], *, title: str, unit: str) -> Figure:
    """Draw a relative rate by bins of days around an event, one panel for each kind of thing counted.

    Parameters
    ----------
    paths : mapping of label to DataFrame
        One row per bin, with columns `first` and `last` (days from the event), `ratio` (1 is the usual rate),
        and `low` and `high`, the placebo band.
    title, unit : str

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no path.
    """
    if not paths:
        raise ValueError("There is no path to draw: give at least one.")
    fig, axes = panels(list(paths), 1, 2.1, wide=False, sharex=True)
    head(fig, title, unit)
    for ax, path in zip(axes, paths.values(), strict=True):
        start, stop = path["first"] - 0.5, path["last"] + 0.5
        ax.bar(start, path["high"] - path["low"], stop - start, path["low"], align="edge", color=GRID)
        ax.hlines(path["ratio"], start, stop, color=COLOURS["united_states"], linewidth=2.4)
        ax.axhline(1, color=INK, linewidth=0.8)
        _event_line(ax, 0)
        ax.set_ylim(bottom=0)
        ax.grid(False, axis="x")
        number_axis(ax.yaxis)
    step = 2 * round(float((stop - start).iloc[0]))
    reach = round(float(stop.max())) // step * step
    axes[-1].set_xticks(range(-reach, reach + 1, step))
    axes[-1].set_xlabel("Days from the event", loc="left")
    number_axis(axes[-1].xaxis)
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
    fig, axes = panels(list(paths), columns, 2.0, sharex=True, sharey=True)
    head(fig, title, f"{unit}. {key}")
    for ax, (group, lines) in zip(axes, paths.items(), strict=True):
        band = bands[group]
        ax.fill_between(band.index, band["low"], band["high"], color=GRID, linewidth=0, zorder=0.5)
        for (label, path), (colour, dashes) in zip(lines.items(), LINES, strict=False):
            ax.plot(path.index, path, color=colour, linestyle=dashes, label=label)
        ax.axhline(0, color=INK, linewidth=0.8, zorder=1)
        ax.axvline(0, color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        number_axis(ax.xaxis)
        number_axis(ax.yaxis)
    for ax in axes[-columns:]:
        ax.set_xlabel(axis, loc="left")
    # One line needs no name: the unit says what it is.
    if len(axes[0].get_legend_handles_labels()[1]) > 1:
        axes[0].legend(loc="upper left", fontsize=8, borderpad=0)
    return fig


def forecast_panels(
    pieces: Mapping[str, pd.DataFrame], marks: Mapping[str, pd.Timestamp], *, title: str, unit: str
) -> Figure:
    """Draw what happened and what was forecast, on a log scale, one panel for each event.

    Parameters
    ----------
    pieces : mapping of panel title to DataFrame
        Columns `observed`, `counterfactual`, and `low` and `high` of the forecast, by date; the last three
        are missing before the forecast begins.
    marks : mapping of panel title to Timestamp
        Date of the event.
    title, unit : str

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no piece.
    """
    if not pieces:
        raise ValueError("There is no forecast to draw: give at least one.")
    fig, axes = panels(list(pieces), 2, 2.5, sharey=True)
    head(fig, title, unit)
    for ax, (label, piece) in zip(axes, pieces.items(), strict=True):
        lines = {"Observed": piece["observed"], "Expected": piece["counterfactual"].dropna()}
        bands = {"Expected": piece[["low", "high"]].dropna()}
        line_panel(lines, bands=bands, title=label, unit="", scale="log", ax=ax)
        _event_line(ax, marks[label])
    return fig


def _event_line(ax: Axes, place: float | pd.Timestamp) -> None:
    ax.axvline(place, color=COLOURS["china"], linewidth=1.1, linestyle=DASHES)
