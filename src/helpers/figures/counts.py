"""Counts and matrices."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from helpers.figures.style import (
    COLOURS,
    DIRECTIONS,
    FAINT,
    GROUPS,
    INK,
    MUTED,
    fixed,
    head,
    new_figure,
    number_axis,
    plain_number,
)

# Orange below zero, blue above it, and as dark on either side.
SHADES = LinearSegmentedColormap.from_list(
    "summits", ["#7A3300", "#DD9A63", "#F4F6F8", "#7FA3C7", COLOURS["united_states"]]
)
# With more bars than this, the numbers above them would touch.
MOST_NUMBERED_BARS = 40


def bars(
    table: pd.DataFrame,
    *,
    title: str,
    unit: str,
    stacked: bool = False,
    height: float = 3.2,
    wide: bool = False,
) -> Figure:
    """Draw counts or sums as bars: one cluster (or one stack) per row, one bar per column.

    Parameters
    ----------
    table : DataFrame
        Index: categories on the horizontal axis; columns: groups (at most five).
    title, unit : str
    stacked : bool
    height : float
        Inches.
    wide : bool

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the table is empty or has more than five columns.
    """
    if table.empty or table.shape[1] > len(GROUPS):
        raise ValueError(
            f"Bars need at least one row and one to {len(GROUPS)} columns; the table is {table.shape}."
        )
    fig, ax = new_figure(height, wide=wide)
    head(fig, title, unit)
    places = np.arange(len(table))
    width = 0.7 if stacked else 0.78 / table.shape[1]
    floor = np.zeros(len(table))
    for position, (column, (colour, hatch)) in enumerate(
        zip(table, _group_looks(table.columns), strict=True)
    ):
        offset = 0 if stacked else (position - (table.shape[1] - 1) / 2) * width
        drawn = ax.bar(
            places + offset, table[column], width * 0.94, bottom=floor if stacked else None,
            color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=str(column),
        )  # fmt: skip
        if stacked:
            floor = floor + table[column].fillna(0).to_numpy()
        elif table.size <= MOST_NUMBERED_BARS:
            written = [plain_number(value) if pd.notna(value) else "–" for value in table[column]]
            ax.bar_label(drawn, written, padding=2, fontsize=8)
    if not table.fillna(0).to_numpy().any():
        # Without a height to go by, matplotlib would put the zero in mid-air between two fractions.
        ax.set_ylim(0, 1)
        ax.set_yticks([0, 1])
    ax.set_xticks(places, [str(category) for category in table.index])
    ax.tick_params(axis="x", length=0, labelcolor=INK)
    ax.axhline(0, color=MUTED, linewidth=0.9)
    number_axis(ax.yaxis)
    if table.shape[1] > 1:
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0),
            ncols=table.shape[1],
            handlelength=1.1,
            handleheight=0.9,
            columnspacing=1.4,
        )
    return fig


def heatmap(matrix: pd.DataFrame, *, title: str, unit: str, wide: bool = False) -> Figure:
    """Draw a matrix of whole numbers as shaded cells with the numbers written in them.

    Parameters
    ----------
    matrix : DataFrame
        Missing cells stay white. Blue is above zero, orange below; shade grows with the absolute value.
    title, unit : str
    wide : bool

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If no cell has a value.
    """
    values = matrix.to_numpy(dtype=float)
    if not np.isfinite(values).any():
        raise ValueError("The matrix has no value: widen the window or the selection of events.")
    fig, ax = new_figure(0.9 + 0.3 * len(matrix), wide=wide)
    head(fig, title, unit)
    depth = values / (np.nanmax(np.abs(values)) or 1)
    ax.imshow(np.ma.masked_invalid(depth), cmap=SHADES, vmin=-1, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = "white" if abs(depth[row, column]) > 0.55 else (INK if value else FAINT)
            ax.text(column, row, fixed(value, 0), ha="center", va="center", color=ink, fontsize=8.5)
    ax.set_yticks(range(len(matrix)), [str(label) for label in matrix.index])
    ax.set_xticks(
        range(matrix.shape[1]),
        [str(label) for label in matrix.columns],
        rotation=40,
        ha="left",
        rotation_mode="anchor",
    )
    ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, labelcolor=INK)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    # White rules between the cells.
    ax.set_xticks(np.arange(0.5, matrix.shape[1] - 1), minor=True)
    ax.set_yticks(np.arange(0.5, len(matrix) - 1), minor=True)
    ax.grid(True, which="minor", axis="both", color="white", linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    return fig


def _group_looks(groups: Iterable) -> list[tuple]:
    """Colour and hatch of each group; a direction keeps its own colour."""
    own = {name: look[0] for name, look in DIRECTIONS.items()}
    return [
        (own.get(group, colour), hatch) for group, (colour, hatch, _) in zip(groups, GROUPS, strict=False)
    ]
