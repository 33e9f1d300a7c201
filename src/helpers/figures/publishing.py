"""The one way a figure leaves a notebook: checked, with its source, its description and its numbers."""

import base64
import copy
import hashlib
import io
import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib import ticker
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, num2date
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ft2font import LoadFlags
from matplotlib.gridspec import GridSpec
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text
from PIL.Image import fromarray

from helpers import catalog, tables, timeline
from helpers.digits import SHOWN
from helpers.figures import placing, style
from helpers.figures.style import ACCENT, DPI, INK, MUTED, certain_digits
from helpers.observations import SeriesData
from helpers.paths import FIGURE_MIME

SIDE = 0.14
# Inches across a telephone, the panels that a reader follows there when they stand below each other, and the
# letters of SVG above which a second drawing is not worth its weight.
NARROW, MOST_PANELS, HEAVIEST = 4.2, 4, 150_000
NUMERIC = ticker.ScalarFormatter, ticker.FuncFormatter, ticker.StrMethodFormatter, ticker.FormatStrFormatter
ABOVE = "*The picture drawn here stands at the top.*"
SIGNS = {"◆": "leaders met", "▼": "controls tightened", "▲": "eased", "●": "talks", "■": "other events"}

# Where the lead figure goes: empty in every new kernel.
_places: list[Any] = []


class IncompleteFigure(ValueError):
    """A figure lacks what a reader needs: its title, a unit, its source, its description or its numbers."""


def publish(
    fig: Figure,
    *,
    name: str,
    alt: str,
    data: pd.DataFrame,
    series: Iterable[SeriesData] = (),
    source: str = "",
    lead: bool = False,
) -> None:
    """Display a finished figure as one output, and close it.

    The output holds the picture with its alt text, the same as SVG, a narrow drawing where one can be read, a
    text digest, the plotted numbers, the events and bands behind them, and what is known of each series:
    unit, publisher, vintage, licence, address. A comparison of notebooks that ignores pictures (nbval does)
    still sees every change of a number, of a drawn mark, of the title or of the source.

    Parameters
    ----------
    fig : Figure
        Its `suptitle` is the conclusion; its `supylabel`, if any, the unit line under the title.
    name : str
        File name of the figure and of its data: lower-case words joined by underscores, unique in the
        notebook.
    alt : str
        What the picture shows, for someone who cannot see it.
    data : DataFrame
        The plotted numbers, tidy: one row per mark, columns named in the words of the field.
    series : iterable of SeriesData
        The series drawn; publishers and vintages of the source line come from them.
    source : str, optional
        What else the figure draws on, for example 'the event table of this project'.
    lead : bool
        Whether the picture goes to the place that `lead` keeps near the top; here stands then its digest.

    Raises
    ------
    IncompleteFigure
        If the name, alt text, title, unit of a numeric axis, data or source is missing, or a text has signs
        that no font has.
    """
    series = list(series)
    _check(fig, name, alt, data)
    fig.suptitle(timeline.marked(fig.get_suptitle()))
    line = source_line(series, source)
    shape = tables.true_minus(alt.strip())
    content: dict[str, Any] = {"name": name, "title": fig.get_suptitle(), "alt": shape, "source": line}
    content |= {"unit": "; ".join(_units(fig)), "rows": len(data), "drawn": _drawn(fig)}
    content |= {"csv": csv_text(data), "across": _across(fig), "series": [_facts(each) for each in series]}
    content["narrow"] = _narrow(fig, line)
    content["svg"] = _drawing(fig, line)
    picture, digest = base64.b64encode(_png(fig)).decode("ascii"), _digest(content)
    bundle = {"image/png": picture, "text/plain": digest, FIGURE_MIME: content}
    # The picture has twice the pixels that it takes on a page.
    metadata = {"image/png": {"alt": content["alt"], "width": round(fig.get_figwidth() * DPI)}}
    plt.close(fig)
    show = _places[-1].update if lead and _places else display
    show(bundle, raw=True, metadata=metadata)
    if lead and _places:
        display({"text/markdown": ABOVE, "text/plain": digest}, raw=True)


def lead() -> None:
    """Keep a place for the one figure that `publish` draws further down with ``lead=True``.

    The place stays empty where the notebook stops before it.
    """
    _places.append(display({"text/plain": ""}, raw=True, display_id=True))


def save(fig: Figure, path: Path, *, source: str) -> None:
    """Write a figure to a PNG file, laid out as `publish` does, for use outside of notebooks.

    Parameters
    ----------
    fig : Figure
        With a title and named axes; it is closed.
    path : Path
    source : str
        Where the numbers come from.
    """
    lay_out(fig, source_line([], source))
    path.write_bytes(_png(fig))
    plt.close(fig)


def source_line(series: list[SeriesData], source: str = "") -> str:
    """Name the publishers, and the date up to which their values were known.

    Parameters
    ----------
    series : list of SeriesData
    source : str, optional
        Added to the publishers.

    Returns
    -------
    str
        'Source: A; B; values as known on 2026-09-03.'

    Raises
    ------
    IncompleteFigure
        If neither a series nor a source is given.
    """
    names = list(dict.fromkeys(data.info.publisher for data in series))
    names += [source.strip().rstrip(".")] if source else []
    if not names:
        raise IncompleteFigure("The figure has no source: pass the loaded series, or `source=` in words.")
    if series:
        day = max(data.as_of if data.as_of is not None else data.vintages.max() for data in series)
        names.append(f"values as known on {day:%Y-%m-%d}")
    return f"Source: {'; '.join(names)}."


def csv_text(data: pd.DataFrame) -> str:
    """Write a table as CSV with six significant digits, so that two machines write the same text.

    What rounding in the linear algebra leaves of zero (below 1e-12 of the largest value of the column) is
    written as 0.
    """
    table = data.copy() if isinstance(data.index, pd.RangeIndex) else data.reset_index()
    for column in table:
        if pd.api.types.is_float_dtype(table[column]):
            table[column] = certain_digits(table[column].to_numpy(dtype=float), SHOWN)
        elif pd.api.types.is_datetime64_any_dtype(table[column]):
            table[column] = table[column].dt.strftime("%Y-%m-%d")
    return table.to_csv(index=False, float_format=f"%.{SHOWN}g", lineterminator="\n")


def _check(fig: Figure, name: str, alt: str, data: pd.DataFrame) -> None:
    refusals = {
        "a name of lower-case words joined by underscores": re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name),
        "alt text: say in `alt=` what the picture shows": alt.strip(),
        "title: state the conclusion with fig.suptitle(...)": fig.get_suptitle().strip(),
        "data: pass the plotted numbers in `data=`": len(data),
    }
    for part in (part for part, present in refusals.items() if not present):
        raise IncompleteFigure(f"Figure {name!r} has no {part}.")
    for text in sorted({str(text.get_text()) for text in fig.findobj(Text)}):
        if lacking := sorted(sign for sign in set(text) if not (sign.isspace() or _drawable(sign))):
            mend = "install Noto Sans CJK (Debian: fonts-noto-cjk), or write it in Latin letters"
            raise IncompleteFigure(f"No font has the signs {''.join(lacking)} of the text {text!r}: {mend}.")
    for number, ax in enumerate(fig.axes, start=1):
        for which in (which for which in "xy" if ax.axison and _unnamed(fig, ax, which)):
            where = f"Figure {name!r}, panel {number}"
            raise IncompleteFigure(f"{where}: the {which} axis has no label; name unit and basis.")


def _unnamed(fig: Figure, ax: Axes, which: str) -> bool:
    axis = getattr(ax, f"{which}axis")
    # Ticks set by hand name categories.
    by_hand = not axis.get_visible() or isinstance(axis.get_major_locator(), ticker.FixedLocator)
    siblings = getattr(ax, f"get_shared_{which}_axes")().get_siblings(ax)
    common = getattr(fig, f"get_sup{which}label")()
    named = any([common, *(getattr(sibling, f"get_{which}label")() for sibling in siblings)])
    return isinstance(axis.get_major_formatter(), NUMERIC) and not (by_hand or named)


def _units(fig: Figure) -> list[str]:
    texts = [fig.get_supylabel(), fig.get_supxlabel()]
    texts += [label for ax in fig.axes for label in (ax.get_ylabel(), ax.get_xlabel())]
    return list(dict.fromkeys(text for text in texts if text))


def _drawn(fig: Figure) -> str:
    """Hash of every mark in data units, so that a mark that disagrees with `data` cannot change unseen."""
    marks: list = []
    for ax in fig.axes:
        marks += [line.get_xydata() for line in ax.lines]
        marks += [patch.get_patch_transform().transform(patch.get_path().vertices) for patch in ax.patches]
        for group in ax.collections:
            marks += [*(path.vertices for path in group.get_paths()), group.get_offsets(), group.get_array()]
    sure = (certain_digits(np.nan if mark is None else mark, SHOWN) for mark in marks)
    text = "".join(",".join(f"{number:.{SHOWN}g}" for number in numbers.flat) + ";" for numbers in sure)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _across(fig: Figure) -> list[dict[str, str]]:
    """List the lines and bands across a panel that have a name, such as events and usual ranges.

    The name is the label of the mark after an underscore, which keeps it out of the key of the figure.
    """
    rows = {}
    named: list[Any] = fig.findobj(lambda mark: bool(re.match("_(?!child|nolegend)", str(mark.get_label()))))
    for mark in named:
        level = int(Artist.get_transform(mark) is mark.axes.get_yaxis_transform("grid"))
        shape = mark.get_patch_transform() if isinstance(mark, Patch) else None
        dated = not level and isinstance(mark.axes.xaxis.get_major_locator(), AutoDateLocator)
        ends = mark.get_path().get_extents(shape).get_points()[:, level]
        first, last = (f"{num2date(end):%Y-%m-%d}" if dated else f"{end:.{SHOWN}g}" for end in ends)
        row = {"name": mark.get_label()[1:], "axis": "xy"[level], "from": first, "to": last}
        rows[tuple(row.values())] = row
    return list(rows.values())


def _digest(content: dict) -> str:
    """Say in words what a picture shows; two digests are equal if figure and numbers are."""
    heading, *rows = content["csv"].splitlines()
    sha = hashlib.sha256(content["csv"].encode()).hexdigest()[:16]
    return (
        f"Figure {content['name']}: {content['title']}\nUnit: {content['unit']}\nShows: {content['alt']}\n"
        f"{content['rows']} rows of {heading}\nfirst: {rows[0]}\nlast: {rows[-1]}\n{content['source']}\n"
        f"sha256 of the numbers {sha}, of the marks {content['drawn']}"
    )


def _facts(data: SeriesData) -> dict[str, str]:
    """Return what the reader of a CSV must know of a series."""
    info, sources = data.info, catalog.sources(data.sources)
    known = data.as_of if data.as_of is not None else data.vintages.max()
    facts = {"id": info.series_id, "title": info.title, "unit": info.unit, "price_basis": info.price_basis}
    facts |= {"seasonal": info.seasonal, "publisher": info.publisher, "licence": info.licence}
    # What was worked out here has no address: it says from what.
    own = sources["title"] + ": " + sources["read_from"]
    addresses = sources["url"].mask(sources["url"].fillna("") == "", own).reindex(data.sources).dropna()
    return facts | {"address": "; ".join(addresses.unique()), "known_as_of": f"{known:%Y-%m-%d}"}


def _png(fig: Figure) -> bytes:
    """Draw at double density, in 96 colours: a quarter of the size, and plain surfaces keep their colour."""
    fig.set_dpi(2 * DPI)
    canvas, buffer = FigureCanvasAgg(fig), io.BytesIO()
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())
    codes, distinct = pd.factorize(drawn.view(np.uint32).ravel())
    colours = distinct.view(np.uint8).reshape(-1, 4)[:, :3].astype(float)
    weight, nearest, palette = np.sqrt(np.bincount(codes)), np.zeros(len(colours), np.uint8), []
    # Each further colour is the one that is shown worst so far, by its distance and the root of its area.
    worst = weight * 1e9
    for place in range(96):
        palette.append(colours[worst.argmax()])
        error = weight * ((colours - palette[-1]) ** 2).sum(axis=1)
        nearest[error < worst], worst = place, np.minimum(error, worst)
    picture = fromarray(nearest[codes].reshape(drawn.shape[:2]), "P")
    picture.putpalette(np.array(palette, np.uint8).tobytes())
    picture.save(buffer, "PNG", compress_level=8)
    return buffer.getvalue()


def _narrow(fig: Figure, line: str) -> str:
    """Draw the figure for a telephone, its panels below each other; '' where these are many or lack room."""
    places = [place for ax in fig.axes if (place := ax.get_subplotspec()) and place.num1 == place.num2]
    if not 0 < len(places) == len(fig.axes) <= MOST_PANELS:
        return ""
    plt.close(slim := copy.deepcopy(fig))
    ratios = [np.ravel(at.get_gridspec().get_height_ratios())[at.rowspan.start] for at in places]
    grid, lines = GridSpec(len(places), 1, figure=slim, height_ratios=ratios), 0
    slim.set_figwidth(NARROW)
    for row, ax in enumerate(slim.axes):
        ax.set_subplotspec(grid[row, 0])
        ax.tick_params(labelleft=True)
        room = NARROW / 2 if isinstance(ax.yaxis.get_major_locator(), ticker.FixedLocator) else NARROW - 1
        ax.set_title(wrap(ax.get_title(loc="left"), room, 10.5, "bold", even=True))
        style.set_unit(ax, wrap(ax.get_ylabel(), NARROW - 2 * SIDE, 9.5))
        ax.set_xlabel(wrap(ax.get_xlabel(), NARROW / 2, 9.5), loc="left")
        # The words of a key that `place_key` wrote above the panel are bold.
        if ax.legend_ and ax.legend_.get_texts()[0].get_fontweight() == "bold":
            style.place_key(ax, 1)
        if isinstance(ax.xaxis.get_major_locator(), AutoDateLocator):
            style.date_axis(ax)
        for axis, most in ((ax.xaxis, 4), (ax.yaxis, 99)):
            if isinstance(axis.get_major_locator(), ticker.FixedLocator):
                names = [label.get_text() for label in axis.get_ticklabels()]
                upright = len(names) <= most
                names = [fill(name, (11 if most == 4 else 26) if upright else 40) for name in names]
                axis.set_ticklabels(names, rotation=0 if upright else 90)
        rows = [label.get_text().count("\n") + 1 for label in ax.get_yticklabels()]
        further = ax.get_xlabel().count("\n") + (len(ax.legend_.get_texts()) if ax.legend_ else 0)
        lines = max(lines, len(rows) * max(rows, default=0) + further)
    panel = fig.get_figheight() / places[0].get_geometry()[0]
    slim.set_figheight(len(places) * max(panel, 0.2 * lines + 0.8))
    with warnings.catch_warnings(action="error", category=UserWarning):
        try:
            return svg if len(svg := _drawing(slim, line)) < HEAVIEST else ""
        except UserWarning:  # the layout found no room
            return ""


def _drawing(fig: Figure, line: str) -> str:
    """Lay the figure out and draw it as SVG."""
    lay_out(fig, line)
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def lay_out(fig: Figure, line: str) -> None:
    """Add title, unit line, key of events and source line; the figure grows by them, the panels do not.

    The panels are laid out once. What the names of events need above a row of panels is added afterwards.
    """
    title, unit = fig.get_suptitle(), fig.get_supylabel()
    fig.suptitle("").set_in_layout(False)
    fig.supylabel("").set_in_layout(False)
    fig.set_dpi(DPI)
    _settle_marks(fig)
    width, panels = fig.get_size_inches()
    margin = SIDE / width
    ConstrainedLayoutEngine(w_pad=0.05, h_pad=0.05, rect=(margin, 0, 1 - 2 * margin, 1)).execute(fig)
    boxes = {ax: np.array(ax.get_position().bounds) * [width, panels, width, panels] for ax in fig.axes}
    needed, unnamed = placing.place_flags(fig)
    room: dict[float, float] = {}
    for ax, inches in needed.items():
        top = round(float(boxes[ax][1] + boxes[ax][3]), 1)
        room[top] = max(room.get(top, 0), inches)

    inner, signs = width - 2 * SIDE, placing.signs(fig)
    key = "   ".join(f"{sign} {meaning}" for sign, meaning in SIGNS.items() if sign in signs)
    note = f"Without a name above: {'; '.join(unnamed)}." if unnamed else ""
    above = [(wrap(title, inner, 14, "bold", even=True), 14.0, "bold", INK)]
    above += [(wrap(unit, inner, 10, even=True), 10.0, "normal", MUTED), (key, 9.0, "normal", INK)]
    below = [(wrap(text, inner, 8.5), 8.5, "normal", MUTED) for text in (note, line)]
    foot = 0.16 + sum(_height(text, size) for text, size, *_ in below)
    height = foot + panels + sum(room.values()) + 0.24 + sum(_height(text, size) for text, size, *_ in above)
    fig.set_figheight(height)
    for ax, (x, y, wide, high) in boxes.items():
        lift = foot + sum(inches for other, inches in room.items() if other < round(y + high, 1))
        # The last digits of the solver depend on addresses in memory, and turn the shade of a pixel.
        ax.set_position(np.round([x / width, (y + lift) / height, wide / width, high / height], 9).tolist())
    _write(fig, above, height - 0.18)
    _write(fig, below, foot - 0.06)
    fig.add_artist(Rectangle((margin, 1 - 0.06 / height), 0.5 / width, 0.06 / height, color=ACCENT, lw=0))
    placing.spread_line_ends(fig)


def _settle_marks(fig: Figure) -> None:
    """Round every mark and axis limit to nine digits.

    The last bits of a number differ between processors, and turn the shade of a pixel now and then.
    """
    for ax in fig.axes:
        limits = certain_digits(ax.axis()).tolist()
        for line in ax.lines:
            line.set_data(*certain_digits(line.get_xydata()).T)
        for group in ax.collections:
            for path in group.get_paths():
                if not path.readonly:  # the shapes of markers are shared and exact
                    path.vertices = certain_digits(path.vertices)
            group.set_offsets(certain_digits(group.get_offsets()))
        ax.axis(limits)


def _height(text: str, size: float) -> float:
    """Inches taken by a paragraph, with the space after it."""
    return (text.count("\n") + 1) * size * 1.34 / 72 + 0.05 if text else 0.0


def _write(fig: Figure, paragraphs: list[tuple[str, float, str, str]], start: float) -> None:
    for text, size, weight, colour in paragraphs:
        x, y = SIDE / fig.get_figwidth(), start / fig.get_figheight()
        fig.text(x, y, text, size=size, weight=weight, color=colour, va="top", linespacing=1.02)
        start -= _height(text, size)


def wrap(text: str, width: float, size: float, weight: str = "normal", even: bool = False) -> str:
    """Break a text into lines no wider than `width` inches, as measured with the font itself.

    With `even`, the lines are of about equal length, and no more of them.
    """
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _inches(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    for share in np.arange(0.95, 0.5, -0.05) if even else ():
        narrower = wrap(text, width * share, size, weight).split("\n")
        if len(narrower) > len(lines):
            break
        lines = narrower
    return "\n".join(lines)


@lru_cache
def _fonts(weight: str) -> list:
    return [get_font(findfont(FontProperties(family=[family], weight=weight))) for family in style.FONTS]


@lru_cache
def _drawable(sign: str) -> bool:
    return any(font.get_char_index(ord(sign)) for font in _fonts("normal"))


@lru_cache
def _advance(sign: str, weight: str) -> float:
    """Width of a letter in parts of the size of the text, as a drawing that can be scaled has it."""
    font = _fonts(weight)[0]
    return font.load_char(ord(sign), flags=LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM


def _inches(text: str, size: float, weight: str) -> float:
    return sum(_advance(sign, weight) for sign in text) * size / 72
