"""Values with their intervals, one to a row, against a line at zero."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures.publishing import publish
from helpers.figures.style import (
    COLOURS,
    DIRECTIONS,
    GRID,
    GROUPS,
    INK,
    MEETING,
    MUTED,
    event_look,
    fixed,
    head,
    new_figure,
    number_axis,
    panel_grid,
)
from helpers.methods.results import Estimate, table_of
from helpers.observations import SeriesData

KIND_LOOKS = {
    "meetings": MEETING[:2],
    "talks": DIRECTIONS["cooperation"][:2],
    "tightening": DIRECTIONS["tightening"][:2],
    "easing": DIRECTIONS["easing"][:2],
}
OTHER_LOOK = (COLOURS["neutral"], "s")


def coefficient_plot(
    table: pd.DataFrame,
    *,
    title: str,
    unit: str,
    margin: float | None = None,
    decimals: int = 2,
    key: str = "Mark: estimate. Bar: 95 % interval.",
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
    key : str
        What marks and bars mean.

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
    head(fig, title, f"{key} Shaded: too small to matter." if margin else key)
    if margin:
        ax.axvspan(-margin, margin, color=GRID, alpha=0.7, linewidth=0, zorder=0.5)
    _rows(ax, table["label"])
    groups = list(dict.fromkeys(table["group"])) if "group" in table else [""]
    for place, row in enumerate(table.to_dict("records")):
        colour, _, marker = GROUPS[groups.index(row.get("group", ""))]
        _interval(ax, -place, row, colour, marker)
        _beside(ax, -place, _estimate_text(row, decimals))
    ax.set_xlabel(unit, loc="left")
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
    _rows(ax, table["label"])
    for place, row in enumerate(table.to_dict("records")):
        if pd.notna(row.get("other")):
            ax.plot(row["other"], -place, "o", markersize=4.5, color=MUTED, markerfacecolor="white")
        _mark(ax, -place, row["value"], *event_look(row)[:2])
        if pd.notna(row["value"]):
            _beside(ax, -place, fixed(row["value"], decimals, sign="+"))
    ax.set_xlabel(unit, loc="left")
    return fig


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
    fig, panels = panel_grid(len(groups), columns, 0.65 + 0.27 * len(labels), sharex=True, sharey=True)
    head(fig, title, key)
    for ax, group in zip(panels, groups, strict=True):
        # Bars would otherwise end at the edge of the panel and look cut.
        ax.use_sticky_edges = False
        own = table[table["group"] == group].dropna(subset="value")
        for row in own.to_dict("records"):
            place = -labels.index(row["label"])
            low, high = row["placebo_low"], row["placebo_high"]
            ax.barh(place, high - low, 0.62, left=low, color=GRID, linewidth=0, zorder=0.5)
            _interval(ax, place, row, *KIND_LOOKS.get(row["kind"], OTHER_LOOK))
        ax.set_title(group, fontsize=9.5)
        _rows(ax, labels)
    for ax in panels[-columns:]:
        ax.set_xlabel(unit, loc="left")
    return fig


def _rows(ax: Axes, labels) -> None:
    """Name the rows from top to bottom, and draw the line at zero."""
    ax.axvline(0, color=INK, linewidth=0.9, zorder=1)
    ax.set_yticks(-np.arange(len(labels)), labels)
    ax.set_ylim(-len(labels) + 0.4, 0.6)
    ax.tick_params(axis="y", labelcolor=INK)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.margins(x=0.05)
    number_axis(ax.xaxis)


def _interval(ax: Axes, place: int, row: dict, colour: str, marker: str) -> None:
    ax.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
    _mark(ax, place, row["value"], colour, marker)


def _mark(ax: Axes, place: int, value: float, colour: str, marker: str) -> None:
    ax.plot(value, place, marker, color=colour, markersize=6.5, markeredgecolor="white", markeredgewidth=0.8)


def _beside(ax: Axes, place: int, text: str) -> None:
    """Write a text in the right margin of a row."""
    ax.annotate(
        text,
        xy=(1, place),
        xycoords=ax.get_yaxis_transform(),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
        annotation_clip=False,
    )


def _estimate_text(row: dict, decimals: int) -> str:
    value, low, high = (fixed(row[name], decimals) for name in ("value", "low", "high"))
    return f"{value}  [{low}, {high}]" if pd.notna(row["low"]) and pd.notna(row["high"]) else value


def _group_key(ax: Axes, groups: list[str]) -> None:
    for group, (colour, _, marker) in zip(groups, GROUPS, strict=False):
        ax.plot([], [], color=colour, marker=marker, linewidth=2, markeredgecolor="white", label=group)
    ax.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=len(groups), columnspacing=1.4)


def draw_estimates(
    name: str,
    rows: Mapping[str, Estimate] | pd.DataFrame,
    *,
    title: str,
    unit: str,
    margin: float,
    series: Iterable[SeriesData],
    decimals: int = 2,
) -> None:
    """Publish a figure of estimates over the margin of their test; its alt text tells each of them.

    Parameters
    ----------
    name : str
        Of the figure.
    rows : mapping of label to Estimate, or DataFrame
        Top to bottom; a table as `helpers.figures.coefficient_plot` takes it.
    title, unit, margin, decimals
        As in `helpers.figures.coefficient_plot`.
    series : iterable of SeriesData
        The series behind the estimates.
    """
    table = rows if isinstance(rows, pd.DataFrame) else table_of(rows)
    shown = {"title": title, "unit": unit, "margin": margin, "decimals": decimals}
    told = "; ".join(f"{row.label} {row.value:+.{decimals}f}" for row in table.itertuples())
    alt = f"Estimates with 95 percent intervals. {title}. {told}."
    fig = coefficient_plot(table, **shown)
    source = "event list of this project (data/events.csv)"
    publish(fig, name=name, alt=alt, data=table, series=series, source=source)
