"""Values with their intervals, one to a row, against a line at zero."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures import style
from helpers.figures.style import FAINT, GRID, INK, event_kind, event_look, new_figure, number_axis, require
from helpers.tables import fixed, signed


def coefficient_plot(
    table: pd.DataFrame,
    *,
    title: str,
    unit: str,
    margin: float | None = None,
    decimals: int = 2,
    logs: bool = False,
    key: str = "Mark: estimate. Bar: 95% interval.",
    accent: str | None = None,
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
    logs : bool
        The values are differences of logarithms: axis and written numbers are in percent. Say so in `unit`.
    key : str
        What marks and bars mean.
    accent : str, optional
        Group of the headline: it alone has colour, the others are gray.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the table is empty or an estimate lies outside its interval.
    """
    outside = (table["value"] < table["low"]) | (table["value"] > table["high"])
    require(len(table) and not outside.any(), "Give a row at least, and each value between its low and high.")
    write = style.percent_of_log if logs else lambda n: fixed(n, decimals)
    key += f" Shaded: the margin set beforehand ({write(-margin)} to {write(margin)})." if margin else ""
    fig, ax = new_figure(0.7 + 0.3 * len(table), title=title, unit=key)
    if margin:
        ax.axvspan(-margin, margin, color=GRID, alpha=0.7, lw=0, zorder=0.5, label="_margin set beforehand")
    groups = list(dict.fromkeys(table["group"])) if "group" in table else [""]
    looks = {name: (colour, marker) for name, (colour, _, marker) in zip(groups, style.GROUPS, strict=False)}
    if accent is not None:
        looks = {name: (style.ACCENT if name == accent else FAINT, mark) for name, (_, mark) in looks.items()}
    rows = table.assign(row=range(len(table)), look=table.get("group", ""))
    _draw(ax, rows, looks, key=len(groups) > 1)
    _name_rows(ax, table["label"], unit + ", log scale" * logs)
    _write_beside(ax, -1, "Estimate  [95%]")
    for place, row in enumerate(table[["value", "low", "high"]].to_numpy(dtype=float)):
        value, low, high = map(write, row)
        _write_beside(ax, place, f"{value}  [{low}, {high}]" if not np.isnan(row).any() else value)
    if logs:
        style.percent_axis(ax.xaxis)
    return fig


def event_plot(
    table: pd.DataFrame, *, title: str, unit: str, key: str, band: tuple | None = None, decimals: int = 0
) -> Figure:
    """Draw one value for each event, against the usual spread of such values.

    Parameters
    ----------
    table : DataFrame
        One row per event, top to bottom, with columns `label`, `value` and, for the mark, the `category` and
        `direction` of the event table; directions rise and fall draw circles, falls in the accent. In an
        optional column `other` stands a second reading, drawn hollow.
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
    require(table["value"].notna().any(), "No event has a value: widen the dates or take other events.")
    fig, ax = new_figure(0.7 + 0.27 * len(table), title=title, unit=key)
    if band is not None:
        ax.axvspan(*band, color=GRID, alpha=0.8, linewidth=0, zorder=0.5, label="_usual range")
    rows = table.assign(row=range(len(table)), look=[event_kind(event) for _, event in table.iterrows()])
    if "other" in rows:
        ax.plot(rows["other"], -rows["row"], "o", markersize=3.5, color=FAINT, markerfacecolor="white")
    _draw(ax, rows, {kind: event_look(kind)[:2] for kind in rows["look"]})
    _name_rows(ax, table["label"], unit)
    for row in rows.dropna(subset="value").itertuples():
        _write_beside(ax, row.row, signed(row.value, decimals))
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
    require(table["value"].notna().any(), "No group has an estimate: widen the dates or shorten windows.")
    groups, labels = list(dict.fromkeys(table["group"])), list(dict.fromkeys(table["label"]))
    fig, panels = style.panels(
        groups, columns, 0.65 + 0.27 * len(labels), title, key, sharex=True, sharey=True
    )
    looks = {kind: event_look(kind)[:2] for kind in table["kind"].unique()}
    table = table.assign(row=table["label"].map(labels.index), look=table["kind"]).dropna(subset="value")
    for place, (ax, group) in enumerate(zip(panels, groups, strict=True)):
        # Bars would otherwise end at the edge of the panel and look cut.
        ax.use_sticky_edges = False
        rows = table[table["group"] == group]
        width = rows["placebo_high"] - rows["placebo_low"]
        ax.barh(-rows["row"], width, 0.62, rows["placebo_low"], color=GRID, linewidth=0, zorder=0.5)
        _draw(ax, rows, looks)
        _name_rows(ax, labels, unit if place >= len(panels) - columns else "")
    return fig


def _draw(ax: Axes, rows: pd.DataFrame, looks: Mapping[str, tuple[str, str]], key: bool = False) -> None:
    """Draw values over their intervals; `looks` has colour and marker of each `look` in the table."""
    palette = {look: colour for look, (colour, _) in looks.items()}
    markers = {look: marker for look, (_, marker) in looks.items()}
    marks = rows.assign(place=-rows["row"])
    if "low" in rows:
        ax.hlines(marks["place"], rows["low"], rows["high"], colors=rows["look"].map(palette), linewidth=2)
    look = {"palette": palette, "markers": markers, "s": 42, "zorder": 3, "legend": "auto" if key else False}
    sns.scatterplot(marks, x="value", y="place", hue="look", style="look", **look, ax=ax)
    if key:
        style.place_key(ax, len(looks))


def _name_rows(ax: Axes, labels: Iterable[str], unit: str) -> None:
    """Name the rows from top to bottom, and draw the line at zero."""
    ax.axvline(0, color=INK, linewidth=0.9, zorder=1)
    names = list(labels)
    ax.set_yticks(-np.arange(len(names)), names)
    ax.set_xlabel(unit, loc="left")
    ax.set(ylabel="", ylim=(-len(names) + 0.4, 0.6))
    ax.tick_params(axis="y", labelcolor=INK)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.margins(x=0.05)
    number_axis(ax.xaxis)


def _write_beside(ax: Axes, row: int, text: str) -> None:
    """Write a text in the right margin of a row."""
    place = ax.get_yaxis_transform()
    ax.annotate(text, (1, -row), (8, 0), place, "offset points", va="center", fontsize=8.5)
