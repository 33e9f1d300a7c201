"""Labels that never overlap: names at line ends, and flags above events.

Both are placed in two steps. A chart adds them where they belong; `number_flags`, `raise_flags` and
`spread_line_ends` move them apart once the size of the axes is known. A label carries its group as `gid`, so
no other state is kept.
"""

import re
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from scipy.optimize import isotonic_regression

from helpers.figures.style import set_unit, text_colour

LINE_END = "line-end"
LINE_END_WIDTH = 18
LINE_END_PLACE = 1.018
FLAG = "flag"
FLAG_ROWS = 4
FLAG_HEIGHT = 10.5
PADDING = 4
# With a patchA or shrinking, each leader would be cut to its text: a third of the drawing time.
LEADER = {"arrowstyle": "-", "patchA": None, "shrinkA": 0, "shrinkB": 0}


def spread(positions: np.ndarray, gaps: np.ndarray, low: float, high: float) -> np.ndarray:
    """Move labels apart along one axis, as little as possible.

    Parameters
    ----------
    positions : array of float, shape (n,)
        Wanted centres, in any unit.
    gaps : array of float, shape (n,)
        Size of each label along the axis, same unit.
    low, high : float
        Range the labels should stay in, if there is room.

    Returns
    -------
    array of float, shape (n,)
        Centres in the order given; neighbours are at least half the sum of their sizes apart.

    Notes
    -----
    Isotonic regression: with s the running sum of the needed distances, ``positions - s`` must not fall, and
    the least-squares solution is asked for (Barlow and others, 1972).
    """
    order = np.argsort(positions, kind="stable")
    sizes = np.asarray(gaps, dtype=float)[order]
    needed = np.concatenate([[0.0], np.cumsum((sizes[1:] + sizes[:-1]) / 2)])
    lowest = low + sizes[0] / 2
    highest = max(high - sizes[-1] / 2 - needed[-1], lowest)
    centres = np.empty(len(order))
    free = isotonic_regression(np.asarray(positions, dtype=float)[order] - needed).x
    centres[order] = np.clip(free, lowest, highest) + needed
    return centres


def flag_rows(starts: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Rows for flags whose text begins at its pole, so that no text meets another text or another pole.

    A flag stands above every flag whose pole its text would cross; from right to left, one pass is enough.

    Parameters
    ----------
    starts, widths : array of float, shape (n,)
        Left edge (the pole) and width of each flag, in pixels.

    Returns
    -------
    array of int, shape (n,)
        Row of each flag; 0 is the lowest.
    """
    rows = np.zeros(len(starts), dtype=int)
    order = np.argsort(starts, kind="stable")
    for rank in range(len(order) - 1, -1, -1):
        right, end = order[rank + 1 :], starts[order[rank]] + widths[order[rank]] + PADDING
        rows[order[rank]] = max(rows[right[starts[right] < end]] + 1, default=0)
    return rows


def line_end(ax: Axes, x, y: float, label: str, colour: str) -> None:
    """Name a line in the right margin, joined to its last point by a thin leader."""
    # A long label is broken into lines, but not inside brackets.
    whole = re.sub(r"\([^)]*\)", lambda bracket: unbroken(bracket[0]), label)
    look = LEADER | {"color": colour, "linewidth": 0.6, "relpos": (0, 0.5)}
    xy, place = (float(ax.convert_xunits(x)), y), (LINE_END_PLACE, 0.5)
    text = ax.annotate(textwrap.fill(whole, LINE_END_WIDTH), xy, place, "data", "axes fraction", look, False)
    text.set(color=text_colour(colour), va="center", fontsize=9, fontweight="bold", gid=LINE_END)


def flag(ax: Axes, x, label: str, note: str, colour: str) -> None:
    """Name a vertical line above the axes.

    Parameters
    ----------
    ax : Axes
    x : float or Timestamp
        Position of the line, in data units.
    label : str
        Short name, written above the axes if there is room.
    note : str
        Longer name, written in a numbered key below the figure if there is no room.
    colour : str
    """
    look = LEADER | {"color": colour, "linewidth": 0.8, "relpos": (0, 0)}
    xy = (float(ax.convert_xunits(x)), 1)
    text = ax.annotate(label, xy, (0, 0), ax.get_xaxis_transform(), "offset points", look, False)
    text.set(color=text_colour(colour), va="bottom", ha="left", fontsize=8, gid=FLAG, label=note)


def number_flags(fig: Figure) -> str:
    """Put numbers in place of the names of flags, if these are too dense in any panel.

    An event has the same number in every panel.

    Returns
    -------
    str
        The numbered key, or '' if the names stay.
    """
    # About where the layout will put the panels: it is not run for this question alone.
    width, ends = fig.get_figwidth(), any(_labels(ax, LINE_END) for ax in fig.axes)
    fig.subplots_adjust(left=0.5 / width, right=1 - (1.5 if ends else 0.2) / width)
    if all(max(_rows(ax), default=0) < FLAG_ROWS for ax in fig.axes):
        return ""
    flags = sorted((text for ax in fig.axes for text in _labels(ax, FLAG)), key=lambda text: text.xy[0])
    notes = list(dict.fromkeys(str(text.get_label()) for text in flags))
    for text in flags:
        text.set_text(str(notes.index(str(text.get_label())) + 1))
    # An entry is not broken between lines.
    entries = (unbroken(f"{number}. {note}") for number, note in enumerate(notes, start=1))
    return "\N{NO-BREAK SPACE}· ".join(entries)


def raise_flags(fig: Figure) -> dict[Axes, float]:
    """Raise the flags of every panel until none touches another, once the width of the panels is final.

    Returns
    -------
    dict of Axes to float
        Inches that each panel with flags needs above it, on top of a line of text.
    """
    rows = {ax: _rows(ax) for ax in fig.axes if _labels(ax, FLAG)}
    free = (max((int(own.max()) for own in rows.values()), default=-1) + 1) * FLAG_HEIGHT
    room = {}
    for ax, own in rows.items():
        for text, row in zip(_labels(ax, FLAG), own, strict=True):
            text.xyann = (0, 3 + row * FLAG_HEIGHT)
        room[ax] = (free - FLAG_HEIGHT + 3) / 72
        if ax.get_title(loc="left") or ax.get_ylabel():
            set_unit(ax, ax.get_ylabel(), raised=free)
            room[ax] = free / 72
    return room


def spread_line_ends(fig: Figure) -> None:
    """Spread the names at the line ends of every panel; call it once the panels stand where they will."""
    for ax in fig.axes:
        texts = _labels(ax, LINE_END)
        if texts:
            ends = ax.transData.transform(np.array([text.xy for text in texts], dtype=float))[:, 1]
            heights = np.array([extent(text).height + 2 for text in texts])
            centres = spread(ends, heights, ax.bbox.y0, ax.bbox.y1)
            for text, place in zip(texts, (centres - ax.bbox.y0) / ax.bbox.height, strict=True):
                text.xyann = (LINE_END_PLACE, round(place, 6))


def unbroken(text: str) -> str:
    """Put no-break spaces into a text."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def extent(annotation: Annotation):
    """Box of the text alone, in pixels: an annotation's own extent includes its leader."""
    return Text.get_window_extent(annotation)


def _labels(ax: Axes, gid: str) -> list[Annotation]:
    return [text for text in ax.texts if isinstance(text, Annotation) and text.get_gid() == gid]


def _rows(ax: Axes) -> np.ndarray:
    flags = _labels(ax, FLAG)
    places = np.array([[text.xy[0], 1.0] for text in flags]).reshape(-1, 2)
    starts = ax.get_xaxis_transform().transform(places)[:, 0]
    return flag_rows(starts.round(3), np.array([round(extent(text).width, 3) for text in flags]))
