"""The specification curve: every estimate of one question by size, over the grid of choices behind it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from helpers.figures.style import COLOURS, FAINT, GRID, INK, head, new_figure, number_axis, plain_number

BINS = 60
LOOKS = {
    "supports": (COLOURS["united_states"], "supports the claim"),
    "contradicts": (COLOURS["china"], "contradicts it"),
    "inconclusive": (FAINT, "inconclusive"),
}
SHADES = LinearSegmentedColormap.from_list("share", ["#FFFFFF", COLOURS["united_states"]])


def specification_curve(
    table: pd.DataFrame,
    choices: Mapping[str, Mapping[str, str]],
    marked: Mapping[str, int],
    *,
    title: str,
    unit: str,
    margin: float,
) -> Figure:
    """Draw all estimates by size with their intervals, and below them which options lie where.

    Parameters
    ----------
    table : DataFrame
        One row per specification, by size: `value`, `low`, `high`, `class` (supports, contradicts or
        inconclusive) and one column per choice.
    choices : mapping of choice to mapping of option to label
        Rows of the grid, top to bottom. A cell is the darker, the more of the specifications at that place
        use the option.
    marked : mapping of label to row
        Points to mark on the curve, such as the published one.
    title, unit : str
    margin : float
        The effect from which on it matters, with its sign.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the table is empty or not in the order of `value`.
    """
    if table.empty or not table["value"].is_monotonic_increasing:
        raise ValueError("The table must hold at least one specification, sorted by value.")
    rows = [(choice, option) for choice, options in choices.items() for option in options]
    fig, (top, below) = new_figure(
        2.9 + 0.2 * len(rows), wide=True, rows=2, sharex=True, height_ratios=[2.9, 0.2 * len(rows)]
    )
    key = "Line: estimates by size. Bars: 95 % intervals. Dotted: the margin."
    head(fig, title, f"{key} Below: the darker, the more specifications use the option.")
    _curve(top, table, marked, margin)
    top.set_xlabel("")
    top.set_ylabel(unit)
    number_axis(top.yaxis)
    _grid(below, table, rows, marked)
    labels = [
        f"{choice}:  {label}" if not place else label
        for choice, options in choices.items()
        for place, label in enumerate(options.values())
    ]
    below.set_yticks(np.arange(len(rows)), labels, fontsize=8.5)
    below.set_xlabel(f"{len(table):,} specifications, by size of the estimate", loc="left")
    number_axis(below.xaxis)
    return fig


def _curve(ax, table: pd.DataFrame, marked: Mapping[str, int], margin: float) -> None:
    place = np.arange(len(table))
    for word, (colour, label) in LOOKS.items():
        own = (table["class"] == word).to_numpy()
        name = f"{label}: {own.mean():.0%}"
        ax.vlines(place[own], table["low"][own], table["high"][own], color=colour, linewidth=0.7, alpha=0.75,
                  label=name)  # fmt: skip
    ax.plot(place, table["value"], color=INK, linewidth=1.4)
    ax.axhline(0, color=INK, linewidth=0.9)
    ax.axhline(margin, color=INK, linewidth=0.9, linestyle=(0, (1, 2)))
    finite = table[["low", "high"]].replace([np.inf, -np.inf], np.nan)
    reach = np.nanquantile(finite["low"], 0.01), np.nanquantile(finite["high"], 0.99)
    ends = min(reach[0], table["value"].min(), margin), max(reach[1], table["value"].max(), margin)
    space = 0.05 * (ends[1] - ends[0])
    # Room for the key above the bars.
    ax.set_ylim(ends[0] - space, ends[1] + 5 * space)
    for (label, row), look in zip(marked.items(), ("D", "o"), strict=False):
        value = table["value"].iloc[row]
        named = f"{label}: {plain_number(float(f'{value:.2g}'))}"
        ax.plot([row], [value], look, color=COLOURS["easing"], markeredgecolor=INK, markersize=8, label=named)
    key = ax.legend(loc="upper left", ncols=2, fontsize=8.5)
    for handle in key.legend_handles[: len(LOOKS)]:
        handle.set_linewidth(3)
    ax.grid(False, axis="x")


def _grid(ax, table: pd.DataFrame, rows: list[tuple[str, str]], marked: Mapping[str, int]) -> None:
    bins = min(BINS, len(table))
    edges = np.linspace(0, len(table), bins + 1)
    at = np.minimum(np.searchsorted(edges, np.arange(len(table)), side="right") - 1, bins - 1)
    counts = np.bincount(at, minlength=bins)
    shares = np.array([np.bincount(at, table[choice] == option, bins) / counts for choice, option in rows])
    places = np.arange(len(rows) + 1) - 0.5
    ax.pcolormesh(edges - 0.5, places, shares, cmap=SHADES, vmin=0, vmax=1)
    for line, ((choice, _), (before, _)) in enumerate(zip(rows[1:], rows[:-1], strict=True)):
        if choice != before:
            ax.axhline(line + 0.5, color=INK, linewidth=0.7)
    for row, look in zip(marked.values(), ("D", "o"), strict=False):
        used = [line for line, (choice, option) in enumerate(rows) if table[choice].iloc[row] == option]
        ax.plot([row] * len(used), used, look, color=COLOURS["easing"], markeredgecolor=INK, markersize=4.5)
    ax.tick_params(axis="y", labelcolor=INK)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(False)
    ax.set_facecolor(GRID)
