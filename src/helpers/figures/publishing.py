"""The one way a figure leaves a notebook: checked, with its source, its description and its numbers."""

import base64
import hashlib
import io
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import (
    FixedLocator,
    FormatStrFormatter,
    FuncFormatter,
    ScalarFormatter,
    StrMethodFormatter,
)

from helpers.digits import SHOWN, rounded
from helpers.figures.labels import settle_flags, settle_line_ends
from helpers.figures.style import COLOURS, DPI, INK, MUTED
from helpers.observations import SeriesData

FIGURE_MIME = "application/vnd.summits.figure+json"
SIDE = 0.14
NUMERIC_FORMATTERS = (ScalarFormatter, FuncFormatter, StrMethodFormatter, FormatStrFormatter)


class IncompleteFigure(ValueError):
    """A figure lacks what a reader needs: its title, a unit, its source, its description or its numbers."""


def publish(
    fig: Figure,
    *,
    name: str,
    alt: str,
    data: pd.DataFrame,
    series: Iterable[SeriesData] = (),
    source: str | None = None,
) -> None:
    """Display a finished figure as one output, and close it.

    The output holds the picture with its alt text, a text digest, and the plotted numbers. A comparison of
    notebooks that ignores pictures (nbval does) still sees every change of a number, of a drawn mark, of the
    title or of the source.

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

    Raises
    ------
    IncompleteFigure
        If the name, alt text, title, unit of a numeric axis, data or source is missing.
    """
    series = list(series)
    _check(fig, name, alt, data)
    line = source_line(series, source)
    numbers = csv_text(data)
    content = {
        "name": name,
        "title": fig.get_suptitle(),
        "unit": "; ".join(_units(fig)),
        "alt": alt.strip(),
        "source": line,
        "rows": len(data),
        "drawn": _drawn(fig),
        "csv": numbers,
    }
    _lay_out(fig, line)
    bundle = {
        "image/png": base64.b64encode(_png(fig)).decode("ascii"),
        "text/plain": _digest(content),
        FIGURE_MIME: content,
    }
    plt.close(fig)
    display(bundle, raw=True, metadata={"image/png": {"alt": content["alt"]}})


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
    _lay_out(fig, source_line([], source))
    path.write_bytes(_png(fig))
    plt.close(fig)


def source_line(series: list[SeriesData], source: str | None = None) -> str:
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
    named = list(dict.fromkeys(one.info.publisher for one in series))
    if source:
        named.append(source.strip().rstrip("."))
    if not named:
        raise IncompleteFigure("The figure has no source: pass the loaded series, or `source=` in words.")
    line = f"Source: {'; '.join(named)}"
    if series:
        known = max(one.as_of if one.as_of is not None else one.vintages.max() for one in series)
        line += f"; values as known on {known:%Y-%m-%d}"
    return line + "."


def csv_text(data: pd.DataFrame) -> str:
    """Write a table as CSV with six significant digits, so that two machines write the same text.

    What rounding in the linear algebra leaves of zero (below 1e-12 of the largest value of the column) is
    written as 0.
    """
    table = data.copy() if isinstance(data.index, pd.RangeIndex) else data.reset_index()
    for column in table:
        if pd.api.types.is_float_dtype(table[column]):
            table[column] = _rounded(table[column].to_numpy(dtype=float))
        elif pd.api.types.is_datetime64_any_dtype(table[column]):
            table[column] = table[column].dt.strftime("%Y-%m-%d")
    return table.to_csv(index=False, float_format=f"%.{SHOWN}g", lineterminator="\n")


def _check(fig: Figure, name: str, alt: str, data: pd.DataFrame) -> None:
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name):
        raise IncompleteFigure(f"Figure name {name!r}: use lower-case words joined by underscores.")
    if not alt.strip():
        raise IncompleteFigure(f"Figure {name!r} has no alt text: say in `alt=` what the picture shows.")
    if not fig.get_suptitle().strip():
        raise IncompleteFigure(f"Figure {name!r} has no title: state the conclusion with fig.suptitle(...).")
    if data.empty:
        raise IncompleteFigure(f"Figure {name!r} has no data: pass the plotted numbers in `data=`.")
    for number, ax in enumerate(fig.axes, start=1):
        for which in _unnamed(fig, ax):
            raise IncompleteFigure(
                f"Figure {name!r}, panel {number}: the {which} axis has no label; name unit and basis."
            )


def _unnamed(fig: Figure, ax: Axes) -> list[str]:
    if not ax.axison:
        return []
    common = {"x": fig.get_supxlabel(), "y": fig.get_supylabel()}
    grouped = {"x": ax.get_shared_x_axes(), "y": ax.get_shared_y_axes()}
    missing = []
    for which, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        numeric = axis.get_visible() and isinstance(axis.get_major_formatter(), NUMERIC_FORMATTERS)
        # Ticks set by hand name categories.
        numeric = numeric and not isinstance(axis.get_major_locator(), FixedLocator)
        labels = [getattr(other, f"get_{which}label")() for other in grouped[which].get_siblings(ax)]
        if numeric and not any([common[which], *labels]):
            missing.append(which)
    return missing


def _units(fig: Figure) -> list[str]:
    labels = [fig.get_supylabel(), fig.get_supxlabel()]
    labels += [label for ax in fig.axes for label in (ax.get_ylabel(), ax.get_xlabel())]
    return list(dict.fromkeys(label for label in labels if label))


def _rounded(values: np.ndarray) -> np.ndarray:
    finite = np.abs(values[np.isfinite(values)])
    floor = finite.max() * 1e-12 if finite.size else 0.0
    # Adding 0.0 turns -0.0 into 0.0.
    return np.array([0.0 if abs(value) <= floor else rounded(value) for value in values]) + 0.0


def _drawn(fig: Figure) -> str:
    """Hash of every mark in data units, so that a mark that disagrees with `data` cannot change unseen."""
    digest = hashlib.sha256()
    for ax in fig.axes:
        marks = [line.get_xydata() for line in ax.lines]
        marks += [patch.get_patch_transform().transform(patch.get_path().vertices) for patch in ax.patches]
        marks += [path.vertices for group in ax.collections for path in group.get_paths()]
        marks += [group.get_offsets() for group in ax.collections]
        marks += [np.ma.filled(image.get_array().astype(float), np.nan) for image in ax.images]
        for mark in marks:
            values = _rounded(np.ma.filled(np.ma.asarray(mark, dtype=float), np.nan).ravel())
            digest.update(",".join(f"{value:.{SHOWN}g}" for value in values).encode() + b";")
    return digest.hexdigest()[:16]


def _digest(content: dict) -> str:
    lines = content["csv"].splitlines()
    sha = hashlib.sha256(content["csv"].encode()).hexdigest()[:16]
    return "\n".join(
        [
            f"Figure {content['name']}: {content['title']}",
            f"Unit: {content['unit']}",
            f"Shows: {content['alt']}",
            f"{content['rows']} rows of {lines[0]}",
            f"first: {lines[1]}",
            f"last: {lines[-1]}",
            content["source"],
            f"sha256 of the numbers {sha}, of the marks {content['drawn']}",
        ]
    )


def _png(fig: Figure) -> bytes:
    buffer = io.BytesIO()
    FigureCanvasAgg(fig).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def _lay_out(fig: Figure, line: str) -> None:
    """Add title, unit line, key and source line; the figure grows by them, the panels keep their size."""
    title, unit = fig.get_suptitle(), fig.get_supylabel()
    fig.suptitle("").set_in_layout(False)
    fig.supylabel("").set_in_layout(False)
    fig.set_dpi(DPI)
    fig.set_layout_engine("constrained", w_pad=0.05, h_pad=0.05)
    margin = SIDE / fig.get_figwidth()
    fig.get_layout_engine().set(rect=(margin, 0, 1 - 2 * margin, 1))
    key = settle_flags(fig)
    width = fig.get_figwidth() - 2 * SIDE
    top = [(title, 13, "bold", INK), (unit, 9.5, "normal", MUTED)]
    bottom = [(key, 8.5, "normal", INK), (line, 8, "normal", MUTED)]
    top = [
        (balance(text, width, size, weight), size, weight, colour)
        for text, size, weight, colour in top
        if text
    ]
    bottom = [
        (wrap(text, width, size, weight), size, weight, colour)
        for text, size, weight, colour in bottom
        if text
    ]
    above = 0.2 + sum(_height(text, size) for text, size, *_ in top)
    below = 0.16 + sum(_height(text, size) for text, size, *_ in bottom)
    panels = fig.get_figheight()
    height = above + panels + below
    fig.set_figheight(height)
    fig.get_layout_engine().set(rect=(margin, below / height, 1 - 2 * margin, panels / height))
    _write(fig, top, height - 0.16)
    _write(fig, bottom, below - 0.06)
    mark = plt.Rectangle(
        (margin, 1 - 0.05 / height), 3 * margin, 0.05 / height, color=COLOURS["china"], linewidth=0
    )
    fig.add_artist(mark)
    _fix_panels(fig)
    settle_line_ends(fig)
    _settle_marks(fig)


def _fix_panels(fig: Figure) -> None:
    """Lay the panels out for the last time.

    The solver's last digits depend on addresses in memory, and turn the shade of a pixel now and then.
    """
    fig.get_layout_engine().execute(fig)
    fig.set_layout_engine("none")
    for ax in fig.axes:
        ax.set_position(np.round(ax.get_position().bounds, 9))


def _settle_marks(fig: Figure) -> None:
    """Round every mark and axis limit to nine digits.

    The last bits of a number differ between processors, and turn the shade of a pixel now and then.
    """
    for ax in fig.axes:
        x, y = ax.get_xlim(), ax.get_ylim()
        for line in ax.lines:
            line.set_data(*_nine_digits(line.get_xydata()).T)
        for group in ax.collections:
            for path in group.get_paths():
                if not path.readonly:  # the shapes of markers are shared and exact
                    path.vertices = _nine_digits(path.vertices)
            group.set_offsets(_nine_digits(group.get_offsets()))
        ax.set_xlim(_nine_digits(np.array(x)))
        ax.set_ylim(_nine_digits(np.array(y)))


def _nine_digits(values: np.ndarray) -> np.ndarray:
    plain = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    return np.array([float(f"{value:.9g}") for value in plain.ravel()]).reshape(plain.shape)


def _height(text: str, size: float) -> float:
    """Inches taken by a paragraph, with the space after it."""
    return (text.count("\n") + 1) * size * 1.28 / 72 + 0.05


def _write(fig: Figure, paragraphs: list[tuple], start: float) -> None:
    for text, size, weight, colour in paragraphs:
        at = (SIDE / fig.get_figwidth(), start / fig.get_figheight())
        written = fig.text(
            *at, text, fontsize=size, fontweight=weight, color=colour, va="top", linespacing=1.18
        )
        written.set_in_layout(False)
        start -= _height(text, size)


def wrap(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Break a text into lines no wider than `width` inches, as measured with the font itself."""
    lines, filled = [], 0.0
    space = _inches(" ", size, weight)
    for word in text.split(" "):
        taken = _inches(word, size, weight)
        if lines and filled + space + taken <= width:
            lines[-1] += f" {word}"
            filled += space + taken
        else:
            lines.append(word)
            filled = taken
    return "\n".join(lines)


def balance(text: str, width: float, size: float, weight: str) -> str:
    """Break a title into lines of about equal length, without adding a line."""
    broken = wrap(text, width, size, weight)
    for share in np.arange(0.95, 0.5, -0.05):
        narrower = wrap(text, width * share, size, weight)
        if narrower.count("\n") > broken.count("\n"):
            return broken
        broken = narrower
    return broken


@lru_cache(maxsize=4096)
def _inches(text: str, size: float, weight: str) -> float:
    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))
    font.set_size(size, 72)
    font.set_text(text)
    return font.get_width_height()[0] / 64 / 72 if text.strip() else size * 0.32 / 72
