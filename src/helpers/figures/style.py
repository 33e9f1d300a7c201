"""House style: one typeface, gray and one accent, fixed colours of countries, one set of marks.

What a picture is about has the accent, its rival the second colour, the rest is gray; a country has its own
colour wherever it is drawn. The colours of a set differ in luminance as well as in hue, and every line is
named at its end, so that a figure reads the same in grayscale and for a colour-blind reader.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from helpers.digits import SHOWN, alike
from helpers.tables import MINUS

WIDTH = 8.2
WIDE = 9.2
DPI = 110

for file in [*Path(mpl.get_data_path()).rglob("*.ttf"), *Path(__file__).parent.rglob("*.ttf")]:
    fontManager.addfont(file)
# Of two files of one name the first is taken: pictures would depend on what else a machine has.
fontManager.ttflist.reverse()
# What our typeface lacks comes from the one that matplotlib brings, and from one of these if it is installed.
EAST_ASIAN = {"Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "WenQuanYi Zen Hei"}
FONTS = ["Summits Sans", "DejaVu Sans", *sorted(EAST_ASIAN & {font.name for font in fontManager.ttflist})]

INK = "#121212"
MUTED = "#5B6670"
FAINT = "#9AA5AD"
GRID = "#D9DFE4"
ACCENT = "#E3120B"
RIVAL = "#0B4170"

COLOURS = {"united_states": RIVAL, "china": ACCENT, "tightening": "#7A1F5C", "easing": "#3BA99C"}
COLOURS |= {"meeting": INK, "dialogue": "#D98C00", "neutral": "#80868C"}

COUNTRIES = {"United States": RIVAL, "China": ACCENT, "Netherlands": "#D98C00", "South Korea": "#2F9384"}
COUNTRIES |= {"Japan": "#8A5AA8", "Taiwan": "#6B8E23"}
GRAYS: list[tuple[str, Any]] = [("#4A545C", "-"), ("#8A959E", "-"), ("#4A545C", (0, (4, 1.4)))]
GRAYS += [("#8A959E", (0, (4, 1.4))), ("#4A545C", (0, (1.2, 1.2)))]
LINES: list[tuple[str, Any]] = [(ACCENT, "-"), (RIVAL, "-"), *GRAYS]

# Colour and marker of an event say the same thing twice; the sign is the marker in a text.
Look = tuple[str, str, Any]
DIRECTIONS: dict[str, Look] = {
    "tightening": (COLOURS["tightening"], "v", "▼"),
    "easing": (COLOURS["easing"], "^", "▲"),
    "cooperation": (COLOURS["dialogue"], "o", "●"),
    "neutral": (COLOURS["neutral"], "s", "■"),
}
MEETING: Look = (COLOURS["meeting"], "D", "◆")
# Colour, hatch and marker of groups of bars or estimates, none of them a sign of events; the hatch keeps bars
# apart in grayscale.
GROUPS = ((RIVAL, "", "o"), (ACCENT, "", "s"), ("#AAB4BB", "", "P"), (MUTED, "////", "X"), (GRID, "", "p"))
DASHES = (0, (4, 1.5))

# On top of seaborn's white grid, at the sizes it uses for paper.
STYLE: dict[str, Any] = {"figure.dpi": DPI, "text.color": INK}
STYLE |= {"axes.grid.axis": "y", "axes.linewidth": 0.8, "axes.xmargin": 0.01, "grid.color": GRID}
STYLE |= {"axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.titlelocation": "left"}
STYLE |= {"xtick.bottom": True, "xtick.major.size": 3.5, "lines.linewidth": 1.8, "hatch.linewidth": 0.6}
STYLE |= dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "axes.labelsize", "legend.fontsize"), 9.5)
STYLE |= dict.fromkeys(("axes.labelcolor", "xtick.color", "ytick.color"), MUTED) | {"axes.edgecolor": INK}
STYLE |= dict.fromkeys(("axes.spines.left", "axes.spines.right", "axes.spines.top"), False)
# A dollar sign in a title is money, not mathematics. The text of an SVG stays text, and its ids the same.
STYLE |= {"text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "s"}
STYLE |= {"ytick.alignment": "center", "legend.frameon": False}


def require(condition: Any, message: str) -> None:
    """Refuse to draw what would mislead."""
    if not condition:
        raise ValueError(message)


def apply_style() -> None:
    """Set the house style for every figure drawn afterwards in this process."""
    colours = [colour for colour, _ in LINES]
    sns.set_theme(context="paper", style="whitegrid", palette=colours, rc=STYLE | {"font.family": FONTS})


def new_figure(
    height: float = 3.6, *, title: str = "", unit: str = "", wide: bool = False, rows: int = 1, **grid: Any
) -> tuple[Figure, Any]:
    """Open a figure of house width in house style.

    Parameters
    ----------
    height : float
        Height of the plotting area in inches. Title and source line are added to it by `publish`.
    title, unit : str
        As `head` takes them.
    wide : bool
        Use the wide format (9.2 inches in place of 8.2).
    rows : int
        Of panels.
    **grid
        Passed to `matplotlib.pyplot.subplots` (for example ``columns=3, sharey=True``).

    Returns
    -------
    tuple of Figure and Axes (or array of Axes)
    """
    apply_style()
    grid["ncols"] = grid.pop("columns", 1)
    fig, axes = plt.subplots(rows, figsize=(WIDE if wide else WIDTH, height), **grid)
    head(fig, title, unit)
    return fig, axes


def panels(
    titles: Sequence[str], columns: int, size: float, title: str, unit: str, wide: bool = True, **share: bool
) -> tuple[Figure, list[Axes]]:
    """Open a figure of titled panels in reading order.

    Parameters
    ----------
    titles : sequence of str, length n
    columns : int
        Panels in a row.
    size : float
        Height of one panel in inches.
    title, unit : str
        Of the figure.
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
    shape = {"rows": rows, "columns": columns, "squeeze": False, **share}
    fig, grid = new_figure(size * rows, title=title, unit=unit, wide=wide, **shape)
    for ax, title in zip(grid.flat, titles, strict=False):
        ax.set_title(title, fontsize=9.5)
    for place, ax in enumerate(grid.flat):
        if place >= len(titles):
            ax.remove()
        elif place >= len(titles) - columns:
            ax.tick_params(labelbottom=True)
    return fig, list(grid.flat[: len(titles)])


def line_looks(labels: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Colour and line style of each label: of a country its own, else accent and rival, else gray.

    Raises
    ------
    ValueError
        If there are more labels than looks.
    """
    looks = {label: (COUNTRIES[label], "-") for label in labels if label in COUNTRIES}
    others = [label for label in labels if label not in looks]
    free = GRAYS if looks else LINES
    many = f"{len(labels)} lines are too many to tell apart: use small_multiples, or at most {len(LINES)}."
    require(len(others) <= len(free), many)
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
    """Colour, marker and sign of events of a kind: meetings, talks, or a direction."""
    looks = DIRECTIONS | {"meetings": MEETING, "talks": DIRECTIONS["cooperation"]}
    looks |= {"rise": (INK, "o", "●"), "fall": (ACCENT, "o", "●")}
    return looks.get(kind, DIRECTIONS["neutral"])


def certain_digits(values: Any, digits: int = 9) -> np.ndarray:
    """Round to significant digits that every processor agrees on, halves included.

    To as few as are shown, what rounding in the linear algebra leaves of zero (below 1e-12 of the largest
    value) becomes 0.
    """
    numbers: np.ndarray = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    size = np.abs(numbers)
    floor = 1e-12 * size.max(where=np.isfinite(size), initial=0) if digits == SHOWN else 0
    sure = (alike(number) for number in np.where(size <= floor, 0, numbers).flat)
    return np.array([f"{number:.{digits}g}" for number in sure], dtype=float).reshape(numbers.shape) + 0.0


def plain_number(value: float, _position: int | None = None) -> str:
    """Write an axis number with thousands separators and a true minus sign."""
    return f"{value:,.10g}".replace("-", MINUS)


def percent_of_log(value: float, _position: int | None = None) -> str:
    """Write a difference of logarithms as percent: -0.69 as a fall by 50%."""
    return f"{100 * np.expm1(value):+z,.0f}%".replace("-", MINUS).replace("+0%", "0%")


def percent_axis(axis: Any) -> None:
    """Write an axis of differences of logarithms in percent, at round ones."""
    span = np.ptp(axis.get_view_interval())
    far = (-95, -90, -75, -50, -25, 0, 50, 100, 300, 900, 1900)
    marks = (far[1::2] if span > 2.4 else far) if span > 1.2 else range(-80, 300, 10 if span < 0.7 else 20)
    axis.set_major_locator(FixedLocator([np.log1p(percent / 100) for percent in marks]))
    axis.set_major_formatter(FuncFormatter(percent_of_log))


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


class _Dates(mdates.ConciseDateFormatter):
    def format_ticks(self, values: Any) -> list[str]:
        """Write the year also under a first month that is not January."""
        labels = super().format_ticks(values)
        labels[0] += f"\n{mdates.num2date(values[0]):%Y}" * labels[0].isalpha()
        return labels


def date_axis(ax: Axes) -> None:
    """Format a time axis: years, or months with the year under the first and each January."""
    inches = ax.get_window_extent().width / DPI
    locator = mdates.AutoDateLocator(minticks=3, maxticks=min(10, max(4, int(inches / 0.45))))
    formatter = _Dates(locator, show_offset=False)
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
    ax.set_title(ax.get_title(loc="left"), pad=raised + (22 if unit else 6))


def head(fig: Figure, title: str, unit: str) -> None:
    """Give the figure its title (the conclusion) and its unit line; `publish` lays both out."""
    fig.suptitle(title)
    fig.supylabel(unit)


def place_key(ax: Axes, columns: int) -> None:
    """Name the colours of a panel above its top left corner, in one row of words in those colours."""
    place = {"bbox_to_anchor": (-0.01, 1), "ncols": columns, "title": None, "columnspacing": 1.4}
    sns.move_legend(ax, "lower left", handlelength=1, handletextpad=0.4, **place)
    legend: Any = ax.get_legend()
    for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True):
        colour = handle.get_facecolor() if hasattr(handle, "get_facecolor") else handle.get_color()
        text.set(color=text_colour(colour), weight="bold")
