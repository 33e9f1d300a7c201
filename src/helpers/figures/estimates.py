"""Estimates, counts and distributions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from helpers.figures.labels import flag
from helpers.figures.style import (
    COLOURS,
    DIRECTIONS,
    FAINT,
    GRID,
    INK,
    MUTED,
    event_look,
    head,
    new_figure,
    number_axis,
    plain_number,
)

# Dark to light, with a hatch on every second: groups stay apart in grayscale.
GROUPS = (
    (COLOURS["united_states"], ""),
    (COLOURS["china"], "////"),
    (COLOURS["easing"], ""),
    (COLOURS["dialogue"], "...."),
    (FAINT, ""),
)
SHADES = LinearSegmentedColormap.from_list("summits", ["#F4F6F8", "#7FA3C7", COLOURS["united_states"]])


def coefficient_plot(
    table: pd.DataFrame,
    *,
    title: str,
    unit: str,
    margin: float | None = None,
    decimals: int = 2,
    level: int = 95,
    key: str = "",
    reference: float = 0,
    scale: str = "linear",
) -> Figure:
    """Draw estimates with their intervals, and write them beside the marks.

    Parameters
    ----------
    table : DataFrame
        One row per estimate, top to bottom, with columns `label`, `value`, `low`, `high` (all in `unit`), and
        optionally `group`, whose rows share a colour and a marker. Missing `low` or `high` draw a mark alone.
    title, unit : str
    margin : float, optional
        Smallest effect that would matter: the band from -margin to +margin is shaded.
    decimals : int
        For the written numbers.
    level : int
        Of the intervals, in percent.
    key : str
        What marks and bars mean, where they are not estimates with confidence intervals.
    reference : float
        Value of no effect, marked by a line: 0, or 1 for ratios.
    scale : {'linear', 'log'}

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the table is empty or an estimate lies outside its interval.
    """
    if table.empty or ((table["value"] < table["low"]) | (table["value"] > table["high"])).any():
        raise ValueError(
            "The table must hold at least one row, and every value must lie between its low and high."
        )
    fig, ax = new_figure(0.7 + 0.3 * len(table))
    head(
        fig,
        title,
        (key or f"Mark: estimate. Bar: {level} % interval.")
        + (" Shaded: too small to matter." if margin else ""),
    )
    if margin:
        ax.axvspan(-margin, margin, color=GRID, alpha=0.7, linewidth=0, zorder=0.5)
    ax.axvline(reference, color=INK, linewidth=0.9, zorder=1)
    ax.set_xscale(scale)
    groups = list(dict.fromkeys(table["group"])) if "group" in table else [""]
    for place, row in enumerate(table.to_dict("records")):
        _estimate(ax, -place, row, groups.index(row.get("group", "")), decimals)
    ax.set_yticks(-np.arange(len(table)), table["label"])
    ax.tick_params(axis="y", labelcolor=INK)
    ax.set_ylim(-len(table) + 0.4, 0.6)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.margins(x=0.05)
    ax.set_xlabel(unit, loc="left")
    number_axis(ax.xaxis)
    if len(groups) > 1:
        _group_key(ax, groups)
    return fig


def event_plot(
    table: pd.DataFrame,
    *,
    title: str,
    unit: str,
    key: str,
    band: tuple[float, float] | None = None,
    decimals: int = 0,
) -> Figure:
    """Draw one value for each event, against the usual spread of such values.

    Parameters
    ----------
    table : DataFrame
        One row per event, top to bottom, with columns `label`, `value` and, for the mark, the `category` and
        `direction` of the event table. An optional column `other` holds a second reading, drawn hollow.
    title, unit : str
    key : str
        What marks and band mean.
    band : tuple of float, optional
        Ends of the gray band, in `unit`.
    decimals : int
        For the written numbers.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If no event has a value.
    """
    if not table["value"].notna().any():
        raise ValueError("No event has a value: widen the dates or take another set of events.")
    fig, ax = new_figure(0.7 + 0.27 * len(table))
    head(fig, title, key)
    if band is not None:
        ax.axvspan(*band, color=GRID, alpha=0.8, linewidth=0, zorder=0.5)
    ax.axvline(0, color=INK, linewidth=0.9, zorder=1)
    for place, row in enumerate(table.to_dict("records")):
        _event_mark(ax, -place, row, decimals)
    ax.set_yticks(-np.arange(len(table)), table["label"])
    ax.tick_params(axis="y", labelcolor=INK)
    ax.set_ylim(-len(table) + 0.4, 0.6)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.margins(x=0.05)
    ax.set_xlabel(unit, loc="left")
    number_axis(ax.xaxis)
    return fig


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
        if not stacked and len(table) * table.shape[1] <= 40:
            ax.bar_label(
                drawn,
                [plain_number(value) if pd.notna(value) else "–" for value in table[column]],
                padding=2,
                fontsize=8,
            )
        floor = floor + table[column].fillna(0).to_numpy() * stacked
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


def heatmap(matrix: pd.DataFrame, *, title: str, unit: str, decimals: int = 0, wide: bool = False) -> Figure:
    """Draw a matrix as shaded cells with the numbers written in them.

    Parameters
    ----------
    matrix : DataFrame
        Missing cells stay white. Shade grows with the absolute value.
    title, unit : str
    decimals : int
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
    depth = np.abs(values) / (np.nanmax(np.abs(values)) or 1)
    ax.imshow(np.ma.masked_invalid(depth), cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = "white" if depth[row, column] > 0.55 else (INK if value else FAINT)
            text = f"{value:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")
            ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=8.5)
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


def distribution_plot(
    placebo: np.ndarray,
    actual: Mapping[str, float],
    *,
    title: str,
    unit: str,
    bins: int = 40,
    height: float = 3.2,
) -> Figure:
    """Draw what the estimator says when nothing happened, and mark what it says of the real events.

    Parameters
    ----------
    placebo : array of float, shape (draws,)
        Estimates at placebo dates.
    actual : mapping of label to float
        Estimates at the real events, same unit.
    title, unit : str
    bins : int
    height : float
        Inches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no finite placebo estimate, or no real event.
    """
    placebo = np.asarray(placebo, dtype=float)
    placebo = placebo[np.isfinite(placebo)]
    if not placebo.size or not actual:
        raise ValueError("The placebo distribution needs at least one finite draw and one real event.")
    fig, ax = new_figure(height)
    head(fig, title, f"Number of placebo dates, of {len(placebo):,}; shaded: middle 95 % of them")
    low, high = np.quantile(placebo, [0.025, 0.975])
    ax.axvspan(low, high, color=GRID, alpha=0.6, linewidth=0, zorder=0.4)
    ax.hist(placebo, bins=bins, color="#9AA3AB", edgecolor="white", linewidth=0.5)
    for label, value in sorted(actual.items(), key=lambda item: item[1]):
        outside = not low <= value <= high
        colour = COLOURS["china"] if outside else COLOURS["united_states"]
        ax.axvline(value, color=colour, linewidth=1.6, linestyle="-" if outside else (0, (4, 1.5)))
        flag(ax, value, label, label.replace(" ", "\N{NO-BREAK SPACE}"), colour)
    ax.margins(x=0.03)
    ax.set_xlabel(unit, loc="left")
    number_axis(ax.xaxis)
    number_axis(ax.yaxis)
    return fig


def _group_looks(groups) -> list[tuple]:
    """Colour and hatch of each group; a direction keeps its own colour."""
    own = {name: look[0] for name, look in DIRECTIONS.items()}
    return [(own.get(group, colour), hatch) for group, (colour, hatch) in zip(groups, GROUPS, strict=False)]


def _estimate(ax, place: int, row: dict, group: int, decimals: int) -> None:
    colour, marker = GROUPS[group][0], "osD^v"[group]
    ax.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
    ax.plot(
        [row["value"]],
        [place],
        color=colour,
        marker=marker,
        markersize=6.5,
        markeredgecolor="white",
        markeredgewidth=0.8,
    )
    written = f"{row['value']:,.{decimals}f}"
    if pd.notna(row["low"]) and pd.notna(row["high"]):
        written += f"  [{row['low']:,.{decimals}f}, {row['high']:,.{decimals}f}]"
    ax.annotate(
        written.replace("-", "\N{MINUS SIGN}"),
        xy=(1, place),
        xycoords=ax.get_yaxis_transform(),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        annotation_clip=False,
    )


def _event_mark(ax, place: int, row: dict, decimals: int) -> None:
    colour, marker, _ = event_look(row)
    if pd.notna(row.get("other")):
        ax.plot([row["other"]], [place], marker="o", markersize=4.5, color=MUTED, markerfacecolor="white")
    ax.plot([row["value"]], [place], marker=marker, markersize=6.5, color=colour, markeredgecolor="white")
    if pd.notna(row["value"]):
        ax.annotate(
            f"{row['value']:+,.{decimals}f}".replace("-", "\N{MINUS SIGN}"),
            xy=(1, place),
            xycoords=ax.get_yaxis_transform(),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )


def _group_key(ax, groups: list[str]) -> None:
    for position, group in enumerate(groups):
        ax.plot(
            [],
            [],
            color=GROUPS[position][0],
            marker="osD^v"[position],
            linewidth=2,
            markeredgecolor="white",
            label=group,
        )
    ax.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=len(groups), columnspacing=1.4)
