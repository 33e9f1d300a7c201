"""Placebo distributions: what the estimator says when nothing happened."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures.labels import flag
from helpers.figures.style import COLOURS, DASHES, GRID, head, new_figure, number_axis, panel_grid


def distribution_plot(
    placebo: np.ndarray, actual: Mapping[str, float], *, title: str, unit: str, height: float = 3.2
) -> Figure:
    """Draw what the estimator says when nothing happened, and mark what it says of the real events.

    Parameters
    ----------
    placebo : array of float, shape (draws,)
        Estimates at placebo dates.
    actual : mapping of label to float
        Estimates at the real events, same unit.
    title, unit : str
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
    head(fig, title, f"Number of placebo values, of {len(placebo):,}; shaded: middle 95 % of them")
    low, high = _histogram(ax, placebo, unit, bins=40)
    for label, value in sorted(actual.items(), key=lambda item: item[1]):
        outside = not low <= value <= high
        colour = COLOURS["china"] if outside else COLOURS["united_states"]
        ax.axvline(value, color=colour, linewidth=1.6, linestyle="-" if outside else DASHES)
        flag(ax, value, label, label.replace(" ", "\N{NO-BREAK SPACE}"), colour)
    ax.margins(x=0.03)
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
    fig, panels = panel_grid(len(tests), 2, 2.3)
    head(fig, title, "Number of placebo draws; shaded: middle 95 % of them; line: the real dates")
    for ax, (label, (_, observed, unit)) in zip(panels, tests.items(), strict=True):
        _histogram(ax, finite[label], unit, bins=30)
        ax.axvline(observed, color=COLOURS["china"], linewidth=1.8)
        ax.set_title(label)
    return fig


def _histogram(ax: Axes, placebo: np.ndarray, unit: str, bins: int) -> tuple[float, float]:
    """Draw the distribution over its shaded middle 95 %, and return the ends of the latter."""
    low, high = np.quantile(placebo, [0.025, 0.975])
    ax.axvspan(low, high, color=GRID, alpha=0.6, linewidth=0, zorder=0.4)
    ax.hist(placebo, bins=bins, color="#9AA3AB", edgecolor="white", linewidth=0.5)
    ax.set_xlabel(unit, loc="left")
    number_axis(ax.xaxis)
    number_axis(ax.yaxis)
    return low, high
