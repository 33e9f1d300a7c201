"""Small panels that share a message: a rate in the days around events, and placebo distributions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.figures.lines import line_panel
from helpers.figures.style import COLOURS, GRID, INK, head, new_figure, number_axis

OBSERVED = COLOURS["china"]
DASHES = (0, (4, 1.5))


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
    fig, axes = new_figure(2.1 * len(paths), rows=len(paths), columns=1, sharex=True, squeeze=False)
    head(fig, title, unit)
    for ax, (label, path) in zip(axes[:, 0], paths.items(), strict=True):
        start, stop = path["first"] - 0.5, path["last"] + 0.5
        ax.bar(start, path["high"] - path["low"], stop - start, path["low"], align="edge", color=GRID)
        ax.hlines(path["ratio"], start, stop, color=COLOURS["united_states"], linewidth=2.4)
        ax.axhline(1, color=INK, linewidth=0.8)
        ax.axvline(0, color=OBSERVED, linewidth=1.1, linestyle=DASHES)
        ax.set_title(label)
        ax.set_ylim(bottom=0)
        ax.grid(False, axis="x")
        number_axis(ax.yaxis)
    step = 2 * round(float((stop - start).iloc[0]))
    reach = round(float(stop.max())) // step * step
    axes[-1, 0].set_xticks(range(-reach, reach + 1, step))
    axes[-1, 0].set_xlabel("Days from the event", loc="left")
    number_axis(axes[-1, 0].xaxis)
    return fig


def distribution_panels(tests: Mapping[str, tuple[np.ndarray, float, str]], *, title: str) -> Figure:
    """Draw placebo distributions in two columns, each with the observed value as a line.

    Parameters
    ----------
    tests : mapping of label to (placebo values, observed value, unit)
    title : str

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no test, or a test without a finite placebo value.
    """
    finite = {label: placebo[np.isfinite(placebo)] for label, (placebo, _, _) in tests.items()}
    if not finite or not all(len(values) for values in finite.values()):
        raise ValueError("Every panel needs at least one finite placebo value.")
    rows = -(-len(tests) // 2)
    fig, axes = new_figure(2.3 * rows, wide=True, rows=rows, columns=2, squeeze=False)
    head(fig, title, "Number of placebo draws; shaded: middle 95 % of them; line: the real dates")
    for ax, (label, (_, observed, unit)) in zip(axes.flat, tests.items(), strict=False):
        ax.axvspan(
            *np.quantile(finite[label], [0.025, 0.975]), color=GRID, alpha=0.6, linewidth=0, zorder=0.4
        )
        ax.hist(finite[label], bins=30, color="#9AA3AB", edgecolor="white", linewidth=0.5)
        ax.axvline(observed, color=OBSERVED, linewidth=1.8)
        ax.set_title(label)
        ax.set_xlabel(unit, loc="left")
        number_axis(ax.xaxis)
        number_axis(ax.yaxis)
    for ax in axes.flat[len(tests) :]:
        ax.set_axis_off()
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
    rows = -(-len(pieces) // 2)
    fig, axes = new_figure(2.5 * rows, wide=True, rows=rows, columns=2, squeeze=False, sharey=True)
    head(fig, title, unit)
    for ax, (label, piece) in zip(axes.flat, pieces.items(), strict=False):
        lines = {"Observed": piece["observed"], "Expected": piece["counterfactual"].dropna()}
        bands = {"Expected": piece[["low", "high"]].dropna()}
        line_panel(lines, bands=bands, title=label, unit="", scale="log", ax=ax)
        ax.axvline(marks[label], color=OBSERVED, linewidth=1.1, linestyle=DASHES)
    for ax in axes.flat[len(pieces) :]:
        ax.set_axis_off()
    return fig
