"""What happens in the days around dated events."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from helpers.figures.style import COLOURS, GRID, INK, head, new_figure, number_axis


def event_time_panels(
    paths: Mapping[str, pd.DataFrame], *, title: str, unit: str, key: str, usual: float = 1.0
) -> Figure:
    """Draw a rate by bins of days around an event, one panel for each kind of thing counted.

    Parameters
    ----------
    paths : mapping of label to DataFrame
        One row per bin, with columns `first` and `last` (days from the event), `ratio`, and `low` and `high`,
        the placebo band.
    title, unit : str
    key : str
        What line and band mean.
    usual : float
        Value that means "nothing unusual", drawn as a thin line.

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
    fig, axes = new_figure(2.3 * len(paths), rows=len(paths), columns=1, sharex=True, squeeze=False)
    head(fig, title, f"{unit}. {key}")
    for ax, (label, path) in zip(axes[:, 0], paths.items(), strict=True):
        middle, width = (path["first"] + path["last"]) / 2, path["last"] - path["first"] + 1
        ax.bar(middle, path["high"] - path["low"], width, bottom=path["low"], color=GRID, linewidth=0)
        ax.hlines(
            path["ratio"], path["first"] - 0.5, path["last"] + 0.5, color=COLOURS["united_states"], lw=2.4
        )
        ax.axhline(usual, color=INK, linewidth=0.8)
        ax.axvline(0, color=COLOURS["china"], linewidth=1.1, linestyle=(0, (4, 1.5)))
        ax.set_title(label)
        ax.set_ylim(bottom=0)
        ax.grid(False, axis="x")
        number_axis(ax.yaxis)
    axes[-1, 0].set_xlabel("Days from the event", loc="left")
    number_axis(axes[-1, 0].xaxis)
    return fig
