"""House style: sizes, one palette, one set of marks.

Every colour of a set differs from the others in luminance as well as in hue, and each is paired with a line
style or a marker, so that a figure reads the same in grayscale and for a colour-blind reader. The hues are
those of Okabe and Ito (2008), darkened or lightened until their luminances are apart.
"""

from collections.abc import Sequence

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

WIDTH = 8.2
WIDE = 10.5
DPI = 110

INK = "#1A1A1A"
MUTED = "#5C6166"
FAINT = "#B4B9BE"
GRID = "#E1E4E7"

# Lightness (CIE L*): meeting 9, united_states 25, tightening 31, china 54, easing 63, dialogue 71.
COLOURS = {
    "united_states": "#0B3C6F",
    "china": "#D55E00",
    "tightening": "#8C1C3F",
    "easing": "#3BA99C",
    "meeting": INK,
    "dialogue": "#E0A100",
    "neutral": "#80868C",
}

# The order alternates dark and light, so that the first two or three lines are the easiest to tell apart.
LINES = (
    ("#0B3C6F", "-"),
    ("#D55E00", (0, (6, 1.4))),
    ("#3BA99C", "-"),
    ("#7A2E6E", (0, (1.2, 1.2))),
    ("#E0A100", (0, (5, 1.3, 1.2, 1.3))),
    ("#7FB8E6", "-"),
    ("#4A4F55", (0, (3, 1))),
)
ENTITY_LINES = {
    "United States": (COLOURS["united_states"], "-"),
    "China": (COLOURS["china"], (0, (6, 1.4))),
}

# Direction of an event: colour, marker and line style say the same thing three times.
DIRECTIONS = {
    "tightening": (COLOURS["tightening"], "v", (0, (5, 1.5))),
    "easing": (COLOURS["easing"], "^", (0, (2, 1.5))),
    "cooperation": (COLOURS["dialogue"], "o", (0, (5, 1.5, 1, 1.5))),
    "neutral": (COLOURS["neutral"], "s", (0, (1, 1.5))),
}
MEETING = (COLOURS["meeting"], "D", "-")
# Colour, hatch and marker of groups of bars or estimates; the hatches keep bars apart in grayscale.
GROUPS = (
    (COLOURS["united_states"], "", "o"),
    (COLOURS["china"], "////", "s"),
    (COLOURS["easing"], "", "D"),
    (COLOURS["dialogue"], "....", "^"),
    (FAINT, "", "v"),
)
DASHES = (0, (4, 1.5))

STYLE = {
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "savefig.bbox": None,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    # A dollar sign in a title is money, not mathematics.
    "text.parse_math": False,
    "text.color": INK,
    "axes.facecolor": "white",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.unicode_minus": True,
    "axes.prop_cycle": plt.cycler(color=[colour for colour, _ in LINES]),
    "axes.xmargin": 0.01,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "ytick.major.size": 0,
    "xtick.major.size": 3.5,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "hatch.linewidth": 0.6,
}


def apply_style() -> None:
    """Set the house style for every figure drawn afterwards in this process."""
    plt.rcParams.update(STYLE)


def new_figure(height: float = 3.6, *, wide: bool = False, rows: int = 1, columns: int = 1, **grid) -> tuple:
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


def panel_grid(
    count: int, columns: int, height: float, *, wide: bool = True, **grid
) -> tuple[Figure, np.ndarray]:
    """Open a figure of small panels, `columns` to a row.

    Parameters
    ----------
    count, columns : int
    height : float
        Height of one panel in inches.
    wide : bool
    **grid
        Passed to `matplotlib.pyplot.subplots`. With ``sharex=True`` the lowest panel of each column has the
        tick labels, also where the last row is not full.

    Returns
    -------
    tuple of Figure and array of Axes, shape (count,)
        The panels in reading order.
    """
    rows = -(-count // columns)
    fig, axes = new_figure(height * rows, wide=wide, rows=rows, columns=columns, squeeze=False, **grid)
    for spare in axes.flat[count:]:
        spare.set_axis_off()
    for ax in axes.flat[max(0, count - columns) : count]:
        ax.tick_params(labelbottom=True)
    return fig, axes.ravel()[:count]


def line_looks(labels: Sequence[str]) -> dict[str, tuple]:
    """Colour and line style of each label; the United States and China always have their own.

    Raises
    ------
    ValueError
        If there are more labels than looks.
    """
    looks = {label: ENTITY_LINES[label] for label in labels if label in ENTITY_LINES}
    left = [look for look in LINES if look not in looks.values()]
    others = [label for label in labels if label not in looks]
    if len(others) > len(left):
        raise ValueError(
            f"{len(labels)} lines are too many to tell apart: use small_multiples, or at most {len(LINES)}."
        )
    return looks | dict(zip(others, left, strict=False))


def text_colour(colour: str) -> str:
    """Darken a colour until text in it has the contrast of 4.5 to 1 against white that WCAG asks for."""
    rgb = np.array(to_rgb(colour))
    luminance = float(
        np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
    )
    return to_hex(rgb * min(1.0, (0.175 / luminance) ** (1 / 2.2)) if luminance else rgb)


def event_look(event: pd.Series) -> tuple:
    """Colour, marker and line style of an event: leader meetings have their own, others go by direction."""
    if event["category"] == "summit_leaders":
        return MEETING
    return DIRECTIONS.get(event["direction"], DIRECTIONS["neutral"])


def plain_number(value: float, _position: int | None = None) -> str:
    """Write an axis number with thousands separators and a true minus sign."""
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")


def fixed(value: float, decimals: int, sign: str = "") -> str:
    """Write a number with so many decimals, thousands separators and a true minus sign.

    Parameters
    ----------
    value : float
    decimals : int
    sign : {'', '+'}
        '+' writes the sign of a gain as well.
    """
    return f"{value:{sign}z,.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def power_of_ten(value: float, _position: int | None = None) -> str:
    """Write 0.01 to 50,000 in full and other ticks of a log scale as 10²⁵ or 2×10²⁵."""
    if 0.005 < value < 60_000:
        return plain_number(value)
    exponent = int(np.floor(np.log10(value) + 1e-9))
    superscripts = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    power = "10" + str(exponent).translate(superscripts)
    leading = round(value / 10.0**exponent)
    return power if leading == 1 else f"{leading}×{power}"


def number_axis(axis) -> None:
    """Format a numeric axis: thousands separators, or powers of ten on a log scale."""
    if axis.get_scale() == "log":
        low, high = axis.get_view_interval()
        # Over less than two decades, powers of ten alone would leave an axis with one number or none.
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,), numticks=7))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(power_of_ten))
    else:
        axis.set_major_formatter(FuncFormatter(plain_number))


def date_axis(ax: Axes) -> None:
    """Format a time axis: years, or months with the year once, and no offset text."""
    inches = ax.get_position().width * ax.figure.get_figwidth()
    most = max(4, int(inches / 0.45))
    locator = mdates.AutoDateLocator(minticks=3, maxticks=min(10, most))
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
    above = ax.transAxes + ScaledTranslation(0, (raised + 5) / 72, ax.figure.dpi_scale_trans)
    ax.set_ylabel(unit, rotation=0, ha="left", va="bottom")
    ax.yaxis.set_label_coords(0, 1, transform=above)
    ax.set_title(ax.get_title(loc="left"), pad=raised + (21 if unit else 6))


def head(fig: Figure, title: str, unit: str) -> None:
    """Give the figure its title (the conclusion) and its unit line; `publish` lays both out."""
    fig.suptitle(title)
    fig.supylabel(unit)
