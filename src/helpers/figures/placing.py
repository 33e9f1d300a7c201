"""Labels that never overlap: names at line ends, and events in lanes above the panels.

Both are placed in two steps. A chart adds them where they belong; `place_flags` and `spread_line_ends` move
them apart once the size of the axes is known. A label carries its group as `gid`, so no other state is kept.
"""

import re
import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox
from scipy.optimize import isotonic_regression

from helpers.figures.style import GRAYS, MUTED, set_unit, text_colour

LINE_END = "line-end"
LINE_END_WIDTH = 18
LINE_END_PLACE = 1.018
FLAG = "flag"
FLAG_HEIGHT = 11.5
# Rows of names in a lane, by the width of the panel in inches; an event with no room there has a mark alone.
FLAG_ROWS = 0.65
PADDING = 5
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


def line_end(ax: Axes, x: Any, y: float, label: str, colour: str) -> None:
    """Name a line in the right margin, joined to its last point by a thin leader."""
    # A long label is broken into lines, but not inside brackets.
    whole = re.sub(r"\([^)]*\)", lambda bracket: unbroken(bracket[0]), label)
    look = LEADER | {"color": colour, "linewidth": 0.6, "relpos": (0, 0.5)}
    xy, place = (float(ax.convert_xunits(x)), y), (LINE_END_PLACE, 0.5)
    text = ax.annotate(textwrap.fill(whole, LINE_END_WIDTH), xy, place, "data", "axes fraction", look, False)
    weight = "normal" if colour in (MUTED, *dict(GRAYS)) else "bold"
    text.set(color=text_colour(colour), va="center", fontsize=9.5, weight=weight, gid=LINE_END)


def flag(ax: Axes, x: Any, label: str, note: str, colour: str, sign: str = "", lane: int = 0) -> None:
    """Put a sign above the axes in a lane of its kind, and a name beside it.

    Parameters
    ----------
    ax : Axes
    x : float or Timestamp
        In data units.
    label : str
        Short name; '' for the sign alone.
    note : str
        Longer name, written below the figure if the short one has no room.
    colour, sign : str
    lane : int
        0 is the lowest.
    """
    xy, place = (float(ax.convert_xunits(x)), 1), ax.get_xaxis_transform()
    text = ax.annotate(f"{sign} {label}".strip(), xy, (0, 0), place, "offset points", None, False)
    text.set(color=text_colour(colour), va="bottom", fontsize=8.5, gid=f"{FLAG} {lane} {sign}", label=note)
    text.set_in_layout(False)


def signs(fig: Figure) -> str:
    """Return the signs of all flags of a figure."""
    return "".join(str(text.get_gid())[-1] for ax in fig.axes for text in _labels(ax, FLAG))


def place_flags(fig: Figure) -> tuple[dict[Axes, float], list[str]]:
    """Move the flags of every panel into rows where none touches another, once its width is final.

    Returns
    -------
    dict of Axes to float
        Inches that each panel with flags needs above it.
    list of str
        Notes of the events that have no name above any panel.
    """
    heights: dict[Axes, float] = {}
    named: dict[str, bool] = {}
    for ax in fig.axes:
        rows = 0
        edge = min((other.bbox.x0 for other in fig.axes if other.bbox.x0 > ax.bbox.x1), default=fig.bbox.x1)
        most = 18 if not signs(fig).strip() else round(FLAG_ROWS * ax.bbox.width / fig.dpi)
        for lane in sorted({str(text.get_gid())[:-1] for text in _labels(ax, FLAG)}):
            texts = [text for text in _labels(ax, FLAG) if str(text.get_gid()).startswith(lane)]
            levels = pack(ax, texts, edge - 10, max(most, 1))
            for text, level in zip(texts, levels, strict=True):
                text.xyann = (text.xyann[0], 4 + (rows + level) * FLAG_HEIGHT)
                note = str(text.get_label())
                named[note] = named.get(note, False) or len(text.get_text()) > 1
            rows += max(levels) + 1
            heights[ax] = rows * FLAG_HEIGHT + 4
    free = max(heights.values(), default=0)
    for ax in heights:
        set_unit(ax, ax.get_ylabel(), raised=free)
    return dict.fromkeys(heights, free / 72), [note for note in named if not named[note]]


def pack(ax: Axes, texts: list[Annotation], edge: float, most: int) -> list[int]:
    """Choose for each flag the row and the side on which its name has room; without room, it loses the name.

    Parameters
    ----------
    ax : Axes
    texts : list of Annotation
    edge : float
        Where the room for names ends, in pixels.
    most : int
        Rows to use.

    Returns
    -------
    list of int
        The row of each text; 0 is the lowest.
    """
    rows: list[list[tuple[float, float]]] = [[] for _ in range(most)]
    levels = []
    for text in texts:
        whole, sign = text.get_text(), str(text.get_gid())[-1].strip()
        pole = float(ax.get_xaxis_transform().transform((text.xy[0], 1))[0])
        name = whole.removeprefix(sign).strip()
        for side, words in (("left", whole), ("right", f"{name} {sign}".strip()), ("left", sign)):
            text.set(text=words, ha=side)
            width, half = round(extent(text).width, 3), 4 if sign else -2
            start = pole - half if side == "left" else pole + half - width
            stop = start + width
            free = [
                all(start >= end + PADDING or stop + PADDING <= begin for begin, end in row) for row in rows
            ]
            if stop <= edge and any(free):
                break
        text.xyann = ((-half if side == "left" else half) * 72 / text.figure.dpi, 0)
        levels.append([*free, True].index(True))
        rows += [[]] if levels[-1] == len(rows) else []
        rows[levels[-1]].append((start, stop))
    return levels


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


def extent(annotation: Annotation) -> Bbox:
    """Box of the text alone, in pixels: an annotation's own extent includes its leader."""
    return Text.get_window_extent(annotation)


def _labels(ax: Axes, gid: str) -> list[Annotation]:
    return [text for text in ax.texts if isinstance(text, Annotation) and str(text.get_gid()).startswith(gid)]
