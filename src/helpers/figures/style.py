"""House style: sizes, one palette, one set of marks.

Every colour of a set differs from the others in luminance as well as in hue, and each is paired with a line
style or a marker, so that a figure reads the same in grayscale and for a colour-blind reader. The hues are
those of Okabe and Ito (2008), darkened or lightened until their luminances are apart.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from helpers.digits import SHOWN
from helpers.digits import certain as sure_of
from helpers.tables import MINUS

WIDTH = 8.2
WIDE = 10.5
DPI = 110

INK = "#1A1A1A"
MUTED = "#5C6166"
FAINT = "#B4B9BE"
GRID = "#E1E4E7"

# Lightness (CIE L*): meeting 9, united_states 25, tightening 31, china 54, easing 63, dialogue 71.
COLOURS = {"united_states": "#0B3C6F", "china": "#D55E00", "tightening": "#8C1C3F", "easing": "#3BA99C"}
COLOURS |= {"meeting": INK, "dialogue": "#E0A100", "neutral": "#80868C"}

# The order alternates dark and light, so that the first two or three lines are the easiest to tell apart.
SOLID = "-"
LINES: list[tuple[str, Any]] = [
    *(("#0B3C6F", SOLID), ("#D55E00", (0, (6, 1.4))), ("#3BA99C", SOLID), ("#7A2E6E", (0, (1.2, 1.2)))),
    *(("#E0A100", (0, (5, 1.3, 1.2, 1.3))), ("#7FB8E6", SOLID), ("#4A4F55", (0, (3, 1)))),
]
ENTITY_LINES = {"United States": LINES[0], "China": LINES[1]}

# Colour, marker and line style of an event say the same thing three times.
Look = tuple[str, str, Any]
DIRECTIONS: dict[str, Look] = {
    "tightening": (COLOURS["tightening"], "v", (0, (5, 1.5))),
    "easing": (COLOURS["easing"], "^", (0, (2, 1.5))),
    "cooperation": (COLOURS["dialogue"], "o", (0, (5, 1.5, 1, 1.5))),
    "neutral": (COLOURS["neutral"], "s", (0, (1, 1.5))),
}
MEETING: Look = (COLOURS["meeting"], "D", SOLID)
# Colour, hatch and marker of groups of bars or estimates; the hatches keep bars apart in grayscale.
GROUPS = (
    (COLOURS["united_states"], "", "o"),
    (COLOURS["china"], "////", "s"),
    (COLOURS["easing"], "", "D"),
    (COLOURS["dialogue"], "....", "^"),
    (FAINT, "", "v"),
)
DASHES = (0, (4, 1.5))

# On top of seaborn's white grid, at the sizes it uses for paper.
STYLE: dict[str, Any] = {"figure.dpi": DPI, "text.color": INK}
STYLE |= {"axes.grid.axis": "y", "axes.linewidth": 0.8, "axes.xmargin": 0.01, "grid.color": GRID}
STYLE |= {"axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlelocation": "left"}
STYLE |= {"xtick.bottom": True, "xtick.major.size": 3.5, "lines.linewidth": 1.8, "hatch.linewidth": 0.6}
STYLE |= dict.fromkeys(("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), MUTED)
STYLE |= dict.fromkeys(("axes.spines.left", "axes.spines.right", "axes.spines.top"), False)
# A dollar sign in a title is money, not mathematics.
STYLE |= {"legend.frameon": False, "text.parse_math": False}


def apply_style() -> None:
    """Set the house style for every figure drawn afterwards in this process."""
    colours = [colour for colour, _ in LINES]
    sns.set_theme(context="paper", style="whitegrid", palette=colours, font="DejaVu Sans", rc=STYLE)


def new_figure(
    height: float = 3.6, *, wide: bool = False, rows: int = 1, columns: int = 1, **grid: Any
) -> tuple[Figure, Any]:
    """Open a figure of house width in house style.

    Parameters
    ----------
    height : float
        Height of the plotting area in inches. Title and source line are added to it by `publish`.
    wide : bool
        Use the wide format (10.5 inches in place of 8.2).
    rows, columns : int
        Grid of panels.
    **grid
        Passed to `matplotlib.pyplot.subplots` (for example ``sharey=True``).

    Returns
    -------
    tuple of Figure and Axes (or array of Axes)
    """
    apply_style()
    return plt.subplots(rows, columns, figsize=(WIDE if wide else WIDTH, height), **grid)


def panels(
    titles: Sequence[str], columns: int, height: float, *, wide: bool = True, **share: bool
) -> tuple[Figure, list[Axes]]:
    """Open a figure of titled panels in reading order.

    Parameters
    ----------
    titles : sequence of str, length n
    columns : int
        Panels in a row.
    height : float
        Height of one panel in inches.
    wide : bool
    **share
        Axes that all panels share: ``sharex=True``, ``sharey=True``. The lowest panel of each column has the
        tick labels, also where the last row is not full.

    Returns
    -------
    tuple of Figure and list of n Axes
    """
    # Not seaborn's FacetGrid: it lays the figure out as it opens it, and `publish` does so again.
    rows = -(-len(titles) // columns)
    fig, grid = new_figure(height * rows, wide=wide, rows=rows, columns=columns, squeeze=False, **share)
    for ax, title in zip(grid.flat, titles, strict=False):
        ax.set_title(title, fontsize=9.5)
    for place, ax in enumerate(grid.flat):
        if place >= len(titles):
            ax.remove()
        elif place >= len(titles) - columns:
            ax.tick_params(labelbottom=True)
    return fig, list(grid.flat[: len(titles)])


def line_looks(labels: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Colour and line style of each label; the United States and China always have their own.

    Raises
    ------
    ValueError
        If there are more labels than looks.
    """
    looks = {label: ENTITY_LINES[label] for label in labels if label in ENTITY_LINES}
    free = [look for look in LINES if look not in looks.values()]
    others = [label for label in labels if label not in looks]
    if len(others) > len(free):
        raise ValueError(
            f"{len(labels)} lines are too many to tell apart: use small_multiples, or at most {len(LINES)}."
        )
    return looks | dict(zip(others, free, strict=False))


def text_colour(colour: str) -> str:
    """Darken a colour until text in it has the contrast of 4.5 to 1 against white that WCAG asks for."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = max(float(linear @ (0.2126, 0.7152, 0.0722)), 1e-9)
    return to_hex(rgb * min(1.0, (0.175 / luminance) ** (1 / 2.2)))


def event_kind(event: pd.Series) -> str:
    """Kind of an event, as `event_look` takes it: leader meetings are one, others go by direction."""
    return "meetings" if event["category"] == "summit_leaders" else str(event["direction"])


def event_look(kind: str) -> Look:
    """Colour, marker and line style of events of a kind: meetings, talks, or a direction."""
    looks = DIRECTIONS | {"meetings": MEETING, "talks": DIRECTIONS["cooperation"]}
    return looks.get(kind, DIRECTIONS["neutral"])


def certain(values: Any, digits: int = 9) -> np.ndarray:
    """Round to significant digits that every processor agrees on, halves included.

    To as few as are shown, what rounding in the linear algebra leaves of zero (below 1e-12 of the largest
    value) becomes 0.
    """
    numbers = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    size = np.abs(numbers)
    floor = 1e-12 * size.max(where=np.isfinite(size), initial=0) if digits == SHOWN else 0
    sure = (sure_of(number) for number in np.where(size <= floor, 0, numbers).flat)
    return np.array([f"{number:.{digits}g}" for number in sure], dtype=float).reshape(numbers.shape) + 0.0


def plain_number(value: float, _position: int | None = None) -> str:
    """Write an axis number with thousands separators and a true minus sign."""
    return f"{value:,.10g}".replace("-", MINUS)


def power_of_ten(value: float, _position: int | None = None) -> str:
    """Write 0.01 to 50,000 in full and other ticks of a log scale as 10²⁵ or 2×10²⁵."""
    if 0.005 < value < 60_000:
        return plain_number(value)
    exponent = int(np.floor(np.log10(value) + 1e-9))
    power = "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    leading = round(value / 10.0**exponent)
    return power if leading == 1 else f"{leading}×{power}"


def number_axis(axis: Any) -> None:
    """Format a numeric axis: thousands separators, or powers of ten on a log scale."""
    if axis.get_scale() == "log":
        low, high = axis.get_view_interval()
        # Over less than two decades, powers of ten alone would leave an axis with one number or none.
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,), numticks=7))
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(power_of_ten if axis.get_scale() == "log" else plain_number))


def date_axis(ax: Axes) -> None:
    """Format a time axis: years, or months with the year once, and no offset text."""
    inches = ax.get_window_extent().width / DPI
    locator = mdates.AutoDateLocator(minticks=3, maxticks=min(10, max(4, int(inches / 0.45))))
    formatter = mdates.ConciseDateFormatter(locator, show_offset=False)
    formatter.formats = ["%Y", "%b", "%-d %b", "%H:%M", "%H:%M", "%S.%f"]
    formatter.zero_formats = ["", "%b\n%Y", "%-d %b", "%-d %b", "%H:%M", "%H:%M"]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(formatter)


def set_unit(ax: Axes, unit: str, raised: float = 0) -> None:
    """Write the unit of a panel horizontally above its top left corner, where it is read first.

    Parameters
    ----------
    ax : Axes
    unit : str
    raised : float
        Points left free below it, for the names of events. The title of the panel moves up with it.
    """
    above = ScaledTranslation(0, (raised + 5) / 72, ax.figure.dpi_scale_trans)
    ax.set_ylabel(unit, rotation=0, ha="left", va="bottom")
    ax.yaxis.set_label_coords(0, 1, transform=ax.transAxes + above)
    ax.set_title(ax.get_title(loc="left"), pad=raised + (21 if unit else 6))


def head(fig: Figure, title: str, unit: str) -> None:
    """Give the figure its title (the conclusion) and its unit line; `publish` lays both out."""
    fig.suptitle(title)
    fig.supylabel(unit)


def place_key(ax: Axes, columns: int) -> None:
    """Put the legend of a panel above its top left corner, in one row."""
    sns.move_legend(ax, "lower left", bbox_to_anchor=(-0.01, 1), ncols=columns, title=None, columnspacing=1.4)
