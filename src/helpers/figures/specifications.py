"""The specification curve: every estimate of one question by size, over the grid of choices behind it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from helpers.figures.style import COLOURS, FAINT, GRID, INK, head, new_figure, number_axis, plain_number
from helpers.methods.specifications import Curve

BINS = 60
LOOKS = {
    "supports": (COLOURS["united_states"], "supports the claim"),
    "contradicts": (COLOURS["china"], "contradicts it"),
    "inconclusive": (FAINT, "inconclusive"),
}
SHADES = LinearSegmentedColormap.from_list("share", ["#FFFFFF", COLOURS["united_states"]])


def specification_curve(
    curve: Curve,
    points: Mapping[str, Mapping[str, str]],
    *,
    title: str,
    unit: str,
    margin: float,
    scale: float = 1,
    labels: Mapping[str, str] | None = None,
) -> Figure:
    """Draw all estimates by size with their intervals, and below them which options lie where.

    A cell of the grid is the darker, the more of the specifications at that place use the option.

    Parameters
    ----------
    curve : Curve
    points : mapping of label to point
        Points of the curve to mark (at most two), by the option of each choice. One that the data do not
        allow, or that is marked already, is left out.
    title, unit : str
    margin : float
        The effect from which on it matters, with its sign, in the unit of the curve.
    scale : float
        Turns the unit of the curve into that of the axis: 100 for percent.
    labels : mapping of option to label, optional
        Options that are not in it are written as they are, with spaces for underscores.

    Returns
    -------
    Figure
    """
    table, marked = curve.table(), marked_places(curve, points)
    table[["value", "low", "high"]] *= scale
    rows = [(choice, option) for choice in curve.choices for option in curve.specs[choice].unique()]
    fig, (top, below) = new_figure(
        2.9 + 0.2 * len(rows), wide=True, rows=2, sharex=True, height_ratios=[2.9, 0.2 * len(rows)]
    )
    key = "Line: estimates by size. Bars: 95 % intervals. Dotted: the margin."
    head(fig, title, f"{key} Below: the darker, the more specifications use the option.")
    _curve(top, table, marked, scale * margin)
    top.set_ylabel(unit)
    number_axis(top.yaxis)
    _grid(below, table, rows, marked)
    below.set_yticks(np.arange(len(rows)), _names(rows, labels or {}), fontsize=8.5)
    below.set_xlabel(f"{len(table):,} specifications, by size of the estimate", loc="left")
    number_axis(below.xaxis)
    return fig


def marked_places(curve: Curve, points: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    """Return the places of points on the curve, each place once."""
    found: dict[str, int] = {}
    for label, point in points.items():
        spec = curve.point(point)
        if spec is not None and spec.name not in found.values():
            found[label] = int(spec.name)
    return found


def describe_curve(curve: Curve, points: Mapping[str, Mapping[str, str]], *, scale: float = 1) -> str:
    """Say in words what the figure shows, for its alt text."""
    values = scale * curve.table()["value"]
    low, middle, high = values.quantile([0.05, 0.5, 0.95])
    marked = marked_places(curve, points).items()
    said = "; ".join(f"{label} {values[place]:.3g} at place {place + 1}" for label, place in marked)
    ends = f"median {middle:.3g}, 5 to 95 percent {low:.3g} to {high:.3g}"
    shown = "Specification curve over the grid of its choices"
    return f"{shown}: {curve.sentence()}; {ends}. Marked: {said or 'none'}."


def _names(rows: list[tuple[str, str]], labels: Mapping[str, str]) -> list[str]:
    """Name every option; the first of a choice is preceded by the choice."""
    minus = "\N{MINUS SIGN}"
    names = [labels.get(option, option.replace("_", " ").replace("-", minus)) for _, option in rows]
    first = [not place or rows[place - 1][0] != choice for place, (choice, _) in enumerate(rows)]
    return [
        f"{choice}:  {name}" if new else name
        for (choice, _), name, new in zip(rows, names, first, strict=True)
    ]


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
