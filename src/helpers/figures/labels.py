"""Labels that never overlap: names at line ends, and flags above events.

Both are placed in two steps. A chart adds them where they belong; `settle_flags` and `settle_line_ends` move
them apart once the size of the axes is known. A label carries its group as `gid`, so no other state is kept.
"""

import re
import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from helpers.figures.style import set_unit, text_colour

LINE_END = "line-end"
LINE_END_WIDTH = 18
LINE_END_PLACE = 1.018
FLAG = "flag"
FLAG_ROWS = 4
FLAG_HEIGHT = 10.5
PADDING = 4


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
    Isotonic regression: with s the running sum of the needed distances, ``positions - s`` must not fall;
    pooling adjacent violators gives the least-squares solution (Barlow and others, 1972).
    """
    order = np.argsort(positions, kind="stable")
    sizes = np.asarray(gaps, dtype=float)[order]
    needed = np.concatenate([[0.0], np.cumsum((sizes[1:] + sizes[:-1]) / 2)])
    blocks: list[list[float]] = []
    for wanted in np.asarray(positions, dtype=float)[order] - needed:
        blocks.append([wanted, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            blocks[-1] = [
                (blocks[-1][0] * blocks[-1][1] + mean * count) / (blocks[-1][1] + count),
                blocks[-1][1] + count,
            ]
    centres = np.concatenate([np.full(int(count), mean) for mean, count in blocks])
    centres = (
        np.clip(centres, low + sizes[0] / 2, max(high - sizes[-1] / 2 - needed[-1], low + sizes[0] / 2))
        + needed
    )
    moved = np.empty_like(centres)
    moved[order] = centres
    return moved


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
        flag = order[rank]
        crossed = [
            rows[other]
            for other in order[rank + 1 :]
            if starts[other] < starts[flag] + widths[flag] + PADDING
        ]
        rows[flag] = max(crossed) + 1 if crossed else 0
    return rows


def line_end(ax: Axes, x, y: float, label: str, colour: str) -> None:
    """Name a line in the right margin, joined to its last point by a thin leader."""
    ax.annotate(
        _folded(label),
        xy=(float(ax.convert_xunits(x)), y),
        xytext=(LINE_END_PLACE, 0.5),
        textcoords="axes fraction",
        va="center",
        color=text_colour(colour),
        fontsize=9,
        fontweight="bold",
        gid=LINE_END,
        annotation_clip=False,
        arrowprops=_leader(colour, 0.6, 0.5),
    )


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
    annotation = ax.annotate(
        label,
        xy=(float(ax.convert_xunits(x)), 1),
        xycoords=ax.get_xaxis_transform(),
        xytext=(0, 0),
        textcoords="offset points",
        va="bottom",
        ha="left",
        color=text_colour(colour),
        fontsize=8,
        gid=FLAG,
        annotation_clip=False,
        arrowprops=_leader(colour, 0.8, 0),
    )
    annotation.set_label(note)


def settle_flags(fig: Figure) -> str:
    """Raise the flags of every panel until none touches another, once the width of the panels is final.

    Returns
    -------
    str
        The numbered key, if the flags were too dense for their names; else ''.
    """
    fig.get_layout_engine().execute(fig)
    key = ""
    if any(max(_flag_rows(ax), default=0) >= FLAG_ROWS for ax in fig.axes):
        key = _number_flags(fig)
    _raise_flags(fig)
    return key


def settle_line_ends(fig: Figure) -> None:
    """Spread the names at the line ends of every panel; call it once the panels stand where they will."""
    for ax in fig.axes:
        _spread_line_ends(ax)


def _leader(colour: str, width: float, height: float) -> dict:
    # With a patchA or shrinking, each leader would be cut to its text: a third of the drawing time.
    look = {
        "arrowstyle": "-",
        "color": colour,
        "linewidth": width,
        "patchA": None,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    return look | {"relpos": (0, height)}


def _folded(label: str) -> str:
    """Break a long label into lines, but not inside brackets."""
    kept = re.sub(r"\([^)]*\)", lambda bracket: bracket[0].replace(" ", "\N{NO-BREAK SPACE}"), label)
    return textwrap.fill(kept, LINE_END_WIDTH)


def _labels(ax: Axes, gid: str) -> list[Annotation]:
    return [text for text in ax.texts if text.get_gid() == gid]


def _extent(annotation: Annotation):
    # The text alone: an annotation's own extent includes its leader.
    return Text.get_window_extent(annotation)


def _flag_rows(ax: Axes) -> np.ndarray:
    flags = _labels(ax, FLAG)
    places = np.array([[one.xy[0], 1.0] for one in flags]).reshape(-1, 2)
    starts = ax.get_xaxis_transform().transform(places)[:, 0]
    return flag_rows(starts, np.array([_extent(one).width for one in flags]))


def _number_flags(fig: Figure) -> str:
    """Replace names by numbers, the same number for the same event in every panel, and return the key."""
    flags = [(one.xy[0], one) for ax in fig.axes for one in _labels(ax, FLAG)]
    notes = list(dict.fromkeys(one.get_label() for _, one in sorted(flags, key=lambda item: item[0])))
    for _, one in flags:
        one.set_text(str(notes.index(one.get_label()) + 1))
    # An entry is not broken between lines.
    entries = [
        f"{number}. {note}".replace(" ", "\N{NO-BREAK SPACE}") for number, note in enumerate(notes, start=1)
    ]
    return "\N{NO-BREAK SPACE}· ".join(entries)


def _raise_flags(fig: Figure) -> None:
    rows = {ax: _flag_rows(ax) for ax in fig.axes}
    free = (max((max(own, default=-1) for own in rows.values()), default=-1) + 1) * FLAG_HEIGHT
    for ax, own in rows.items():
        for one, row in zip(_labels(ax, FLAG), own, strict=True):
            one.xyann = (0, 3 + row * FLAG_HEIGHT)
        if len(own) and (ax.get_title(loc="left") or ax.get_ylabel()):
            set_unit(ax, ax.get_ylabel(), raised=free)


def _spread_line_ends(ax: Axes) -> None:
    labels = _labels(ax, LINE_END)
    if not labels:
        return
    ends = np.array([one.xy for one in labels], dtype=float)
    heights = np.array([_extent(one).height + 2 for one in labels])
    centres = spread(ax.transData.transform(ends)[:, 1], heights, ax.bbox.y0, ax.bbox.y1)
    for one, centre in zip(labels, centres, strict=True):
        one.xyann = (LINE_END_PLACE, (centre - ax.bbox.y0) / ax.bbox.height)
