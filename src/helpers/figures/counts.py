"""Counts and matrices, drawn by seaborn."""

from collections.abc import Collection
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from helpers.figures import style
from helpers.figures.style import INK, new_figure, number_axis, plain_number, require
from helpers.tables import MISSING, fixed

# Orange below zero, blue above it, and as dark on either side.
SHADES = sns.blend_palette(["#7A3300", "#DD9A63", "#F4F6F8", "#7FA3C7", style.RIVAL], as_cmap=True)
# With more bars than this, the numbers above them would touch.
MOST_NUMBERED_BARS = 40


def bars(
    table: pd.DataFrame, *, title: str, unit: str, wide: bool = False, accent: Collection[str] = ()
) -> Figure:
    """Draw counts or sums as bars: one cluster per row, one bar per column.

    Parameters
    ----------
    table : DataFrame
        Index: categories on the horizontal axis; columns: groups (at most five).
    title, unit : str
    wide : bool
    accent : collection of str, optional
        Columns, or rows of a single column, in the colour of the headline; the others are then gray.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the table is empty or has more than five columns.
    """
    fits = len(table) and table.shape[1] <= len(style.GROUPS)
    require(fits, f"Bars need a row and one to {len(style.GROUPS)} columns; the table is {table.shape}.")
    fig, ax = new_figure(3.2, wide=wide, title=title, unit=unit)
    heights = table.fillna(0).set_axis(range(len(table)), axis=0)
    looks = dict(zip(table, style.GROUPS if table.shape[1] > 1 else [(style.ACCENT, "")], strict=False))
    if len(accent):
        grays = iter((*style.GROUPS[2:], *style.GROUPS[2:]))
        looks = {name: (style.ACCENT, "") if name in accent else next(grays) for name in table}
    palette = {name: colour for name, (colour, *_) in looks.items()}
    rows = heights.melt(var_name="group", value_name="height", ignore_index=False).reset_index(names="place")
    look = {"palette": palette, "saturation": 1, "legend": False}
    sns.barplot(rows, x="place", y="height", hue="group", **look, ax=ax)
    for container, name in zip(ax.containers, heights, strict=True):
        plt.setp(container, hatch=looks[name][1], edgecolor="white", linewidth=1)
        plt.setp([bar for bar, row in zip(container, table.index, strict=False) if row in accent],
                 facecolor=style.ACCENT)  # fmt: skip
        if table.size <= MOST_NUMBERED_BARS:
            numbers = [plain_number(value) if pd.notna(value) else MISSING for value in table[name]]
            ax.bar_label(container, numbers, padding=2, fontsize=8)
    if not heights.to_numpy().any():
        # Without a height to go by, matplotlib would put the zero in mid-air between two fractions.
        ax.set(ylim=(0, 1), yticks=[0, 1])
    ax.set(xlabel="", ylabel="")
    ax.set_xticks(range(len(table)), table.index.astype(str))
    ax.tick_params(axis="x", length=0, labelcolor=INK)
    ax.axhline(0, color=style.MUTED, linewidth=0.9)
    number_axis(ax.yaxis)
    if len(looks) > 1:
        handles = dict(zip(heights, ax.containers, strict=True))
        ax.legend([handles[name] for name in table], [str(name) for name in table])
        style.place_key(ax, len(looks))
    return fig


def heatmap(matrix: pd.DataFrame, *, title: str, unit: str, wide: bool = False) -> Figure:
    """Draw a matrix of whole numbers as shaded cells with the numbers written in them.

    Parameters
    ----------
    matrix : DataFrame
        A missing cell is an empty box. Blue is above zero, orange below; shade grows with the absolute value.
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
    values = matrix.astype(float)
    require(np.isfinite(values).any(axis=None), "The matrix has no value: widen the window or the events.")
    fig, ax = new_figure(0.9 + 0.3 * len(matrix), wide=wide, title=title, unit=unit)
    depth = (values / (values.abs().max(axis=None) or 1)).fillna(0)
    texts = values.map(lambda value: "" if np.isnan(value) else fixed(value, 0))
    look = {"cmap": SHADES, "vmin": -1, "vmax": 1, "cbar": False, "linewidths": 0.8, "linecolor": style.GRID}
    sns.heatmap(depth, annot=texts, fmt="", yticklabels=True, **look, ax=ax)
    for text, shade in zip(ax.texts, depth.stack(), strict=True):
        text.set(color="white" if abs(shade) > 0.55 else INK, fontsize=8.5)
    ax.set(xlabel="", ylabel="")
    ax.set_xticks(ax.get_xticks(), [fill(str(name), 45 // matrix.shape[1] + 6) for name in matrix])
    ax.grid(False)
    ax.xaxis.tick_top()
    ax.tick_params(length=0, labelcolor=INK, labelrotation=0)
    return fig
