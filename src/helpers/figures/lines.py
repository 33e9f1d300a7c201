"""Series over time, and paths in the time around events."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures import style
from helpers.figures.event_marks import event_bands
from helpers.figures.placing import line_end
from helpers.figures.style import FAINT, GRAYS, GRID, INK, MUTED, number_axis, require


def with_gaps(values: pd.Series) -> pd.Series:
    """Put a missing value into every gap of a series, so that no line is drawn across it.

    A gap is a step of more than 1.6 usual steps; for daily series, which rest on holidays, more than 15 days.
    A series without a usual step (release dates, dated facts) has no gaps.
    """
    values = values.sort_index()
    if len(values) < 3:
        return values
    steps = values.index.to_series().diff().dt.days.iloc[1:].to_numpy()
    usual = np.median(steps)
    if np.mean(np.abs(steps - usual) <= max(2, 0.15 * usual)) < 0.6:
        return values
    wide = steps > (15 if usual <= 4 else 1.6 * usual)
    holes = values.index[1:][wide] - pd.to_timedelta(steps[wide] / 2, unit="D")
    return pd.concat([values, pd.Series(np.nan, index=holes)]).sort_index()


def line_panel(
    series: Mapping[str, pd.Series],
    *,
    title: str,
    unit: str,
    events: pd.DataFrame | None = None,
    bands: Mapping[str, pd.DataFrame] | None = None,
    points: Collection[str] = (),
    steps: Collection[str] = (),
    background: Collection[str] = (),
    scale: str = "linear",
    height: float = 3.6,
    wide: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Draw series as lines, each named at its end. Missing periods stay open.

    Parameters
    ----------
    series : mapping of label to Series
        Values by date, all in `unit`.
    title : str
        The conclusion; the title of the panel if `ax` is given.
    unit : str
        Unit and basis, for example 'USD million a month, nominal, not seasonally adjusted'.
    events : DataFrame, optional
        Drawn by `event_bands`.
    bands : mapping of label to DataFrame, optional
        Columns `low` and `high` by date: the interval around the series of that label.
    points : collection of str
        Labels drawn as separate points, because the values do not form a series.
    steps : collection of str
        Labels drawn as steps that hold until the next value, such as a running maximum.
    background : collection of str
        Labels drawn thin and gray, as context (for example the unadjusted series).
    scale : {'linear', 'log'}
    height : float
        Inches.
    wide : bool
    ax : Axes, optional
        Panel of a figure that has its own title.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no series, or a series has no value.
    """
    _check(series)
    if ax is None:
        fig, ax = style.new_figure(height, wide=wide, title=title, unit=unit)
    else:
        fig = cast(Figure, ax.figure)
        ax.set_title(title)
        style.set_unit(ax, unit)
    ax.set_yscale(scale)
    _draw_lines(ax, series, background, points, steps, bands or {})
    _finish(ax, events)
    return fig


def small_multiples(
    series: Mapping[str, pd.Series | Mapping[str, pd.Series]],
    *,
    title: str,
    unit: str,
    events: pd.DataFrame | None = None,
    background: Collection[str] = (),
    columns: int = 3,
    same_scale: bool = True,
    panel_height: float = 1.75,
    wide: bool = False,
) -> Figure:
    """Draw one small panel per series, all over the same time axis.

    Parameters
    ----------
    series : mapping of panel title to Series, or to a mapping of label to Series
        With several series in a panel, each is named at its end.
    title, unit : str
        The conclusion; unit and basis of all panels.
    events : DataFrame, optional
        Drawn in every panel, with signs above the first row and names above the first panel.
    background : collection of str
        Labels drawn thin and gray in their panels, as context.
    columns : int
    same_scale : bool
        Share the vertical axis. Set False only if the levels differ so much that shapes could not be seen.
    panel_height : float
        Inches.
    wide : bool

    Returns
    -------
    Figure
    """
    _check(series)
    unit += "" if same_scale else "; each panel has its own scale"
    share = {"wide": wide, "sharex": True, "sharey": same_scale}
    fig, axes = style.panels(list(series), columns, panel_height, title, unit, **share)
    for ax, lines in zip(axes, series.values(), strict=True):
        _draw_lines(ax, lines if isinstance(lines, Mapping) else {"": lines}, background)
    for place, ax in enumerate(axes):
        _finish(ax, events, names=place == 0, signs=place < columns)
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
    require(paths, "There is no path to draw: no event has full windows.")
    fig, axes = style.panels(list(paths), columns, 2.0, title, f"{unit}. {key}", sharex=True, sharey=True)
    for ax, (group, lines) in zip(axes, paths.items(), strict=True):
        band = bands[group]
        ax.fill_between(band.index, band["low"], band["high"], color=GRID, linewidth=0, zorder=0.5)
        for (label, path), (colour, dashes) in zip(lines.items(), style.LINES, strict=False):
            ax.plot(path.index, path, color=colour, linestyle=dashes, label=label)
        ax.axhline(0, color=INK, linewidth=0.8, zorder=1)
        ax.axvline(0, color=INK, linewidth=0.8, linestyle=style.DASHES, zorder=1)
        number_axis(ax.xaxis)
        number_axis(ax.yaxis)
    for ax in axes[-columns:]:
        ax.set_xlabel(axis, loc="left")
    # One line needs no name: the unit says what it is.
    if len(axes[0].get_legend_handles_labels()[1]) > 1:
        axes[0].legend(loc="upper left", borderpad=0, handlelength=1, labelcolor="linecolor")
    return fig


def _check(series: Mapping) -> None:
    empty = ", ".join(label for label, values in series.items() if len(values) == 0)
    enough = series and not empty
    require(enough, f"Nothing to draw for {empty or 'the figure'}: leave it out or widen the dates.")


def _draw_lines(
    ax: Axes,
    series: Mapping[str, pd.Series],
    background: Collection[str],
    points: Collection[str] = (),
    steps: Collection[str] = (),
    bands: Mapping[str, pd.DataFrame] = MappingProxyType({}),
) -> None:
    """Draw the lines of a panel, each with its interval and named at its end."""
    looks = style.line_looks([label for label in series if label not in background])
    grays = iter([(FAINT, "-"), *GRAYS] * len(series))
    for label, values in series.items():
        colour, dashes = looks.get(label) or next(grays)
        values = values.dropna()
        if label in points:
            ax.plot(values.index, values, color=colour, marker="o", markersize=4.5, linestyle="none")
        elif label in steps:
            ax.step(values.index, values, where="post", color=colour, linestyle=dashes)
        else:
            _draw_line(ax, with_gaps(values), colour, dashes)
        if label in bands:
            low, high = bands[label]["low"], bands[label]["high"]
            ax.fill_between(bands[label].index, low, high, color=colour, alpha=0.18, linewidth=0)
        if label:
            line_end(ax, values.index[-1], values.iloc[-1], label, MUTED if colour == FAINT else colour)


def _draw_line(ax: Axes, values: pd.Series, colour: str, dashes: Any) -> None:
    width, order = (1.1, 1.9) if colour == FAINT else (1.4, 2) if colour in dict(GRAYS) else (2.1, 2.1)
    ax.plot(values.index, values, color=colour, linestyle=dashes, linewidth=width, zorder=order)
    # A value between two gaps has no line to lie on.
    lonely = values.notna() & values.shift(1).isna() & values.shift(-1).isna()
    ax.plot(values.index[lonely], values[lonely], color=colour, marker="o", markersize=3, linestyle="none")


def _finish(ax: Axes, events: pd.DataFrame | None, names: bool = True, signs: bool = True) -> None:
    number_axis(ax.yaxis)
    style.date_axis(ax)
    # The margin ends at zero unless a value lies beyond it, one of another panel or drawn later included.
    for mark in (*ax.lines, *ax.collections):
        mark.sticky_edges.y.append(0)
    ax.autoscale_view(scalex=False)
    low, high = ax.get_ylim()
    if low < 0 < high:
        ax.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    if events is not None:
        event_bands(ax, events, names=names, signs=signs)
